//! Every algorithm of pg_wand, without PostgreSQL: no pages, no clock, no I/O, no global state.

pub mod vector;
