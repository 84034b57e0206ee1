"""Engines that live in a Python process, measured for `make bench`.

usage: bench_rivals.py FOLDER CACHE ENGINE...

Reads FOLDER/docs.spz and FOLDER/queries.spz, builds every engine, then obeys lines on standard input:

    run ENGINE K QUERIES PARAMETER...    -> one line: milliseconds of each query; one line: the ids it returned, by commas,
                                            queries by blanks

At the start it prints one line an engine, tab-separated: `engine NAME VERSION SECONDS BYTES` or `missing NAME REASON`;
then `ready`. One thread; the caller's own time is not counted, what the engine hands to Python is.
"""

import importlib.metadata
import os
import shutil
import struct
import sys
import time
from pathlib import Path

# Before the engines are loaded: their thread pools read it once.
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import zstandard


class Rows:
    """An SPZ file as compressed sparse rows; tests/src/collection.rs has the layout."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, self.rows, self.columns, _, step = struct.unpack_from("<4sIIQf", data)
        if magic != b"SPZ1":
            sys.exit(f"{path} is not an SPZ file")
        at, planes = 24, []
        for _ in range(5):
            (length,) = struct.unpack_from("<Q", data, at)
            frame = zstandard.ZstdDecompressor().decompressobj().decompress(data[at + 8 : at + 8 + length])
            planes.append(np.frombuffer(frame, np.uint8).astype(np.int64))
            at += 8 + length
        lengths = planes[0][0::2] + 256 * planes[0][1::2]
        self.start = np.concatenate([[0], np.cumsum(lengths)])
        running = np.cumsum(planes[1] + 256 * planes[2])
        before = np.concatenate([[0], running])[self.start[:-1]]
        self.terms = running - np.repeat(before, lengths)
        self.weights = (planes[3] + 256 * planes[4]).astype(np.float32) * np.float32(step)

    def row(self, number):
        part = slice(self.start[number], self.start[number + 1])
        return self.terms[part], self.weights[part]


class Qdrant:
    """Qdrant's segment code, embedded: one segment, index in memory, floats; exact."""

    package = "qdrant-edge-py"
    folder = "qdrant"

    def __init__(self, docs, folder):
        import qdrant_edge as q

        self.q = q
        path = folder / self.folder
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        config = q.EdgeConfig(
            sparse_vectors={"emb": q.EdgeSparseVectorParams(memory=q.Memory.Pinned)},
            optimizers=q.EdgeOptimizersConfig(
                default_segment_number=1, max_segment_size=1_000_000_000, indexing_threshold=1
            ),
            max_search_threads=1,
            wal_enabled=False,
        )
        self.shard = q.EdgeShard.create(str(path), config)
        payload = self.fields(folder)
        for first in range(0, docs.rows, 1000):
            points = []
            for number in range(first, min(first + 1000, docs.rows)):
                terms, weights = docs.row(number)
                vector = {"emb": q.SparseVector(terms.tolist(), weights.tolist())}
                points.append(q.Point(number, vector, payload[number] if payload else None))
            self.shard.update(q.UpdateOperation.upsert_points(points))
        self.shard.optimize()
        self.shard.flush()
        # Its files are sparse: what they take, not how long they are.
        self.bytes = sum(512 * f.stat().st_blocks for f in path.rglob("*") if f.is_file())

    def fields(self, _):
        return None

    def prepare(self, terms, weights, k, parameters):
        vector = self.q.SparseVector(terms.tolist(), weights.tolist())
        query = self.q.Query.Nearest(vector, using="emb")
        return self.q.SearchRequest(query=query, limit=k, filter=self.condition(parameters))

    def condition(self, _):
        return None

    def search(self, request):
        return self.shard.search(request)

    def ids(self, found):
        return [point.id for point in found]


class FilteredQdrant(Qdrant):
    """The same with the integers of CACHE/payload.tsv, each column with an index in memory.

    Parameters: NAME=VALUE, and NAME=FROM:TO for FROM <= x < TO; all must hold. A boolean is an integer here, because
    qdrant-edge-py 0.9.0 makes 1 of True where it is to be matched, and finds no boolean that is equal to it.
    """

    folder = "qdrant_filtered"

    def fields(self, folder):
        q = self.q
        head, *lines = (folder / "payload.tsv").read_text().splitlines()
        names = head.split("\t")
        for name in names:
            index = q.IntegerIndexParams(lookup=True, range=True, memory=q.Memory.Pinned)
            self.shard.update(q.UpdateOperation.create_field_index(name, index))
        return [dict(zip(names, map(int, line.split("\t")))) for line in lines]

    def condition(self, parameters):
        q, must = self.q, []
        for parameter in parameters:
            name, value = parameter.split("=")
            low, _, high = value.partition(":")
            if high:
                must.append(q.FieldCondition(name, range=q.RangeFloat(gte=float(low), lt=float(high))))
            else:
                must.append(q.FieldCondition(name, match=q.MatchValue(int(low))))
        return q.Filter(must=must) if must else None


class Seismic:
    """Clustered lists with summaries; approximate. Parameters: query_cut, heap_factor."""

    package = "pyseismic-lsr"

    def __init__(self, docs, folder):
        import seismic

        self.string = seismic.get_seismic_string()
        dataset = seismic.SeismicDataset(dim=docs.columns)
        names = [str(number) for number in range(docs.rows)]
        dataset.add_documents_by_id(names, docs.terms, docs.weights, docs.start)
        self.index = seismic.SeismicIndex.build_from_dataset(dataset, num_threads=1)
        self.index.save(str(folder / "seismic"))
        self.bytes = (folder / "seismic.index.seismic").stat().st_size

    @classmethod
    def load(cls, folder):
        import seismic

        path = folder / "seismic.index.seismic"
        engine = cls.__new__(cls)
        engine.string = seismic.get_seismic_string()
        engine.index = seismic.SeismicIndex.load(str(path))
        engine.bytes = path.stat().st_size
        return engine

    def prepare(self, terms, weights, k, parameters):
        tokens = np.array([str(term) for term in terms], dtype=self.string)
        cut, factor = int(parameters[0]), float(parameters[1])
        values = {"query_id": "0", "query_components": tokens, "query_values": weights}
        return values | {"k": k, "query_cut": cut, "heap_factor": factor}

    def search(self, request):
        return self.index.search(**request)

    def ids(self, found):
        return [int(name) for _, _, name in found]


class Bmp:
    """Block-max pruning, 8 documents a block; exact on its own 8-bit weights. Parameter: alpha (1 is safe)."""

    package = "bmp"

    def __init__(self, docs, folder):
        import bmp

        path = folder / "bmp"
        self.names = [str(term) for term in range(docs.columns)]
        units = np.maximum(np.rint(docs.weights * (255 / docs.weights.max())), 1).astype(np.int64)
        indexer = bmp.Indexer(str(path), 8, False)
        for number in range(docs.rows):
            part = slice(docs.start[number], docs.start[number + 1])
            tokens = [self.names[term] for term in docs.terms[part]]
            indexer.add_document(str(number), dict(zip(tokens, units[part].tolist())))
        indexer.finish()
        self.bytes = path.stat().st_size
        self.searcher = bmp.Searcher(str(path))

    def prepare(self, terms, weights, k, parameters):
        # Its scores are sums in 16 bits: 5 bits for the query's weights keep them from wrapping.
        units = np.maximum(np.rint(weights * (31 / weights.max())), 1).astype(np.int64)
        return dict(zip([self.names[term] for term in terms], units.tolist())), k, float(parameters[0]), 1.0

    def search(self, request):
        return self.searcher.search(*request)

    def ids(self, found):
        return [int(name) for name in found[0]]


ENGINES = {"qdrant": Qdrant, "qdrant_filtered": FilteredQdrant, "seismic": Seismic, "bmp": Bmp}


def build(name, docs, folder):
    """The engine, and the seconds that building it took; Seismic's slow build is kept from an earlier run."""
    kind = ENGINES[name]
    version = importlib.metadata.version(kind.package)
    note = folder / f"{name}-{version}.seconds"
    if hasattr(kind, "load") and note.exists():
        return kind.load(folder), float(note.read_text())
    begin = time.perf_counter()
    engine = kind(docs, folder)
    seconds = time.perf_counter() - begin
    note.write_text(str(seconds))
    return engine, seconds


def run(engine, queries, k, count, parameters):
    requests = [engine.prepare(*queries.row(number), k, parameters) for number in range(count)]
    times, answers = [], []
    for request in requests:
        begin = time.perf_counter()
        found = engine.search(request)
        times.append(time.perf_counter() - begin)
        answers.append(engine.ids(found))
    return times, answers


def main():
    folder, cache = Path(sys.argv[1]), Path(sys.argv[2])
    # The protocol has the real standard output; what engines print goes elsewhere.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cache.mkdir(parents=True, exist_ok=True)
    docs, queries = Rows(folder / "docs.spz"), Rows(folder / "queries.spz")
    engines = {}
    for name in sys.argv[3:]:
        try:
            engines[name], seconds = build(name, docs, cache)
            version = importlib.metadata.version(ENGINES[name].package)
            print("engine", name, version, f"{seconds:.2f}", engines[name].bytes, sep="\t", file=out)
        except Exception as error:
            print("missing", name, " ".join(str(error).split()), sep="\t", file=out)
    print("ready", file=out)
    for line in sys.stdin:
        _, name, k, count, *parameters = line.split()
        times, answers = run(engines[name], queries, int(k), int(count), parameters)
        print(" ".join(f"{1000 * seconds:.5f}" for seconds in times), file=out)
        print(" ".join(",".join(map(str, ids)) for ids in answers), file=out)


if __name__ == "__main__":
    main()
