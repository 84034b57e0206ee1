"""Values go to the server and come back whole through asyncpg."""

from __future__ import annotations

import asyncpg
import pytest
from conftest import Database
from test_psycopg import VECTORS

import pg_wand.asyncpg


async def connect(database: Database) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=str(database.server.folder),
        port=5777,
        user="postgres",
        database=database.name,
        server_settings={"search_path": database.search_path},
    )


async def test_values_arrays_and_copy(database: Database) -> None:
    conn = await connect(database)
    try:
        await pg_wand.asyncpg.register(conn)
        for vector in [*VECTORS, None]:
            assert await conn.fetchval("SELECT $1::svec", vector) == vector
        array = [*VECTORS, None]
        assert await conn.fetchval("SELECT $1::svec[]", array) == array
        await conn.execute("CREATE TABLE docs (id int, emb svec); CREATE INDEX ON docs USING wand (emb)")
        rows = list(enumerate(array))
        await conn.copy_records_to_table("docs", records=rows)
        assert [tuple(row) for row in await conn.fetch("SELECT * FROM docs ORDER BY id")] == rows
        best = await conn.fetchval(
            "SELECT id FROM docs WHERE dims(emb) = 30522 ORDER BY emb <#> $1 LIMIT 1", VECTORS[0]
        )
        assert best == 0
    finally:
        await conn.close()


async def test_type_in_another_schema(database_elsewhere: Database) -> None:
    conn = await connect(database_elsewhere)
    try:
        await pg_wand.asyncpg.register(conn)
        assert await conn.fetchval('SELECT $1::"Far away".svec', VECTORS[0]) == VECTORS[0]
    finally:
        await conn.close()


async def test_missing_extension_is_told(bare_database: Database) -> None:
    conn = await connect(bare_database)
    try:
        with pytest.raises(LookupError, match="CREATE EXTENSION pg_wand"):
            await pg_wand.asyncpg.register(conn)
    finally:
        await conn.close()
