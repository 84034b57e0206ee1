//! Fusion against naive formulas.

mod chosen;
