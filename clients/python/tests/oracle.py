"""Collections by chance, and the plain way to search them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_matrix(n_rows: int, dim: int, density: float, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    weights = rng.exponential(1.0, (n_rows, dim)) * (rng.random((n_rows, dim)) < density)
    return weights.astype(np.float32)


def brute_force(corpus: NDArray[np.float32], query: NDArray[np.float32], top_k: int) -> list[tuple[int, float]]:
    """The best rows that share a term with the query, and their scores."""
    scores = corpus.astype(np.float64) @ query.astype(np.float64)
    sharing = ((corpus != 0) & (query != 0)).any(axis=1)
    order = [int(row) for row in np.argsort(-scores, kind="stable") if sharing[row]]
    return [(row, float(scores[row])) for row in order[:top_k]]
