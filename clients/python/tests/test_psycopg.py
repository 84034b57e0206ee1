"""Values go to the server and come back whole through psycopg: parameters, results, arrays, COPY, in both formats."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from conftest import Database
from psycopg.pq import TransactionStatus

import pg_wand.psycopg
from pg_wand import SparseVector

VECTORS = [
    SparseVector([2420, 7591], [1.8, 0.4], 30522),
    SparseVector([7591], [-2.5e-40]),
    SparseVector([], [], 5),
    SparseVector([], []),
]


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("placeholder", ["%t", "%b", "%s"])
def test_parameters_and_results(conn: psycopg.Connection[Any], placeholder: str, binary: bool) -> None:
    for vector in [*VECTORS, None]:
        query = f"SELECT {placeholder}::svec, pg_typeof({placeholder})::text"
        row = conn.execute(query, [vector, vector or VECTORS[0]], binary=binary).fetchone()
        assert row == (vector, "svec")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("placeholder", ["%t", "%b"])
def test_arrays(conn: psycopg.Connection[Any], placeholder: str, binary: bool) -> None:
    for array in ([*VECTORS, None], [], [[VECTORS[0], VECTORS[1]], [None, VECTORS[2]]]):
        row = conn.execute(f"SELECT {placeholder}::svec[]", [array], binary=binary).fetchone()
        assert row == (array,)


@pytest.mark.parametrize("binary", [False, True])
def test_copy(conn: psycopg.Connection[Any], binary: bool) -> None:
    options = "(FORMAT binary)" if binary else ""
    conn.execute("CREATE TABLE docs (id int, emb svec)")
    rows = list(enumerate([*VECTORS, None]))
    with conn.cursor().copy(f"COPY docs FROM STDIN {options}") as copy:
        copy.set_types(["int4", "svec"])
        for row in rows:
            copy.write_row(row)
    with conn.cursor().copy(f"COPY docs TO STDOUT {options}") as copy:
        copy.set_types(["int4", "svec"])
        assert list(copy.rows()) == rows


async def test_async_connection(async_conn: psycopg.AsyncConnection[Any]) -> None:
    await async_conn.execute("CREATE TABLE docs (id int, emb svec(30522)); CREATE INDEX ON docs USING wand (emb)")
    await async_conn.execute("INSERT INTO docs VALUES (1, %s), (2, NULL)", [VECTORS[0]])
    cursor = await async_conn.execute("SELECT emb FROM docs ORDER BY emb <#> %s LIMIT 2", [VECTORS[0]], binary=True)
    assert await cursor.fetchall() == [(VECTORS[0],), (None,)]


@pytest.mark.parametrize("binary", [False, True])
def test_type_in_another_schema(database_elsewhere: Database, binary: bool) -> None:
    with database_elsewhere.connect() as conn:
        pg_wand.psycopg.register(conn)
        row = conn.execute("SELECT %s, %s", [VECTORS[0], VECTORS], binary=binary).fetchone()
        assert row == (VECTORS[0], VECTORS)


async def test_connection_is_left_idle(database: Database) -> None:
    with psycopg.connect(database.conninfo) as conn:
        pg_wand.psycopg.register(conn)
        assert conn.info.transaction_status == TransactionStatus.IDLE
    async with await psycopg.AsyncConnection.connect(database.conninfo) as async_conn:
        await pg_wand.psycopg.register_async(async_conn)
        assert async_conn.info.transaction_status == TransactionStatus.IDLE


def test_missing_extension_is_told(bare_database: Database) -> None:
    with bare_database.connect() as conn, pytest.raises(LookupError, match="CREATE EXTENSION pg_wand"):
        pg_wand.psycopg.register(conn)


def test_pgvector_python_binds_its_own_value_by_a_cast(pgvector_conn: psycopg.Connection[Any]) -> None:
    import pgvector
    import pgvector.psycopg

    pgvector.psycopg.register_vector(pgvector_conn)
    theirs = pgvector.SparseVector({2420: 1.5, 7591: 0.5}, 30522)
    ours = SparseVector.from_dict({2420: 1.5, 7591: 0.5}, 30522)
    pgvector_conn.execute("CREATE TABLE docs (emb svec(30522))")
    pgvector_conn.execute("INSERT INTO docs VALUES (%s::text::svec)", [theirs.to_text()])
    pgvector_conn.execute("INSERT INTO docs VALUES (%t::sparsevec::text::svec)", [theirs])
    rows = pgvector_conn.execute("SELECT emb, emb::text::sparsevec FROM docs", binary=True).fetchall()
    assert rows == [(ours, theirs)] * 2
    assert theirs.to_binary() == ours.to_binary()
