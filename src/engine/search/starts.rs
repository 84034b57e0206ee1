//! What a document's sum begins with under the Euclidean distance.
//!
//! `|q - d|^2 = |q|^2 + 2 reach - 2 (q d + reach - |d|^2 / 2)` for any `reach`. So a document has, beside what its
//! postings add, a *start* of `reach - |d|^2 / 2`, which acts like one more posting; a start below zero counts as zero,
//! which only makes the distance look smaller. The inner product's machinery does the rest: sums of units, lanes of
//! blocks that begin with the greatest start of their documents, the stream.
//!
//! `reach` is chosen for a query so that starts do not take more of the 16 bits than they are worth: the greatest norm
//! of all documents, unless that is of a few which are far longer than the others, and longer than twice the query's
//! length, so that the vector without terms is nearer to it.
//!
//! Starts are computed in float4: three roundings of at most 2^-24 each, in a value below 2^16, are less than 0.012
//! units, and the addition before the last rounding, to the nearest unit, costs 0.004 more. [`UP`] is half a unit and
//! more than that, so the result is never below the exact start. Every width of the instructions gives the same bits.

use super::mask;
use super::score::n_codes;
use super::simd::Simd;
use crate::engine::error::{Result, filled};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{BLOCK_DOCS, RANGE_BLOCKS, RANGE_DOCS, SegmentMeta, n_ranges};
use crate::engine::segment::norms::{NORMS_PER_PAGE, Norm, n_norm_pages, squared_length};
use crate::engine::segment::pages::{Part, PartPages};
use crate::engine::segment::reader::SegmentReader;
use crate::engine::vector::SparseVectorRef;

/// Norms as they are on a page.
pub type NormBytes = [u8; Norm::BYTES];
/// Those of a block.
pub type BlockNorms = [NormBytes; BLOCK_DOCS as usize];

/// Added before rounding to the nearest; see the module's text.
const UP: f32 = 0.55;
/// Its floats are whole numbers: adding it rounds, and leaves the number in the low bits.
const WHOLE: f32 = 8_388_608.0;
/// No unit is less than this under the Euclidean distance, so that a score of 1 is a finite number of units.
pub const LEAST_UNIT: f64 = 1.0 / (1u128 << 120) as f64;
/// What rounding up may add to the greatest start, in units.
pub const ROUNDING_UNITS: f64 = 2.0;

/// From norms to units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Starts {
    reach: f32,
    /// Units in a score of 1.
    per_score: f32,
}

impl Starts {
    /// Starts up to `reach`, in units of at least [`LEAST_UNIT`].
    pub fn new(reach: f32, unit: f64) -> Self {
        Self { reach, per_score: (1.0 / unit) as f32 }
    }

    /// The start of a document; whatever the bytes are, between that of a norm of zero and that of the greatest norm.
    #[inline(always)]
    pub fn units(&self, norm: NormBytes) -> u16 {
        let start = self.reach - Norm::from_bytes(norm).value();
        // Written so that NaN becomes zero, and each is one instruction.
        let start = if start > 0.0 { start } else { 0.0 };
        let start = if start < self.reach { start } else { self.reach };
        (start * self.per_score + UP + WHOLE).to_bits() as u16
    }

    /// The greatest start that there can be.
    pub fn greatest(&self) -> u16 {
        self.units(Norm::default().to_bytes())
    }
}

/// The greatest start for a query to documents of these segments.
pub fn reach<'a>(query: SparseVectorRef<'_>, segments: impl Iterator<Item = &'a SegmentMeta>) -> f32 {
    let (usual, greatest) = segments.fold((Norm::default(), Norm::default()), |(usual, greatest), meta| {
        (usual.max(meta.norms.usual), greatest.max(meta.norms.greatest))
    });
    let twice_as_long = 2.0 * squared_length(query);
    (twice_as_long as f32).max(usual.value()).min(greatest.value())
}

/// From the bound of a score, a start included, to that of a Euclidean distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Euclidean {
    /// How documents begin.
    pub starts: Starts,
    /// The square of the distance for a score of zero.
    squares: f64,
    sums: Sums,
}

/// What float4 sums of squares are at least.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sums {
    /// The part of a sum that they keep ...
    kept: f64,
    /// ... and what underflow may take from it.
    underflow: f64,
}

impl Sums {
    /// The operator adds as many squares as there are terms, in whatever order. Each difference, square and addition is
    /// rounded, by no more than 2^-24 of what is never negative; a square may also lose half the least denormal.
    fn of(n_terms: usize) -> Self {
        let n = n_terms as f64;
        Self { kept: (-(n + 5.0) * 2f64.powi(-23)).exp(), underflow: n * 1.5e-45 }
    }

    /// Square roots are rounded to the nearest, here and in the operator, so they keep the order.
    fn least_distance(self, squares: f64) -> f64 {
        (squares * self.kept - self.underflow).max(0.0).sqrt()
    }
}

/// The Euclidean distance that no operator gives less than, for two vectors of `n_terms` together whose differences
/// have this sum of squares.
pub fn least_l2(squares: f64, n_terms: usize) -> f64 {
    Sums::of(n_terms).least_distance(squares)
}

impl Euclidean {
    /// For distances to vectors of at most `max_nnz` terms.
    pub fn new(query: SparseVectorRef<'_>, reach: f32, unit: f64, max_nnz: u32) -> Self {
        let squares = squared_length(query) + 2.0 * f64::from(reach);
        Self { starts: Starts::new(reach, unit), squares, sums: Sums::of(query.nnz().saturating_add(max_nnz as usize)) }
    }

    /// What the float8 arithmetic around scores may be off by, as a score.
    pub fn slack(&self, query: SparseVectorRef<'_>, unit: f64) -> f64 {
        self.squares * (query.nnz() as f64 * 2f64.powi(-52) + 1e-12) + unit * 1e-6
    }

    /// The distance that a document with at most this score is not below.
    pub fn distance(&self, score: f64) -> f64 {
        self.sums.least_distance(self.squares - 2.0 * score)
    }
}

/// Sets the sums of a range's documents to `zero` and their starts.
pub fn begin_range<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    range: u32,
    zero: u16,
    simd: Simd,
    sums: &mut [u16],
) -> Result<()> {
    let pages = range * (RANGE_DOCS / NORMS_PER_PAGE)..n_norm_pages(segment.meta.n_docs);
    for (no, sums) in pages.zip(sums.chunks_mut(NORMS_PER_PAGE as usize)) {
        let payload = segment.pages.page(Part::Norms, no)?;
        simd.begin_sums(sums, payload.as_chunks().0, starts, zero);
    }
    segment.pages.check_interrupts();
    Ok(())
}

/// Sets the lane of each block of a segment to the greatest start of its documents.
pub fn begin_lanes<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    simd: Simd,
    lanes: &mut [u16],
) -> Result<()> {
    let n_docs = segment.meta.n_docs;
    let lanes = lanes.get_mut(..n_docs.div_ceil(BLOCK_DOCS) as usize).unwrap_or_default();
    for (no, lanes) in (0..n_norm_pages(n_docs)).zip(lanes.chunks_mut((NORMS_PER_PAGE / BLOCK_DOCS) as usize)) {
        {
            let payload = segment.pages.page(Part::Norms, no)?;
            simd.begin_lanes(lanes, payload.as_chunks().0.as_chunks().0, starts);
        }
        segment.pages.check_interrupts();
    }
    Ok(())
}

/// The same with the starts of only those documents that are `within` a set.
pub fn begin_lanes_within<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    within: &DocSet,
    simd: Simd,
    lanes: &mut [u16],
) -> Result<()> {
    let n_codes = n_codes(segment.meta.n_docs);
    let mut units = filled(n_codes.min(RANGE_DOCS as usize), 0u16, "document scores")?;
    let ranges = 0..n_ranges(segment.meta.n_docs);
    for (range, lanes) in ranges.zip(lanes.chunks_mut(RANGE_BLOCKS as usize)) {
        let first = range * RANGE_DOCS;
        units.truncate(n_codes - first as usize);
        begin_range(segment, starts, range, 0, simd, &mut units)?;
        mask::keep_codes(&mut units, within, first, simd);
        for (lane, [a, b, c, d]) in lanes.iter_mut().zip(units.as_chunks().0) {
            *lane = (*a).max(*b).max((*c).max(*d));
        }
    }
    Ok(())
}

/// Gives the starts of single blocks, which ascend and bring something of the caller's along: each page is opened once.
pub fn of_blocks<P: PartPages, T>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    blocks: impl Iterator<Item = (u32, T)>,
    mut each: impl FnMut(T, [u16; BLOCK_DOCS as usize]),
) -> Result<()> {
    const BLOCKS: u32 = NORMS_PER_PAGE / BLOCK_DOCS;
    let mut open: Option<(u32, P::Page<'_>)> = None;
    for (block, own) in blocks {
        let no = block / BLOCKS;
        if open.as_ref().is_none_or(|(page, _)| *page != no) {
            // The old page goes before the new one is opened.
            drop(open.take());
            segment.pages.check_interrupts();
            open = Some((no, segment.pages.page(Part::Norms, no)?));
        }
        let payload = open.as_ref().map_or(&[][..], |(_, payload)| payload);
        let norms: &[BlockNorms] = payload.as_chunks().0.as_chunks().0;
        let norms = norms.get((block % BLOCKS) as usize).copied().unwrap_or_default();
        each(own, norms.map(|norm| starts.units(norm)));
    }
    Ok(())
}

/// Sets the sums of single documents, which ascend, to their starts.
pub fn of_docs<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    starts: &Starts,
    docs: &[u32],
    sums: &mut [i32],
) -> Result<()> {
    let mut sums = sums.iter_mut();
    for of_page in docs.chunk_by(|a, b| a / NORMS_PER_PAGE == b / NORMS_PER_PAGE) {
        {
            let payload = segment.pages.page(Part::Norms, of_page[0] / NORMS_PER_PAGE)?;
            let norms: &[NormBytes] = payload.as_chunks().0;
            for (&doc, sum) in of_page.iter().zip(&mut sums) {
                let norm = norms.get((doc % NORMS_PER_PAGE) as usize).copied().unwrap_or_default();
                *sum = i32::from(starts.units(norm));
            }
        }
        segment.pages.check_interrupts();
    }
    Ok(())
}

/// The inner loop of [`begin_range`].
#[inline(always)]
pub fn begin_sums_text(sums: &mut [u16], norms: &[NormBytes], starts: &Starts, zero: u16) {
    for (sum, &norm) in sums.iter_mut().zip(norms) {
        *sum = zero.wrapping_add(starts.units(norm));
    }
}

/// The inner loop of [`begin_lanes`].
#[inline(always)]
pub fn begin_lanes_text(lanes: &mut [u16], norms: &[BlockNorms], starts: &Starts) {
    for (lane, norms) in lanes.iter_mut().zip(norms) {
        let [a, b, c, d] = norms.map(|norm| starts.units(norm));
        *lane = a.max(b).max(c.max(d));
    }
}
