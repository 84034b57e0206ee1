//! The formulas of `engine::weights` for SQL: `sql/install/80_weights.sql`.

mod activations;
mod feedback;
mod folding;
mod idf;
mod measures;
mod pruning;
mod quantisation;
mod turns;
