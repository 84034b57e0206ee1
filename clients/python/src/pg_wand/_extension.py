"""Where the extension lives: its schema need not be in the search path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

TYPE_QUERY = """
    SELECT t.oid, t.typarray, n.nspname
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    JOIN pg_catalog.pg_type t ON t.typnamespace = e.extnamespace AND t.typname = 'svec'
    WHERE e.extname = 'pg_wand'
"""
NOT_INSTALLED = "the type svec is not in this database: run CREATE EXTENSION pg_wand"

SCHEMA_QUERY = """
    SELECT n.nspname
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = %s
"""


@dataclass(frozen=True)
class Extension:
    """Composes qualified names of what an extension made."""

    schema: str

    def name(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.schema, name)

    def operator(self, operator: str) -> sql.Composed:
        """`operator` is one of ours, never a user's."""
        return sql.SQL("OPERATOR({}.{})").format(sql.Identifier(self.schema), sql.SQL(operator))


def find(conn: Connection[Any], name: str) -> Extension:
    """Where extension `name` is in this database."""
    row = conn.cursor(row_factory=tuple_row).execute(SCHEMA_QUERY, [name]).fetchone()
    if row is None:
        raise LookupError(f"the extension {name} is not in this database: run CREATE EXTENSION {name}")
    return Extension(row[0])
