//! An `svec` datum as the engine's [`SparseVectorRef`].
