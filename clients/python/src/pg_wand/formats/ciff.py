"""The Common Index File Format (arXiv 2003.08276): a header, postings lists by term, records of documents.

An inverted index in whole numbers. Reading turns it round, so all postings are held in memory, eight bytes each; so
does writing. Document numbers of a list are written as gaps.
"""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..vector import SparseVector
from . import protobuf
from .record import Document, Vocabulary, term_ids, term_name

MAX_INT32 = 2**31 - 1
Postings = tuple["array[int]", "array[int]"]


def read(path: Path, vocabulary: Vocabulary | None, scale: float = 1.0) -> Iterator[Document]:
    """Documents in the order of their records; a weight is the posting's tf times `scale`."""
    try:
        with _open(path, "rb") as file:
            yield from _documents(file, vocabulary, scale)
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is not CIFF that can be read: {error}") from error


def write(path: Path, documents: Iterable[Document], vocabulary: Vocabulary | None, scale: float = 1.0) -> int:
    """Weights times `scale`, rounded; those that become 0 are left out."""
    names: list[str] = []
    lengths = array("q")
    by_term: dict[int, Postings] = {}
    for docid, document in enumerate(documents):
        names.append(str(document.id))
        lengths.append(0)
        for term, weight in document.vector:
            tf = round(weight * scale)
            if not 0 <= tf <= MAX_INT32:
                raise ValueError(f"document {document.id!r}: CIFF has no room for weight {weight} times {scale}")
            if tf:
                postings = by_term.setdefault(term, (array("i"), array("i")))
                postings[0].append(docid)
                postings[1].append(tf)
                lengths[docid] += tf
    terms = sorted((term_name(term, vocabulary), term) for term in by_term)
    with _open(path, "wb") as file:
        file.write(protobuf.delimited(_header(len(terms), len(names), sum(lengths))))
        for name, term in terms:
            file.write(protobuf.delimited(_postings_list(name, *by_term[term])))
        for docid, (name, length) in enumerate(zip(names, lengths, strict=True)):
            # A document's length may exceed CIFF's int32 where weights are scaled; nothing here reads it.
            fields = (protobuf.int_field(1, docid), protobuf.bytes_field(2, name.encode()))
            file.write(protobuf.delimited(b"".join(fields) + protobuf.int_field(3, min(length, MAX_INT32))))
    return len(names)


def _documents(file: IO[bytes], vocabulary: Vocabulary | None, scale: float) -> Iterator[Document]:
    header = _ints(protobuf.read_delimited(file))
    by_document: dict[int, Postings] = {}
    for _ in range(header.get(2, 0)):
        _add_list(protobuf.read_delimited(file), by_document, vocabulary)
    for _ in range(header.get(3, 0)):
        docid, name = _doc_record(protobuf.read_delimited(file))
        terms, frequencies = by_document.pop(docid, (array("i"), array("i")))
        yield Document(name, SparseVector(terms, [tf * scale for tf in frequencies]))
    if by_document:
        raise ValueError(f"{len(by_document)} documents have postings and no record, the first is {min(by_document)}")


def _add_list(message: bytes, by_document: dict[int, Postings], vocabulary: Vocabulary | None) -> None:
    name, gaps = "", []
    for number, value in protobuf.fields(message):
        if number == 1 and isinstance(value, bytes):
            name = value.decode()
        elif number == 4 and isinstance(value, bytes):
            gaps.append(_ints(value))
    (term,) = term_ids([name], vocabulary)
    docid = 0
    for posting in gaps:
        docid += posting.get(1, 0)
        if max(docid, posting.get(2, 0)) > MAX_INT32:
            raise ValueError(f"term {name!r} has a posting beyond int32")
        terms, frequencies = by_document.setdefault(docid, (array("i"), array("i")))
        terms.append(term)
        frequencies.append(posting.get(2, 0))


def _doc_record(message: bytes) -> tuple[int, str]:
    docid, name = 0, ""
    for number, value in protobuf.fields(message):
        if number == 1 and isinstance(value, int):
            docid = value
        elif number == 2 and isinstance(value, bytes):
            name = value.decode()
    return docid, name


def _header(n_lists: int, n_docs: int, n_terms: int) -> bytes:
    counts = (1, n_lists, n_docs, n_lists, n_docs, n_terms)
    ints = b"".join(protobuf.int_field(number, count) for number, count in enumerate(counts, 1))
    mean = n_terms / n_docs if n_docs else 0.0
    return ints + protobuf.double_field(7, mean) + protobuf.bytes_field(8, b"svec of pg_wand; tf = scaled weight")


def _postings_list(name: str, docids: array[int], frequencies: array[int]) -> bytes:
    parts = [
        protobuf.bytes_field(1, name.encode()),
        protobuf.int_field(2, len(docids)),
        protobuf.int_field(3, sum(frequencies)),
    ]
    previous = 0
    for docid, tf in zip(docids, frequencies, strict=True):
        parts.append(protobuf.bytes_field(4, protobuf.int_field(1, docid - previous) + protobuf.int_field(2, tf)))
        previous = docid
    return b"".join(parts)


def _ints(message: bytes) -> dict[int, int]:
    return {number: value for number, value in protobuf.fields(message) if isinstance(value, int)}


def _open(path: Path, mode: str) -> IO[bytes]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    file: IO[bytes] = opener(path, mode)
    return file
