//! What must hold of any bytes that come through a door of the engine. The engine's own tests try them with mutations
//! of good values, and the programs in `fuzz` with what they find by coverage: this folder belongs to both, and uses
//! nothing of the engine that is not public.
//!
//! A target takes bytes and says whether they were accepted; it panics if a promise is broken.

pub mod damage;
pub mod image;
pub mod made;
pub mod readers;
pub mod rows;
pub mod svec;
pub mod words;

/// A target of the fuzzer, by the name of its folder in `fuzz/corpus`.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Takes any bytes; whether they were accepted.
    pub run: fn(&[u8]) -> bool,
}

/// All targets.
pub const ALL: [Target; 6] = [
    Target { name: "svec_text", run: svec::text },
    Target { name: "svec_binary", run: svec::binary },
    Target { name: "segment", run: damage::segment },
    Target { name: "filter", run: damage::filter },
    Target { name: "pending", run: rows::pending },
    Target { name: "tokenizer", run: words::tokenizer },
];

/// Whether words are looked at, which takes longer than to parse most input: of one input in eight, by its bytes.
fn is_sampled(input: &[u8]) -> bool {
    input.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)).is_multiple_of(8)
}
