"""What the stores for LangChain and LlamaIndex ask for vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from psycopg import Connection, sql

from . import _extension
from .psycopg import register
from .vector import SparseVector


@runtime_checkable
class SparseEmbeddings(Protocol):
    """A sparse model, in the manner of LangChain's Embeddings."""

    def embed_documents(self, texts: list[str]) -> list[SparseVector]: ...

    def embed_query(self, text: str) -> SparseVector: ...


class ServerEncoder:
    """Questions become vectors in the database, by an encoder that `pg_wand encoder` made; no model runs here.

    Documents are given to `documents`, a model's function. Without one they get BM25 weights of the encoder's tokens;
    `mean_tokens` is how many tokens a document has on average.
    """

    def __init__(
        self,
        conn: Connection[Any],
        encoder: str,
        documents: Callable[[list[str]], list[SparseVector]] | None = None,
        mean_tokens: float = 200.0,
    ) -> None:
        register(conn)
        self._conn = conn
        self._encoder = encoder
        self._documents = documents
        self._mean_tokens = mean_tokens
        extension = _extension.find(conn, "pg_wand")
        self._of_query = sql.SQL("SELECT {}(%s, %s)").format(extension.name("encode_query"))
        self._of_document = sql.SQL("SELECT {}(%s, %s, %s)").format(extension.name("encode_bm25_document"))

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        if self._documents is not None:
            return self._documents(texts)
        return [self._one(self._of_document, (self._encoder, text, self._mean_tokens)) for text in texts]

    def embed_query(self, text: str) -> SparseVector:
        return self._one(self._of_query, (self._encoder, text))

    def _one(self, query: sql.Composed, parameters: tuple[Any, ...]) -> SparseVector:
        row = self._conn.execute(query, parameters).fetchone()
        if row is None or not isinstance(row[0], SparseVector):
            raise LookupError(f"the encoder {self._encoder!r} gave no vector")
        return row[0]
