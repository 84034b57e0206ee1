"""Parquet files and the arrow files of `datasets`, by pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from .record import Document, Fields, Vocabulary, to_document

BATCH = 1000


def read_parquet(path: Path, fields: Fields, vocabulary: Vocabulary | None) -> Iterator[Document]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        yield from _documents(path, file.iter_batches(BATCH), fields, vocabulary)


def read_arrow(path: Path, fields: Fields, vocabulary: Vocabulary | None) -> Iterator[Document]:
    import pyarrow

    with pyarrow.memory_map(str(path)) as source:
        try:
            # What save_to_disk writes.
            batches: Iterable[Any] = pyarrow.ipc.open_stream(source)
        except pyarrow.ArrowInvalid:
            file = pyarrow.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        yield from _documents(path, batches, fields, vocabulary)


def write_parquet(path: Path, documents: Iterable[Document]) -> int:
    """Columns id, text, indices (token ids, from 0), values, dim."""
    import pyarrow
    from pyarrow import parquet

    count = 0
    documents = iter(documents)
    batch = list(islice(documents, BATCH))
    id_type = pyarrow.int64() if batch and isinstance(batch[0].id, int) else pyarrow.string()
    schema = pyarrow.schema(
        [
            ("id", id_type),
            ("text", pyarrow.string()),
            ("indices", pyarrow.list_(pyarrow.int32())),
            ("values", pyarrow.list_(pyarrow.float32())),
            ("dim", pyarrow.int32()),
        ]
    )
    with parquet.ParquetWriter(path, schema) as file:
        while batch:
            columns = {
                "id": [document.id for document in batch],
                "text": [document.text for document in batch],
                "indices": [document.vector.indices for document in batch],
                "values": [document.vector.values for document in batch],
                "dim": [document.vector.dim for document in batch],
            }
            file.write_table(pyarrow.table(columns, schema))
            count += len(batch)
            batch = list(islice(documents, BATCH))
    return count


def _documents(path: Path, batches: Iterable[Any], fields: Fields, vocabulary: Vocabulary | None) -> Iterator[Document]:
    number = 0
    for batch in batches:
        for record in batch.to_pylist():
            number += 1
            try:
                document = to_document(record, fields, vocabulary)
            except ValueError as error:
                raise ValueError(f"{path}, row {number}: {error}") from error
            yield document
