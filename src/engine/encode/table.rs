//! The weights of an encoder's tokens.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::error::{EncodeError, Result};
use super::tokenizer::Tokenizer;
use crate::engine::memory::json_bytes;
use crate::engine::vector::build::VectorBuilder;
use crate::engine::vector::check::with_room;
use crate::engine::vector::error::{Numbering, Place};
use crate::engine::vector::{SparseVector, SparseVectorRef};

/// Reads a JSON object from tokens, as the vocabulary writes them, to numbers. Tokens without a weight get none; a
/// token that the tokenizer does not know is refused, for the table is another tokenizer's then.
pub fn from_json(json: &str, tokenizer: &Tokenizer, dim: u32, interrupts: &mut dyn FnMut()) -> Result<SparseVector> {
    let Pairs(pairs) = with_room(json_bytes(json), || serde_json::from_str(json))?
        .map_err(|error| bad(format!("The weights are not a JSON object: {error}")))?;
    let mut builder = VectorBuilder::new(Numbering::TokenFromZero, interrupts);
    let bytes = pairs.len().saturating_mul(16);
    let mut seen = with_room(bytes, || HashSet::with_capacity(pairs.len()))?;
    for (token, weight) in pairs {
        let Some(id) = tokenizer.id_of(&token) else {
            return Err(bad(format!("The tokenizer has no token \"{}\"", shown(&token))));
        };
        if !seen.insert(id) {
            return Err(bad(format!("The token \"{}\" occurs more than once", shown(&token))));
        }
        #[expect(clippy::cast_possible_truncation, reason = "rounding; too great becomes infinite, which is refused")]
        builder.push(i64::from(id), weight as f32, Place::Term(id))?;
    }
    Ok(builder.finish(dim)?)
}

/// Takes a vector of weights: as many dimensions as the encoder's vectors, or unbounded.
pub fn from_vector(weights: SparseVectorRef<'_>, dim: u32) -> Result<SparseVector> {
    Ok(weights.copied()?.into_dim(dim)?)
}

fn bad(problem: String) -> EncodeError {
    EncodeError::BadWeights { problem }
}

/// A token for a message.
fn shown(token: &str) -> String {
    crate::engine::vector::error::excerpt(token.as_bytes())
}

/// The members of an object, in order.
struct Pairs(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object from tokens to numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((token, weight)) = map.next_entry::<String, f64>()? {
                    pairs.push((token, weight));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
