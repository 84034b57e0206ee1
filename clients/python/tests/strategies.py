"""Vectors and literals by chance."""

from __future__ import annotations

from hypothesis import strategies as st

from pg_wand import MAX_DIM, SparseVector

weights = st.floats(width=32, allow_nan=False, allow_infinity=False)
terms = st.one_of(st.integers(0, 20), st.integers(0, 30521), st.integers(0, MAX_DIM - 1))


@st.composite
def vectors(draw: st.DrawFn) -> SparseVector:
    pairs = draw(st.dictionaries(terms, weights, max_size=12))
    least = max(pairs, default=0) + 1
    dim = draw(st.one_of(st.none(), st.integers(least, MAX_DIM)))
    return SparseVector.from_dict(pairs, dim)


blanks = st.sampled_from(["", "", "", " ", "\t", "\n ", "\v\f\r", "\xa0"])
integers = st.one_of(
    st.integers(-1, 12).map(str),
    st.integers(MAX_DIM - 1, MAX_DIM + 2).map(str),
    st.sampled_from(["+3", "007", "-0", "", "1.0", "1_0", "99999999999999999999", "0" * 5000 + "4", "\u0661"]),
)
numbers = st.one_of(
    st.floats(width=32).map(str),
    st.floats().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["0", "-0.0", "1e-46", "7e-46", "3.5e38", "3.4028235e38", "0e9999999", "1e999999", "1e0000001"]),
    st.sampled_from(["0x1p3", "infinity", "+INF", "-nan", "1_0", ".", "1.", ".5", "1e", "1.00000005960464477540"]),
)


@st.composite
def literals(draw: st.DrawFn) -> str:
    """Texts that are nearly the text form, and often are it."""

    def blank() -> str:
        return draw(blanks)

    pairs = draw(st.lists(st.tuples(integers, numbers), max_size=4))
    body = ",".join(f"{blank()}{i}{blank()}:{blank()}{number}{blank()}" for i, number in pairs)
    dim = draw(st.one_of(st.just(""), integers.map(lambda text: f"{blank()}/{blank()}{text}")))
    text = f"{blank()}{{{body or blank()}}}{dim}{blank()}"
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", ",", "{", "}", "/", ":", "x", "1"])) + text[at + 1 :]
    return text
