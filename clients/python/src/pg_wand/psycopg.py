"""svec for psycopg 3: parameters, results and COPY, in text and binary."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.rows import tuple_row
from psycopg.types import TypeInfo

from ._extension import NOT_INSTALLED, TYPE_QUERY
from .vector import SparseVector


def register(conn: Connection[Any]) -> None:
    """Makes a connection send and receive svec, and arrays of it, as SparseVector."""
    # A pool does not take a connection back in the middle of a transaction.
    with conn.transaction():
        row = conn.cursor(row_factory=tuple_row).execute(TYPE_QUERY).fetchone()
    _register_type(conn, row)


async def register_async(conn: AsyncConnection[Any]) -> None:
    """The same for an AsyncConnection."""
    async with conn.transaction():
        cursor = await conn.cursor(row_factory=tuple_row).execute(TYPE_QUERY)
        row = await cursor.fetchone()
    _register_type(conn, row)


class _TextDumper(Dumper):
    format = Format.TEXT

    def dump(self, obj: SparseVector) -> Buffer:
        return obj.to_text().encode()


class _BinaryDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: SparseVector) -> Buffer:
        return obj.to_binary()


class _TextLoader(Loader):
    format = Format.TEXT

    def load(self, data: Buffer) -> SparseVector:
        return SparseVector.from_text(bytes(data).decode())


class _BinaryLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> SparseVector:
        return SparseVector.from_binary(data)


def _register_type(conn: Connection[Any] | AsyncConnection[Any], row: tuple[Any, ...] | None) -> None:
    if row is None:
        raise LookupError(NOT_INSTALLED)
    oid, array_oid, _ = row
    TypeInfo("svec", oid, array_oid).register(conn)
    for dumper in (_TextDumper, _BinaryDumper):
        # The oid belongs to a database, so the class that has it belongs to the connection.
        conn.adapters.register_dumper(SparseVector, type(dumper.__name__, (dumper,), {"oid": oid}))
    for loader in (_TextLoader, _BinaryLoader):
        conn.adapters.register_loader(oid, loader)
