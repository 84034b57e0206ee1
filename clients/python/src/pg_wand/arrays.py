"""Matrices of numpy, scipy and torch to vectors and back, a row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .vector import SparseVector

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_array


def from_matrix(matrix: Any, *, with_dim: bool = True) -> list[SparseVector]:
    """One vector for each row of what an encoder gives: a torch tensor, a scipy sparse or a numpy array, or vectors.

    `with_dim` False leaves the dimension open.
    """
    if isinstance(matrix, SparseVector):
        return [matrix]
    if isinstance(matrix, (list, tuple)) and all(isinstance(row, SparseVector) for row in matrix):
        return list(matrix)
    if isinstance(matrix, (list, tuple)) and matrix and not isinstance(matrix[0], (int, float)):
        # Encoders give lists of rows where they are not asked to stack them.
        return [vector for row in matrix for vector in from_matrix(row, with_dim=with_dim)]
    if hasattr(matrix, "layout") and hasattr(matrix, "detach"):
        return from_torch(matrix, with_dim)
    if hasattr(matrix, "tocsr"):
        return from_scipy(matrix, with_dim)
    return from_numpy(matrix, with_dim)


def to_scipy(vectors: Sequence[SparseVector], dim: int | None = None) -> csr_array[np.float32]:
    """A sparse matrix with a row for each vector."""
    import numpy as np
    from scipy.sparse import csr_array

    width = dim or _common_dim(vectors)
    indptr = np.cumsum([0, *(vector.nnz for vector in vectors)])
    indices = np.fromiter((term for vector in vectors for term in vector.indices), np.int32, int(indptr[-1]))
    data = np.fromiter((weight for vector in vectors for weight in vector.values), np.float32, int(indptr[-1]))
    return csr_array((data, indices, indptr), shape=(len(vectors), width))


def to_numpy(vector: SparseVector) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    import numpy as np

    dense = np.zeros(_common_dim([vector]), np.float32)
    dense[list(vector.indices)] = vector.values
    return dense


def from_numpy(dense: Any, with_dim: bool) -> list[SparseVector]:
    import numpy as np

    matrix = np.asarray(dense)
    if matrix.ndim not in (1, 2):
        raise ValueError(f"svec needs an array of one or two dimensions, not {matrix.ndim}")
    rows = np.atleast_2d(matrix)
    dim = rows.shape[1] if with_dim else None
    vectors = []
    for row in rows:
        terms = np.flatnonzero(row)
        vectors.append(SparseVector(terms.tolist(), row[terms].tolist(), dim))
    return vectors


def from_scipy(matrix: Any, with_dim: bool) -> list[SparseVector]:
    if matrix.ndim == 1:
        matrix = matrix.reshape(1, -1)
    rows = matrix.tocsr(copy=True)
    # To scipy a place that is listed twice holds the sum.
    rows.sum_duplicates()
    ends, dim = rows.indptr.tolist(), int(rows.shape[1]) if with_dim else None
    return [
        SparseVector(rows.indices[begin:end].tolist(), rows.data[begin:end].tolist(), dim)
        for begin, end in pairwise(ends)
    ]


def from_torch(tensor: Any, with_dim: bool) -> list[SparseVector]:
    """Asks the tensor alone, so that torch need not be imported here."""
    tensor = tensor.detach().cpu()
    layout = str(tensor.layout)
    if layout == "torch.strided":
        # A dense tensor of numpy's kinds; bfloat16 is none of them.
        return from_numpy(tensor.float().numpy(), with_dim)
    if layout != "torch.sparse_coo":
        tensor = tensor.to_sparse_coo()
    shape = [int(size) for size in tensor.shape]
    if len(shape) not in (1, 2):
        raise ValueError(f"svec needs a tensor of one or two dimensions, not {len(shape)}")
    tensor = tensor.coalesce()
    places: list[list[int]] = tensor.indices().tolist()
    weights: list[float] = tensor.values().float().tolist()
    n_rows, dim = (shape[0] if len(shape) == 2 else 1), shape[-1] if with_dim else None
    rows: list[tuple[list[int], list[float]]] = [([], []) for _ in range(n_rows)]
    row_of: Iterable[int] = places[0] if len(shape) == 2 else [0] * len(weights)
    for row, term, weight in zip(row_of, places[-1], weights, strict=True):
        rows[row][0].append(term)
        rows[row][1].append(weight)
    return [SparseVector(terms, values, dim) for terms, values in rows]


def only_row(vectors: list[SparseVector], what: str) -> SparseVector:
    if len(vectors) != 1:
        raise ValueError(f"one vector needs a {what} of one row, not {len(vectors)}; from_matrix makes a list of them")
    return vectors[0]


def _common_dim(vectors: Sequence[SparseVector]) -> int:
    dims = {vector.dim for vector in vectors}
    dim = dims.pop() if len(dims) == 1 else None
    if dim is None:
        raise ValueError("an array needs one dimension for all vectors: give it, or make them with dim=")
    return dim
