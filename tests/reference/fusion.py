"""Fusion beside ranx: the same random lists through `fuse` and through ranx 0.3.21, score by score.

Usage: fusion.py CONNECTION. tests/tests/reference.rs starts the server. REFERENCE_CASES says how many cases there are
(1,000; test.sh takes 200).

The lists have ties, documents that other lists lack, constant lists, empty lists, lists of one, negative scores. The
server gets them with some documents twice (`raw`): the best rank stays and the rest close up, which is what `ids` and
`scores` have, and what ranx gets.

A job is of some cases that have the same number of lists: {"name", "cases": [first, end), "wish": arguments of fuse,
"train": {"set", "method", "options"} or None, "ranx": what it is there}. A job is one statement.
"""

import collections
import os
import random
import sys
import time

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

import lean_ranx  # noqa: F401
from numba import njit
from numba.typed import List as TypedList
from ranx import Qrels, Run
from ranx.data_structures.common import create_bulk
from ranx.fusion import (
    bayesfuse_train,
    fusion_switch,
    mapfuse_train,
    posfuse_train,
    probfuse_train,
    segfuse_train,
    slidefuse_train,
)
from ranx.normalization import norm_switch

from reference import Tally

SEED = 1
N_CASES = int(os.environ.get("REFERENCE_CASES") or 1000)
TOLERANCE = 1e-9

# Cases.


def some_scores(rng, n):
    """Of different sorts; multiples of 1/8 where there are to be ties."""
    kind = rng.randrange(6)
    if kind == 0:
        return [rng.randrange(-8, 40) / 8 for _ in range(n)]
    if kind == 1:
        return [rng.randrange(1, 4) / 8 for _ in range(n)]
    if kind == 2:
        return [rng.choice([0.5, 2.0, 7.25])] * n
    if kind == 3:
        return [rng.gauss(0, 1) for _ in range(n)]
    if kind == 4:
        return [rng.uniform(1e4, 2e4) for _ in range(n)]
    return [rng.uniform(0.1, 1.0) for _ in range(n)]


def some_list(rng, pool):
    sizes = [0, 1, 2, rng.randrange(3, 12), rng.randrange(3, len(pool) + 1), len(pool)]
    n = min(rng.choices(sizes, [1, 2, 2, 8, 8, 4])[0], len(pool))
    return {"ids": rng.sample(pool, n), "scores": sorted(some_scores(rng, n), reverse=True)}


def some_case(rng, n_lists):
    """Never without any document: ranx cannot read a run that has none."""
    if rng.random() < 0.25:
        return alike(rng, n_lists)
    pool = rng.sample(range(100_000), rng.choice([3, 12, 12, 30, 30, 350]))
    while True:
        lists = [some_list(rng, pool) for _ in range(n_lists)]
        if any(one["ids"] for one in lists):
            return lists


def alike(rng, n_lists):
    """Lists of the same documents in nearly the same order, about which majorities are often decided."""
    pool = rng.sample(range(100_000), rng.randrange(3, 14))
    lists = []
    for _ in range(n_lists):
        ids = sorted(pool, key=lambda one: pool.index(one) + rng.choice([0, 0, 0, 1.5]))
        lists.append({"ids": ids, "scores": sorted((rng.uniform(0.1, 1.0) for _ in ids), reverse=True)})
    return lists


def with_repeats(rng, ranked):
    """The list with some documents once more, further down, with a score that fits there."""
    ids, scores = list(ranked["ids"]), list(ranked["scores"])
    for _ in range(rng.randrange(4) if ids else 0):
        source = rng.randrange(len(ids))
        place = rng.randrange(source + 1, len(ids) + 1)
        ids.insert(place, ids[source])
        scores.insert(place, scores[place - 1])
    return {"ids": ids, "scores": scores}


# Jobs.

# Ours: theirs.
NORMALISERS = {
    "none": None,
    "min_max": "min-max",
    "min_max_inverted": "min-max-inverted",
    "max": "max",
    "sum": "sum",
    "z_score": "zmuv",
    "rank": "rank",
    "borda": "borda",
}
BY_SCORE = {
    "comb_min": "min",
    "comb_max": "max",
    "comb_med": "med",
    "comb_sum": "sum",
    "comb_anz": "anz",
    "comb_mnz": "mnz",
    "comb_gmnz": "gmnz",
    "wmnz": "wmnz",
    "mixed": "mixed",
    "weighted_sum": "wsum",
}
BY_RANK = {
    "rrf": "rrf",
    "isr": "isr",
    "log_isr": "log_isr",
    "logn_isr": "logn_isr",
    "rbc": "rbc",
    "borda": "bordafuse",
    "weighted_borda": "w_bordafuse",
    "condorcet": "condorcet",
    "weighted_condorcet": "w_condorcet",
}
TRAINED = {
    "bayes": "bayesfuse",
    "pos": "posfuse",
    "prob": "probfuse",
    "seg": "segfuse",
    "slide": "slidefuse",
    "map": "mapfuse",
}
WEIGHTED = {"wmnz", "mixed", "weighted_sum", "weighted_borda", "weighted_condorcet"}
# A constant list is all 0 in ranx.
HAS_ON_EQUAL = {"min_max", "min_max_inverted", "sum", "z_score"}


def wish(rng, method, normaliser, n_lists):
    """Arguments of our fuse and the parameters of ranx that mean the same."""
    ours, theirs = {"method": method}, {}
    if normaliser is not None:
        ours["normaliser"] = normaliser
        if normaliser in HAS_ON_EQUAL:
            ours["on_equal"] = "zero"
    if method in WEIGHTED:
        weights = [rng.choice([0.0, 0.5, 1.0, round(rng.uniform(0, 2), 3)]) for _ in range(n_lists)]
        ours["weights"] = theirs["weights"] = weights
    options = {}
    if method == "rrf":
        ours["k"] = theirs["k"] = rng.choice([1, 10, 60, 100])
    if method == "comb_gmnz":
        options["gamma"] = theirs["gamma"] = round(rng.uniform(0.01, 1), 2)
    if method == "logn_isr":
        options["sigma"] = theirs["sigma"] = round(rng.uniform(0, 1), 2)
    if method == "rbc":
        options["phi"] = theirs["phi"] = round(rng.uniform(0.01, 0.99), 2)
    if options:
        ours["options"] = options
    return ours, theirs


def jobs_of(rng, group, first, end, n_lists):
    jobs = []

    def add(method, theirs, normaliser, train=None):
        ours, params = wish(rng, method, normaliser, n_lists)
        name = f"{group}/{method}/{normaliser or 'ranks'}"
        ranx = {"norm": NORMALISERS.get(normaliser), "method": theirs, "params": params}
        jobs.append({"name": name, "cases": [first, end], "wish": ours, "train": train, "ranx": ranx})

    for normaliser in NORMALISERS:
        for method, theirs in BY_SCORE.items():
            add(method, theirs, normaliser)
    for method, theirs in BY_RANK.items():
        add(method, theirs, None)
    for method, theirs in TRAINED.items():
        options = {"prob": {"segments": rng.randrange(1, 30)}, "slide": {"window": rng.randrange(0, 12)}}.get(method)
        train = {"set": group, "method": method, "options": options}
        for normaliser in ["min_max", "none", "sum", "z_score"] if method == "seg" else [None]:
            add(method, theirs, normaliser, train)
    return jobs


def prepare(rng):
    cases, sets, jobs = [], [], []
    for group, n_lists in enumerate([2, 3, 4, 5, 8]):
        first = len(cases)
        cases += [some_case(rng, n_lists) for _ in range(N_CASES // 5)]
        training = [some_case(rng, n_lists) for _ in range(20)]
        topics = []
        for lists in training:
            ids = sorted({one for ranking in lists for one in ranking["ids"]})
            relevant = sorted(rng.sample(ids, rng.randrange(len(ids) + 1)) + rng.sample(range(200_000, 200_100), 2))
            topics.append({"lists": lists, "relevant": [] if rng.random() < 0.1 else relevant})
        sets.append(topics)
        jobs += jobs_of(rng, group, first, len(cases), n_lists)
    for lists in cases + [topic["lists"] for topics in sets for topic in topics]:
        for one in lists:
            one["raw"] = with_repeats(rng, one)
    return cases, sets, jobs


# The server.


class Server:
    """Cases and training topics in tables, and the answers of jobs."""

    def __init__(self, connection, cases, sets):
        self.connection = connection
        training = {(number, at): topic for number, topics in enumerate(sets) for at, topic in enumerate(topics)}
        self.fill("cases", {(0, at): lists for at, lists in enumerate(cases)})
        self.fill("training", {key: topic["lists"] for key, topic in training.items()})
        connection.execute("CREATE TABLE relevant (set int, n int, j wand_judgements)")
        for (number, at), topic in training.items():
            connection.execute(
                "INSERT INTO relevant VALUES (%s, %s, ROW(%s::bigint[], array_fill(1, ARRAY[%s]))::wand_judgements)",
                (number, at, topic["relevant"], len(topic["relevant"])),
            )

    def fill(self, table, given):
        """A table of (set, number, lists)."""
        self.connection.execute("CREATE TEMP TABLE rows (set int, n int, list int, ids bigint[], scores float8[])")
        with self.connection.cursor().copy("COPY rows FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "int4", "int4", "int8[]", "float8[]"])
            for (number, at), lists in given.items():
                for n, one in enumerate(lists):
                    copy.write_row((number, at, n, one["raw"]["ids"], one["raw"]["scores"]))
        self.connection.execute(
            f"""CREATE TABLE {table} AS
                SELECT set, n, array_agg(ROW(ids, scores)::wand_ranking ORDER BY list) AS lists
                FROM rows GROUP BY set, n;
                CREATE INDEX ON {table} (set, n); ANALYZE {table}; DROP TABLE rows"""
        )

    def compute(self, job):
        """By a case's number its ids and scores, best first."""
        wish, train = dict(job["wish"]), job["train"]
        given = wish | {"first": job["cases"][0], "end": job["cases"][1], "options": Jsonb(wish.pop("options", {}))}
        options = "%(options)s"
        if train:
            given |= {"train": train["method"], "of": Jsonb(train["options"] or {}), "set": train["set"]}
            options = """(SELECT jsonb_build_object('model', train_fusion(
                             %(train)s, array_agg(lists ORDER BY n), array_agg(j ORDER BY n), %(of)s))
                          FROM training JOIN relevant USING (set, n) WHERE set = %(set)s)"""
        types = {"method": "text", "normaliser": "text", "on_equal": "text", "weights": "float8[]", "k": "float8"}
        named = ", ".join(f"{name} => %({name})s::{types[name]}" for name in wish)
        rows = self.connection.cursor(binary=True).execute(
            f"""SELECT n, array_agg(id ORDER BY place), array_agg(score ORDER BY place)
                FROM cases, fuse(lists, {named}, options => {options})
                    WITH ORDINALITY AS f (id, score, ranks, scores, normalised, contributions, place)
                WHERE n >= %(first)s AND n < %(end)s GROUP BY n ORDER BY n""",
            given,
        )
        answers = {number: (np.array(ids), np.array(scores)) for number, ids, scores in rows}
        assert list(answers) == list(range(*job["cases"])), f"{job['name']}: {len(answers)} cases answered"
        return answers


# ranx.


def runs_of(cases):
    """A ranx run for each list number, with a query for each case, whose documents stay in the order given: Run's own
    constructor would sort them by score, and equal scores however its sorting leaves them."""
    runs = []
    for number in range(len(cases[0])):
        lists = [lists[number] for lists in cases]
        names = TypedList(f"q{at:06}" for at in range(len(cases)))
        ids = TypedList(np.array([str(one) for one in ranking["ids"]], dtype="<U8") for ranking in lists)
        run = Run()
        run.run = create_bulk(names, ids, TypedList(np.array(ranking["scores"], dtype=float) for ranking in lists))
        run.sorted = True
        runs.append(run)
    return runs


@njit
def unpacked(scores):
    """Ids and scores of a dictionary of ranx: numba's are slow from outside, and it has no int(str)."""
    ids, values = np.empty(len(scores), dtype=np.int64), np.empty(len(scores), dtype=np.float64)
    for at, (one, score) in enumerate(scores.items()):
        number = 0
        for digit in one:
            number = 10 * number + ord(digit) - ord("0")
        ids[at], values[at] = number, score
    return ids, values


class Ranx:
    """Computes jobs; runs and normalised runs are kept for the jobs of the same cases."""

    def __init__(self, cases, sets):
        self.cases = cases
        self.sets = sets
        self.kept = {}

    def keep(self, key, make):
        if key not in self.kept:
            if key[0] == "group":
                self.kept.clear()
            self.kept[key] = make()
        return self.kept[key]

    def compute(self, job):
        first, end = job["cases"]
        cases = self.cases[first:end]
        plain = self.keep(("group", first), lambda: runs_of(cases))
        norm, params = job["ranx"]["norm"], dict(job["ranx"]["params"])
        runs = plain if norm is None else self.keep(("norm", norm), lambda: self.normalised(norm, plain))
        if job["train"]:
            params.update(self.trained(job["train"]))
        fused = fusion_switch(job["ranx"]["method"])(list(runs), **params)
        return [unpacked(fused.run[f"q{at:06}"]) for at in range(len(cases))]

    @staticmethod
    def normalised(norm, runs):
        if norm == "borda":
            return norm_switch(norm)(runs)
        # ranx's z-score of an empty list fails, and takes other queries with it: they get one document for the while.
        empty = [[query for query, found in run.run.items() if norm == "zmuv" and not len(found)] for run in runs]
        for run, queries in zip(runs, empty):
            for query in queries:
                run.run[query]["nothing"] = 0.0
        normal = [norm_switch(norm)(run) for run in runs]
        for run, other, queries in zip(runs, normal, empty):
            for query in queries:
                del run.run[query]["nothing"]
                del other.run[query]["nothing"]
        return normal

    def trained(self, train):
        topics = self.sets[train["set"]]
        runs = runs_of([topic["lists"] for topic in topics])
        judged = {
            f"q{at:06}": {str(one): 1 for one in topic["relevant"]} or {"nothing": 0}
            for at, topic in enumerate(topics)
        }
        qrels = Qrels(judged)
        options = train["options"] or {}
        match train["method"]:
            case "bayes":
                return {"log_odds": bayesfuse_train(qrels, runs)}
            case "pos":
                return {"probs": posfuse_train(qrels, runs)}
            case "prob":
                return {"probs": list(probfuse_train(qrels, runs, options["segments"]))}
            case "seg":
                return {"probs": segfuse_train(qrels, runs)}
            case "slide":
                return {"probs": slidefuse_train(qrels, runs), "w": options["window"]}
            case _:
                return {"map_scores": mapfuse_train(qrels, runs)}


# The comparison.


def has_no_positive(lists):
    return any(one["scores"] and max(one["scores"]) <= 0 for one in lists)


def majority(lists, weights):
    """Positions of all documents in each list, and a function that tells which part of the weight is for the first."""
    places = [{one: at for at, one in enumerate(ranking["ids"])} for ranking in lists]
    far = 1_000_000

    def votes(a, b):
        ours, theirs, none = 0.0, 0.0, 0.0
        for place, weight in zip(places, weights):
            x, y = place.get(a, far), place.get(b, far)
            if x < y:
                ours += weight
            elif y < x:
                theirs += weight
            else:
                none += weight
        return ours, theirs, none

    return votes


def decided(job, lists, order):
    """Neighbours of ours in order of the majority, and then: do the majorities leave no choice at all?"""
    votes = majority(lists, job["wish"].get("weights") or [1.0] * len(lists))
    for a, b in zip(order, order[1:]):
        for_a, for_b, _ = votes(a, b)
        assert for_b <= for_a + 1e-12, f"{job['name']}: {b} beats {a} and comes after it"
    if len(order) > 40:
        return False
    for at, a in enumerate(order):
        for b in order[at + 1 :]:
            for_a, for_b, none = votes(a, b)
            if for_a <= for_b + none + 1e-12:
                return False
    return True


def best_ranks(lists):
    """All documents of a case in the order of their ids, and the best rank of each."""
    best = {}
    for ranking in lists:
        for rank, one in enumerate(ranking["ids"], 1):
            best[one] = min(rank, best.get(one, rank))
    ids = sorted(best)
    return np.array(ids), np.array([best[one] for one in ids])


def compare(server, tally, cases, sets, jobs):
    """Every job of every case. Gives how many fusions ranx could not be asked about, by reason."""
    spent, not_asked = {"the server": 0.0, "ranx": 0.0}, collections.Counter()

    def timed(whose, compute, job):
        begin = time.monotonic()
        found = compute(job)
        spent[whose] += time.monotonic() - begin
        return found

    ranx = Ranx(cases, sets)
    documents = [best_ranks(lists) for lists in cases]
    for job in jobs:
        kind, at_most = job["name"].split("/", 1)[1], job["ranx"]["norm"] == "max"
        answers, references = timed("the server", server.compute, job), timed("ranx", ranx.compute, job)
        for (number, (ids, scores)), (their_ids, theirs) in zip(answers.items(), references, strict=True):
            name = f"{job['name']}, case {number}"
            all_ids, best = documents[number]
            by_id, their_by_id = np.argsort(ids), np.argsort(their_ids)
            same = np.array_equal(ids[by_id], all_ids) and np.array_equal(their_ids[their_by_id], all_ids)
            tally.true("documents", same, name)
            # Falling score, then the best rank, then the id.
            order = np.lexsort((ids, best[np.searchsorted(all_ids, ids)], -scores))
            tally.true("order", np.array_equal(order, np.arange(len(order))), name)
            if at_most and has_no_positive(cases[number]):
                # ranx divides by nearly 0 where no score is positive.
                not_asked["max"] += 1
            elif "condorcet" in kind and not decided(job, cases[number], ids.tolist()):
                not_asked[kind] += 1
            else:
                tally.numbers(kind, scores[by_id], theirs[their_by_id], TOLERANCE, 1.0, name)
    print(", ".join(f"{whose}: {seconds:.0f} s" for whose, seconds in spent.items()))
    return not_asked


def main():
    (connection,) = sys.argv[1:]
    np.seterr(all="ignore")
    assert N_CASES >= 100 and N_CASES % 5 == 0, "REFERENCE_CASES: a multiple of 5, from 100 on"
    cases, sets, jobs = prepare(random.Random(SEED))
    tally = Tally()
    with psycopg.connect(connection, autocommit=True) as server:
        not_asked = compare(Server(server, cases, sets), tally, cases, sets, jobs)
    n_no_positive = sum(map(has_no_positive, cases))
    kinds = {f"{method}/{normaliser}": N_CASES for normaliser in NORMALISERS for method in BY_SCORE}
    kinds |= {f"{method}/max": N_CASES - n_no_positive for method in BY_SCORE}
    kinds |= {f"{method}/ranks": N_CASES for method in BY_RANK.keys() | TRAINED.keys() - {"seg"}}
    kinds |= {f"seg/{normaliser}": N_CASES for normaliser in ("min_max", "none", "sum", "z_score")}
    assert len(kinds) == 98, f"{len(kinds)} kinds"
    for kind in ("condorcet/ranks", "weighted_condorcet/ranks"):
        # Where majorities leave a choice there is only what `decided` has seen of them.
        assert 0 < not_asked[kind] < 0.85 * N_CASES, f"{kind}: {not_asked[kind]} leave a choice"
        kinds[kind] = N_CASES - not_asked[kind]
        print(f"{kind}: {not_asked[kind]} leave a choice and are held against the majorities only")
    assert not_asked["max"] == n_no_positive * len(BY_SCORE) < N_CASES, f"{not_asked['max']} without positive scores"
    tally.report(kinds | {"documents": 98 * N_CASES, "order": 98 * N_CASES})


if __name__ == "__main__":
    main()
