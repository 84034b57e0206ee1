"""svec for asyncpg, in binary."""

from __future__ import annotations

from typing import Any

from .vector import SparseVector

_SCHEMA_QUERY = """
    SELECT n.nspname
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_wand'
"""


async def register(conn: Any) -> None:
    """Makes a connection send and receive svec, and arrays of it, as SparseVector; a pool takes it as `init`."""
    schema = await conn.fetchval(_SCHEMA_QUERY)
    if schema is None:
        raise LookupError("the type svec is not in this database: run CREATE EXTENSION pg_wand")
    await conn.set_type_codec("svec", schema=schema, encoder=_encode, decoder=SparseVector.from_binary, format="binary")


def _encode(value: SparseVector | str) -> bytes:
    """SQLAlchemy binds the text form."""
    return (SparseVector.from_text(value) if isinstance(value, str) else value).to_binary()
