"""Tensors: torch's own where it is installed, and always a small stand-in that answers as a tensor does."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from pg_wand import SparseVector, from_matrix

DENSE = np.array([[0, 0.5, 0, -1.25], [0, 0, 0, 0], [2, 0, 0, 3]], np.float32)
EXPECTED = [SparseVector([1, 3], [0.5, -1.25], 4), SparseVector([], [], 4), SparseVector([0, 3], [2, 3], 4)]


class StandIn:
    """A tensor as far as we ask one: dense, or sparse COO, perhaps not coalesced."""

    def __init__(self, array: Any, layout: str = "torch.strided", places: Any = None, shape: Any = None) -> None:
        self.array = np.asarray(array)
        self.layout = layout
        self.places = places
        self.shape = self.array.shape if shape is None else shape

    def detach(self) -> StandIn:
        return self

    cpu = float = detach

    def numpy(self) -> Any:
        return self.array

    def tolist(self) -> Any:
        return self.array.tolist()

    def to_sparse_coo(self) -> StandIn:
        assert self.layout == "torch.sparse_csr"
        return sparse_stand_in(self.array)

    def coalesce(self) -> StandIn:
        assert self.layout == "torch.sparse_coo"
        sums: dict[tuple[int, ...], float] = {}
        for place, value in zip(zip(*self.places, strict=True), self.array.tolist(), strict=True):
            sums[place] = sums.get(place, 0.0) + value
        places = list(zip(*sorted(sums), strict=True)) if sums else [[] for _ in self.shape]
        values = [sums[place] for place in sorted(sums)]
        return StandIn(values, self.layout, [list(axis) for axis in places], self.shape)

    def indices(self) -> StandIn:
        return StandIn(self.places)

    def values(self) -> StandIn:
        return StandIn(self.array)


def sparse_stand_in(dense: Any) -> StandIn:
    places = [axis.tolist() for axis in np.nonzero(dense)]
    return StandIn(dense[np.nonzero(dense)], "torch.sparse_coo", places, dense.shape)


def test_stand_in_for_a_tensor() -> None:
    assert from_matrix(StandIn(DENSE)) == EXPECTED
    assert from_matrix(sparse_stand_in(DENSE)) == EXPECTED
    assert from_matrix(StandIn(DENSE, "torch.sparse_csr")) == EXPECTED
    assert from_matrix([sparse_stand_in(row) for row in DENSE]) == EXPECTED
    assert SparseVector.from_torch(StandIn(DENSE[0])) == EXPECTED[0]
    twice = StandIn([1.0, 2.0, 4.0], "torch.sparse_coo", [[3, 3, 1]], (5,))
    assert SparseVector.from_torch(twice) == SparseVector([1, 3], [4, 3], 5)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_tensor() -> None:
    import torch

    tensor = torch.tensor(DENSE)
    for form in (tensor, tensor.to_sparse(), tensor.to_sparse_csr(), tensor.bfloat16(), tensor.bfloat16().to_sparse()):
        assert from_matrix(form) == EXPECTED
    assert SparseVector.from_torch(tensor[0]) == SparseVector.from_torch(tensor[0].to_sparse()) == EXPECTED[0]
    twice = torch.sparse_coo_tensor([[3, 3, 1]], [1.0, 2.0, 4.0], (5,))
    assert SparseVector.from_torch(twice) == SparseVector([1, 3], [4, 3], 5)
