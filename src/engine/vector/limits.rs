//! The limits of a sparse vector, each with its reason.

/// Greatest number of dimensions: the datum and the wire hold it as an int4.
pub const MAX_DIM: u32 = 0x7fff_ffff;

/// Greatest term id, counted from 0: counted from 1, as the text form does, it must fit an int4 too.
pub const MAX_INDEX: u32 = MAX_DIM - 1;

/// Bytes before the elements in the datum: varlena header, dim, nnz, flags.
pub const DATUM_HEADER_BYTES: usize = 16;

/// Bytes of one non-zero, in the datum and on the wire.
pub const ELEMENT_BYTES: usize = 8;

/// PostgreSQL allocates at most 1 GB - 1 for one value (its MaxAllocSize).
pub const MAX_VALUE_BYTES: usize = 0x3fff_ffff;

/// Greatest number of non-zeros: no cap of our own, only what fits in one datum.
pub const MAX_NNZ: usize = (MAX_VALUE_BYTES - DATUM_HEADER_BYTES) / ELEMENT_BYTES;

/// How much of a refused literal an error repeats.
pub const EXCERPT_BYTES: usize = 64;

/// Greatest number of dimensions of pgvector's `sparsevec` (`SPARSEVEC_MAX_DIM` of its source) ...
pub const SPARSEVEC_MAX_DIM: u32 = 1_000_000_000;

/// ... and of its non-zeros (`SPARSEVEC_MAX_NNZ`).
pub const SPARSEVEC_MAX_NNZ: usize = 16_000;
