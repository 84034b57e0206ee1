//! What the check gathers to compare a segment with the rows of its table.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::format::Sign;
use super::norms::Norm;
use super::special::SpecialDocs;
use crate::engine::codec::impact;
use crate::engine::error::{Result, filled, reserve};
use crate::engine::ids::Metric;
use crate::engine::search::norm::{Normalised, divide_outward, standing};
use crate::engine::vector::SparseVectorRef;

/// A sum over each document's postings, to be compared with the sum over the vector in the heap: says whether every
/// document is indexed with the right weights without holding the vectors.
pub struct DocumentSums {
    sums: Vec<u64>,
    /// Of each document, if they have any.
    norms: Vec<Norm>,
    pub(super) exponents: HashMap<u32, i16>,
    pub(super) special: SpecialDocs,
    pub(super) killed: RoaringBitmap,
}

impl DocumentSums {
    /// For a segment of `n_docs` documents.
    pub fn new(n_docs: u32) -> Result<Self> {
        let sums = filled(n_docs as usize, 0, "check sums")?;
        let (special, killed) = (SpecialDocs::default(), RoaringBitmap::new());
        Ok(Self { sums, norms: Vec::new(), exponents: HashMap::new(), special, killed })
    }

    /// Whether scans pass over `doc` as dead to everybody: no row that somebody sees may be.
    pub fn is_killed(&self, doc: u32) -> bool {
        self.killed.contains(doc)
    }

    pub(super) fn add_norm(&mut self, norm: Norm) -> Result<()> {
        reserve(&mut self.norms, 1, "check sums")?;
        self.norms.push(norm);
        Ok(())
    }

    pub(super) fn add(&mut self, doc: u32, term: u32, sign: Sign, level: u8) {
        if let Some(sum) = self.sums.get_mut(doc as usize) {
            *sum = sum.wrapping_add(mix(term, sign, level));
        }
    }

    /// Whether `doc` is indexed as `vector` must be.
    pub fn matches(&self, doc: u32, metric: Metric, vector: Option<SparseVectorRef<'_>>) -> bool {
        let (mut expected, mut norm) = (0u64, Norm::NONE);
        let standing = vector.map(|vector| (vector, standing(metric, vector)));
        let special = match standing {
            None => [true, false, false],
            Some((_, Normalised::ZeroNorm)) => [false, true, false],
            Some((_, Normalised::Irregular)) => [false, false, true],
            Some((_, Normalised::Regular(_))) => [false, false, false],
        };
        let SpecialDocs { null, zero_norm, irregular } = &self.special;
        if [null, zero_norm, irregular].map(|set| set.contains(doc)) != special {
            return false;
        }
        if let Some((vector, Normalised::Regular(length))) = standing {
            norm = Norm::of(vector);
            for (term, weight) in vector.iter() {
                let weight = divide_outward(weight, length);
                let Some(&exponent) = self.exponents.get(&term) else { return false };
                if impact::exponent_for(weight.abs()) > exponent {
                    return false;
                }
                let sign = if weight > 0.0 { Sign::Positive } else { Sign::Negative };
                expected = expected.wrapping_add(mix(term, sign, impact::quantise(weight.abs(), exponent)));
            }
        }
        let same_norm = metric != Metric::L2 || self.norms.get(doc as usize) == Some(&norm);
        same_norm && self.sums.get(doc as usize) == Some(&expected)
    }
}

/// Spreads a posting over 64 bits (the finaliser of SplitMix64).
fn mix(term: u32, sign: Sign, level: u8) -> u64 {
    let mut x = u64::from(term) << 9 | (sign.index() as u64) << 8 | u64::from(level);
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
