//! The formulas of learned sparse retrieval: from logits to weights, what is kept of them, what they cost.
//!
//! All arithmetic is float8 with one rounding to float4 at the end, and what rounds to 0 is dropped. Inputs pass the
//! named checks of [`super::vector::check`]. Sources and formulas, for users: docs/weights.md.
//!
//! [`activation`] turns logits into weights; [`fold`] joins terms (duplicates, words); [`turns`] joins the turns of a
//! conversation; [`feedback`] expands a query by documents; [`prune`] keeps the terms that matter; [`quantise`] rounds
//! weights to levels; [`idf`] weighs by rarity; [`measures`] tells what vectors cost.

pub mod activation;
pub mod feedback;
pub mod fold;
pub mod idf;
pub mod measures;
pub mod prune;
pub mod quantise;
mod terms;
pub mod turns;

#[cfg(test)]
mod tests;
