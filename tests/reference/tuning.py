"""Tuning of fusions beside one written anew with numpy.

Usage: tuning.py CONNECTION. tests/tests/reference.rs starts the server.

Here again are: reciprocal rank fusion, weighted sums of min-max, theoretical and z-score, nDCG@10, the folds (the
engine's random numbers included), the choice, and the test of all settings at once, with other random numbers. Scores
have no ties, and lists are empty or longer than two, of which all z-scores are 1 and -1: ties are for the comparison of
fusion itself. What each row has in `arguments` is said to `fuse`, too.
"""

import random
import sys

import numpy as np
import psycopg
from psycopg.rows import dict_row

from reference import Tally

TOLERANCE = 1e-9
MASK = (1 << 64) - 1
CASES_SEED, N_TOPICS = 6, 60
# Of the default grid, for three lists and these two methods.
N_SETTINGS = 268
SEED, N_FOLDS, SHUFFLE = 1, 5, 3


# A document that no list has, of grade 1 for every topic.
NOT_FOUND = 1000


def make_topics(rng):
    topics = []
    for _ in range(N_TOPICS):
        n = rng.choice([12, 40, 90])
        relevant = {item: rng.choice([1, 1, 2, 3]) for item in rng.sample(range(n), rng.choice([1, 3, 6]))}
        lists = []
        for skill in (0.5, 0.3, 0.1):
            scored = [(rng.random() + (skill if item in relevant else 0), item) for item in range(n)]
            scored = sorted(scored, reverse=True)[: rng.choice([0, rng.randrange(3, n), rng.randrange(3, n)])]
            lists.append({"items": [item for _, item in scored], "scores": [score for score, _ in scored]})
        grades = {item: relevant.get(item, 0) for item in range(n) if item in relevant or rng.random() < 0.5}
        topics.append({"lists": lists, "grades": grades | {NOT_FOUND: 1}})
    return topics


# The same anew.


def ndcg_at_10(topic, order):
    dcg = lambda gains: sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains[:10]) if gain > 0)
    ideal = dcg(sorted(topic["grades"].values(), reverse=True))
    return dcg([topic["grades"].get(item, 0) for item in order]) / ideal if ideal > 0 else 0.0


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


def values_of(topics, method, weights=None, k=None, normaliser=None):
    n_lists = len(topics[0]["lists"])
    weights = weights or [1.0 if method == "rrf" else 1.0 / n_lists] * n_lists
    return np.array([ndcg_at_10(topic, fused(topic, method, weights, k, normaliser)) for topic in topics])


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


# The server.


def fill(server, topics):
    server.execute(
        """CREATE TABLE lists (topic int, list int, ids bigint[], scores float8[]);
           CREATE TABLE judged (topic int, id int, grade int)"""
    )
    with server.cursor().copy("COPY lists FROM STDIN") as copy:
        for at, topic in enumerate(topics):
            for n, one in enumerate(topic["lists"]):
                copy.write_row((at, n, one["items"], one["scores"]))
    with server.cursor().copy("COPY judged FROM STDIN") as copy:
        for at, topic in enumerate(topics):
            for item, grade in topic["grades"].items():
                copy.write_row((at, item, grade))
    server.execute(
        """CREATE TABLE topics AS
           SELECT topic, lists, j
           FROM (SELECT topic, array_agg(ROW(ids, scores)::wand_ranking ORDER BY list) AS lists
                 FROM lists GROUP BY topic) AS l
           JOIN (SELECT topic, judgements(id, grade) AS j FROM judged GROUP BY topic) AS j USING (topic)"""
    )


def tuned(server):
    """Rows as dictionaries: the cross-validated one, the two baselines, the settings."""
    rows = server.cursor(binary=True, row_factory=dict_row).execute(
        """SELECT t.*
           FROM (SELECT array_agg(lists ORDER BY topic) AS lists, array_agg(j ORDER BY topic) AS j
                 FROM topics) AS given,
               tune_fusion(lists, j, 'nDCG@10', methods => '{rrf,weighted_sum}', folds => %s, seed => %s) AS t""",
        (N_FOLDS, SEED),
    )
    first, best, rrf, *settings = rows
    assert [row["what"] for row in (first, best, rrf)] == ["cross-validated", "best list", "rrf"]
    assert {row["what"] for row in settings} == {"setting"}
    return first, best, rrf, settings


# The comparison.

# Five standard deviations of a chance of 0.5 from 2,000 resamples there and 20,000 here.
CHANCE = 5 * (0.25 / 2_000 + 0.25 / 20_000) ** 0.5


def compare_interval(tally, kind, row, values):
    """Of a mean of 60 topics: nearly what normal numbers would have."""
    error = values.std() / len(values) ** 0.5
    for end, sign in (("low", -1), ("high", 1)):
        off = abs(row[end] - (values.mean() + sign * 1.96 * error)) / error
        tally.number(kind, 1 + float(off), 1.0, 0.3)


def compare(server, tally, topics):
    fill(server, topics)
    first, best_row, rrf_row, rows = tuned(server)
    keys = ("method", "weights", "k", "normaliser")
    values = np.array([values_of(topics, *(row[key] for key in keys)) for row in rows])
    means = np.array([row["mean"] for row in rows])
    for row, mean, of_topics in zip(rows, values.mean(axis=1), values):
        compare_interval(tally, "intervals, in standard errors", row, of_topics)
        tally.number("means of settings", row["mean"], float(mean), TOLERANCE, 1.0)
        (again,) = server.execute(
            f"""SELECT avg(evaluate(found, j, 'nDCG@10'))
                FROM topics, LATERAL (SELECT ranking(id) AS found FROM fuse(lists, {row["arguments"]})) AS f"""
        ).fetchone()
        tally.number("means of fuse with a row's arguments", again, float(mean), TOLERANCE, 1.0)
        tally.true("settings that are like no other", sum(r["arguments"] == row["arguments"] for r in rows) == 1)
    tally.true("settings, best first", (np.diff(means) <= 0).all(), f"{means}")

    lists = [
        np.array([ndcg_at_10(topic, topic["lists"][at]["items"]) for topic in topics])
        for at in range(len(topics[0]["lists"]))
    ]
    best = max(range(len(lists)), key=lambda at: lists[at].mean())
    rrf = values_of(topics, "rrf", k=60.0)
    tally.true("best list", best_row["arguments"] == f"list {best + 1}", f"{best_row}")
    tally.number("means of baselines", best_row["mean"], float(lists[best].mean()), TOLERANCE, 1.0)
    tally.number("means of baselines", rrf_row["mean"], float(rrf.mean()), TOLERANCE, 1.0)
    for key, base in (("over_best_list", lists[best]), ("over_rrf", rrf)):
        for row, mean, chance in zip(rows, values.mean(axis=1), chances(values, base)):
            tally.number("differences", row[key], float(mean - base.mean()), TOLERANCE, 1.0)
            tally.number("chances", row[key + "_p"], float(chance), CHANCE, 1.0)
    for row in rows:
        both = all(row[key] > 0 and row[key + "_p"] < 0.05 for key in ("over_best_list", "over_rrf"))
        tally.true("significance", row["is_significant"] == both, f"{row}")
    compare_cross_validated(tally, topics, rows, values, first, {"over_best_list": lists[best], "over_rrf": rrf})


def compare_cross_validated(tally, topics, rows, values, row, bases):
    folds, held_out, counts = folds_of(len(topics)), np.zeros(len(topics)), [0] * len(rows)
    for fold in range(N_FOLDS):
        sums = values[:, folds != fold].sum(axis=1)
        # Of settings that are equally good the engine takes the first of the grid, which the rows do not tell.
        good = [at for at in np.flatnonzero(sums > sums.max() - 1e-9) if rows[at]["n_folds"] > counts[at]]
        tally.true("folds and the setting they chose", bool(good), f"fold {fold}")
        counts[good[0]] += 1
        held_out[folds == fold] = values[good[0], folds == fold]
    tally.true("number of folds", row["n_folds"] == N_FOLDS == sum(r["n_folds"] for r in rows), f"{row}")
    tally.number("cross-validated mean", row["mean"], float(held_out.mean()), TOLERANCE, 1.0)
    compare_interval(tally, "its interval, in standard errors", row, held_out)
    for key, base in bases.items():
        tally.number("its differences", row[key], float(held_out.mean() - base.mean()), TOLERANCE, 1.0)
        (chance,) = chances(held_out[None, :], base)
        tally.number("its chances", row[key + "_p"], float(chance), CHANCE, 1.0)


def main():
    (connection,) = sys.argv[1:]
    tally = Tally()
    with psycopg.connect(connection, autocommit=True) as server:
        compare(server, tally, make_topics(random.Random(CASES_SEED)))
    n = N_SETTINGS
    tally.report(
        {
            "means of settings": n,
            "intervals, in standard errors": 2 * n,
            "means of fuse with a row's arguments": n,
            "settings that are like no other": n,
            "settings, best first": 1,
            "best list": 1,
            "means of baselines": 2,
            "differences": 2 * n,
            "chances": 2 * n,
            "significance": n,
            "folds and the setting they chose": N_FOLDS,
            "number of folds": 1,
            "cross-validated mean": 1,
            "its interval, in standard errors": 2,
            "its differences": 2,
            "its chances": 2,
        }
    )


if __name__ == "__main__":
    main()
