"""A JSON object on each line: `{"id": "d1", "vector": {"purr": 1.8, "##ing": 0.4}}`, with tokens or token ids."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from .record import Document, Fields, Vocabulary, term_name, to_document


def read(path: Path, fields: Fields, vocabulary: Vocabulary | None) -> Iterator[Document]:
    with _open(path, "rt") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not an object")
                document = to_document(record, fields, vocabulary)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            yield document


def write(path: Path, documents: Iterable[Document], vocabulary: Vocabulary | None) -> int:
    count = 0
    with _open(path, "wt") as file:
        for document in documents:
            record: dict[str, Any] = {"id": document.id}
            if document.text is not None:
                record["text"] = document.text
            record["vector"] = {term_name(term, vocabulary): weight for term, weight in document.vector}
            if document.vector.dim is not None:
                record["dim"] = document.vector.dim
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count


def _open(path: Path, mode: str) -> IO[Any]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    file: IO[Any] = opener(path, mode, encoding="utf-8")
    return file
