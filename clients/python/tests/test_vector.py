"""SparseVector is what the server says a value is: what one takes or refuses, the other does, with the same bits."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from psycopg.types.string import BytesBinaryDumper
from scipy import sparse
from strategies import literals, vectors

from pg_wand import MAX_DIM, SparseVector, from_matrix, to_scipy

LITERALS = int(os.environ.get("PYTHON_LITERALS", "300"))
VECTORS = int(os.environ.get("PYTHON_VECTORS", "100"))


@settings(max_examples=VECTORS)
@given(vector=vectors())
def test_server_reads_text_and_binary_as_the_same_value(conn: psycopg.Connection[Any], vector: SparseVector) -> None:
    query = "SELECT svec_send(%t::text::svec), %b::svec::text"
    binary, text = conn.execute(query, [vector.to_text(), vector]).fetchone() or ()
    assert binary == vector.to_binary()
    assert SparseVector.from_text(text) == SparseVector.from_binary(binary) == vector
    assert hash(SparseVector.from_text(text)) == hash(vector)


@settings(max_examples=LITERALS)
@given(literal=literals())
def test_literals_are_read_as_the_server_reads_them(conn: psycopg.Connection[Any], literal: str) -> None:
    check_literal(conn, literal)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    "weight",
    [
        # Half-way between two float4, and so near to it that a double cannot tell.
        "1.000000059604644775390625",
        "1.00000005960464477539",
        "1.00000005960464477540",
        "1.00000017881393432617",
        "1.00000017881393432618",
        # The same below the least denormal and beyond the greatest.
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "3.4028235677973366e38",
        "3.40282356779733661637539395458142568448e38",
        # Exponents of more than five digits.
        "0e9999999",
        "1e0000001",
        f"0.{'0' * 99_999}1e100000",
    ],
)
def test_weights_at_the_edges_are_read_as_the_server_reads_them(
    conn: psycopg.Connection[Any], sign: str, weight: str
) -> None:
    check_literal(conn, f"{{1:{sign}{weight}}}")


def check_literal(conn: psycopg.Connection[Any], literal: str) -> None:
    try:
        (expected,) = conn.execute("SELECT svec_send(%t::text::svec)", [literal]).fetchone() or ()
    except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded):
        with pytest.raises(ValueError, match=r"svec|weight"):
            SparseVector.from_text(literal)
    else:
        assert SparseVector.from_text(literal).to_binary() == expected


@pytest.mark.parametrize(
    "data",
    [b"", bytes(11), bytes(13), b"\0\0\0\1\0\0\0\0\0\0\0\1", b"\xff\xff\xff\xff" + bytes(8)]
    + [
        SparseVector([1, 2], [1, 2], 3).to_binary().replace(old, new)
        for old, new in [
            (b"\0\0\0\1\0\0\0\2", b"\0\0\0\2\0\0\0\1"),  # descending
            (b"\0\0\0\1\0\0\0\2", b"\0\0\0\2\0\0\0\2"),  # twice
            (b"\0\0\0\1\0\0\0\2", b"\0\0\0\1\0\0\0\3"),  # beyond the dimension
            (b"\x3f\x80\0\0", b"\0\0\0\0"),  # zero
            (b"\x3f\x80\0\0", b"\x7f\x80\0\0"),  # infinite
            (b"\x3f\x80\0\0", b"\x7f\xc0\0\0"),  # NaN
        ]
    ],
)
def test_binary_that_the_server_refuses_is_refused(conn: psycopg.Connection[Any], data: bytes) -> None:
    with pytest.raises(ValueError, match="svec"):
        SparseVector.from_binary(data)
    conn.adapters.register_dumper(bytes, type("Raw", (BytesBinaryDumper,), {"oid": conn.adapters.types["svec"].oid}))
    with pytest.raises(psycopg.DataError):
        conn.execute("SELECT %b", [data])


def test_indices_count_from_0_and_come_in_any_order() -> None:
    vector = SparseVector.from_token_ids([7591, 5, 2420], [0.4, 0, 1.8], 30522)
    assert vector.indices == (2420, 7591)
    assert vector.values == (np.float32(1.8), np.float32(0.4))
    assert vector.to_text() == "{2421:1.8,7592:0.4}/30522"
    assert repr(vector) == "SparseVector.from_text('{2421:1.8,7592:0.4}/30522')"
    assert vector.to_dict() == dict(vector) == {2420: np.float32(1.8), 7591: np.float32(0.4)}
    assert pickle.loads(pickle.dumps(vector)) == vector  # noqa: S301
    assert vector != SparseVector(vector.indices, vector.values)
    assert vector != "{}"


@pytest.mark.parametrize(
    ("indices", "values", "dim", "words"),
    [
        ([1], [float("nan")], None, "finite"),
        ([1], [float("inf")], None, "finite"),
        ([1], [1e39], None, "does not fit"),
        ([1], [1e-50], None, "too small"),
        ([1, 1], [1, 2], None, "more than once"),
        ([-1], [1], None, "negative"),
        ([3], [1], 3, "beyond dimension 3"),
        ([MAX_DIM], [1], None, "beyond dimension"),
        ([], [], 0, "not 0"),
        ([], [], MAX_DIM + 1, "dimensions"),
        ([1], [], None, "0 values, 1 indices"),
    ],
)
def test_refuses_in_words(indices: list[int], values: list[float], dim: int | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SparseVector(indices, values, dim)


def test_zero_is_dropped_before_its_index_is_looked_at() -> None:
    assert SparseVector([-5, 1, 1], [0, 0.0, 2], 2) == SparseVector([1], [2], 2)
    assert SparseVector.from_text("{0:0,2:2,9:-0}/2") == SparseVector([1], [2], 2)


def test_numpy_scipy_and_back() -> None:
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(20, 50)) * (rng.random((20, 50)) < 0.2)
    rows = from_matrix(dense)
    assert rows == [SparseVector.from_numpy(row) for row in dense]
    for kind in (sparse.csr_array, sparse.coo_array, sparse.csr_matrix, sparse.coo_matrix, sparse.csc_array):
        assert from_matrix(kind(dense)) == rows
        assert SparseVector.from_scipy(kind(dense[:1])) == rows[0]
    assert SparseVector.from_scipy(sparse.coo_array(dense[3])) == rows[3]
    np.testing.assert_array_equal(to_scipy(rows).toarray(), dense.astype(np.float32))
    np.testing.assert_array_equal(rows[3].to_numpy(), dense[3].astype(np.float32))
    np.testing.assert_array_equal(rows[3].to_scipy().toarray()[0], rows[3].to_numpy())
    assert from_matrix(dense, with_dim=False)[0].dim is None
    assert from_matrix(rows) == rows
    assert from_matrix(list(dense)) == rows


def test_scipy_adds_what_is_listed_twice() -> None:
    twice = sparse.coo_array(([1.0, 2.0, 4.0], ([0, 0, 0], [3, 3, 1])), shape=(1, 5))
    assert SparseVector.from_scipy(twice) == SparseVector([1, 3], [4, 3], 5)
    rows = sparse.csr_array(([1.0, 2.0, 4.0], [3, 3, 1], [0, 3]), shape=(1, 5))
    assert SparseVector.from_scipy(rows) == SparseVector([1, 3], [4, 3], 5)
    assert rows.nnz == 3, "the caller's matrix stays as it is"


def test_array_of_several_rows_is_not_one_vector() -> None:
    with pytest.raises(ValueError, match="from_matrix"):
        SparseVector.from_numpy(np.eye(2))
    with pytest.raises(ValueError, match="dimension"):
        SparseVector([1], [1]).to_numpy()
