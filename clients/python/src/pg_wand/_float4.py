"""Weights are float4: reading them without rounding twice, and the shortest digits that read back as the same."""

from __future__ import annotations

import re
from fractions import Fraction
from math import copysign, isfinite
from struct import Struct

_FLOAT4 = Struct(">f")
_MAX = 2.0**128 - 2.0**104
_HALF_WAY_BEYOND = 2.0**128 - 2.0**103
_EXPONENT = re.compile(r"[eE][+-]?0*([0-9]*)$")


def round_to_float4(value: float) -> float:
    """The float4 next to a double; OverflowError beyond float4."""
    rounded: float = _FLOAT4.unpack(_FLOAT4.pack(value))[0]
    return rounded


def parse_float4(literal: str) -> float:
    """The float4 next to a finite decimal; OverflowError where it is too great, or so small that it becomes 0."""
    exponent = _EXPONENT.search(literal)
    mantissa = literal[: exponent.start()] if exponent else literal
    if not any(digit in mantissa for digit in "123456789"):
        return 0.0
    if exponent and len(exponent[1]) > 5:
        raise OverflowError(literal)
    double = float(literal)
    if not isfinite(double):
        raise OverflowError(literal)
    if abs(double) == _HALF_WAY_BEYOND and abs(Fraction(literal)) < _HALF_WAY_BEYOND:
        return copysign(_MAX, double)
    value = round_to_float4(double)
    # A double half-way between two float4 may itself be a rounded number: then the exact one decides.
    other = 2 * double - value
    if value != double and _is_float4(other):
        exact = Fraction(literal)
        if exact != double:
            value = max(value, other) if exact > double else min(value, other)
    if value == 0:
        raise OverflowError(literal)
    return value


def format_float4(value: float) -> str:
    """The fewest digits that read back as this float4."""
    for digits in range(6, 9):
        text = f"{value:.{digits}g}"
        if round_to_float4(float(text)) == value:
            return text
    return f"{value:.9g}"


def _is_float4(value: float) -> bool:
    try:
        return round_to_float4(value) == value
    except OverflowError:
        return False
