"""Learned sparse retrieval in PostgreSQL from Python: values of the type svec, and what goes with the index wand."""

from .arrays import from_matrix, to_scipy
from .vector import MAX_DIM, MAX_NNZ, SparseVector

__version__ = "0.2.0"

__all__ = ["MAX_DIM", "MAX_NNZ", "SparseVector", "__version__", "from_matrix", "to_scipy"]
