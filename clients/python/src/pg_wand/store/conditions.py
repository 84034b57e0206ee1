"""Conditions on metadata in SQL; every key and value is a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

METADATA = sql.SQL("d.metadata")
_COMPARISONS = {"<": sql.SQL("<"), "<=": sql.SQL("<="), ">": sql.SQL(">"), ">=": sql.SQL(">=")}


class Conditions:
    """Makes conditions and collects their parameters. A key that a row does not have equals and exceeds nothing."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def bind(self, value: Any) -> sql.Placeholder:
        name = f"c{len(self.parameters)}"
        self.parameters[name] = value
        return sql.Placeholder(name)

    def equals(self, key: str, value: Any) -> sql.Composed:
        return sql.SQL("{} = {}").format(self._value(key), self.bind(Jsonb(value)))

    def differs(self, key: str, value: Any) -> sql.Composed:
        return self.negate(self.equals(key, value))

    def compares(self, key: str, operator: str, value: Any) -> sql.Composed:
        """Only values of one kind compare: to jsonb every number is greater than every string."""
        metadata, bound = self._value(key), self.bind(Jsonb(value))
        query = sql.SQL("({0} {1} {2} AND jsonb_typeof({0}) = jsonb_typeof({2}))")
        return query.format(metadata, _COMPARISONS[operator], bound)

    def is_one_of(self, key: str, values: Iterable[Any]) -> sql.Composed:
        return sql.SQL("{} = ANY({}::jsonb[])").format(self._value(key), self._array(values))

    def exists(self, key: str) -> sql.Composed:
        return sql.SQL("{} ? {}::text").format(METADATA, self.bind(key))

    def is_empty(self, key: str) -> sql.Composed:
        """No value, null, or an empty string or array."""
        return sql.SQL("coalesce({}, 'null') IN ('null', '\"\"', '[]')").format(self._value(key))

    def array_has_any(self, key: str, values: Iterable[Any]) -> sql.Composed:
        return self._array_has(key, sql.SQL("ANY"), values)

    def array_has_all(self, key: str, values: Iterable[Any]) -> sql.Composed:
        return self._array_has(key, sql.SQL("ALL"), values)

    def text_has(self, key: str, part: str, ignore_case: bool) -> sql.Composed:
        query = "strpos(lower({}), lower({}::text)) > 0" if ignore_case else "strpos({}, {}::text) > 0"
        return sql.SQL(query).format(self._text(key), self.bind(part))

    def is_like(self, key: str, pattern: str, ignore_case: bool) -> sql.Composed:
        query = "{} ILIKE {}::text" if ignore_case else "{} LIKE {}::text"
        return sql.SQL(query).format(self._text(key), self.bind(pattern))

    def id_is_one_of(self, ids: Sequence[str]) -> sql.Composed:
        return sql.SQL("d.id = ANY({}::text[])").format(self.bind(list(ids)))

    def every(self, conditions: Sequence[sql.Composable]) -> sql.Composable:
        return self._join(conditions, " AND ", "true")

    def some(self, conditions: Sequence[sql.Composable]) -> sql.Composable:
        return self._join(conditions, " OR ", "false")

    def negate(self, condition: sql.Composable) -> sql.Composed:
        # Not NOT: what is unknown, since a key is missing, does not hold.
        return sql.SQL("(({}) IS NOT TRUE)").format(condition)

    def _join(self, conditions: Sequence[sql.Composable], word: str, none: str) -> sql.Composable:
        if not conditions:
            return sql.SQL(none)
        return sql.SQL("({})").format(sql.SQL(word).join(conditions))

    def _array_has(self, key: str, quantifier: sql.SQL, values: Iterable[Any]) -> sql.Composed:
        query = sql.SQL("(jsonb_typeof({0}) = 'array' AND {0} @> {1}({2}::jsonb[]))")
        return query.format(self._value(key), quantifier, self._array(values))

    def _array(self, values: Iterable[Any]) -> sql.Placeholder:
        return self.bind([Jsonb(value) for value in values])

    def _value(self, key: str) -> sql.Composed:
        return sql.SQL("({} -> {}::text)").format(METADATA, self.bind(key))

    def _text(self, key: str) -> sql.Composed:
        return sql.SQL("({} ->> {}::text)").format(METADATA, self.bind(key))
