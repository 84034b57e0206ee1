"""The search finds what numpy finds, in the form that sentence-transformers has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import Database
from oracle import brute_force, random_matrix
from scipy.sparse import csr_array
from test_torch import sparse_stand_in

from pg_wand import from_matrix
from pg_wand.sentence_transformers import semantic_search_pg_wand

CORPUS = random_matrix(500, 200, 0.05, seed=1)
QUERIES = random_matrix(20, 200, 0.03, seed=2)


def check(hits: list[list[dict[str, Any]]], top_k: int) -> None:
    assert len(hits) == len(QUERIES)
    for query, found in zip(QUERIES, hits, strict=True):
        expected = brute_force(CORPUS, query, top_k)
        assert [hit["corpus_id"] for hit in found] == [row for row, _ in expected]
        np.testing.assert_allclose([hit["score"] for hit in found], [score for _, score in expected], rtol=1e-5)


@pytest.mark.parametrize("form", [csr_array, np.asarray, from_matrix, sparse_stand_in])
def test_finds_what_numpy_finds(database: Database, form: Any) -> None:
    hits, seconds = semantic_search_pg_wand(form(QUERIES), form(CORPUS), top_k=7, conninfo=database.conninfo)
    check(hits, 7)
    assert seconds > 0
    with database.connect() as conn:
        assert conn.execute("SELECT FROM pg_class WHERE relname LIKE 'sparse_corpus%'").fetchone() is None


@pytest.mark.parametrize("where", ["database", "database_elsewhere"])
def test_index_is_given_and_taken(request: pytest.FixtureRequest, where: str) -> None:
    conninfo = request.getfixturevalue(where).conninfo
    first = semantic_search_pg_wand(QUERIES, CORPUS, output_index=True, conninfo=conninfo)
    hits, _, corpus_index = first  # type: ignore[misc]
    check(hits, 10)
    with corpus_index[0]:
        again = semantic_search_pg_wand(QUERIES, corpus_index=corpus_index, top_k=1000)
        check(again[0], 1000)


def test_needs_a_corpus() -> None:
    with pytest.raises(ValueError, match="corpus_embeddings or corpus_index"):
        semantic_search_pg_wand(QUERIES)
