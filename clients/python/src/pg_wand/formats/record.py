"""One document, and how a record of a file becomes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..vector import SparseVector


@dataclass(frozen=True)
class Document:
    id: str | int
    vector: SparseVector
    text: str | None = None


@dataclass(frozen=True)
class Fields:
    """Which names a record has for what is wanted."""

    id: str = "id"
    vector: str = "vector"
    text: str | None = None
    dim: str = "dim"


class Vocabulary:
    """Token ids of tokens: without one, terms of a file must be token ids."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.ids = ids
        self.tokens = {token_id: token for token, token_id in ids.items()}
        self.size = max(self.tokens, default=-1) + 1

    @classmethod
    def from_file(cls, path: Path) -> Vocabulary:
        """From a `tokenizer.json`, a JSON object of token ids by token, or a text with a token on each line."""
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            return cls.from_json(json.loads(content))
        return cls({token: number for number, token in enumerate(content.splitlines())})

    @classmethod
    def from_json(cls, content: Any) -> Vocabulary:
        """From what a `tokenizer.json` holds, or from an object of token ids by token."""
        if "model" not in content:
            return cls(content)
        vocab = content["model"]["vocab"]
        if isinstance(vocab, list):
            # Unigram: pairs of token and score, in order of the ids.
            vocab = {token: number for number, (token, _) in enumerate(vocab)}
        added = {token["content"]: token["id"] for token in content.get("added_tokens", [])}
        return cls({**vocab, **added})

    def id_of(self, token: str) -> int:
        token_id = self.ids.get(token)
        if token_id is None:
            raise ValueError(f"the vocabulary has no token {token!r}: is it that of the model?")
        return token_id

    def token_of(self, token_id: int) -> str:
        token = self.tokens.get(token_id)
        if token is None:
            raise ValueError(f"the vocabulary has no token for id {token_id}: is it that of the model?")
        return token


def term_ids(terms: Iterable[str | int], vocabulary: Vocabulary | None) -> list[int]:
    """Token ids of what a file has: tokens if there is a vocabulary, else the ids themselves."""
    if vocabulary is not None:
        return [term if isinstance(term, int) else vocabulary.id_of(term) for term in terms]
    return [term if isinstance(term, int) else _plain_id(term) for term in terms]


def term_name(token_id: int, vocabulary: Vocabulary | None) -> str:
    return str(token_id) if vocabulary is None else vocabulary.token_of(token_id)


def to_document(record: Mapping[str, Any], fields: Fields, vocabulary: Vocabulary | None) -> Document:
    """The vector may be an object of weights, pairs, `{"indices": [...], "values": [...]}`, or the text form."""
    missing = [name for name in (fields.id, fields.text) if name is not None and record.get(name) is None]
    if missing:
        raise ValueError(f"no field {missing[0]!r}; there are {', '.join(map(repr, record))}")
    dim = record.get(fields.dim)
    text = None if fields.text is None else str(record[fields.text])
    return Document(record[fields.id], _vector(record, fields, vocabulary, dim), text)


def _vector(record: Mapping[str, Any], fields: Fields, vocabulary: Vocabulary | None, dim: int | None) -> SparseVector:
    value = record.get(fields.vector)
    if value is None and "indices" in record and "values" in record:
        value = record
    if isinstance(value, str):
        return SparseVector.from_text(value)
    if isinstance(value, Mapping):
        if isinstance(value.get("indices"), list) and isinstance(value.get("values"), list):
            return SparseVector(term_ids(value["indices"], vocabulary), value["values"], value.get("dim", dim))
        # Arrow gives every row of a struct all fields that any row has.
        value = [(term, weight) for term, weight in value.items() if weight is not None]
    if isinstance(value, list):
        terms, weights = zip(*value, strict=True) if value else ((), ())
        return SparseVector(term_ids(terms, vocabulary), weights, dim)
    raise ValueError(
        f"field {fields.vector!r} is no vector: expected an object of weights by term, pairs, indices and values, "
        "or the text form"
    )


def _plain_id(term: str) -> int:
    if not (term.isascii() and term.isdigit()):
        raise ValueError(f"term {term!r} is not a token id: give the model's vocabulary (tokenizer.json)")
    return int(term)
