//! PostgreSQL's bytes as the engine's values; the only place that touches a buffer.

pub mod datum;
