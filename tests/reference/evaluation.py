#!/usr/bin/env python3
"""Our metrics and statistics beside ir-measures, pytrec_eval, ranx and scipy.

    evaluation.py write CASES            random runs, judgements and pairs of runs, as JSON
    evaluation.py compare CASES RESULTS  the greatest difference for each metric; fails beyond 1e-9

What computes RESULTS is not this script's business. It reads CASES,

    {"metrics": [name, ...],
     "topics": [{"run": [docno, ...], "qrels": {docno: grade, ...}}, ...],
     "pairs": [{"a": [value, ...], "b": [value, ...]}, ...]}

with the documents of a run in rank order, and writes

    {"topics": [[value of each metric], ...],
     "pairs": [{"difference":, "low":, "high":, "t":, "p_t":, "p_randomisation":}, ...]}

with level 0.95 and 20,000 resamples; t and p_t may be null. The engine does so in
`EVALUATION_CASES=... EVALUATION_RESULTS=... cargo test --no-default-features values_for_the_reference`.

Needs: pip install ir-measures==0.4.3 pytrec_eval-terrier==0.5.11 cwl-eval==1.0.12 ranx==0.3.21 scipy==1.17.1
"""

import argparse
import collections
import json
import math
import random
import sys
import warnings

TOLERANCE = 1e-9
N_RUNS = 1000

# What we call it, and what the others do: a name for ir-measures, or a function over ranx.
IR_MEASURES = {
    "nDCG": "nDCG", "nDCG@1": "nDCG@1", "nDCG@10": "nDCG@10", "ndcg_cut_5": "nDCG@5",
    "nDCG(judged_only=True)@10": "nDCG(judged_only=True)@10",
    "RR": "RR", "MRR(rel=2)": "RR(rel=2)", "RR@10": "RR@10", "RR(rel=2)@3": "RR(rel=2)@3",
    "RR(judged_only=True)": "RR(judged_only=True)",
    "AP": "AP", "AP(rel=2)": "AP(rel=2)", "MAP@10": "AP@10",
    "AP(rel=3,judged_only=True)@7": "AP(rel=3,judged_only=True)@7",
    "P@1": "P@1", "P@10": "P@10", "P(rel=2)@5": "P(rel=2)@5",
    "P(judged_only=True)@5": "P(judged_only=True)@5", "SetP": "SetP",
    "R@5": "R@5", "Recall@100": "R@100", "SetR": "SetR", "SetR(rel=2)": "SetR(rel=2)",
    "R(judged_only=True)@5": "R(judged_only=True)@5",
    "SetF": "SetF", "SetF(rel=2)": "SetF(rel=2)",
    "Rprec": "Rprec", "Rprec(rel=2)": "Rprec(rel=2)", "Rprec(judged_only=True)": "Rprec(judged_only=True)",
    "Bpref": "Bpref", "Bpref(rel=2)": "Bpref(rel=2)",
    "RBP": "RBP(rel=1)", "RBP(p=0.5,rel=2)": "RBP(p=0.5,rel=2)", "RBP(p=0.95)": "RBP(p=0.95,rel=1)",
    "Success@1": "Success@1", "Success@10": "Success@10", "Success(rel=2)@5": "Success(rel=2)@5",
    "hit_rate@5": "Success@5",
    "hits": "NumRet(rel=1)", "hits(rel=2)": "NumRet(rel=2)",
    "Judged@10": "Judged@10", "Judged": "Judged",
}
RANX = {
    "nDCG(gains=exp)@10": "ndcg_burges@10", "ndcg_exp": "ndcg_burges", "nDCG(dcg='exp-log2')@3": "ndcg_burges@3",
    "F1@10": "f1@10", "F1(rel=2)@3": "f1@3-l2", "hits@3": "hits@3", "hits(rel=2)@10": "hits@10-l2",
    "Success@3": "hit_rate@3", "Success": "hit_rate", "nDCG@20": "ndcg@20", "AP@5": "map@5", "RR@5": "mrr@5",
    "P@20": "precision@20", "R@20": "recall@20",
}
METRICS = list(IR_MEASURES) + list(RANX)


# The cases.


def random_topic(rng):
    """Documents of which some are judged and some retrieved; one topic in twelve is missing from the run."""
    n_docs = rng.choice([1, 3, 10, 40, 150])
    docs = [f"d{i:03}" for i in rng.sample(range(1000), n_docs)]
    grades = rng.choice([[0, 1], [0, 0, 0, 1], [0, 1, 2, 3], [-2, -1, 0, 1], [-1, 0, 1, 2, 3, 4], [1], [0]])
    judged = rng.random() ** 2
    qrels = {doc: rng.choice(grades) for doc in docs if rng.random() < judged}
    # The others leave out a topic without judgements, and are not sure of one with negative ones only.
    if all(grade < 0 for grade in qrels.values()):
        qrels[docs[0]] = max(grades)
    run = [doc for doc in docs if rng.random() < 0.7]
    rng.shuffle(run)
    if rng.random() < 1 / 12:
        run = []
    return {"run": run, "qrels": qrels}


def random_pair(rng):
    n = rng.choice([2, 3, 5, 8, 12, 16, 17, 40, 300])
    levels = rng.choice([2, 5, 1000])
    shift = rng.choice([0, 0, 0.05, 0.3])
    value = lambda shift: min(1.0, rng.randrange(levels) / (levels - 1) * 0.8 + shift)
    return {"a": [value(shift) for _ in range(n)], "b": [value(0) for _ in range(n)]}


def make_cases(seed):
    rng = random.Random(seed)
    runs = [random_topic(rng) for _ in range(N_RUNS)]
    return {"metrics": METRICS, "topics": runs, "pairs": [random_pair(rng) for _ in range(300)]}


# The reference.


def reference_metrics(topics):
    """For each of our names, the values of all topics."""
    import ir_measures

    qrels = {f"q{i:04}": topic["qrels"] for i, topic in enumerate(topics)}
    # Scores that differ, so that nobody has to break ties.
    runs = {f"q{i:04}": {doc: float(-rank) for rank, doc in enumerate(topic["run"])} for i, topic in enumerate(topics)}
    # An empty run cannot be said to these programs; ir-measures gives its topic the metric's value for nothing.
    runs = {qid: run for qid, run in runs.items() if run}
    values = collections.defaultdict(lambda: [None] * len(topics))
    parsed = {ours: ir_measures.parse_measure(theirs) for ours, theirs in IR_MEASURES.items()}
    names = collections.defaultdict(list)
    for ours, measure in parsed.items():
        names[measure].append(ours)
    for metric in ir_measures.iter_calc(list(names), qrels, runs):
        for ours in names[metric.measure]:
            values[ours][int(metric.query_id[1:])] = float(metric.value)
    values.update(reference_ranx(topics, qrels, runs))
    return values


def reference_ranx(topics, qrels, runs):
    import ranx

    warnings.filterwarnings("ignore")
    # ranx wants a run for each topic and judgements above 0 only.
    qids = [qid for qid in runs if any(grade > 0 for grade in qrels[qid].values())]
    their_qrels = ranx.Qrels({qid: {d: g for d, g in qrels[qid].items() if g > 0} for qid in qids})
    their_run = ranx.Run({qid: runs[qid] for qid in qids})
    values = {}
    for ours, theirs in RANX.items():
        scores = ranx.evaluate(their_qrels, their_run, theirs, return_mean=False)
        values[ours] = [0.0] * len(topics)
        for qid, score in zip(sorted(qids), scores):
            values[ours][int(qid[1:])] = float(score)
    return values


def reference_pair(a, b):
    """t, its p, the p of a randomisation test (exact where ours is), and the bootstrap's interval."""
    import numpy as np
    from scipy import stats

    differences = np.subtract(a, b)
    unequal = differences[differences != 0]
    t, p_t = (None, None) if len(set(differences)) == 1 else map(float, stats.ttest_rel(a, b))
    exact = len(unequal) <= 16
    # Not scipy's permutation_test: for a mean difference of 0 on paper, its rounding hides the ties that make p 1.
    ways = np.arange(2 ** len(unequal))[:, None] if exact else None
    random_bits = lambda: np.random.default_rng(1).integers(0, 2, (50000, len(unequal)))
    bits = (ways >> np.arange(len(unequal))) & 1 if exact else random_bits()
    p = float(np.mean(np.abs((1 - 2 * bits) @ unequal) >= abs(unequal.sum()) - 1e-9))
    low = high = float(differences.mean())
    if len(set(differences)) > 1:
        interval = stats.bootstrap((differences,), np.mean, method="percentile", n_resamples=20000, rng=1)
        low, high = map(float, interval.confidence_interval)
    return {"t": t, "p_t": p_t, "p_randomisation": p, "exact": exact, "low": low, "high": high,
            "difference": float(differences.mean()), "sd": float(differences.std() / math.sqrt(len(differences)))}


# The comparison.


def compare(cases, results):
    failures = 0
    reference = reference_metrics(cases["topics"])
    for at, ours in enumerate(cases["metrics"]):
        worst, where, n = 0.0, None, 0
        for i, row in enumerate(results["topics"]):
            if reference[ours][i] is None:
                continue
            n += 1
            difference = abs(row[at] - reference[ours][i])
            if not difference <= worst:
                worst, where = difference, i
        bad = not worst <= TOLERANCE or n < 0.9 * len(cases["topics"])
        failures += bad
        theirs = IR_MEASURES.get(ours) or f"ranx {RANX[ours]}"
        print(f"{ours:32} {theirs:32} {n:5} topics  {worst:.1e}" + (f"  FAILED at topic {where}" if bad else ""))
    failures += compare_pairs(cases["pairs"], results["pairs"])
    print(f"{failures} failed")
    return failures == 0


def compare_pairs(pairs, results):
    worst = collections.Counter()
    for pair, got in zip(pairs, results):
        wanted = reference_pair(pair["a"], pair["b"])
        if (got["t"] is None) != (wanted["t"] is None):
            worst["t"] = math.inf
        elif got["t"] is not None:
            worst["t"] = max(worst["t"], abs(got["t"] - wanted["t"]) / max(1, abs(wanted["t"])))
            worst["p_t"] = max(worst["p_t"], abs(got["p_t"] - wanted["p_t"]) / wanted["p_t"])
        worst["difference"] = max(worst["difference"], abs(got["difference"] - wanted["difference"]))
        kind = "exact randomisation" if wanted["exact"] else "sampled randomisation"
        worst[kind] = max(worst[kind], abs(got["p_randomisation"] - wanted["p_randomisation"]))
        for end in ("low", "high"):
            off = abs(got[end] - wanted[end]) / max(wanted["sd"], 1e-12)
            worst["interval, in standard errors"] = max(worst["interval, in standard errors"], off)
    # Samples of 20,000 and 50,000 differ, by 5 standard deviations of p = 0.5; ends of intervals by a step of a sum.
    limits = {"sampled randomisation": 5 * math.sqrt(0.25 / 20000 + 0.25 / 50000), "interval, in standard errors": 0.8}
    failures = 0
    for what, difference in worst.items():
        bad = not difference <= limits.get(what, TOLERANCE)
        failures += bad
        print(f"{what:32} {'scipy, numpy':32} {len(pairs):5} pairs   {difference:.1e}" + ("  FAILED" if bad else ""))
    return failures


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("cases")
    write.add_argument("--seed", type=int, default=6)
    compare_parser = commands.add_parser("compare")
    compare_parser.add_argument("cases")
    compare_parser.add_argument("results")
    arguments = parser.parse_args()
    if arguments.command == "write":
        with open(arguments.cases, "w", encoding="ascii") as file:
            json.dump(make_cases(arguments.seed), file)
        return
    with open(arguments.cases, encoding="ascii") as cases, open(arguments.results, encoding="ascii") as results:
        sys.exit(0 if compare(json.load(cases), json.load(results)) else 1)


if __name__ == "__main__":
    main()
