"""Questions to a store's table: by one ranking, or by several that `fuse` makes one of, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from .._extension import Extension
from ..vector import SparseVector


@dataclass(frozen=True)
class Fusion:
    """How rankings become one: the arguments of `fuse` (docs/fusion.md).

    `weights` are in the order sparse, dense, words, as far as there are such rankings. `candidates` is how many rows
    each of them gives.
    """

    method: str = "rrf"
    weights: Sequence[float] | None = None
    k: float | None = None
    normaliser: str | None = None
    options: Mapping[str, Any] | None = None
    candidates: int = 100


@dataclass(frozen=True)
class Question:
    """What rows are ranked by; several of them are fused."""

    sparse: SparseVector | None = None
    dense: Sequence[float] | None = None
    words: str | None = None


@dataclass(frozen=True)
class Found:
    id: str
    content: str
    metadata: dict[str, Any]
    score: float


@dataclass(frozen=True)
class SearchNames:
    """What the statements name."""

    table: sql.Identifier
    wand: Extension
    pgvector: Extension | None
    text_config: str | None

    def words_vector(self, content: sql.Composable) -> sql.Composed:
        """The same expression in the index and in questions."""
        return sql.SQL("to_tsvector({}::regconfig, {})").format(sql.Literal(self.text_config), content)


def search_query(
    names: SearchNames, question: Question, condition: sql.Composable, fusion: Fusion
) -> tuple[sql.Composed, dict[str, Any]]:
    """The statement, which gives id, content, metadata and score, best first; and its parameters but for top_k."""
    rankings, parameters = _rankings(names, question, condition)
    if len(rankings) == 1:
        alone = sql.SQL(
            "SELECT d.id, d.content, d.metadata, best.score FROM ({}) AS best JOIN {} AS d USING (id) "
            "ORDER BY best.score DESC, d.id"
        )
        return alone.format(_limited(rankings[0], "top_k"), names.table), parameters
    ranked = sql.SQL(", ").join(
        sql.SQL("(SELECT {}(id, score) FROM ({}) AS best)").format(
            names.wand.name("ranking"), _limited(one, "candidates")
        )
        for one in rankings
    )
    arguments, more = _fuse_arguments(fusion)
    query = sql.SQL(
        "SELECT d.id, d.content, d.metadata, f.score FROM {fuse}(ARRAY[{ranked}], top_k => %(top_k)s{arguments}) "
        "WITH ORDINALITY AS f(id, score, ranks, scores, normalised, contributions, place) "
        "JOIN {table} AS d USING (id) ORDER BY f.place"
    ).format(fuse=names.wand.name("fuse"), ranked=ranked, arguments=arguments, table=names.table)
    return query, {**parameters, **more, "candidates": fusion.candidates}


def diverse_query(names: SearchNames, condition: sql.Composable) -> sql.Composed:
    """Of the best by the sparse vector those that are unlike one another.

    Parameters: sparse, candidates, lambda, top_k.
    """
    (ranking,), _ = _rankings(names, Question(sparse=SparseVector([], [])), condition)
    return sql.SQL(
        "SELECT d.id, d.content, d.metadata, picked.score FROM ("
        "SELECT {mmr}({ranking}(best.id, best.score ORDER BY best.score DESC, best.id),"
        " array_agg(d.emb ORDER BY best.score DESC, best.id), %(lambda)s::float8, %(top_k)s::int) AS list"
        " FROM ({best}) AS best JOIN {table} AS d USING (id)) AS chosen, "
        "unnest((list).ids, (list).scores) WITH ORDINALITY AS picked(id, score, place) "
        "JOIN {table} AS d USING (id) ORDER BY picked.place"
    ).format(
        mmr=names.wand.name("mmr"),
        ranking=names.wand.name("ranking"),
        best=_limited(ranking, "candidates"),
        table=names.table,
    )


@dataclass(frozen=True)
class _Ranking:
    score: sql.Composable
    condition: sql.Composable
    order: sql.Composable
    table: sql.Identifier


def _limited(ranking: _Ranking, limit: str) -> sql.Composed:
    return sql.SQL("SELECT d.id, {} AS score FROM {} AS d WHERE {} ORDER BY {} LIMIT {}").format(
        ranking.score, ranking.table, ranking.condition, ranking.order, sql.Placeholder(limit)
    )


def _rankings(
    names: SearchNames, question: Question, condition: sql.Composable
) -> tuple[list[_Ranking], dict[str, Any]]:
    rankings, parameters = [], dict[str, Any]()
    if question.sparse is not None:
        parameters["sparse"] = question.sparse
        distance = sql.SQL("d.emb {} %(sparse)s").format(names.wand.operator("<#>"))
        # A document that shares no term with the question is no answer to it.
        shares = sql.SQL("d.emb {} %(sparse)s AND {}").format(names.wand.operator("&&"), condition)
        rankings.append(_Ranking(sql.SQL("-({})").format(distance), shares, distance, names.table))
    if question.dense is not None:
        if names.pgvector is None:
            raise ValueError("this store has no dense vectors: make it with dense_dim")
        parameters["dense"] = "[" + ",".join(repr(float(value)) for value in question.dense) + "]"
        distance = sql.SQL("d.dense {} %(dense)s::{}").format(
            names.pgvector.operator("<=>"), names.pgvector.name("vector")
        )
        known = sql.SQL("d.dense IS NOT NULL AND {}").format(condition)
        rankings.append(_Ranking(sql.SQL("1 - ({})").format(distance), known, distance, names.table))
    if question.words is not None:
        if names.text_config is None:
            raise ValueError("this store ranks by no words: make it with text_config, 'english' for one")
        parameters["words"] = question.words
        vector = names.words_vector(sql.SQL("d.content"))
        # Any of the words, not all: questions have many.
        any_word = sql.SQL("replace(plainto_tsquery({}::regconfig, %(words)s)::text, ' & ', ' | ')::tsquery").format(
            sql.Literal(names.text_config)
        )
        score = sql.SQL("ts_rank_cd({}, {})").format(vector, any_word)
        matches = sql.SQL("{} @@ {} AND {}").format(vector, any_word, condition)
        rankings.append(_Ranking(score, matches, sql.SQL("{} DESC").format(score), names.table))
    if not rankings:
        raise ValueError("a question needs a sparse vector, a dense vector or words")
    return rankings, parameters


def _fuse_arguments(fusion: Fusion) -> tuple[sql.Composable, dict[str, Any]]:
    given: list[tuple[str, str, Any]] = [
        ("method", "text", fusion.method),
        ("weights", "float8[]", None if fusion.weights is None else [float(weight) for weight in fusion.weights]),
        ("k", "float8", fusion.k),
        ("normaliser", "text", fusion.normaliser),
        ("options", "jsonb", None if fusion.options is None else Jsonb(dict(fusion.options))),
    ]
    named = [
        sql.SQL(", {} => {}::{}").format(sql.Identifier(name), sql.Placeholder(f"fuse_{name}"), sql.SQL(kind))
        for name, kind, value in given
        if value is not None
    ]
    return sql.Composed(named), {f"fuse_{name}": value for name, _, value in given if value is not None}
