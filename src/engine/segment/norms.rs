//! Half the squared length of every document, for the Euclidean distance: `|q - d|^2 = |q|^2 + 2 (|d|^2 / 2 - q d)`.
//!
//! Four bytes a document, a float4 rounded down: what is stored is never above the truth. Documents without a regular
//! score have the greatest number there is, which makes no bound look better than it must.

use serde::{Deserialize, Serialize};

use super::page_writer::PageWriter;
use super::pages::{PAYLOAD, Part, PartPages, PartSink, corrupt};
use super::reader::SegmentReader;
use super::source::EachNorm;
use crate::engine::error::{Result, reserved};
use crate::engine::vector::SparseVectorRef;

/// Norms on a page: a whole number of blocks, and a range's norms fill a whole number of pages.
pub const NORMS_PER_PAGE: u32 = (PAYLOAD / Norm::BYTES) as u32;

/// Of the documents that have a length this part is within [`NormRange::usual`]: all but one in 16.
const USUAL_ONE_IN: u64 = 16;
/// How many times greater than theirs norms may be and still count as usual: a power of two, and up to twice that, for
/// they are counted by exponents.
const USUAL_FACTOR_LOG: u32 = 2;
/// Bits of a float4 below its exponent.
const EXPONENT_SHIFT: u32 = 23;
/// More than any regular vector has.
const LIMIT: Norm = Norm((127 + 121) << EXPONENT_SHIFT);

/// Half a squared length, rounded down; a float4 without sign, whose bits are in the order of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Norm(u32);

impl Norm {
    /// Bytes on a page.
    pub const BYTES: usize = 4;
    /// Of a document without a regular score.
    pub const NONE: Self = Self(f32::MAX.to_bits());

    /// Of a vector whose squares are within float4.
    pub fn of(vector: SparseVectorRef<'_>) -> Self {
        let squared = squared_length(vector);
        // Squares are exact; each sum may be off by half a unit in the last place.
        let half = squared / 2.0 * (1.0 - (vector.nnz() as f64 + 2.0) * 2f64.powi(-52)).max(0.0);
        let near = half as f32;
        Self(if f64::from(near) > half { near.next_down() } else { near }.to_bits())
    }

    /// Its value.
    #[inline(always)]
    pub fn value(self) -> f32 {
        f32::from_bits(self.0)
    }

    /// Little-endian.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0.to_le_bytes()
    }

    /// The inverse of [`Norm::to_bytes`].
    #[inline(always)]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(u32::from_le_bytes(bytes))
    }
}

/// The squared length, in float8. Not `sum`, which gives an empty vector a negative zero.
pub fn squared_length(vector: SparseVectorRef<'_>) -> f64 {
    vector.weights().iter().fold(0.0, |sum, &w| sum + f64::from(w) * f64::from(w))
}

/// Which norms a segment's documents have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NormRange {
    /// Nearly all documents have no greater one; the few that are far longer than the others do not count.
    pub usual: Norm,
    /// No document with a regular score has a greater one.
    pub greatest: Norm,
}

impl NormRange {
    /// Whether regular vectors can have it.
    pub fn is_plausible(&self) -> bool {
        self.usual <= self.greatest && self.greatest < LIMIT
    }
}

/// Counts norms by their exponents.
pub struct NormTally {
    counts: [u64; 256],
    greatest: Norm,
}

impl Default for NormTally {
    fn default() -> Self {
        Self { counts: [0; 256], greatest: Norm::default() }
    }
}

impl NormTally {
    /// Adds a document's.
    pub fn add(&mut self, norm: Norm) {
        if norm != Norm::NONE {
            self.greatest = self.greatest.max(norm);
            if let Some(count) = self.counts.get_mut((norm.0 >> EXPONENT_SHIFT) as usize) {
                *count += u64::from(norm != Norm::default());
            }
        }
    }

    /// The range of those added.
    pub fn range(&self) -> NormRange {
        let total: u64 = self.counts.iter().sum();
        let mut seen = 0;
        let last = self.counts.iter().position(|count| {
            seen += count;
            (total - seen) * USUAL_ONE_IN <= total
        });
        let edge = Norm((last.unwrap_or(0) as u32 + 1 + USUAL_FACTOR_LOG) << EXPONENT_SHIFT);
        NormRange { usual: edge.min(self.greatest), greatest: self.greatest }
    }
}

/// Writes the norms of a segment's documents, if they have any.
pub struct NormWriter {
    pages: PageWriter,
    n: u64,
    tally: NormTally,
}

impl Default for NormWriter {
    fn default() -> Self {
        Self { pages: PageWriter::new(Part::Norms), n: 0, tally: NormTally::default() }
    }
}

impl NormWriter {
    /// Adds the next document's.
    pub fn push(&mut self, norm: Norm, sink: &mut impl PartSink) -> Result<()> {
        self.tally.add(norm);
        self.n += 1;
        self.pages.push_record(&norm.to_bytes(), sink)
    }

    /// Of `n_docs` documents either all have one or none; gives the range and the number of pages.
    pub fn finish(mut self, n_docs: u32, sink: &mut impl PartSink) -> Result<(NormRange, u32)> {
        if self.n != 0 && self.n != u64::from(n_docs) {
            return Err(corrupt(Part::Norms, 0, "some inputs have norms, others none"));
        }
        let range = self.tally.range();
        // No document is behind the last of a block.
        while !self.n.is_multiple_of(u64::from(super::format::BLOCK_DOCS)) {
            self.push(Norm::NONE, sink)?;
        }
        Ok((range, self.pages.finish(sink)?))
    }
}

/// Pages that the norms of `n_docs` documents take.
pub fn n_norm_pages(n_docs: u32) -> u32 {
    n_docs.div_ceil(NORMS_PER_PAGE)
}

/// Gives the norm of every document of a segment that has them; no page is open while `each` runs. One that no vector
/// can have is an error: a merge would write it into the manifest as the greatest, and nobody could read that.
pub fn for_each_norm<P: PartPages>(segment: &SegmentReader<'_, P>, each: &mut EachNorm<'_>) -> Result<()> {
    let n_docs = segment.meta.n_docs;
    for no in 0..segment.meta.n_pages(Part::Norms) {
        let first = no.saturating_mul(NORMS_PER_PAGE);
        let on_page = n_docs.saturating_sub(first).min(NORMS_PER_PAGE) as usize;
        let mut norms = reserved(on_page, "norms")?;
        {
            let payload = segment.pages.page(Part::Norms, no)?;
            norms.extend(payload.as_chunks().0.iter().take(on_page).map(|&bytes| Norm::from_bytes(bytes)));
        }
        if norms.iter().any(|&norm| norm >= LIMIT && norm != Norm::NONE) {
            return Err(corrupt(Part::Norms, no, "impossible norm"));
        }
        (first..).zip(norms).try_for_each(|(doc, norm)| each(doc, norm))?;
        segment.pages.check_interrupts();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::format::SegmentMeta;
    use super::super::pages::MemoryPages;
    use super::*;
    use proptest::prelude::*;

    fn norm(weights: &[f32]) -> Norm {
        let terms: Vec<u32> = (0..weights.len() as u32).collect();
        Norm::of(SparseVectorRef::from_valid_parts(0, &terms, weights))
    }

    proptest! {
        /// Of whole numbers, whose squares can be summed exactly, and of any power of two times them.
        #[test]
        fn norms_are_below_the_truth_and_near(
            weights in prop::collection::vec(1u32..1 << 20, 0..200),
            shift in -60i32..30,
        ) {
            let exact = weights.iter().map(|&w| u64::from(w) * u64::from(w)).map(u128::from).sum::<u128>();
            let weights: Vec<f32> = weights.iter().map(|&w| w as f32 * 2f32.powi(shift)).collect();
            // The sum has less than 53 bits: a double holds it.
            let exact = exact as f64 / 2.0 * 2f64.powi(2 * shift);
            let stored = f64::from(norm(&weights).value());
            prop_assert!(stored <= exact && exact * (1.0 - 2f64.powi(-22)) <= stored, "{stored} of {exact}");
        }

        #[test]
        fn the_range_covers_all_and_the_usual_nearly_all(
            values in prop::collection::vec((0u32..100_000, 0i32..6), 1..300),
            few in 0i32..100,
        ) {
            // One in 20 is far greater than the others.
            let value = |(at, &(value, shift)): (usize, &(u32, i32))| {
                Norm((value as f32 * 2f32.powi(if at % 20 == 19 { few } else { shift })).to_bits())
            };
            let norms: Vec<Norm> = values.iter().enumerate().map(value).collect();
            let mut tally = NormTally::default();
            norms.iter().for_each(|&norm| tally.add(norm));
            tally.add(Norm::NONE);
            let range = tally.range();
            prop_assert!(range.is_plausible());
            prop_assert_eq!(Some(&range.greatest), norms.iter().max());
            let beyond = norms.iter().filter(|&&norm| norm > range.usual).count();
            prop_assert!(beyond * 16 <= norms.len());
            // A few great ones do not stretch it: 2^17 times 2^5, and three powers of two more.
            prop_assert!(values.len() < 64 || range.usual.value() <= 2f32.powi(17 + 6 + 3));
        }
    }

    #[test]
    fn extremes_have_norms() {
        assert_eq!(norm(&[]), Norm::default());
        assert_eq!(norm(&[2.0, -4.0]).value(), 10f32.next_down(), "rounded down");
        assert_eq!(norm(&[1e-45]), Norm::default());
        let long = norm(&[2f32.powi(59)]);
        assert!(long < Norm::NONE && NormRange { usual: long, greatest: long }.is_plausible());
        assert!(!NormRange { usual: Norm::NONE, greatest: Norm::NONE }.is_plausible());
        assert!(!NormRange { usual: Norm(1), greatest: Norm(0) }.is_plausible());
        assert_eq!(NormTally::default().range(), NormRange::default());
    }

    #[test]
    fn impossible_norms_are_an_error() {
        let (mut sink, mut writer) = (MemoryPages::default(), NormWriter::default());
        for norm in [Norm(5), Norm::NONE, Norm(9), Norm(7)] {
            writer.push(norm, &mut sink).unwrap();
        }
        let (norms, n_pages) = writer.finish(4, &mut sink).unwrap();
        let mut meta = SegmentMeta { n_docs: 4, norms, ..SegmentMeta::default() };
        meta.pages[Part::Norms.index()] = n_pages;
        let mut read = |bytes: u32| {
            sink.part_mut(Part::Norms)[0][8..12].copy_from_slice(&bytes.to_le_bytes());
            for_each_norm(&SegmentReader { pages: &sink, meta: &meta }, &mut |_, _| Ok(()))
        };
        assert!(read(9).is_ok() && read(LIMIT.0 - 1).is_ok() && read(Norm::NONE.0).is_ok());
        for damaged in [LIMIT.0, f32::INFINITY.to_bits(), f32::NAN.to_bits(), u32::MAX, 0x8000_0000] {
            assert!(read(damaged).is_err(), "{damaged:x}");
        }
    }

    #[test]
    fn all_documents_have_norms_or_none() {
        for (pushed, n_docs, pages) in [(0, 9, Some(0)), (9, 9, Some(1)), (8, 9, None), (2033, 2033, Some(2))] {
            let (mut sink, mut writer) = (MemoryPages::default(), NormWriter::default());
            (0..pushed).for_each(|doc| writer.push(Norm(doc), &mut sink).unwrap());
            assert_eq!(writer.finish(n_docs, &mut sink).ok().map(|(_, pages)| pages), pages);
        }
    }
}
