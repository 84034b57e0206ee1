"""The text form of svec: `{index:weight,...}/dim`, indices from 1, in the grammar of docs/svec.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import inf, nan

from ._float4 import format_float4, parse_float4

_BLANKS = r"[ \t\n\r\v\f]*"
_PAIR = re.compile(
    rf"{_BLANKS}([+-]?[0-9]+){_BLANKS}:{_BLANKS}"
    r"([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|infinity|inf|nan))"
    rf"{_BLANKS}([,}}])",
    re.ASCII | re.IGNORECASE,
)
_OPEN = re.compile(rf"{_BLANKS}{{{_BLANKS}")
_END = re.compile(rf"{_BLANKS}(?:/{_BLANKS}([+-]?[0-9]+){_BLANKS})?\Z")
_WORDS = {"inf": inf, "infinity": inf, "nan": nan}


def parse(text: str) -> tuple[list[int], list[float], int | None]:
    """Indices from 0 and weights in the order of the text; the dimension."""
    begin = _OPEN.match(text)
    if begin is None:
        raise _syntax(text, 0, 'expected "{"')
    at = begin.end()
    indices: list[int] = []
    weights: list[float] = []
    is_open = not text.startswith("}", at)
    if not is_open:
        at += 1
    while is_open:
        pair = _PAIR.match(text, at)
        if pair is None:
            raise _syntax(text, at, 'expected "index:weight" followed by "," or "}"')
        indices.append(_integer(pair[1]) - 1)
        weights.append(_weight(pair[2]))
        at = pair.end()
        is_open = pair[3] == ","
    end = _END.match(text, at)
    if end is None:
        raise _syntax(text, at, 'expected "/dimension" or the end')
    return indices, weights, None if end[1] is None else _integer(end[1])


def write(indices: Iterable[int], weights: Iterable[float], dim: int | None) -> str:
    pairs = ",".join(f"{index + 1}:{format_float4(weight)}" for index, weight in zip(indices, weights, strict=True))
    return f"{{{pairs}}}" if dim is None else f"{{{pairs}}}/{dim}"


def _weight(literal: str) -> float:
    word = _WORDS.get(literal.lstrip("+-").lower())
    if word is not None:
        return word
    try:
        return parse_float4(literal)
    except OverflowError:
        raise ValueError(f"weight {literal[:40]} does not fit svec's float4") from None


def _integer(digits: str) -> int:
    # Python refuses to convert thousands of digits; no integer of a vector has more than ten.
    significant = digits.lstrip("+-").lstrip("0")
    value = int(significant or "0") if len(significant) <= 19 else 10**19
    return -value if digits.startswith("-") else value


def _syntax(text: str, at: int, problem: str) -> ValueError:
    excerpt = text if len(text) <= 60 else text[:60] + "..."
    return ValueError(f"not the text form of svec: {problem} at character {at + 1} of {excerpt!r}")
