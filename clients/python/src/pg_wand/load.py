"""Documents into a table by binary COPY, and out of it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from . import _extension
from .formats import Document
from .psycopg import register

_INTEGERS = ("int2", "int4", "int8")


@dataclass(frozen=True)
class Target:
    """A table and the names of its columns."""

    table: str
    schema: str | None = None
    id_column: str = "id"
    vector_column: str = "emb"
    text_column: str | None = None

    @property
    def name(self) -> sql.Identifier:
        return sql.Identifier(self.table) if self.schema is None else sql.Identifier(self.schema, self.table)

    @property
    def columns(self) -> sql.Composed:
        names = (self.id_column, self.vector_column, self.text_column)
        return sql.SQL(", ").join(sql.Identifier(name) for name in names if name is not None)


def create_table(conn: Connection[Any], target: Target, dim: int | None = None, id_type: str = "text") -> None:
    """Makes the table if there is none. Its rows may fill a page, so that long vectors stay in them."""
    if id_type not in ("text", "bigint", "uuid"):
        raise ValueError(f"ids are text, bigint or uuid, not {id_type}")
    svec = _extension.find(conn, "pg_wand").name("svec")
    columns = [
        sql.SQL("{} {} PRIMARY KEY").format(sql.Identifier(target.id_column), sql.SQL(id_type)),
        sql.SQL("{} {}{}").format(sql.Identifier(target.vector_column), svec, modifier(dim)),
    ]
    if target.text_column is not None:
        columns.append(sql.SQL("{} text").format(sql.Identifier(target.text_column)))
    query = sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}) WITH (toast_tuple_target = 8160)")
    conn.execute(query.format(target.name, sql.SQL(", ").join(columns)))


def create_index(conn: Connection[Any], target: Target, operator_class: str = "svec_ip_ops") -> None:
    """Makes the index; better after loading than before."""
    query = sql.SQL("CREATE INDEX ON {} USING wand ({} {})")
    ops = _extension.find(conn, "pg_wand").name(operator_class)
    conn.execute(query.format(target.name, sql.Identifier(target.vector_column), ops))


def load(conn: Connection[Any], target: Target, documents: Iterable[Document]) -> int:
    """Copies documents into a table, all or none of them; how many."""
    register(conn)
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {} LIMIT 0").format(target.columns, target.name))
        oids = [column.type_code for column in cursor.description or ()]
        to_id = _id_reader(conn, oids[0])
        count = 0
        into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(target.name, target.columns)
        with cursor.copy(into) as copy:
            copy.set_types(oids)
            for document in documents:
                row = (to_id(document.id), document.vector)
                copy.write_row(row if target.text_column is None else (*row, document.text))
                count += 1
    return count


def documents(conn: Connection[Any], target: Target) -> Iterator[Document]:
    """The rows of a table by id; those without a vector are left out."""
    register(conn)
    query = sql.SQL("SELECT {columns} FROM {table} WHERE {vector} IS NOT NULL ORDER BY {id}").format(
        columns=target.columns,
        table=target.name,
        vector=sql.Identifier(target.vector_column),
        id=sql.Identifier(target.id_column),
    )
    with conn.transaction(), conn.cursor("pg_wand_documents", binary=True, row_factory=tuple_row) as cursor:
        cursor.itersize = 1000
        for row in cursor.execute(query):
            yield Document(row[0] if isinstance(row[0], int) else str(row[0]), *row[1:])


def modifier(dim: int | None) -> sql.SQL | sql.Composed:
    """What follows a type's name: its dimension."""
    return sql.SQL("") if dim is None else sql.SQL("({})").format(sql.Literal(int(dim)))


def _id_reader(conn: Connection[Any], oid: int) -> Callable[[str | int], Any]:
    """What makes of an id in a file a value of the column."""
    info = conn.adapters.types.get(oid)
    if info is not None and info.name in _INTEGERS:
        return int
    if info is not None and info.name == "uuid":
        return lambda value: uuid.UUID(str(value))
    return str
