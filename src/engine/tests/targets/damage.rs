//! Damage to a segment's pages: what disks, memory and lost writes do.

use super::image::Image;
use super::made::{self, Made};
use super::readers::{self, Outcome};
use crate::engine::segment::pages::Part;

/// Where decisions come from: chance, or the bytes of a fuzzer.
pub trait Source {
    /// The next number of so many bytes.
    fn take(&mut self, bytes: u32) -> u64;
    /// Whether there is more.
    fn is_over(&self) -> bool;
}

/// A fuzzer's bytes; zeros behind their end.
pub struct Bytes<'a>(pub &'a [u8]);

impl Source for Bytes<'_> {
    fn take(&mut self, bytes: u32) -> u64 {
        let (now, rest) = self.0.split_at(self.0.len().min(bytes as usize));
        self.0 = rest;
        now.iter().rfold(0, |sum, &byte| sum << 8 | u64::from(byte))
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One bit.
    Flip,
    /// Some bytes are zero.
    Zero,
    /// Some bytes are anything.
    Randomise,
    /// A word of two or four bytes is one at which counters turn, or a little more or less.
    Word,
    /// A byte has gone: all behind it have moved.
    Shift,
    /// Two pages of one part have changed places.
    Swap,
    /// A page is where another should be, of the same part or of another.
    Duplicate,
    /// A page is of another time.
    Age,
    /// The rest of a page is zero: a write that was torn.
    Truncate,
    /// The last page of a part is missing.
    Cut,
    /// A page is all zeros.
    Blank,
    /// The totals in the manifest are others, which it cannot tell.
    Totals,
}

/// All kinds.
pub const KINDS: [Kind; 12] = [
    Kind::Flip,
    Kind::Zero,
    Kind::Randomise,
    Kind::Word,
    Kind::Shift,
    Kind::Swap,
    Kind::Duplicate,
    Kind::Age,
    Kind::Truncate,
    Kind::Cut,
    Kind::Blank,
    Kind::Totals,
];

/// Damages an image once, in one of `parts`, and says how; `None` if nothing became of it.
pub fn damage(image: &mut Image, older: &Image, parts: &[Part], kind: Kind, from: &mut impl Source) -> Option<Part> {
    if kind == Kind::Totals {
        return damage_totals(image, from).then_some(Part::Terms);
    }
    let there: Vec<Part> = parts.iter().copied().filter(|&part| image.n_pages(part) > 0).collect();
    let part = *there.get(from.take(1) as usize % there.len().max(1))?;
    let no = from.take(2) as usize % image.n_pages(part);
    let before = image.page(part, no)?;
    // Most pages are not full: mostly where something is.
    let used = before.iter().rposition(|&byte| byte != 0).map_or(16, |last| last + 9).min(before.len());
    let within = if from.take(1).is_multiple_of(16) { before.len() } else { used };
    let at = from.take(2) as usize % within;
    let other = from.take(2) as usize;
    let copy = before.to_vec();
    let tail = &mut image.page_mut(part, no)?[at..];
    match kind {
        Kind::Flip => tail[0] ^= 1 << (other % 8),
        Kind::Zero => tail.iter_mut().take(other % 24 + 1).for_each(|byte| *byte = 0),
        Kind::Randomise => tail.iter_mut().take(other % 12 + 1).for_each(|byte| *byte = from.take(1) as u8),
        Kind::Word => change_word(tail, other),
        Kind::Shift => tail.rotate_left(1),
        Kind::Truncate => tail.fill(0),
        Kind::Blank => image.page_mut(part, no)?.fill(0),
        Kind::Swap => {
            let with = other % image.n_pages(part);
            let page = image.page(part, with)?.to_vec();
            image.replace(part, no, &page);
            image.replace(part, with, &copy);
        }
        Kind::Duplicate => {
            let source = if from.take(1).is_multiple_of(2) { part } else { there[from.take(1) as usize % there.len()] };
            let page = image.page(source, other % image.n_pages(source))?.to_vec();
            image.replace(part, no, &page);
        }
        Kind::Age => {
            let page = older.page(part, no)?.to_vec();
            image.replace(part, no, &page);
        }
        Kind::Cut => image.cut(part),
        Kind::Totals => {}
    }
    (image.page(part, no) != Some(&copy)).then_some(part)
}

fn change_word(tail: &mut [u8], other: usize) {
    const WORDS: [u32; 8] = [0, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
    let wide = if other.is_multiple_of(2) { 2 } else { 4 };
    let old = tail.iter().take(wide).rfold(0u32, |sum, &byte| sum << 8 | u32::from(byte));
    let new = match other / 2 % 16 {
        choice @ 0..8 => WORDS[choice],
        choice @ 8..12 => old.wrapping_add(choice as u32 - 7),
        choice => old.wrapping_sub(choice as u32 - 11),
    };
    tail.iter_mut().take(wide).zip(new.to_le_bytes()).for_each(|(to, byte)| *to = byte);
}

/// Changes a number in the totals; only totals that the manifest takes for plausible reach a reader.
fn damage_totals(image: &mut Image, from: &mut impl Source) -> bool {
    let mut meta = image.meta.clone();
    let (which, by) = (from.take(1), from.take(1) as u32);
    let changed = |number: u32| match by % 4 {
        0 => number ^ 1 << (by / 4 % 32),
        1 => number.wrapping_add(by / 4 + 1),
        2 => number.wrapping_sub(by / 4 + 1),
        _ => [0, 1, u32::MAX, i32::MAX as u32][by as usize / 4 % 4],
    };
    match which % 8 {
        0 => meta.n_docs = changed(meta.n_docs),
        1 => meta.n_terms = changed(meta.n_terms),
        2 => meta.n_postings = u64::from(changed(meta.n_postings as u32)),
        3 => meta.max_nnz = changed(meta.max_nnz),
        4 => meta.n_null = changed(meta.n_null),
        5 => meta.has_negative = !meta.has_negative,
        6 => {
            let no = by as usize % meta.pages.len();
            meta.pages[no] = changed(meta.pages[no]);
        }
        _ => {
            let n = meta.columns.len().max(1);
            let Some(column) = meta.columns.get_mut(by as usize % n) else { return false };
            match which / 8 % 5 {
                0 => column.n_values = changed(column.n_values),
                1 => column.n_null = changed(column.n_null),
                2 => column.n_values_pages = changed(column.n_values_pages),
                3 => column.codes_at = u64::from(changed(column.codes_at as u32)),
                _ => column.lists_page = changed(column.lists_page),
            }
        }
    }
    let is_told = !meta.is_plausible() || meta == image.meta;
    if !is_told {
        image.meta = meta;
    }
    !is_told
}

/// A segment with damage that bytes describe, and everything that reads it.
pub fn segment(input: &[u8]) -> bool {
    described(input, &Part::ALL)
}

/// The same of filter columns alone.
pub fn filter(input: &[u8]) -> bool {
    described(input, &[Part::FilterValues, Part::FilterCodes, Part::FilterLists])
}

fn described(input: &[u8], parts: &[Part]) -> bool {
    let mut from = Bytes(input);
    let small = made::small();
    let made: &Made = &small[from.take(1) as usize % small.len()];
    let choice = from.take(2);
    let mut image = made.image.clone();
    let mut n = 0;
    while !from.is_over() && n < 8 {
        let kind = KINDS[from.take(1) as usize % KINDS.len()];
        damage(&mut image, &made.older, parts, kind, &mut from);
        n += 1;
    }
    let outcome: Outcome = readers::read_all(made, &image, choice, readers::Readers::All);
    outcome.errors == 0
}
