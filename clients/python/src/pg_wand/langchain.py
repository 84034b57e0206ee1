"""A vector store for LangChain: sparse vectors, and hybrid search in one statement."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from psycopg import Connection, sql

from .embeddings import SparseEmbeddings
from .store import Conditions, Found, Fusion, Question, Row, WandTable

Filter = Mapping[str, Any]
BATCH = 500


class WandVectorStore(VectorStore):
    """Documents in a table that is made when it is not there.

    Args:
        connection: a psycopg connection, or how to make one.
        embedding: the sparse model.
        table, schema: where the documents are.
        dim: the sparse model's dimension; None fits any.
        dense_embedding, dense_dim: a dense model and its dimension; its vectors are kept by pgvector, and questions are
            ranked by them, too.
        text_config: a text search configuration, 'english' for one; questions are ranked by their words, too.
        fusion: how several rankings become one.
    """

    def __init__(
        self,
        connection: Connection[Any] | str,
        embedding: SparseEmbeddings,
        *,
        table: str = "langchain_documents",
        schema: str | None = None,
        dim: int | None = None,
        dense_embedding: Embeddings | None = None,
        dense_dim: int | None = None,
        text_config: str | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        if (dense_embedding is None) != (dense_dim is None):
            raise ValueError("give dense_embedding and dense_dim, or neither")
        self._sparse = embedding
        self._dense = dense_embedding
        self._uses_words = text_config is not None
        self._fusion = fusion or Fusion()
        self.table = WandTable(connection, table, schema=schema, dim=dim, dense_dim=dense_dim, text_config=text_config)

    @property
    def embeddings(self) -> Embeddings | None:
        """The dense model, if there is one."""
        return self._dense

    @classmethod
    def from_texts(  # type: ignore[override]
        cls,
        texts: list[str],
        embedding: SparseEmbeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> WandVectorStore:
        """A store with these texts in it; further arguments are those of the class, `connection` above all."""
        store = cls(embedding=embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Adds texts; one whose id is there already takes its place. Every 500 of them are one statement."""
        contents = list(texts)
        if metadatas is not None and len(metadatas) != len(contents):
            raise ValueError(f"{len(contents)} texts need as many metadatas, not {len(metadatas)}")
        if ids is not None and len(ids) != len(contents):
            raise ValueError(f"{len(contents)} texts need as many ids, not {len(ids)}")
        given = metadatas or [{} for _ in contents]
        names = [name or str(uuid.uuid4()) for name in ids or [""] * len(contents)]
        for begin in range(0, len(contents), BATCH):
            part = slice(begin, begin + BATCH)
            self.table.upsert(self._rows(names[part], contents[part], given[part]))
        return names

    def add_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Adds documents; those without an id get one."""
        ids = kwargs.pop("ids", None) or [document.id for document in documents]
        texts = [document.page_content for document in documents]
        return self.add_texts(texts, [document.metadata for document in documents], ids=ids, **kwargs)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Deletes documents by their ids, or by a filter; without either, all of them."""
        conditions = Conditions()
        wanted = [_condition(conditions, kwargs.get("filter"))]
        if ids is not None:
            wanted.append(conditions.id_is_one_of(ids))
        self.table.delete(conditions, conditions.every(wanted))
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        return [_document(found) for found in self.table.get(ids)]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        filter: Filter | None = None,  # noqa: A002
        mode: str | None = None,
        fusion: Fusion | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The best documents, with scores of which greater are better.

        Args:
            query: the question.
            k: how many are wanted.
            filter: what the metadata must be: `{"year": {"$gte": 2020}, "$or": [{"lang": "en"}, {"lang": "de"}]}`.
            mode: `sparse`, `dense` or `words` ranks by that alone; `hybrid`, which is what a store with several
                rankings does unless told otherwise, by all.
            fusion: instead of the store's own.
        """
        conditions = Conditions()
        condition = _condition(conditions, filter)
        question = self._question(query, mode)
        found = self.table.search(question, k, conditions, condition, fusion or self._fusion)
        return [(_document(one), one.score) for one in found]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[Document]:
        """Of the `fetch_k` best by the sparse model those that are unlike one another."""
        conditions = Conditions()
        condition = _condition(conditions, filter)
        sparse = self._sparse.embed_query(query)
        found = self.table.diverse(sparse, k, fetch_k, lambda_mult, conditions, condition)
        return [_document(one) for one in found]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        raise NotImplementedError("inner products and fused scores have no upper limit: ask for scores, not relevance")

    def _rows(self, ids: list[str], texts: list[str], metadatas: list[dict[str, Any]]) -> list[Row]:
        sparse = self._sparse.embed_documents(texts)
        dense = [None] * len(texts) if self._dense is None else self._dense.embed_documents(texts)
        return [Row(*row) for row in zip(ids, texts, metadatas, sparse, dense, strict=True)]

    def _question(self, query: str, mode: str | None) -> Question:
        if mode not in (None, "sparse", "dense", "words", "hybrid"):
            raise ValueError(f"mode is sparse, dense, words or hybrid, not {mode!r}")
        if mode == "dense" and self._dense is None:
            raise ValueError("this store has no dense model: make it with dense_embedding and dense_dim")
        if mode == "words":
            return Question(words=query)
        wants_all = mode in (None, "hybrid")
        return Question(
            sparse=self._sparse.embed_query(query) if wants_all or mode == "sparse" else None,
            dense=self._dense.embed_query(query) if self._dense and (wants_all or mode == "dense") else None,
            words=query if self._uses_words and wants_all else None,
        )


def _document(found: Found) -> Document:
    return Document(id=found.id, page_content=found.content, metadata=found.metadata)


def _condition(conditions: Conditions, filter: Filter | None) -> sql.Composable:  # noqa: A002
    if filter is None:
        return sql.SQL("true")
    if not isinstance(filter, Mapping):
        raise ValueError(f"a filter is a dict of conditions by key, not {type(filter).__name__}")
    parts: list[sql.Composable] = []
    for key, value in filter.items():
        if key in ("$and", "$or"):
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"{key} takes a list of filters")
            several = [_condition(conditions, one) for one in value]
            parts.append(conditions.every(several) if key == "$and" else conditions.some(several))
        elif key == "$not":
            parts.append(conditions.negate(_condition(conditions, value)))
        elif key.startswith("$"):
            raise ValueError(f"{key} is no operator between conditions: they are $and, $or, $not")
        elif isinstance(value, Mapping) and value and all(str(name).startswith("$") for name in value):
            parts.extend(_compare(conditions, key, name, operand) for name, operand in value.items())
        else:
            parts.append(conditions.equals(key, value))
    return conditions.every(parts)


_COMPARISONS = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}


def _compare(conditions: Conditions, key: str, operator: str, value: Any) -> sql.Composable:
    match operator:
        case "$eq":
            return conditions.equals(key, value)
        case "$ne":
            return conditions.differs(key, value)
        case "$lt" | "$lte" | "$gt" | "$gte":
            return conditions.compares(key, _COMPARISONS[operator], value)
        case "$between":
            low, high = value
            return conditions.every([conditions.compares(key, ">=", low), conditions.compares(key, "<=", high)])
        case "$in":
            return conditions.is_one_of(key, value)
        case "$nin":
            return conditions.negate(conditions.is_one_of(key, value))
        case "$exists":
            there = conditions.exists(key)
            return there if value else conditions.negate(there)
        case "$like" | "$ilike":
            return conditions.is_like(key, value, ignore_case=operator == "$ilike")
    raise ValueError(
        f"{operator} is no condition: they are $eq, $ne, $lt, $lte, $gt, $gte, $between, $in, $nin, $exists, $like and "
        "$ilike"
    )
