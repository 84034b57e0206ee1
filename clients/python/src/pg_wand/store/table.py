"""A table of texts with their vectors: made, written, read, asked. Every method is one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from .. import _extension
from ..load import Target, modifier
from ..psycopg import register
from ..vector import SparseVector
from .conditions import Conditions
from .search import Found, Fusion, Question, SearchNames, diverse_query, search_query


@dataclass(frozen=True)
class Row:
    id: str
    content: str
    metadata: dict[str, Any]
    sparse: SparseVector
    dense: Sequence[float] | None = None


class WandTable:
    """Columns id, content, metadata, emb; and dense where `dense_dim` says its dimension.

    A connection that is given stays the caller's, who commits; one that is made from a string commits by itself.
    """

    def __init__(
        self,
        connection: Connection[Any] | str,
        table: str,
        *,
        schema: str | None = None,
        dim: int | None = None,
        dense_dim: int | None = None,
        text_config: str | None = None,
    ) -> None:
        self._owned = isinstance(connection, str)
        self.conn: Connection[Any] = (
            psycopg.connect(connection, autocommit=True) if isinstance(connection, str) else connection
        )
        try:
            register(self.conn)
            self._has_dense = dense_dim is not None
            self._names = SearchNames(
                Target(table, schema).name,
                _extension.find(self.conn, "pg_wand"),
                _extension.find(self.conn, "vector") if self._has_dense else None,
                text_config,
            )
            if not self._exists():
                self._create(dim, dense_dim)
            self._check_columns(table)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection if it was made here."""
        if self._owned:
            self.conn.close()

    def drop(self) -> None:
        self._run(sql.SQL("DROP TABLE {}").format(self._names.table))

    def upsert(self, rows: Sequence[Row]) -> None:
        """Writes rows; one whose id is there already takes its place."""
        # One statement cannot write a row twice: of rows with one id the last counts.
        unique = list({row.id: row for row in rows}.values())
        if not unique:
            return
        columns = [
            ("id", sql.SQL("text"), [row.id for row in unique]),
            ("content", sql.SQL("text"), [row.content for row in unique]),
            ("metadata", sql.SQL("jsonb"), [Jsonb(row.metadata) for row in unique]),
            ("emb", self._names.wand.name("svec"), [row.sparse for row in unique]),
        ]
        if self._names.pgvector is not None:
            dense = [None if row.dense is None else str([float(value) for value in row.dense]) for row in unique]
            columns.append(("dense", self._names.pgvector.name("vector"), dense))
        names = [sql.Identifier(name) for name, _, _ in columns]
        query = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT (id) DO UPDATE SET {}").format(
            self._names.table,
            sql.SQL(", ").join(names),
            sql.SQL(", ").join(sql.SQL("{}::{}[]").format(sql.Placeholder(name), kind) for name, kind, _ in columns),
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]),
        )
        self._run(query, {name: values for name, _, values in columns})

    def get(self, ids: Sequence[str]) -> list[Found]:
        """The rows that are there, in the order of the ids."""
        conditions = Conditions()
        found = {row.id: row for row in self.select(conditions, conditions.id_is_one_of(ids))}
        return [found[row_id] for row_id in dict.fromkeys(ids) if row_id in found]

    def select(self, conditions: Conditions, condition: sql.Composable) -> list[Found]:
        query = sql.SQL("SELECT d.id, d.content, d.metadata, 0 FROM {} AS d WHERE {} ORDER BY d.id")
        return self._found(query.format(self._names.table, condition), conditions.parameters)

    def delete(self, conditions: Conditions, condition: sql.Composable) -> None:
        query = sql.SQL("DELETE FROM {} AS d WHERE {}").format(self._names.table, condition)
        self._run(query, conditions.parameters)

    def search(
        self,
        question: Question,
        top_k: int,
        conditions: Conditions | None = None,
        condition: sql.Composable | None = None,
        fusion: Fusion | None = None,
    ) -> list[Found]:
        """The best rows that meet the condition, best first."""
        fusion = fusion or Fusion()
        query, parameters = search_query(self._names, question, condition or sql.SQL("true"), fusion)
        bound = {} if conditions is None else conditions.parameters
        return self._found(query, {**bound, **parameters, "top_k": top_k})

    def diverse(
        self,
        sparse: SparseVector,
        top_k: int,
        candidates: int,
        balance: float,
        conditions: Conditions,
        condition: sql.Composable,
    ) -> list[Found]:
        """Of the best candidates those that are unlike one another; `balance` 1 looks at relevance alone."""
        parameters = {"sparse": sparse, "candidates": candidates, "lambda": balance, "top_k": top_k}
        return self._found(diverse_query(self._names, condition), {**conditions.parameters, **parameters})

    def _exists(self) -> bool:
        name = self._names.table.as_string(self.conn)
        return self._run(sql.SQL("SELECT to_regclass(%(name)s) IS NOT NULL"), {"name": name})[0][0] is True

    def _create(self, dim: int | None, dense_dim: int | None) -> None:
        columns = [
            sql.SQL("id text PRIMARY KEY, content text NOT NULL, metadata jsonb NOT NULL"),
            sql.SQL("emb {}{}").format(self._names.wand.name("svec"), modifier(dim)),
        ]
        if self._names.pgvector is not None:
            columns.append(sql.SQL("dense {}{}").format(self._names.pgvector.name("vector"), modifier(dense_dim)))
        # Rows may fill a page, so that long vectors stay in them.
        table = sql.SQL("CREATE TABLE {} ({}) WITH (toast_tuple_target = 8160)")
        indexes = [
            sql.SQL("CREATE INDEX ON {} USING wand (emb {})").format(
                self._names.table, self._names.wand.name("svec_ip_ops")
            )
        ]
        if self._names.text_config is not None:
            words = self._names.words_vector(sql.Identifier("content"))
            indexes.append(sql.SQL("CREATE INDEX ON {} USING gin ({})").format(self._names.table, words))
        with self.conn.transaction():
            self._run(table.format(self._names.table, sql.SQL(", ").join(columns)))
            for index in indexes:
                self._run(index)

    def _check_columns(self, table: str) -> None:
        with self.conn.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(self._names.table))
            there = {column.name for column in cursor.description or ()}
        wanted = ["id", "content", "metadata", "emb"] + (["dense"] if self._has_dense else [])
        missing = [name for name in wanted if name not in there]
        if missing:
            raise ValueError(f"the table {table} is there and has no column {', '.join(missing)}: name another one")

    def _found(self, query: sql.Composed, parameters: dict[str, Any]) -> list[Found]:
        return [Found(*row) for row in self._run(query, parameters)]

    def _run(self, query: sql.SQL | sql.Composed, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []
