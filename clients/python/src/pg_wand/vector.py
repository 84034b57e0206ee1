"""The value of an svec in Python."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, pairwise
from math import isfinite
from operator import index as to_int
from operator import lt
from typing import TYPE_CHECKING, Any

from . import _text

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_array

MAX_DIM = 2**31 - 1
"""Greatest dimension; indices, which count from 0 here, end one below it."""
MAX_NNZ = 134_217_725
"""Most weights of one vector: a value of PostgreSQL must fit in 1 GB."""


class SparseVector:
    """Weights of a few terms out of many; immutable.

    Indices count from 0, as token ids do: term 0 is index 1 of the text form `{1:0.5}/30522`. They may be given in any
    order; weights are rounded to float4, zeros are dropped. `dim` None is a vector that fits any dimension.

    >>> SparseVector([7591, 2420], [0.4, 1.8], 30522)
    SparseVector.from_text('{2421:1.8,7592:0.4}/30522')
    """

    __slots__ = ("_dim", "_indices", "_values")

    _indices: tuple[int, ...]
    _values: tuple[float, ...]
    _dim: int | None

    def __init__(self, indices: Iterable[int], values: Iterable[float], dim: int | None = None) -> None:
        terms = [to_int(term) for term in indices]
        given = [float(value) for value in values]
        if len(terms) != len(given):
            raise ValueError(f"an svec needs as many values as indices: {len(given)} values, {len(terms)} indices")
        weights: list[float] = array("f", given).tolist()
        if not all(map(isfinite, weights)):
            raise _not_finite(given, weights)
        if 0.0 in weights:
            _refuse_underflow(given, weights)
            terms = [term for term, weight in zip(terms, weights, strict=True) if weight != 0]
            weights = [weight for weight in weights if weight != 0]
        if not _is_ascending(terms):
            order = sorted(range(len(terms)), key=terms.__getitem__)
            terms = [terms[place] for place in order]
            weights = [weights[place] for place in order]
        _check(terms, dim)
        self._indices, self._values, self._dim = tuple(terms), tuple(weights), dim

    @classmethod
    def from_token_ids(cls, token_ids: Iterable[int], weights: Iterable[float], dim: int | None = None) -> SparseVector:
        """From token ids, which count from 0, and their weights."""
        return cls(token_ids, weights, dim)

    @classmethod
    def from_dict(cls, weights: Mapping[int, float], dim: int | None = None) -> SparseVector:
        """From weights by index, counted from 0."""
        return cls(weights.keys(), weights.values(), dim)

    @classmethod
    def from_text(cls, text: str) -> SparseVector:
        """From the text form, `{index:weight,...}/dim`, whose indices count from 1; `/dim` may be missing."""
        return cls(*_text.parse(text))

    @classmethod
    def from_binary(cls, data: bytes | bytearray | memoryview) -> SparseVector:
        """From the form that svec_send gives."""
        try:
            dim, nnz, flags = struct.unpack_from(">iii", data)
        except struct.error:
            raise ValueError("not the binary form of svec: it has at least 12 bytes") from None
        if dim < 0 or nnz < 0 or flags != 0 or len(data) != 12 + 8 * nnz:
            raise ValueError(
                f"not the binary form of svec: dim {dim}, nnz {nnz}, flags {flags} in {len(data)} bytes; "
                "it has 12 + 8 nnz bytes, no negative number and flags 0"
            )
        terms = struct.unpack_from(f">{nnz}i", data, 12)
        weights = struct.unpack_from(f">{nnz}f", data, 12 + 4 * nnz)
        if not _is_ascending(terms):
            raise ValueError("not the binary form of svec: indices must ascend")
        vector = cls(terms, weights, dim or None)
        if vector.nnz != nnz:
            raise ValueError("not the binary form of svec: it cannot contain zeros")
        return vector

    @classmethod
    def from_numpy(cls, dense: Any, *, with_dim: bool = True) -> SparseVector:
        """From a dense one-dimensional array; its length is the dimension."""
        from . import arrays

        return arrays.only_row(arrays.from_numpy(dense, with_dim), "numpy array")

    @classmethod
    def from_scipy(cls, row: Any, *, with_dim: bool = True) -> SparseVector:
        """From a scipy sparse array or matrix of one row, or of one dimension."""
        from . import arrays

        return arrays.only_row(arrays.from_scipy(row, with_dim), "scipy array")

    @classmethod
    def from_torch(cls, tensor: Any, *, with_dim: bool = True) -> SparseVector:
        """From a torch tensor of one dimension, or of one row: dense, sparse COO or CSR."""
        from . import arrays

        return arrays.only_row(arrays.from_torch(tensor, with_dim), "tensor")

    @property
    def indices(self) -> tuple[int, ...]:
        """The terms that have a weight, ascending, from 0."""
        return self._indices

    @property
    def values(self) -> tuple[float, ...]:
        """The weights of `indices`."""
        return self._values

    @property
    def dim(self) -> int | None:
        """The dimension; None fits any."""
        return self._dim

    @property
    def nnz(self) -> int:
        """How many terms have a weight."""
        return len(self._indices)

    def to_dict(self) -> dict[int, float]:
        """Weights by index, counted from 0."""
        return dict(zip(self._indices, self._values, strict=True))

    def to_text(self) -> str:
        """The text form: indices count from 1."""
        return _text.write(self._indices, self._values, self._dim)

    def to_binary(self) -> bytes:
        """The form that svec_recv reads."""
        nnz = len(self._indices)
        return struct.pack(f">iii{nnz}i{nnz}f", self._dim or 0, nnz, 0, *self._indices, *self._values)

    def to_numpy(self) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """A dense array of float32."""
        from . import arrays

        return arrays.to_numpy(self)

    def to_scipy(self) -> csr_array[np.float32]:
        """A sparse array of one row."""
        from . import arrays

        return arrays.to_scipy([self])

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self._indices, self._values, strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparseVector):
            return NotImplemented
        return self._dim == other._dim and self._indices == other._indices and self._values == other._values

    def __hash__(self) -> int:
        return hash((self._dim, self._indices, self._values))

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseVector, (self._indices, self._values, self._dim)

    def __repr__(self) -> str:
        return f"SparseVector.from_text({self.to_text()!r})"


def _is_ascending(terms: list[int] | tuple[int, ...]) -> bool:
    return all(map(lt, terms, islice(terms, 1, None)))


def _check(terms: list[int], dim: int | None) -> None:
    """What the server checks of terms in order."""
    if dim is not None and not 1 <= dim <= MAX_DIM:
        raise ValueError(f"an svec has 1 to {MAX_DIM} dimensions, not {dim}; None leaves them open")
    if len(terms) > MAX_NNZ:
        raise ValueError(f"an svec has at most {MAX_NNZ} weights, not {len(terms)}")
    if terms and terms[0] < 0:
        raise ValueError(f"svec indices must not be negative: {terms[0]} (they count from 0)")
    limit = dim or MAX_DIM
    if terms and terms[-1] >= limit:
        raise ValueError(f"svec index {terms[-1]} is beyond dimension {limit} (indices count from 0)")
    for previous, term in pairwise(terms):
        if previous == term:
            raise ValueError(f"svec index {term} occurs more than once")


def _not_finite(given: list[float], weights: list[float]) -> ValueError:
    value = next(value for value, weight in zip(given, weights, strict=True) if not isfinite(weight))
    if isfinite(value):
        return ValueError(f"weight {value} does not fit svec's float4")
    return ValueError(f"weights of an svec must be finite, not {value}")


def _refuse_underflow(given: list[float], weights: list[float]) -> None:
    for value, weight in zip(given, weights, strict=True):
        if weight == 0 and value != 0:
            raise ValueError(f"weight {value} is too small for svec's float4")
