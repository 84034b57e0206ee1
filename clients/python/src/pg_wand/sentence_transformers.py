"""Search for the sparse encoders of sentence-transformers, in the form of its semantic_search_qdrant and the like."""

from __future__ import annotations

import time
import uuid
from typing import Any

import psycopg
from psycopg import Connection, sql

from . import _extension
from .arrays import from_matrix
from .psycopg import register

Hits = list[list[dict[str, int | float]]]
CorpusIndex = tuple[Connection[Any], str]


def semantic_search_pg_wand(
    query_embeddings: Any,
    corpus_embeddings: Any = None,
    corpus_index: CorpusIndex | None = None,
    top_k: int = 10,
    output_index: bool = False,
    **kwargs: Any,
) -> tuple[Hits, float] | tuple[Hits, float, CorpusIndex]:
    """Finds the rows of the corpus with the greatest inner products, exactly.

    Args:
        query_embeddings: what `SparseEncoder.encode_query` gives: a tensor, a scipy or numpy matrix, or vectors.
        corpus_embeddings: the same of documents; only used if corpus_index is None. They go to a new table.
        corpus_index: what an earlier call gave with output_index=True: a connection and the name of a table with the
            columns corpus_id and embedding.
        top_k: how many rows are wanted at most. Rows that share no term with the query are never given.
        output_index: whether to give connection and table too. Otherwise a new table vanishes with the call.
        kwargs: go to psycopg.connect if corpus_index is None.

    Returns:
        A list for each query, `[[{"corpus_id": int, "score": float}, ...], ...]`; the seconds that the search took;
        with output_index the corpus_index.
    """
    if corpus_index is not None:
        hits, seconds = _search(corpus_index, query_embeddings, top_k)
        return (hits, seconds, corpus_index) if output_index else (hits, seconds)
    if corpus_embeddings is None:
        raise ValueError("give either corpus_embeddings or corpus_index")
    conn = psycopg.connect(**{"autocommit": True, **kwargs})
    keep = False
    try:
        corpus_index = (conn, _index_corpus(conn, corpus_embeddings, temporary=not output_index))
        hits, seconds = _search(corpus_index, query_embeddings, top_k)
        keep = output_index
    finally:
        if not keep:
            conn.close()
    return (hits, seconds, corpus_index) if output_index else (hits, seconds)


def _index_corpus(conn: Connection[Any], corpus_embeddings: Any, temporary: bool) -> str:
    register(conn)
    extension = _extension.find(conn, "pg_wand")
    name = f"sparse_corpus_{uuid.uuid4().hex}"
    names = {"table": sql.Identifier(name), "svec": extension.name("svec"), "ops": extension.name("svec_ip_ops")}
    kind = sql.SQL("TEMPORARY TABLE" if temporary else "TABLE")
    with conn.transaction():
        create = sql.SQL("CREATE {kind} {table} (corpus_id bigint PRIMARY KEY, embedding {svec})")
        conn.execute(create.format(kind=kind, **names))
        into = sql.SQL("COPY {table} (corpus_id, embedding) FROM STDIN (FORMAT binary)").format(**names)
        with conn.cursor().copy(into) as copy:
            copy.set_types(["int8", "svec"])
            for row in enumerate(from_matrix(corpus_embeddings)):
                copy.write_row(row)
        conn.execute(sql.SQL("CREATE INDEX ON {table} USING wand (embedding {ops})").format(**names))
        conn.execute(sql.SQL("ANALYZE {table}").format(**names))
    return name


def _search(corpus_index: CorpusIndex, query_embeddings: Any, top_k: int) -> tuple[Hits, float]:
    conn, table = corpus_index
    queries = from_matrix(query_embeddings)
    register(conn)
    extension = _extension.find(conn, "pg_wand")
    query = sql.SQL(
        "SELECT corpus_id, -(embedding {distance} %(query)b) FROM {table} WHERE embedding {shares} %(query)b "
        "ORDER BY embedding {distance} %(query)b LIMIT %(top_k)s"
    ).format(
        table=sql.Identifier(table),
        distance=extension.operator("<#>"),
        shares=extension.operator("&&"),
    )
    begin = time.perf_counter()
    hits: Hits = []
    for vector in queries:
        rows = conn.execute(query, {"query": vector, "top_k": top_k}).fetchall()
        hits.append([{"corpus_id": corpus_id, "score": score} for corpus_id, score in rows])
    return hits, time.perf_counter() - begin
