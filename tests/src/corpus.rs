//! Seeded vectors: learned-sparse statistics, and profiles that are unpleasant on purpose.
//!
//! Learned sparse encoders give every document some expansion terms that occur nearly everywhere (30 to 66 per cent
//! of the documents), and draw the rest from a Zipf tail; weights are `log(1 + x)`, mostly small, up to about 3.

use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt::Write;

pub const DIM: u32 = 30_522;
const HEAD_TERMS: u32 = 24;

/// What a corpus looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// About 120 non-zeros of 30,522 dimensions, as SPLADE makes them.
    Learned,
    /// Few terms and few different weights: most scores are shared by many documents.
    Ties,
    /// Every third weight is negative.
    Negative,
    /// One document in three is empty, one in ten NULL.
    Sparse,
    /// Thousands of non-zeros a document.
    Huge,
    /// Every document is the same.
    Identical,
    /// Weights from 1e-30 to 1e30.
    Extreme,
}

pub const ADVERSARIAL: [Profile; 6] =
    [Profile::Ties, Profile::Negative, Profile::Sparse, Profile::Huge, Profile::Identical, Profile::Extreme];

/// Term (from 0) to weight, ascending.
pub type Vector = BTreeMap<u32, f32>;

/// A document of the profile; `None` is NULL.
pub fn document(profile: Profile, random: &mut Random) -> Option<Vector> {
    Some(match profile {
        Profile::Learned => {
            let nnz = 60 + random.below(120);
            learned(random, nnz)
        }
        Profile::Ties => {
            let mut vector = Vector::new();
            for _ in 0..4 {
                vector.insert(random.below(12) as u32, *random.pick(&[0.5, 1.0, 2.0]));
            }
            vector
        }
        Profile::Negative => {
            let mut vector = learned(random, 40);
            for weight in vector.values_mut() {
                if random.chance(0.33) {
                    *weight = -*weight;
                }
            }
            vector
        }
        Profile::Sparse => {
            if random.chance(0.1) {
                return None;
            }
            if random.chance(0.33) { Vector::new() } else { learned(random, 8) }
        }
        Profile::Huge => learned(random, 4_000),
        Profile::Identical => learned(&mut Random::new(7), 50),
        Profile::Extreme => {
            let mut vector = learned(random, 30);
            for weight in vector.values_mut() {
                *weight *= 10f32.powi(random.below(60) as i32 - 30);
            }
            vector.retain(|_, weight| *weight != 0.0);
            vector
        }
    })
}

/// A query of the profile: fewer terms than a document, never NULL.
pub fn query(profile: Profile, random: &mut Random) -> Vector {
    match profile {
        Profile::Ties | Profile::Extreme => document(profile, random).unwrap_or_default(),
        Profile::Negative => {
            let mut vector = learned(random, 12);
            for weight in vector.values_mut() {
                if random.chance(0.5) {
                    *weight = -*weight;
                }
            }
            vector
        }
        _ => learned(random, 20),
    }
}

/// The literal form, terms counted from 1.
pub fn literal(vector: &Vector) -> String {
    let mut text = String::from("{");
    for (at, (term, weight)) in vector.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(text, "{comma}{}:{weight}", term + 1).expect("writing to a string");
    }
    write!(text, "}}/{DIM}").expect("writing to a string");
    text
}

/// Head terms by their document frequency, then a Zipf tail, until there are `nnz` terms.
fn learned(random: &mut Random, nnz: usize) -> Vector {
    let mut vector = Vector::new();
    for term in 0..HEAD_TERMS {
        let frequency = 0.66 - 0.36 * f64::from(term) / f64::from(HEAD_TERMS);
        if vector.len() < nnz && random.chance(frequency) {
            vector.insert(1_000 + 7 * term, weight(random));
        }
    }
    while vector.len() < nnz {
        let rank = (f64::from(DIM).powf(random.unit()) - 1.0) as u32;
        // Spread the ranks over the dictionary: frequent terms are not neighbours.
        vector.insert((u64::from(rank) * 7_919 % u64::from(DIM)) as u32, weight(random));
    }
    vector
}

/// Log-shaped, a multiple of 0.001, in (0, 3.3).
fn weight(random: &mut Random) -> f32 {
    let activation = -2.5 * (1.0 - random.unit()).ln();
    let milli = (1_000.0 * (1.0 + activation).ln()).round().clamp(1.0, 3_300.0);
    // Through text, so that the value is the float that its three decimals name.
    format!("{:.3}", milli / 1_000.0).parse().expect("a number")
}
