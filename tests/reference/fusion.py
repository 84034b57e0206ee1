"""Fusion beside ranx 0.3.21: the same random lists through both, score by score.

    pip install ranx==0.3.21
    python tests/reference/fusion.py prepare cases.json --seed 1 --runs 1000
    PG_WAND_FUSION_CASES=cases.json PG_WAND_FUSION_RESULTS=results.jsonl \
        cargo test --locked --no-default-features --lib fusion::tests::reference
    python tests/reference/fusion.py compare cases.json results.jsonl

`prepare` writes cases and jobs; whoever can fuse (the engine's test above, SQL) writes a line of results for each job;
`compare` computes every job with ranx and tells the greatest difference. The lists have ties, documents that other
lists lack, constant lists, empty lists, lists of one, negative scores; `raw` has some documents twice, for whoever
takes such lists: the best rank stays and the rest close up, which is what `ids` and `scores` have.

A job is of some cases that have the same number of lists: {"name", "cases": [first, end), "wish": arguments of fuse,
"train": {"set", "method", "options"} or null}. A line of results: {"name", "results": for each case [[id, score], ...]
in order}.
"""

import argparse
import json
import random
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
from numba.typed import List as TypedList  # noqa: E402
from ranx import Qrels, Run  # noqa: E402
from ranx.data_structures.common import create_bulk  # noqa: E402
from ranx.fusion import (  # noqa: E402
    bayesfuse_train,
    fusion_switch,
    mapfuse_train,
    posfuse_train,
    probfuse_train,
    segfuse_train,
    slidefuse_train,
)
from ranx.normalization import norm_switch  # noqa: E402

TOLERANCE = 1e-9

# ---- cases ----------------------------------------------------------------------------------------------------------


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


# ---- jobs -----------------------------------------------------------------------------------------------------------

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


def prepare(path, seed, n_runs):
    rng = random.Random(seed)
    cases, sets, jobs = [], [], []
    for group, n_lists in enumerate([2, 3, 4, 5, 8]):
        first = len(cases)
        drawn = [some_case(rng, n_lists) for _ in range(max(2, n_runs // 5))]
        training = [some_case(rng, n_lists) for _ in range(20)]
        cases += drawn
        topics = []
        for lists in training:
            ids = sorted({one for ranking in lists for one in ranking["ids"]})
            relevant = sorted(rng.sample(ids, rng.randrange(len(ids) + 1)) + rng.sample(range(200_000, 200_100), 2))
            topics.append({"lists": lists, "relevant": [] if rng.random() < 0.1 else relevant})
        sets.append(topics)
        jobs += jobs_of(rng, group, first, len(cases), n_lists)
    for lists in cases:
        for one in lists:
            one["raw"] = with_repeats(rng, one)
    with open(path, "w", encoding="ascii") as file:
        json.dump({"seed": seed, "cases": cases, "sets": sets, "jobs": jobs}, file)
    print(f"{len(cases)} cases, {len(jobs)} jobs")


# ---- ranx -----------------------------------------------------------------------------------------------------------


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


class Ranx:
    """Computes jobs; runs and normalised runs are kept for the jobs of the same cases."""

    def __init__(self, data):
        self.data = data
        self.kept = {}

    def keep(self, key, make):
        if key not in self.kept:
            if key[0] == "group":
                self.kept.clear()
            self.kept[key] = make()
        return self.kept[key]

    def compute(self, job):
        first, end = job["cases"]
        cases = self.data["cases"][first:end]
        plain = self.keep(("group", first), lambda: runs_of(cases))
        norm, params = job["ranx"]["norm"], dict(job["ranx"]["params"])
        runs = plain if norm is None else self.keep(("norm", norm), lambda: self.normalised(norm, plain))
        if job["train"]:
            params.update(self.trained(job["train"]))
        fused = fusion_switch(job["ranx"]["method"])(list(runs), **params)
        return [
            {int(one): float(score) for one, score in fused.run[f"q{at:06}"].items()} for at in range(len(cases))
        ]

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
        topics = self.data["sets"][train["set"]]
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


# ---- comparison -----------------------------------------------------------------------------------------------------


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


def compare_votes(job, lists, ours, theirs):
    """Neighbours of ours in order of the majority; equal to ranx where the majorities leave no choice at all."""
    weights = job["wish"].get("weights") or [1.0] * len(lists)
    votes = majority(lists, weights)
    order = [one for one, _ in ours]
    for a, b in zip(order, order[1:]):
        for_a, for_b, _ = votes(a, b)
        assert for_b <= for_a + 1e-12, f"{b} beats {a} and comes after it"
    decided = len(order) <= 40
    for at, a in enumerate(order if decided else []):
        for b in order[at + 1 :]:
            for_a, for_b, none = votes(a, b)
            decided = decided and for_a > for_b + none + 1e-12
        if not decided:
            break
    if not decided:
        return None
    return compare_scores(ours, theirs)


def compare_scores(ours, theirs):
    assert {one for one, _ in ours} == set(theirs), "other documents"
    return max((abs(s - theirs[one]) / max(1.0, abs(theirs[one])) for one, s in ours), default=0.0)


def check_order(lists, ours):
    """Falling score, then the best rank, then the id."""
    best = {}
    for ranking in lists:
        for rank, one in enumerate(ranking["ids"], 1):
            best[one] = min(rank, best.get(one, rank))
    expected = sorted(ours, key=lambda pair: (-pair[1], best[pair[0]], pair[0]))
    assert ours == expected, "the order is not by score, best rank, id"


def compare(path, results_path):
    with open(path, encoding="ascii") as file:
        data = json.load(file)
    ranx = Ranx(data)
    worst, n_compared, skipped, failed = {}, 0, {}, 0
    with open(results_path, encoding="ascii") as file:
        for job, line in zip(data["jobs"], file, strict=True):
            found = json.loads(line)
            assert found["name"] == job["name"]
            first, end = job["cases"]
            theirs = ranx.compute(job)
            what = job["name"].split("/", 1)[1]
            for at, lists in enumerate(data["cases"][first:end]):
                ours = [(one, score) for one, score in found["results"][at]]
                try:
                    check_order(lists, ours)
                    if "max" == job["ranx"]["norm"] and has_no_positive(lists):
                        difference, reason = None, "max of scores that are not positive"
                    elif "condorcet" in what:
                        difference, reason = compare_votes(job, lists, ours, theirs[at]), "majorities leave a choice"
                    else:
                        difference, reason = compare_scores(ours, theirs[at]), ""
                except AssertionError as error:
                    failed += 1
                    print(f"{job['name']}, case {first + at}: {error}")
                    continue
                if difference is None:
                    skipped[(what, reason)] = skipped.get((what, reason), 0) + 1
                    continue
                n_compared += 1
                worst[what] = max(difference, worst.get(what, 0.0))
                if not difference <= TOLERANCE:
                    failed += 1
                    if failed < 20:
                        print(f"{job['name']}, case {first + at}: {difference}")
    for what, difference in sorted(worst.items()):
        print(f"{what:32} {difference:.1e}")
    for (what, reason), n in sorted(skipped.items()):
        print(f"{what:32} {n} not compared: {reason}")
    print(f"{n_compared} fusions compared, greatest difference {max(worst.values()):.1e}, {failed} failures")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Fusion beside ranx")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("prepare")
    one.add_argument("cases")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--runs", type=int, default=1000)
    two = commands.add_parser("compare")
    two.add_argument("cases")
    two.add_argument("results")
    arguments = parser.parse_args()
    np.seterr(all="ignore")
    if arguments.command == "prepare":
        prepare(arguments.cases, arguments.seed, arguments.runs)
        return 0
    return compare(arguments.cases, arguments.results)


if __name__ == "__main__":
    sys.exit(main())
