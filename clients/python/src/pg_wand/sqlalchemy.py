"""svec for SQLAlchemy 2: a column type with the operators as methods, and reflection.

The extension's schema must be in the search path, as for every type that SQLAlchemy names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Float, String
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import TypeEngine, UserDefinedType

from .vector import SparseVector


class Svec(UserDefinedType[SparseVector]):
    """A column of sparse vectors: `mapped_column(Svec(30522))`; without a dimension it holds vectors of any."""

    cache_ok = True
    # Parameters are sent as text: a cast says what they are where the server could not tell.
    render_bind_cast = True

    def __init__(self, dim: int | None = None) -> None:
        self.dim = None if dim is None else int(dim)

    def get_col_spec(self, **kw: Any) -> str:
        return "svec" if self.dim is None else f"svec({self.dim})"

    @property
    def python_type(self) -> type[SparseVector]:
        return SparseVector

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return _to_text

    def literal_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        quote: Callable[[str], str] = String().literal_processor(dialect)  # type: ignore[no-untyped-call]

        def process(value: Any) -> str:
            text = _to_text(value)
            return "NULL" if text is None else quote(text)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], SparseVector | None]:
        return _from_result

    class Comparator(TypeEngine.Comparator[SparseVector]):
        """The operators of svec. Distances are what ORDER BY takes: least first."""

        def max_inner_product(self, other: Any) -> ColumnElement[float]:
            """`<#>`, the negative inner product: its order is that of the index `wand (emb)`."""
            return self.expr.op("<#>", return_type=Float())(other)

        def cosine_distance(self, other: Any) -> ColumnElement[float]:
            """`<=>`: `wand (emb svec_cosine_ops)`."""
            return self.expr.op("<=>", return_type=Float())(other)

        def l2_distance(self, other: Any) -> ColumnElement[float]:
            """`<->`: `wand (emb svec_l2_ops)`."""
            return self.expr.op("<->", return_type=Float())(other)

        def l1_distance(self, other: Any) -> ColumnElement[float]:
            """`<+>`: no index."""
            return self.expr.op("<+>", return_type=Float())(other)

        def shares(self, other: Any) -> ColumnElement[bool]:
            """`&&`: both have a term."""
            return self.expr.op("&&", return_type=Boolean(), is_comparison=True)(other)

        def has_terms(self, other: Any) -> ColumnElement[bool]:
            """`@>`: all terms of the other are there."""
            return self.expr.op("@>", return_type=Boolean(), is_comparison=True)(other)

    comparator_factory = Comparator


def _to_text(value: SparseVector | str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, SparseVector):
        return value.to_text()
    raise TypeError(f"an svec takes a SparseVector, its text form or None, not {type(value).__name__}")


def _from_result(value: SparseVector | str | None) -> SparseVector | None:
    """A driver that pg_wand.psycopg or pg_wand.asyncpg taught the type gives vectors, others text."""
    return SparseVector.from_text(value) if isinstance(value, str) else value


# So that reflection knows the type.
ischema_names["svec"] = Svec
