"""The store answers LlamaIndex's query modes and filters, and finds what numpy finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from conftest import Database
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn
from models import DENSE_DIM, DIM, Letters, WordCounts
from oracle import brute_force, random_matrix
from test_langchain import METADATA, TEXTS

from pg_wand import SparseVector, from_matrix
from pg_wand.llama_index import WandVectorStore

SPARSE, HYBRID = VectorStoreQueryMode.SPARSE, VectorStoreQueryMode.HYBRID
EVERYTHING = " ".join(TEXTS.values())


def make_nodes() -> list[TextNode]:
    return [
        TextNode(
            id_=name,
            text=text,
            metadata=METADATA[name],
            excluded_embed_metadata_keys=list(METADATA[name]),
            embedding=Letters().embed_query(text),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"about {name[0]}")},
        )
        for name, text in TEXTS.items()
    ]


@pytest.fixture
def store(conn: psycopg.Connection[Any]) -> WandVectorStore:
    store = WandVectorStore(conn, WordCounts(), dim=DIM, text_config="english")
    assert store.add(make_nodes()) == list(TEXTS)
    return store


def ask(
    store: WandVectorStore, text: str, mode: VectorStoreQueryMode = SPARSE, **kwargs: Any
) -> list[tuple[str, float]]:
    query = VectorStoreQuery(query_str=text, mode=mode, **{"similarity_top_k": 10, **kwargs})
    result = store.query(query)
    assert result.ids == [node.node_id for node in result.nodes or []]
    return list(zip(result.ids or [], result.similarities or [], strict=True))


def test_best_first_with_inner_products(store: WandVectorStore) -> None:
    assert ask(store, "dogs and rows and dogs", similarity_top_k=3) == [("dogs", 6), ("cats", 2), ("index", 1)]
    assert ask(store, "unheard of") == []
    assert ask(store, "dogs", VectorStoreQueryMode.DEFAULT) == [("dogs", 2)]
    result = store.query(VectorStoreQuery(query_str="purr", mode=SPARSE))
    (node,) = result.nodes or []
    assert isinstance(node, TextNode)
    (original,) = (node for node in make_nodes() if node.node_id == "cats")
    assert (node.text, node.metadata, node.ref_doc_id) == (TEXTS["cats"], METADATA["cats"], original.ref_doc_id)


def test_finds_what_numpy_finds(conn: psycopg.Connection[Any]) -> None:
    corpus, queries = random_matrix(600, 120, 0.06, seed=7), random_matrix(15, 120, 0.05, seed=8)
    vectors = dict(zip(map(str, range(600)), from_matrix(corpus), strict=True))
    vectors |= {f"q{i}": vector for i, vector in enumerate(from_matrix(queries))}

    class Lookup(WordCounts):
        def embed_query(self, text: str) -> SparseVector:
            return vectors[text]

    store = WandVectorStore(conn, Lookup(), table="numbers", dim=120)
    store.add([TextNode(id_=str(i), text=str(i)) for i in range(600)])
    for number, query in enumerate(queries):
        found = ask(store, f"q{number}", similarity_top_k=12)
        expected = brute_force(corpus, query, 12)
        assert [int(name) for name, _ in found] == [row for row, _ in expected]
        np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], rtol=1e-5)


FILTERS: list[tuple[str, FilterOperator, Any]] = [
    ("lang", FilterOperator.EQ, "en"),
    ("lang", FilterOperator.NE, "en"),
    ("draft", FilterOperator.NE, "no"),
    ("lang", FilterOperator.GT, "de"),
    ("lang", FilterOperator.LTE, "de"),
    ("lang", FilterOperator.IN, ["de", "fr"]),
    ("lang", FilterOperator.NIN, ["de", "fr"]),
    ("draft", FilterOperator.NIN, ["no"]),
    ("tags", FilterOperator.CONTAINS, "soft"),
    ("tags", FilterOperator.ANY, ["soft", "pet"]),
    ("tags", FilterOperator.ALL, ["soft", "pet"]),
    ("tags", FilterOperator.IS_EMPTY, None),
    ("it's", FilterOperator.IS_EMPTY, None),
    ("lang", FilterOperator.TEXT_MATCH, "n"),
    ("lang", FilterOperator.TEXT_MATCH_INSENSITIVE, "N"),
]


@pytest.mark.parametrize("condition", FilterCondition)
@pytest.mark.parametrize("first", FILTERS)
def test_filters_are_those_of_llama_index(
    store: WandVectorStore, first: tuple[str, FilterOperator, Any], condition: FilterCondition
) -> None:
    """Each operator, alone and with another one, beside LlamaIndex's own store."""
    for several in ([first], [first, ("lang", FilterOperator.EQ, "de")]):
        parts = [MetadataFilter(key=key, operator=operator, value=value) for key, operator, value in several]
        filters = MetadataFilters(filters=parts, condition=condition)
        meets = build_metadata_filter_fn(METADATA.__getitem__, filters)
        expected = {name for name in TEXTS if meets(name)}
        assert {name for name, _ in ask(store, EVERYTHING, filters=filters)} == expected
        assert {node.node_id for node in store.get_nodes(filters=filters)} == expected


def test_numbers_compare_with_numbers_only(store: WandVectorStore) -> None:
    at_least = MetadataFilter(key="year", operator=FilterOperator.GTE, value=2021)
    nested = MetadataFilters(
        filters=[
            MetadataFilters(filters=[at_least], condition=FilterCondition.NOT),
            MetadataFilter(key="lang", value="de"),
        ]
    )
    assert {name for name, _ in ask(store, EVERYTHING, filters=MetadataFilters(filters=[at_least]))} == {
        "dogs",
        "vacuum",
    }
    assert {name for name, _ in ask(store, EVERYTHING, filters=nested)} == {"index"}
    assert len(ask(store, EVERYTHING, filters=MetadataFilters(filters=[]))) == 4


def test_a_word_is_no_array(store: WandVectorStore) -> None:
    for operator, value in ((FilterOperator.CONTAINS, "en"), (FilterOperator.ALL, ["en"])):
        is_in_it = MetadataFilter(key="lang", operator=operator, value=value)
        assert ask(store, EVERYTHING, filters=MetadataFilters(filters=[is_in_it])) == []


def test_nodes_by_id_and_document(store: WandVectorStore) -> None:
    assert {name for name, _ in ask(store, EVERYTHING, node_ids=["cats", "dogs", "birds"])} == {"cats", "dogs"}
    assert {name for name, _ in ask(store, EVERYTHING, doc_ids=["about v", "about i"])} == {"vacuum", "index"}
    assert [node.node_id for node in store.get_nodes(["dogs", "cats"])] == ["cats", "dogs"]
    store.delete("about c")
    store.delete_nodes(["dogs"])
    assert [node.node_id for node in store.get_nodes()] == ["index", "vacuum"]
    store.delete_nodes(filters=MetadataFilters(filters=[MetadataFilter(key="draft", operator="is_empty", value=None)]))
    assert [node.node_id for node in store.get_nodes()] == ["vacuum"]
    with pytest.raises(ValueError, match="clear"):
        store.delete_nodes()
    store.clear()
    assert store.get_nodes() == []


def test_words_and_sparse_are_fused(store: WandVectorStore) -> None:
    assert [name for name, _ in ask(store, "sleeping cat", VectorStoreQueryMode.TEXT_SEARCH)] == ["cats"]
    found = ask(store, "dogs sleeping", HYBRID)
    assert found == [("dogs", pytest.approx(2 / 61)), ("cats", pytest.approx(1 / 62))]
    assert len(ask(store, "dogs sleeping", HYBRID, hybrid_top_k=1)) == 1


def test_dense_and_sparse_are_fused(pgvector_conn: psycopg.Connection[Any]) -> None:
    store = WandVectorStore(pgvector_conn, WordCounts(), dense_dim=DENSE_DIM)
    store.add(make_nodes())
    question = "dogs run"
    embedding = Letters().embed_query(question)
    dense = [name for name, _ in ask(store, question, VectorStoreQueryMode.DEFAULT, query_embedding=embedding)]
    sparse = [name for name, _ in ask(store, question)]
    expected = {name: sum(1 / (61 + order.index(name)) for order in (dense, sparse) if name in order) for name in TEXTS}
    assert dict(ask(store, question, HYBRID, query_embedding=embedding)) == pytest.approx(expected)
    by_alpha = {alpha: ask(store, question, HYBRID, query_embedding=embedding, alpha=alpha) for alpha in (0.0, 1.0)}
    assert by_alpha[0.0][0] == ("dogs", pytest.approx(1))
    assert [score for _, score in by_alpha[0.0][1:]] == [0, 0, 0]
    assert [name for name, _ in by_alpha[1.0]] == dense
    assert 0 < by_alpha[1.0][1][1] < 1
    with pytest.raises(ValueError, match="mode hybrid needs query_embedding"):
        ask(store, question, HYBRID)


def test_index_and_retriever_of_llama_index(conn: psycopg.Connection[Any]) -> None:
    store = WandVectorStore(conn, WordCounts())
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(make_nodes(), storage_context=context, embed_model=MockEmbedding(DENSE_DIM))
    retriever = index.as_retriever(vector_store_query_mode="sparse", similarity_top_k=2)
    assert [found.node.node_id for found in retriever.retrieve("dead rows")] == ["vacuum", "index"]


@pytest.fixture
def elsewhere(database_elsewhere: Database) -> Iterator[WandVectorStore]:
    store = WandVectorStore(database_elsewhere.conninfo, WordCounts(), text_config="english")
    yield store
    store.close()


def test_extension_elsewhere(elsewhere: WandVectorStore) -> None:
    elsewhere.add(make_nodes())
    assert [name for name, _ in ask(elsewhere, "dogs", HYBRID)] == ["dogs"]


def test_what_is_missing_is_told(store: WandVectorStore) -> None:
    with pytest.raises(ValueError, match="mode sparse needs query_str"):
        store.query(VectorStoreQuery(mode=SPARSE))
    with pytest.raises(ValueError, match="the query mode mmr is not there"):
        ask(store, "dogs", VectorStoreQueryMode.MMR)
    with pytest.raises(ValueError, match="'lang' takes a list"):
        ask(store, "dogs", filters=MetadataFilters(filters=[MetadataFilter(key="lang", operator="in", value="en")]))
