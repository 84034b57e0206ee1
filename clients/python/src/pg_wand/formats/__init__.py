"""Files of vectors: JSONL, parquet, arrow, folders of datasets, CIFF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import ciff, jsonl, tables
from .record import Document, Fields, Vocabulary

__all__ = ["Document", "Fields", "Vocabulary", "read", "write"]

READABLE = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".parquet", ".arrow", ".ciff", ".ciff.gz")

# Among JSON files of a folder are descriptions of it.
FOUND_IN_FOLDERS = tuple(suffix for suffix in READABLE if not suffix.startswith(".json.") and suffix != ".json")


def read(
    path: Path,
    fields: Fields | None = None,
    vocabulary: Vocabulary | None = None,
    *,
    split: str | None = None,
    scale: float = 1.0,
) -> Iterator[Document]:
    """The documents of a file, or of all files of a folder as `datasets` keeps them.

    `split` is one of those that a folder has; `scale` is what CIFF's whole numbers are multiplied by.
    """
    fields = fields or Fields()
    if path.is_dir():
        for file in _files(path, split):
            yield from read(file, fields, vocabulary, scale=scale)
    elif _is(path, ".jsonl", ".json", ".jsonl.gz", ".json.gz"):
        yield from jsonl.read(path, fields, vocabulary)
    elif _is(path, ".parquet"):
        yield from tables.read_parquet(path, fields, vocabulary)
    elif _is(path, ".arrow"):
        yield from tables.read_arrow(path, fields, vocabulary)
    elif _is(path, ".ciff", ".ciff.gz"):
        yield from ciff.read(path, vocabulary, scale)
    else:
        raise ValueError(f"{path} is none of {', '.join(READABLE)} or a folder of them")


def write(
    path: Path, documents: Iterable[Document], vocabulary: Vocabulary | None = None, *, scale: float = 1.0
) -> int:
    """Writes a file; how many documents. CIFF keeps whole numbers: weights are multiplied by `scale` and rounded."""
    if _is(path, ".jsonl", ".jsonl.gz"):
        return jsonl.write(path, documents, vocabulary)
    if _is(path, ".parquet"):
        return tables.write_parquet(path, documents)
    if _is(path, ".ciff", ".ciff.gz"):
        return ciff.write(path, documents, vocabulary, scale)
    raise ValueError(f"cannot write {path}: give a name that ends with .jsonl, .jsonl.gz, .parquet, .ciff or .ciff.gz")


def _files(folder: Path, split: str | None) -> list[Path]:
    # Files that begin with a point or "cache-" are what tools keep there for themselves.
    by_split: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if _is(path, *FOUND_IN_FOLDERS) and not path.name.startswith((".", "cache-")):
            by_split.setdefault(_split_of(path.relative_to(folder)), []).append(path)
    if split is None and len(by_split) > 1:
        raise ValueError(f"{folder} has several splits: name one of {', '.join(sorted(by_split))}")
    files = by_split.get(split, []) if split is not None else next(iter(by_split.values()), [])
    if not files:
        of_split = "" if split is None else f" of split {split!r}"
        raise ValueError(f"{folder} has no file of vectors{of_split}: expected {', '.join(FOUND_IN_FOLDERS)}")
    return files


def _split_of(path: Path) -> str:
    """`train/data-00000-of-00002.arrow` and `data/train-00000-of-00002.parquet` are of the split train."""
    shard = re.match(r"(.+?)-[0-9]+-of-[0-9]+\.", path.name)
    if shard is not None and shard[1] != "data":
        return shard[1]
    return path.parts[0] if len(path.parts) > 1 else ""


def _is(path: Path, *suffixes: str) -> bool:
    return path.name.lower().endswith(suffixes)
