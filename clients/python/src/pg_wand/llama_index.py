"""A vector store for LlamaIndex: the query modes SPARSE, HYBRID, TEXT_SEARCH and DEFAULT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.schema import BaseNode, MetadataMode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from psycopg import Connection, sql
from pydantic import PrivateAttr

from .embeddings import SparseEmbeddings
from .store import Conditions, Fusion, Question, Row, WandTable

BATCH = 500


class WandVectorStore(BasePydanticVectorStore):
    """Nodes in a table that is made when it is not there.

    Args:
        connection: a psycopg connection, or how to make one.
        sparse: the sparse model.
        table, schema: where the nodes are.
        dim: the sparse model's dimension; None fits any.
        dense_dim: dimension of the nodes' own embeddings; pgvector keeps them. None leaves them out.
        text_config: a text search configuration, 'english' for one: nodes can be ranked by words, too.
        fusion: how several rankings become one.
    """

    _sparse: SparseEmbeddings = PrivateAttr()
    _table: WandTable = PrivateAttr()
    _fusion: Fusion = PrivateAttr()
    _has_dense: bool = PrivateAttr()
    _uses_words: bool = PrivateAttr()

    def __init__(
        self,
        connection: Connection[Any] | str,
        sparse: SparseEmbeddings,
        *,
        table: str = "llama_index_nodes",
        schema: str | None = None,
        dim: int | None = None,
        dense_dim: int | None = None,
        text_config: str | None = None,
        fusion: Fusion | None = None,
    ) -> None:
        super().__init__(stores_text=True, is_embedding_query=dense_dim is not None)
        self._sparse = sparse
        self._fusion = fusion or Fusion()
        self._has_dense = dense_dim is not None
        self._uses_words = text_config is not None
        self._table = WandTable(connection, table, schema=schema, dim=dim, dense_dim=dense_dim, text_config=text_config)

    @classmethod
    def class_name(cls) -> str:
        return "WandVectorStore"

    @property
    def client(self) -> Connection[Any]:
        return self._table.conn

    def close(self) -> None:
        """Ends the connection if it was made here."""
        self._table.close()

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Adds nodes; one whose id is there already takes its place. Every 500 of them are one statement."""
        for begin in range(0, len(nodes), BATCH):
            part = nodes[begin : begin + BATCH]
            vectors = self._sparse.embed_documents([node.get_content(MetadataMode.EMBED) for node in part])
            self._table.upsert(
                [
                    Row(
                        node.node_id,
                        node.get_content(MetadataMode.NONE),
                        node_to_metadata_dict(node, remove_text=True),
                        vector,
                        node.get_embedding() if self._has_dense else None,
                    )
                    for node, vector in zip(part, vectors, strict=True)
                ]
            )
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Deletes the nodes of a document."""
        conditions = Conditions()
        self._table.delete(conditions, conditions.equals("ref_doc_id", ref_doc_id))

    def delete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """Deletes nodes by their ids, by a filter, or by both."""
        if node_ids is None and filters is None:
            raise ValueError("say which nodes: node_ids or filters; clear() deletes all")
        conditions = Conditions()
        self._table.delete(conditions, _condition(conditions, node_ids, None, filters))

    def clear(self) -> None:
        """Deletes all nodes."""
        self._table.delete(Conditions(), sql.SQL("true"))

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """The nodes with these ids that meet the filter."""
        conditions = Conditions()
        found = self._table.select(conditions, _condition(conditions, node_ids, None, filters))
        return [metadata_dict_to_node(one.metadata, one.content) for one in found]

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The best nodes for a question, with scores of which greater are better."""
        conditions = Conditions()
        # LlamaIndex's retriever gives an empty list where it means all.
        condition = _condition(conditions, query.node_ids or None, query.doc_ids or None, query.filters)
        is_hybrid = query.mode == VectorStoreQueryMode.HYBRID
        top_k = (query.hybrid_top_k if is_hybrid else None) or query.similarity_top_k
        question = self._question(query)
        found = self._table.search(question, top_k, conditions, condition, self._fusion_of(query, question))
        return VectorStoreQueryResult(
            nodes=[metadata_dict_to_node(one.metadata, one.content) for one in found],
            similarities=[one.score for one in found],
            ids=[one.id for one in found],
        )

    def _question(self, query: VectorStoreQuery) -> Question:
        match query.mode:
            case VectorStoreQueryMode.DEFAULT if self._has_dense:
                return Question(dense=_needed(query.query_embedding, "query_embedding", query.mode))
            case VectorStoreQueryMode.DEFAULT | VectorStoreQueryMode.SPARSE:
                return Question(sparse=self._sparse.embed_query(_needed(query.query_str, "query_str", query.mode)))
            case VectorStoreQueryMode.TEXT_SEARCH:
                return Question(words=_needed(query.query_str, "query_str", query.mode))
            case VectorStoreQueryMode.HYBRID:
                text = _needed(query.query_str, "query_str", query.mode)
                return Question(
                    sparse=self._sparse.embed_query(text),
                    dense=_needed(query.query_embedding, "query_embedding", query.mode) if self._has_dense else None,
                    words=text if self._uses_words else None,
                )
        raise ValueError(f"the query mode {query.mode.value} is not there: use default, sparse, hybrid or text_search")

    def _fusion_of(self, query: VectorStoreQuery, question: Question) -> Fusion:
        """`alpha` is the weight of the dense ranking in a weighted sum of the two; the rest is the sparse one's."""
        fusion = replace(self._fusion, candidates=max(self._fusion.candidates, query.sparse_top_k or 0))
        if query.alpha is None or question.dense is None or question.sparse is None:
            return fusion
        if question.words is not None:
            raise ValueError(
                "alpha divides between two rankings and there are three: give the store a Fusion with weights"
            )
        return replace(fusion, method="weighted_sum", weights=(1 - query.alpha, query.alpha))


def _needed(value: Any, name: str, mode: VectorStoreQueryMode) -> Any:
    if value is None:
        raise ValueError(f"a query of mode {mode.value} needs {name}")
    return value


def _condition(
    conditions: Conditions,
    node_ids: Sequence[str] | None,
    doc_ids: Sequence[str] | None,
    filters: MetadataFilters | None,
) -> sql.Composable:
    wanted: list[sql.Composable] = []
    if node_ids is not None:
        wanted.append(conditions.id_is_one_of(node_ids))
    if doc_ids is not None:
        wanted.append(conditions.is_one_of("ref_doc_id", doc_ids))
    if filters is not None:
        wanted.append(_filters(conditions, filters))
    return conditions.every(wanted)


def _filters(conditions: Conditions, filters: MetadataFilters) -> sql.Composable:
    parts = [
        _filters(conditions, one) if isinstance(one, MetadataFilters) else _filter(conditions, one)
        for one in filters.filters
    ]
    if not parts:
        return sql.SQL("true")
    match filters.condition:
        case FilterCondition.OR:
            return conditions.some(parts)
        case FilterCondition.NOT:
            # As LlamaIndex's own store reads it: none of them holds.
            return conditions.negate(conditions.some(parts))
    return conditions.every(parts)


def _filter(conditions: Conditions, one: MetadataFilter) -> sql.Composable:
    key, value = one.key, one.value
    match one.operator:
        case FilterOperator.EQ:
            return conditions.equals(key, value)
        case FilterOperator.NE:
            return conditions.differs(key, value)
        case FilterOperator.GT | FilterOperator.GTE | FilterOperator.LT | FilterOperator.LTE:
            return conditions.compares(key, one.operator.value, value)
        case FilterOperator.IN:
            return conditions.is_one_of(key, _list(one))
        case FilterOperator.NIN:
            return conditions.negate(conditions.is_one_of(key, _list(one)))
        case FilterOperator.ANY:
            return conditions.array_has_any(key, _list(one))
        case FilterOperator.ALL:
            return conditions.array_has_all(key, _list(one))
        case FilterOperator.CONTAINS:
            return conditions.array_has_any(key, [value])
        case FilterOperator.TEXT_MATCH | FilterOperator.TEXT_MATCH_INSENSITIVE:
            ignore_case = one.operator == FilterOperator.TEXT_MATCH_INSENSITIVE
            return conditions.text_has(key, str(value), ignore_case)
        case FilterOperator.IS_EMPTY:
            return conditions.is_empty(key)
    raise ValueError(f"the filter operator {one.operator} is not there")


def _list(one: MetadataFilter) -> list[Any]:
    if not isinstance(one.value, list):
        raise ValueError(f"the filter operator {one.operator.value} on {one.key!r} takes a list")
    return list(one.value)
