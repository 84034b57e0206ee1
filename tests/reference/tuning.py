#!/usr/bin/env python3
"""Our tuning of fusions beside one written anew with numpy.

    tuning.py write CASES            random lists and judgements, as JSON
    tuning.py compare CASES RESULTS  fails where means, choices or chances differ

What computes RESULTS is not this script's business. It reads CASES,

    {"metric": name, "methods": [name, ...],
     "topics": [{"lists": [{"items": [...], "scores": [...]}, ...], "grades": [grade or null, of each item],
                 "all_grades": [...]}, ...]}

and writes what tuning with the default grid, but these methods only, 5 folds and seed 1 gives,

    {"cross_validated": row, "settings": [row, ...], "best_list": from 0, "best_list_mean":, "rrf_mean":}

a row being {"setting": arguments of fuse as text, "mean":, "low":, "high":, "folds":, "over_best_list": [difference, p,
is significant], "over_rrf": the same}. The engine does so in
`TUNING_CASES=... TUNING_RESULTS=... cargo test --no-default-features rows_for_the_reference`.

Here again are: reciprocal rank fusion, weighted sums of min-max, theoretical and z-score, nDCG@10, the folds (the
generator's numbers included), the choice, and the test of all settings at once, with other random numbers. Scores have
no ties, and lists are empty or longer than two, of which all z-scores are 1 and -1: ties are for the comparison of
fusion itself.

Needs: pip install numpy==2.4.6
"""

import argparse
import json
import random
import re
import sys

import numpy as np

TOLERANCE = 1e-9
MASK = (1 << 64) - 1
SEED, N_FOLDS, SHUFFLE = 1, 5, 3


def make_cases(seed):
    rng = random.Random(seed)
    topics = []
    for _ in range(60):
        n = rng.choice([12, 40, 90])
        relevant = {item: rng.choice([1, 1, 2, 3]) for item in rng.sample(range(n), rng.choice([1, 3, 6]))}
        lists = []
        for skill in (0.5, 0.3, 0.1):
            scored = [(rng.random() + (skill if item in relevant else 0), item) for item in range(n)]
            scored = sorted(scored, reverse=True)[: rng.choice([0, rng.randrange(3, n), rng.randrange(3, n)])]
            lists.append({"items": [item for _, item in scored], "scores": [score for score, _ in scored]})
        grades = [relevant.get(item, rng.choice([0, None])) for item in range(n)]
        topics.append({"lists": lists, "grades": grades, "all_grades": [g for g in grades if g is not None] + [1]})
    return {"metric": "nDCG@10", "methods": ["rrf", "weighted_sum"], "topics": topics}


# The same anew.


def ndcg_at_10(topic, order):
    dcg = lambda gains: sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains[:10]) if gain > 0)
    ideal = dcg(sorted(topic["all_grades"], reverse=True))
    return dcg([topic["grades"][item] or 0 for item in order]) / ideal if ideal > 0 else 0.0


def normalised(scores, how):
    scores = np.array(scores, dtype=float)
    if how == "z_score":
        return (scores - scores.mean()) / scores.std()
    low = 0.0 if how == "theoretical" else scores.min()
    return (scores - low) / (scores.max() - low)


def fused(topic, method, weights, k, normaliser):
    scores, best = {}, {}
    for weight, one in zip(weights, topic["lists"]):
        if method == "rrf":
            # In the engine's order of operations: 0.3/61 + 0.2/61 and 0.5/61 are equal on paper only.
            parts = [weight * (1.0 / (k + rank + 1)) for rank in range(len(one["items"]))]
        elif one["items"]:
            parts = list(weight * normalised(one["scores"], normaliser))
        else:
            parts = []
        for rank, (item, part) in enumerate(zip(one["items"], parts)):
            scores[item] = scores.get(item, 0.0) + part
            best[item] = min(best.get(item, rank), rank)
    return sorted(scores, key=lambda item: (-scores[item], best[item], item))


def values_of(topics, setting):
    method = re.search(r"method => '(\w+)'", setting)[1]
    weights = re.search(r"weights => '{([^}]*)}'", setting)
    k = re.search(r"k => ([\d.]+)", setting)
    normaliser = re.search(r"normaliser => '(\w+)'", setting)
    n_lists = len(topics[0]["lists"])
    default = 1.0 if method == "rrf" else 1.0 / n_lists
    weights = [float(w) for w in weights[1].split(",")] if weights else [default] * n_lists
    orders = [fused(t, method, weights, float(k[1]) if k else None, normaliser and normaliser[1]) for t in topics]
    return np.array([ndcg_at_10(topic, order) for topic, order in zip(topics, orders)])


class SplitMix64:
    def __init__(self, seed, stream):
        self.state = stream
        self.state = seed ^ self.next()

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        x = self.state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        return x ^ (x >> 31)

    def below(self, n):
        return self.next() * n >> 64


def folds_of(n_topics):
    folds = [at % N_FOLDS for at in range(n_topics)]
    generator = SplitMix64(SEED, SHUFFLE)
    for last in range(n_topics - 1, 0, -1):
        other = generator.below(last + 1)
        folds[last], folds[other] = folds[other], folds[last]
    return np.array(folds)


def chances(values, base):
    """For each row, how often the most different of all rows is as different, topics being swapped at random."""
    differences = values - base
    norms = np.sqrt((differences**2).sum(axis=1))
    scaled = np.divide(differences, norms[:, None], out=np.zeros_like(differences), where=norms[:, None] > 1e-12)
    signs = np.random.default_rng(5).choice([-1.0, 1.0], size=(20000, len(base)))
    greatest = np.sort(np.abs(scaled @ signs.T).max(axis=0))
    observed = np.abs(scaled.sum(axis=1))
    return 1 - np.searchsorted(greatest, observed - 1e-9) / len(greatest)


# The comparison.


class Report:
    def __init__(self):
        self.failures = 0

    def line(self, what, n, difference, limit):
        bad = not difference <= limit
        self.failures += bad
        print(f"{what:44} {n:5}  {difference:.1e}" + ("  FAILED" if bad else ""))


def compare(cases, results):
    topics, rows = cases["topics"], results["settings"]
    report = Report()
    values = np.array([values_of(topics, row["setting"]) for row in rows])
    means = np.array([row["mean"] for row in rows])
    report.line("means of settings", len(rows), np.abs(means - values.mean(axis=1)).max(), TOLERANCE)
    report.line("settings that come after a worse one", len(rows), (np.diff(means) > 0).sum(), 0)

    ids = range(len(topics[0]["lists"]))
    lists = [np.array([ndcg_at_10(topic, topic["lists"][at]["items"]) for topic in topics]) for at in ids]
    best = max(range(len(lists)), key=lambda at: lists[at].mean())
    rrf = values_of(topics, "method => 'rrf', k => 60")
    report.line("best list", len(lists), abs(best - results["best_list"]), 0)
    off = abs(lists[best].mean() - results["best_list_mean"]), abs(rrf.mean() - results["rrf_mean"])
    report.line("means of baselines", 2, max(off), TOLERANCE)
    # Of 2,000 resamples, five standard deviations.
    limit = 5 * np.sqrt(0.25 / 2000)
    for key, base in (("over_best_list", lists[best]), ("over_rrf", rrf)):
        ours = np.array([row[key][:2] for row in rows])
        off = ours[:, 0] - (values.mean(axis=1) - base.mean())
        report.line(f"{key}: differences", len(rows), np.abs(off).max(), TOLERANCE)
        report.line(f"{key}: chances", len(rows), np.abs(ours[:, 1] - chances(values, base)).max(), limit)
        significant = [row[key][2] for row in rows] == [bool(d > 0 and p < 0.05) for d, p in ours]
        report.line(f"{key}: significance", len(rows), not significant, 0)
    compare_cross_validated(report, topics, rows, values, results["cross_validated"])
    print(f"{report.failures} failed")
    return report.failures == 0


def compare_cross_validated(report, topics, rows, values, row):
    folds, held_out, off, counts = folds_of(len(topics)), np.zeros(len(topics)), 0.0, [0] * len(rows)
    for fold in range(N_FOLDS):
        sums = values[:, folds != fold].sum(axis=1)
        # Of settings that are equally good the engine takes the first of the grid, which the rows do not tell.
        good = [at for at in np.flatnonzero(sums > sums.max() - 1e-9) if rows[at]["folds"] > counts[at]]
        off += not good
        at = good[0] if good else sums.argmax()
        counts[at] += 1
        held_out[folds == fold] = values[at, folds == fold]
    report.line("folds that chose another setting", N_FOLDS, off, 0)
    report.line("cross-validated mean", 1, abs(row["mean"] - held_out.mean()), TOLERANCE)
    error = held_out.std() / np.sqrt(len(topics))
    off = abs(row["low"] - (row["mean"] - 1.96 * error)), abs(row["high"] - (row["mean"] + 1.96 * error))
    report.line("its interval, in standard errors", 1, max(off) / error, 0.3)


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
