"""Metrics and statistics beside ir-measures, ranx, scipy and numpy.

Usage: evaluation.py CONNECTION. tests/tests/reference.rs starts the server.

metrics     `evaluate` of rankings and judgements with text ids, made by aggregates of rows that come in no order:
            ir-measures 0.4.3 (over pytrec_eval), and ranx 0.3.21 for what that does not have.
statistics  `compare_runs` and `bootstrap_mean`: scipy's t-test and bootstrap; randomisation in numpy.
"""

import collections
import math
import random
import sys

import numpy as np
import psycopg
from scipy import stats

import lean_ranx  # noqa: F401
import ir_measures
import ranx

from reference import Tally

TOLERANCE = 1e-9
SEED = 6
N_TOPICS = 1000
N_PAIRS = 300
LEVEL, N_RESAMPLES = 0.95, 20_000

# What we call it, and what the others do: a name for ir-measures, or one for ranx.
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
# The same, and the grade from which a document is relevant: ranx would multiply by the grade, and gets 1 for it.
RANX_BINARY = {"RBP": ("rbp.80", 1), "RBP(p=0.5,rel=2)": ("rbp.50", 2), "RBP(p=0.95)": ("rbp.95", 1)}
METRICS = [*IR_MEASURES, *RANX, *RANX_BINARY]


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


# The reference.


def reference_metrics(topics):
    """For each of our names, the values of all topics."""
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
    values = {}
    for ours, theirs, rel in [*((*both, None) for both in RANX.items()), *((o, *t) for o, t in RANX_BINARY.items())]:
        least = 1 if rel is None else rel
        # ranx wants a run for each topic and judgements above 0 only; who has neither measures 0.
        judged = {
            qid: {doc: grade if rel is None else 1 for doc, grade in qrels[qid].items() if grade >= least}
            for qid in runs
        }
        judged = {qid: grades for qid, grades in judged.items() if grades}
        scores = ranx.evaluate(
            ranx.Qrels(judged), ranx.Run({qid: runs[qid] for qid in judged}), theirs, return_mean=False
        )
        values[ours] = [0.0] * len(topics)
        for qid, score in zip(sorted(judged), scores, strict=True):
            values[ours][int(qid[1:])] = float(score)
    return values


# Metrics.


def metrics(server, tally, rng):
    topics = [random_topic(rng) for _ in range(N_TOPICS)]
    judged = [(at, doc, grade) for at, topic in enumerate(topics) for doc, grade in topic["qrels"].items()]
    found = [(at, doc, -rank) for at, topic in enumerate(topics) for rank, doc in enumerate(topic["run"])]
    server.execute(
        """CREATE TABLE judged (topic int, doc text, grade int);
           CREATE TABLE found (topic int, doc text, score int)"""
    )
    for table, rows in (("judged", judged), ("found", found)):
        rng.shuffle(rows)
        with server.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    # A topic that nothing was found for has no ranking.
    rows = server.cursor(binary=True).execute(
        """SELECT topic, evaluate(r, j, %s::text[])
           FROM (SELECT topic, judgements(doc, grade) AS j FROM judged GROUP BY topic) AS j
           LEFT JOIN (SELECT topic, ranking(doc, score) AS r FROM found GROUP BY topic) AS r USING (topic)
           ORDER BY topic""",
        (METRICS,),
    )
    reference = reference_metrics(topics)
    assert sum(not topic["run"] for topic in topics) > 50, "too few topics without a run"
    for at, (topic, values) in enumerate(rows):
        tally.true("topics", topic == at)
        for name, value in zip(METRICS, values, strict=True):
            tally.number(name, value, reference[name][at], TOLERANCE, 1.0)


# Statistics.


def interval(values):
    """The bootstrap's, and the standard error of the mean."""
    if len(set(values)) == 1:
        return values[0], values[0], 0.0
    found = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=N_RESAMPLES, confidence_level=LEVEL, rng=1
    )
    return *map(float, found.confidence_interval), float(np.std(values)) / math.sqrt(len(values))


def randomisation(differences):
    """The p of a randomisation test, and whether it is exact: it is where ours is."""
    unequal = differences[differences != 0]
    exact = len(unequal) <= 16
    # Not scipy's permutation_test: for a mean difference of 0 on paper, its rounding hides the ties that make p 1.
    if exact:
        bits = (np.arange(2 ** len(unequal))[:, None] >> np.arange(len(unequal))) & 1
    else:
        bits = np.random.default_rng(1).integers(0, 2, (50_000, len(unequal)))
    return float(np.mean(np.abs((1 - 2 * bits) @ unequal) >= abs(unequal.sum()) - 1e-9)), exact


def statistics(server, tally, rng):
    pairs = [random_pair(rng) for _ in range(N_PAIRS)]
    server.execute("CREATE TABLE pairs (pair int, a float8, b float8)")
    with server.cursor().copy("COPY pairs FROM STDIN") as copy:
        for number, pair in enumerate(pairs):
            for a, b in zip(pair["a"], pair["b"], strict=True):
                copy.write_row((number, a, b))
    rows = server.cursor(binary=True, row_factory=psycopg.rows.dict_row).execute(
        """SELECT pair, (comparison).*, (of_a).n AS n_of_a, (of_a).mean AS mean_of_a, (of_a).low AS low_of_a,
               (of_a).high AS high_of_a
           FROM (SELECT pair, compare_runs(a, b, %(level)s, %(resamples)s, 1) AS comparison,
                    bootstrap_mean(a, %(level)s, %(resamples)s, 1) AS of_a FROM pairs GROUP BY pair) AS found
           ORDER BY pair""",
        {"level": LEVEL, "resamples": N_RESAMPLES},
    )
    # Samples of 20,000 and 50,000 differ, by 5 standard deviations of p = 0.5.
    sampled = 5 * math.sqrt(0.25 / N_RESAMPLES + 0.25 / 50_000)
    for pair, got in zip(pairs, rows, strict=True):
        a, b = np.array(pair["a"]), np.array(pair["b"])
        differences = a - b
        tally.true("numbers of topics", got["n"] == got["n_of_a"] == len(a))
        signs = [int((sign * differences > 0).sum()) for sign in (1, -1)]
        signs.insert(1, len(a) - sum(signs))
        tally.true("wins, ties, losses", [got["wins"], got["ties"], got["losses"]] == signs, f"{got}, {signs}")
        means = {"mean_a": a.mean(), "mean_b": b.mean(), "difference": differences.mean(), "mean_of_a": a.mean()}
        for name, mean in means.items():
            tally.number("means", got[name], float(mean), TOLERANCE, 1.0)
        if len(set(differences)) == 1:
            tally.true("t of differences that are all the same", got["t"] is None and got["p_t"] is None, f"{got}")
        else:
            t, p = map(float, stats.ttest_rel(a, b))
            tally.number("t", got["t"], t, TOLERANCE, 1.0)
            tally.number("p of t", got["p_t"], p, TOLERANCE)
        p, exact = randomisation(differences)
        kind = "exact randomisation" if exact else "sampled randomisation"
        tally.number(kind, got["p_randomisation"], p, TOLERANCE if exact else sampled, 1.0)
        for values, suffix in ((differences, ""), (a, "_of_a")):
            low, high, error = interval(values)
            for end, expected in (("low", low), ("high", high)):
                # In standard errors: ends of two samples differ, and of few topics by a step of a sum.
                off = abs(got[end + suffix] - expected) / max(error, 1e-12)
                of, limit = ("300 topics", 0.25) if len(a) == 300 else ("few topics", 0.8)
                tally.number(f"ends of intervals of {of}, in standard errors", 1 + off, 1.0, limit)


def main():
    (connection,) = sys.argv[1:]
    rng, tally = random.Random(SEED), Tally()
    with psycopg.connect(connection, autocommit=True) as server:
        metrics(server, tally, rng)
        statistics(server, tally, rng)
    several = (100,)
    assert len(METRICS) == 56, f"{len(METRICS)} metrics"
    tally.report(
        {name: N_TOPICS for name in METRICS}
        | {
            "topics": N_TOPICS,
            "numbers of topics": N_PAIRS,
            "wins, ties, losses": N_PAIRS,
            "means": 4 * N_PAIRS,
            "t": 297,
            "p of t": 297,
            "t of differences that are all the same": 3,
            "exact randomisation": 224,
            "sampled randomisation": 76,
            "ends of intervals of few topics, in standard errors": several,
            "ends of intervals of 300 topics, in standard errors": several,
        }
    )


if __name__ == "__main__":
    main()
