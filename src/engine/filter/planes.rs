//! The documents' codes, bit by bit. A *plane* has one bit of the codes of a range of documents; a range has as many
//! planes as codes have bits, one behind another, the lowest bit first.

use std::ops::RangeInclusive;

use super::meta::{ColumnMeta, codes_bytes, docs_of_range, next_codes_at, stride};
use crate::engine::error::{Result, filled, reserve};
use crate::engine::segment::format::{RANGE_DOCS, n_ranges};
use crate::engine::segment::page_writer::PageWriter;
use crate::engine::segment::pages::{PAYLOAD, Part, PartPages, PartSink, corrupt};

/// Words of a plane of a full range.
pub const RANGE_WORDS: usize = RANGE_DOCS as usize / 64;

/// Turns an 8 x 8 matrix of bits around: bit k of byte i becomes bit i of byte k (Warren, Hacker's Delight, 7-3).
fn transposed(mut x: u64) -> u64 {
    let mut swap = |mask: u64, by: u32| {
        let t = (x ^ (x >> by)) & mask;
        x = x ^ t ^ (t << by);
    };
    swap(0x00aa_00aa_00aa_00aa, 7);
    swap(0x0000_cccc_0000_cccc, 14);
    swap(0x0000_0000_f0f0_f0f0, 28);
    x
}

/// The bits of 64 codes: word p has bit p of each.
fn bits_of(codes: &[u32; 64], bits: u32) -> [u64; 32] {
    let mut words = [0; 32];
    for (byte, words) in words.chunks_mut(8).enumerate().take(bits.div_ceil(8) as usize) {
        for (eight, codes) in codes.as_chunks::<8>().0.iter().enumerate() {
            let bytes = codes.map(|code| code.to_le_bytes()[byte]);
            let turned = transposed(u64::from_le_bytes(bytes)).to_le_bytes();
            words.iter_mut().zip(turned).for_each(|(word, bits)| *word |= u64::from(bits) << (8 * eight));
        }
    }
    words
}

/// Writes the planes of a column of `n_docs` documents, whose codes `code` gives. Returns where they begin.
pub fn write(
    bits: u32,
    n_docs: u32,
    code: impl Fn(u32) -> u32,
    pages: &mut PageWriter,
    sink: &mut impl PartSink,
) -> Result<u64> {
    if next_codes_at(pages.position(), n_docs) != pages.position() {
        pages.begin_page(sink)?;
    }
    let at = pages.position();
    if bits == 0 {
        return Ok(at);
    }
    let mut planes = filled(bits as usize * stride(n_docs.min(RANGE_DOCS)), 0u8, "planes of a filter column")?;
    for range in 0..n_ranges(n_docs) {
        let docs = docs_of_range(n_docs, range);
        let stride = stride(docs);
        for (word, first) in (0..docs).step_by(64).enumerate() {
            let mut codes = [0; 64];
            for (to, doc) in codes.iter_mut().zip(first..docs) {
                *to = code(range * RANGE_DOCS + doc);
            }
            for (plane, bits) in bits_of(&codes, bits).iter().enumerate().take(bits as usize) {
                let at = plane * stride + word * 8;
                planes[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            }
        }
        pages.push_stream(&planes[..bits as usize * stride], sink)?;
        sink.check_interrupts();
    }
    Ok(at)
}

/// The planes of one range at a time, copied as they are asked for: no page stays open, and a range of which several
/// sets of codes are wanted is read once.
pub struct Planes<'p, P> {
    pages: &'p P,
    bits: u32,
    n_docs: u32,
    codes_at: u64,
    range: u32,
    n_words: usize,
    /// The highest planes, the highest first.
    words: Vec<u64>,
}

impl<'p, P: PartPages> Planes<'p, P> {
    /// Of a column of `n_docs` documents; at range 0.
    pub fn new(pages: &'p P, column: &ColumnMeta, n_docs: u32) -> Self {
        let mut planes = Self {
            pages,
            bits: column.bits(),
            n_docs,
            codes_at: column.codes_at,
            range: 0,
            n_words: 0,
            words: Vec::new(),
        };
        planes.begin_range(0);
        planes
    }

    /// Moves to another range.
    pub fn begin_range(&mut self, range: u32) {
        self.n_words = docs_of_range(self.n_docs, range).div_ceil(64) as usize;
        if std::mem::replace(&mut self.range, range) != range {
            self.words.clear();
        }
    }

    /// Words of a plane.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// Planes of a range.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The page and the byte where a byte of a plane is.
    pub fn place(&self, plane: u32, byte: usize) -> Result<(u32, usize)> {
        let before = codes_bytes(self.bits, self.range.saturating_mul(RANGE_DOCS));
        let at = self.codes_at.saturating_add(before) + u64::from(plane) * (self.n_words * 8) as u64 + byte as u64;
        let page = u32::try_from(at / PAYLOAD as u64);
        let page = page.map_err(|_| corrupt(Part::FilterCodes, 0, "page number out of range"))?;
        Ok((page, (at % PAYLOAD as u64) as usize))
    }

    /// Plane number `plane`, one bit a document.
    pub fn plane(&mut self, plane: u32) -> Result<&[u64]> {
        let from_top = self.bits.saturating_sub(plane + 1) as usize;
        while self.words.len() < (from_top + 1) * self.n_words {
            let next = self.bits.saturating_sub(1 + (self.words.len() / self.n_words.max(1)) as u32);
            let loaded = self.words.len();
            self.load(next).inspect_err(|_| self.words.truncate(loaded))?;
        }
        Ok(&self.words[from_top * self.n_words..(from_top + 1) * self.n_words])
    }

    fn load(&mut self, plane: u32) -> Result<()> {
        reserve(&mut self.words, self.n_words, "planes of a filter column")?;
        let mut byte = 0;
        while byte < self.n_words * 8 {
            let (page, from) = self.place(plane, byte)?;
            let to = PAYLOAD.min(from + self.n_words * 8 - byte);
            let payload = self.pages.page(Part::FilterCodes, page)?;
            let words = payload.get(from..to).unwrap_or_default().as_chunks::<8>().0;
            if words.is_empty() {
                return Err(corrupt(Part::FilterCodes, page, "plane out of reach"));
            }
            self.words.extend(words.iter().map(|&word| u64::from_le_bytes(word)));
            byte += words.len() * 8;
        }
        Ok(())
    }

    /// The codes of some documents of the range, given by their places in it.
    pub fn codes_of(&self, places: &[u16], codes: &mut Vec<u32>) -> Result<()> {
        codes.clear();
        reserve(codes, places.len(), "codes of a filter column")?;
        codes.resize(places.len(), 0);
        for plane in 0..self.bits {
            let (mut at, mut rest) = (0, places);
            // A plane may go on on the next page.
            while let Some(&place) = rest.first() {
                let (page, from) = self.place(plane, usize::from(place) / 8)?;
                let begin = usize::from(place) / 8;
                let here = rest.partition_point(|&place| usize::from(place) / 8 - begin < PAYLOAD - from);
                let payload = self.pages.page(Part::FilterCodes, page)?;
                for (code, &place) in codes[at..].iter_mut().zip(&rest[..here]) {
                    let byte = payload.get(from + usize::from(place) / 8 - begin).copied().unwrap_or(0);
                    *code |= u32::from(byte >> (place % 8) & 1) << plane;
                }
                (at, rest) = (at + here, &rest[here..]);
            }
        }
        Ok(())
    }

    /// Adds to `found` those of the documents `among` whose codes are in `codes`, which ends at the greatest code with
    /// that many bits or below. What is in `among` and `high` afterwards is nobody's business.
    ///
    /// Documents are told apart from the highest bit on. While both ends of `codes` have the same bits there is one
    /// group: those whose codes have these, too. Where the ends part, so does the group: `among` keeps those that
    /// follow the lower end, `high` those that follow the upper end. Of the former, a document that has a bit which the
    /// end has not is above it, and found; of the latter, one that lacks a bit which the end has.
    pub fn add_codes(
        &mut self,
        codes: &RangeInclusive<u32>,
        among: &mut [u64],
        high: &mut [u64],
        found: &mut [u64],
    ) -> Result<()> {
        let (low_end, high_end) = (*codes.start(), *codes.end());
        let apart = 32 - (low_end ^ high_end).leading_zeros();
        for plane in (apart..self.bits).rev() {
            let flip = if low_end >> plane & 1 == 0 { u64::MAX } else { 0 };
            let bits = self.plane(plane)?;
            let mut any = 0;
            for (among, &bits) in among.iter_mut().zip(bits) {
                *among &= bits ^ flip;
                any |= *among;
            }
            if any == 0 {
                return Ok(());
            }
        }
        let Some(apart) = apart.checked_sub(1) else {
            add(found, among);
            return Ok(());
        };
        for ((among, high), &bits) in among.iter_mut().zip(high.iter_mut()).zip(self.plane(apart)?) {
            *high = *among & bits;
            *among &= !bits;
        }
        self.follow(low_end, apart, false, among, found)?;
        self.follow(high_end, apart, true, high, found)
    }

    /// Adds to `found` those of `group` whose bits below `from` are not below those of `end`, or not above if `upper`.
    fn follow(&mut self, end: u32, from: u32, upper: bool, group: &mut [u64], found: &mut [u64]) -> Result<()> {
        // An upper end is a lower end among codes with all bits turned.
        let (end, flip) = if upper { (!end, u64::MAX) } else { (end, 0) };
        for plane in (0..from).rev() {
            // What remains is zeros: no code is below that.
            if end & ((1 << (plane + 1)) - 1) == 0 {
                break;
            }
            let bits = self.plane(plane)?;
            if end >> plane & 1 == 0 {
                for ((group, found), &bits) in group.iter_mut().zip(found.iter_mut()).zip(bits) {
                    *found |= *group & (bits ^ flip);
                    *group &= !(bits ^ flip);
                }
            } else {
                group.iter_mut().zip(bits).for_each(|(group, &bits)| *group &= bits ^ flip);
            }
        }
        add(found, group);
        Ok(())
    }
}

fn add(found: &mut [u64], more: &[u64]) {
    found.iter_mut().zip(more).for_each(|(found, more)| *found |= more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::filter::value::ValueKind;
    use crate::engine::segment::pages::MemoryPages;
    use proptest::prelude::*;

    /// A column of `n_docs` documents with some codes below `n_codes`, behind `before` bytes of another.
    fn column(n_docs: u32, n_codes: u32, before: usize) -> (MemoryPages, ColumnMeta, impl Fn(u32) -> u32) {
        let code = move |doc: u32| (u64::from(doc) * 2_654_435_761 % 1_000_003 % u64::from(n_codes)) as u32;
        let (mut pages, mut writer) = (MemoryPages::default(), PageWriter::new(Part::FilterCodes));
        writer.push_stream(&vec![0xff; before * 8], &mut pages).unwrap();
        let kind = ValueKind::Integer;
        let mut meta = ColumnMeta {
            kind,
            n_values: n_codes,
            n_null: 0,
            values_page: 0,
            n_values_pages: 1,
            codes_at: 0,
            lists_page: 0,
        };
        meta.codes_at = write(meta.bits(), n_docs, code, &mut writer, &mut pages).unwrap();
        writer.finish(&mut pages).unwrap();
        (pages, meta, code)
    }

    fn sizes() -> impl Strategy<Value = u32> {
        let near = |n: u32| n - 2..n + 3;
        prop_oneof![1u32..70, near(64), near(256), near(RANGE_DOCS), near(2 * RANGE_DOCS + 52), 1u32..1_100]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn codes_are_found(
            n_docs in sizes(),
            n_codes in prop_oneof![1u32..5, 200u32..300, 1u32..70_000],
            before in 0usize..1_100,
            ends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5),
        ) {
            let (pages, meta, code) = column(n_docs, n_codes, before);
            let mut planes = Planes::new(&pages, &meta, n_docs);
            for (a, b) in ends {
                let (a, b) = (a.index(n_codes as usize) as u32, b.index(n_codes as usize) as u32);
                let codes = a.min(b)..=a.max(b);
                for range in 0..n_ranges(n_docs) {
                    planes.begin_range(range);
                    let docs = docs_of_range(n_docs, range);
                    let n = planes.n_words();
                    let (mut among, mut high, mut found) = (vec![u64::MAX; n], vec![0; n], vec![0; n]);
                    planes.add_codes(&codes, &mut among, &mut high, &mut found).unwrap();
                    for doc in 0..docs {
                        let is_found = found[doc as usize / 64] >> (doc % 64) & 1 != 0;
                        prop_assert_eq!(is_found, codes.contains(&code(range * RANGE_DOCS + doc)), "document {}", doc);
                    }
                    let places: Vec<u16> = (0..docs).step_by(7).map(|doc| doc as u16).collect();
                    let mut read = Vec::new();
                    planes.codes_of(&places, &mut read).unwrap();
                    prop_assert!(places.iter().zip(read).all(|(&p, c)| c == code(range * RANGE_DOCS + u32::from(p))));
                }
            }
        }
    }
}
