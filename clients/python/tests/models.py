"""Models for tests: what they say of a text depends on nothing but its words."""

from __future__ import annotations

from zlib import crc32

from langchain_core.embeddings import Embeddings

from pg_wand import SparseVector

DIM = 10_000
DENSE_DIM = 8


class WordCounts:
    """A sparse model: how often each word occurs."""

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> SparseVector:
        counts: dict[int, float] = {}
        for word in text.lower().split():
            term = crc32(word.encode()) % DIM
            counts[term] = counts.get(term, 0) + 1
        return SparseVector.from_dict(counts, DIM)


class DenseAsSparse:
    """A dense model's vectors as sparse ones."""

    def __init__(self, dense: Embeddings) -> None:
        self.dense = dense

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        return [SparseVector.from_numpy(vector) for vector in self.dense.embed_documents(texts)]

    def embed_query(self, text: str) -> SparseVector:
        return SparseVector.from_numpy(self.dense.embed_query(text))


class Letters(Embeddings):
    """A dense model: how often each of a few letters occurs."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(text.lower().count(letter)) + 0.01 for letter in "aeionrst"]
