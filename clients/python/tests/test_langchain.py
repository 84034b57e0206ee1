"""The store passes LangChain's own tests, finds what numpy finds, and takes any text as a value, never as SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from conftest import Database
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests
from models import DENSE_DIM, DIM, DenseAsSparse, Letters, WordCounts
from oracle import brute_force, random_matrix

from pg_wand import SparseVector, from_matrix
from pg_wand.langchain import WandVectorStore
from pg_wand.store import Fusion

TEXTS = {
    "cats": "cats purr and sleep",
    "dogs": "dogs bark and dogs run",
    "vacuum": "vacuum removes dead rows",
    "index": "an index finds rows",
}
METADATA: dict[str, dict[str, Any]] = {
    "cats": {"year": 2020, "lang": "en", "tags": ["pet", "soft"], "it's": None},
    "dogs": {"year": 2021, "lang": "en", "tags": ["pet"]},
    "vacuum": {"year": 2022.5, "lang": "de", "draft": True},
    "index": {"year": "2023", "lang": "de", "tags": []},
}


class TestStandard(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, database: Database) -> Iterator[VectorStore]:
        store = WandVectorStore(database.conninfo, DenseAsSparse(self.get_embeddings()))
        yield store
        store.table.close()


@pytest.fixture
def store(conn: psycopg.Connection[Any]) -> WandVectorStore:
    return make_store(conn)


def make_store(conn: psycopg.Connection[Any], **kwargs: Any) -> WandVectorStore:
    return WandVectorStore.from_texts(
        list(TEXTS.values()), WordCounts(), list(METADATA.values()), ids=list(TEXTS), connection=conn, dim=DIM, **kwargs
    )


def ids(documents: list[Document]) -> list[str | None]:
    return [document.id for document in documents]


def test_best_first_with_inner_products(store: WandVectorStore) -> None:
    found = store.similarity_search_with_score("dogs and rows and dogs", k=3)
    assert [(document.id, score) for document, score in found] == [("dogs", 6), ("cats", 2), ("index", 1)]
    assert found[0][0] == Document(id="dogs", page_content=TEXTS["dogs"], metadata=METADATA["dogs"])
    assert ids(store.similarity_search("unheard of")) == []
    assert store.as_retriever(search_kwargs={"k": 1}).invoke("purr")[0].id == "cats"


def test_finds_what_numpy_finds(conn: psycopg.Connection[Any]) -> None:
    corpus, queries = random_matrix(700, 120, 0.06, seed=5), random_matrix(15, 120, 0.05, seed=6)
    vectors = dict(zip(map(str, range(700)), from_matrix(corpus), strict=True))
    vectors |= {f"q{i}": vector for i, vector in enumerate(from_matrix(queries))}

    class Lookup(WordCounts):
        def embed_query(self, text: str) -> SparseVector:
            return vectors[text]

    store = WandVectorStore(conn, Lookup(), table="numbers", dim=120)
    names = [str(i) for i in range(700)]
    store.add_texts(names, [{"even": i % 2 == 0} for i in range(700)], ids=names)
    for number, query in enumerate(queries):
        for rows, condition in ((corpus, None), (corpus * (np.arange(700) % 2 == 0)[:, None], {"even": True})):
            found = store.similarity_search_with_score(f"q{number}", k=12, filter=condition)
            expected = brute_force(rows, query, 12)
            assert [int(document.page_content) for document, _ in found] == [row for row, _ in expected]
            np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], rtol=1e-5)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, "cats dogs index vacuum"),
        ({"lang": "en"}, "cats dogs"),
        ({"lang": "en", "year": 2021}, "dogs"),
        ({"year": {"$eq": 2020.0}}, "cats"),
        ({"lang": {"$ne": "en"}}, "index vacuum"),
        ({"draft": {"$ne": True}}, "cats dogs index"),
        ({"year": {"$gt": 2020}}, "dogs vacuum"),
        ({"year": {"$lt": 2021}}, "cats"),
        ({"year": {"$gte": 2020, "$lt": 2022}}, "cats dogs"),
        ({"year": {"$lte": "2024"}}, "index"),
        ({"year": {"$between": [2021, 2023]}}, "dogs vacuum"),
        ({"year": {"$in": [2020, "2023", 1]}}, "cats index"),
        ({"year": {"$nin": [2020, "2023"]}}, "dogs vacuum"),
        ({"year": {"$in": []}}, ""),
        ({"tags": ["pet"]}, "dogs"),
        ({"it's": None}, "cats"),
        ({"it's": {"$exists": True}}, "cats"),
        ({"tags": {"$exists": False}}, "vacuum"),
        ({"lang": {"$like": "_n"}}, "cats dogs"),
        ({"lang": {"$ilike": "DE%"}}, "index vacuum"),
        ({"$or": [{"draft": True}, {"year": 2020}]}, "cats vacuum"),
        ({"$and": [{"lang": "de"}, {"$not": {"draft": True}}]}, "index"),
        ({"$or": []}, ""),
    ],
)
def test_filters(store: WandVectorStore, condition: dict[str, Any], expected: str) -> None:
    found = store.similarity_search(" ".join(TEXTS.values()), k=10, filter=condition)
    assert sorted(map(str, ids(found))) == expected.split()
    diverse = store.max_marginal_relevance_search(" ".join(TEXTS.values()), k=10, filter=condition)
    assert sorted(map(str, ids(diverse))) == expected.split()
    store.delete(filter=condition)
    assert {document.id for document in store.get_by_ids(list(TEXTS))} == set(TEXTS) - set(expected.split())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"$xor": []}, r"\$xor is no operator"),
        ({"a": {"$near": 1}}, r"\$near is no condition"),
        ({"$and": {"a": 1}}, "list of filters"),
        (lambda _: True, "a filter is a dict"),
    ],
)
def test_filters_that_are_none_are_told(store: WandVectorStore, condition: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        store.similarity_search("cats", filter=condition)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_texts_are_values_never_sql(conn: psycopg.Connection[Any], text: str) -> None:
    store = WandVectorStore(conn, WordCounts(), table="texts")
    for hostile in (text, f"'{text}\"", f"%s %(c0)s {{}} {text}", f"'); DROP TABLE texts; -- {text}"):
        store.delete()
        key = f"key {hostile}"
        store.add_texts([f"cat {hostile}"], [{key: hostile}], ids=[key])
        (found,) = store.similarity_search(f"cat {hostile}", filter={key: hostile})
        assert (found.id, found.page_content, found.metadata) == (key, f"cat {hostile}", {key: hostile})
        for wrong in ({key: {"$ne": hostile}}, {key: {"$gt": hostile}}, {key: {"$in": [f"{hostile}'"]}}):
            assert store.similarity_search("cat", filter=wrong) == []


def test_names_are_names_never_sql(conn: psycopg.Connection[Any], database: Database) -> None:
    name = 'x"; DROP TABLE docs; --'
    conn.execute("CREATE TABLE docs ()")
    store = make_store(conn, table=name, schema=database.schema, text_config="english")
    assert ids(store.similarity_search("purr")) == ["cats"]
    with pytest.raises(psycopg.Error, match="invalid name syntax"):
        WandVectorStore(conn, WordCounts(), table="other", text_config="x'::text); DROP TABLE docs; --")
    conn.execute("SELECT FROM docs")


def test_words_and_sparse_are_fused(conn: psycopg.Connection[Any]) -> None:
    store = make_store(conn, text_config="english")
    # Only full text search knows that "cat" and "sleeping" are in "cats purr and sleep".
    assert ids(store.similarity_search("sleeping cat", mode="sparse")) == []
    assert ids(store.similarity_search("sleeping cat", mode="words")) == ["cats"]
    assert ids(store.similarity_search("sleeping cat")) == ["cats"]
    (best, score), *others = store.similarity_search_with_score("dogs sleeping")
    assert (best.id, [document.id for document, _ in others]) == ("dogs", ["cats"])
    assert score == pytest.approx(2 / 61)
    weighted = Fusion("weighted_sum", weights=(0.25, 0.75), normaliser="max", candidates=3)
    assert store.similarity_search_with_score("dogs sleeping", fusion=weighted)[0][1] == pytest.approx(1)
    assert ids(store.similarity_search("nothing known")) == []


def test_dense_and_sparse_are_fused(pgvector_conn: psycopg.Connection[Any]) -> None:
    store = make_store(pgvector_conn, dense_embedding=Letters(), dense_dim=DENSE_DIM)
    question = "dogs run"
    matrix = np.array(Letters().embed_documents(list(TEXTS.values())))
    asked = np.array(Letters().embed_query(question))
    cosine = matrix @ asked / np.linalg.norm(matrix, axis=1) / np.linalg.norm(asked)
    dense_order = [list(TEXTS)[row] for row in np.argsort(-cosine)]
    found = store.similarity_search_with_score(question, mode="dense")
    assert [document.id for document, _ in found] == dense_order
    np.testing.assert_allclose([score for _, score in found], np.sort(cosine)[::-1], rtol=1e-6)
    sparse_order = ids(store.similarity_search(question, mode="sparse"))
    expected = {
        name: sum(1 / (61 + order.index(name)) for order in (dense_order, sparse_order) if name in order)
        for name in dense_order
    }
    fused = store.similarity_search_with_score(question, mode="hybrid")
    assert {document.id: score for document, score in fused} == pytest.approx(expected)
    assert isinstance(store.embeddings, Letters)


def test_diverse_documents(conn: psycopg.Connection[Any]) -> None:
    store = WandVectorStore(conn, WordCounts(), table="alike")
    store.add_texts(["cat cat dog", "cat cat dog", "cat bird"], ids=["a", "b", "c"])
    assert ids(store.similarity_search("cat", k=2)) == ["a", "b"]
    assert ids(store.max_marginal_relevance_search("cat", k=2, lambda_mult=0.1)) == ["a", "c"]
    assert ids(store.max_marginal_relevance_search("unheard", k=2)) == []


def test_extension_elsewhere(database_elsewhere: Database) -> None:
    has_pgvector = database_elsewhere.server.has_pgvector
    dense = {"dense_embedding": Letters(), "dense_dim": DENSE_DIM} if has_pgvector else {}
    with database_elsewhere.connect() as conn:
        store = make_store(conn, text_config="simple", **dense)
        assert ids(store.similarity_search("dogs"))[0] == "dogs"
        assert ids(store.max_marginal_relevance_search("dogs and", k=2)) == ["dogs", "cats"]


def test_index_is_used_and_table_is_found_again(conn: psycopg.Connection[Any], store: WandVectorStore) -> None:
    again = WandVectorStore(conn, WordCounts())
    assert ids(again.get_by_ids(["dogs", "cats", "missing", "dogs"])) == ["dogs", "cats"]
    conn.execute("SET enable_seqscan = off")
    again.similarity_search("dogs")
    assert conn.execute("SELECT strategy IS NOT NULL FROM wand_last_scan()").fetchone() == (True,)
    again.delete()
    assert again.get_by_ids(list(TEXTS)) == []


def test_changes_belong_to_the_callers_transaction(database: Database) -> None:
    with psycopg.connect(database.conninfo) as conn:
        make_store(conn)
        conn.commit()
        store = WandVectorStore(conn, WordCounts())
        store.delete(["dogs"])
        conn.rollback()
        assert ids(store.get_by_ids(["dogs"])) == ["dogs"]


def test_of_texts_with_one_id_the_last_stays(store: WandVectorStore) -> None:
    store.add_texts(["first cat", "second cat"], ids=["cats", "cats"])
    assert [document.page_content for document in store.similarity_search("cat purr", k=9)] == ["second cat"]


def test_what_is_missing_is_told(
    conn: psycopg.Connection[Any], store: WandVectorStore, bare_database: Database
) -> None:
    conn.execute("CREATE TABLE mine (id text)")
    with pytest.raises(ValueError, match="mine is there and has no column content, metadata, emb"):
        WandVectorStore(conn, WordCounts(), table="mine")
    with pytest.raises(ValueError, match="dense_embedding and dense_dim"):
        WandVectorStore(conn, WordCounts(), dense_dim=3)
    with pytest.raises(ValueError, match="make it with dense_embedding"):
        store.similarity_search("cats", mode="dense")
    with pytest.raises(ValueError, match="make it with text_config"):
        store.similarity_search("cats", mode="words")
    with pytest.raises(ValueError, match="mode is sparse, dense, words or hybrid"):
        store.similarity_search("cats", mode="best")
    with pytest.raises(ValueError, match="as many metadatas"):
        store.add_texts(["a"], [])
    with pytest.raises(ValueError, match="as many ids"):
        store.add_texts(["a"], ids=["b", "c"])
    with pytest.raises(NotImplementedError, match="no upper limit"):
        store.similarity_search_with_relevance_scores("cats")
    with pytest.raises(LookupError, match="CREATE EXTENSION pg_wand"):
        WandVectorStore(bare_database.conninfo, WordCounts())
