//! Images of files as a crash may leave them: every page is by chance the one of the last checkpoint, of the crash, of
//! some moment between, or half of one and half of another, and the file has any length that it had since.
//!
//! Why such an image is one that a crash can leave: PostgreSQL writes a page to its file only after the log that covers
//! it, and everything was in its file when the checkpoint was done. From then on the system may have written any
//! version of a page, in any order, or a part of one; a block that was added since may not be there yet, or be all
//! zeros. That the log covers every version is looked at (`beyond`), not taken for granted.

use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub const PAGE: usize = 8192;
/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// Files by their paths in the data directory, at one moment.
pub type Copies = BTreeMap<String, Vec<u8>>;

/// Reads files; one that is gone again is left out, and of a page that is being added what is there.
pub fn read(data: &Path, paths: &[String]) -> Copies {
    let read = |path: &String| Some((path.clone(), fs::read(data.join(path)).ok()?));
    paths.iter().filter_map(read).collect()
}

/// What became of the pages of an image.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drawn {
    pub pages: usize,
    /// Not as they were at the crash: as they were before, torn, and left out at the end of their file.
    pub old: usize,
    pub torn: usize,
    pub missing: usize,
}

impl Drawn {
    pub fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.old += other.old;
        self.torn += other.torn;
        self.missing += other.missing;
    }
}

/// All versions of one file, from the checkpoint to the crash.
pub struct Versions<'a> {
    /// Whether the file was there at the checkpoint.
    old: bool,
    copies: Vec<&'a [u8]>,
}

impl<'a> Versions<'a> {
    /// Of every file that was seen. The first of `moments` is the checkpoint, the last the crash.
    pub fn of(moments: &'a [Copies]) -> BTreeMap<&'a str, Self> {
        let paths: BTreeSet<&str> = moments.iter().flat_map(|copies| copies.keys().map(String::as_str)).collect();
        let of = |path: &str| {
            let copies = moments.iter().filter_map(|copies| copies.get(path)).map(Vec::as_slice).collect();
            Self { old: moments[0].contains_key(path), copies }
        };
        paths.into_iter().map(|path| (path, of(path))).collect()
    }

    /// Pages whose last change the log up to `end` does not hold.
    pub fn beyond(&self, end: u64) -> usize {
        let pages = self.copies.iter().flat_map(|copy| copy.chunks_exact(PAGE));
        pages.filter(|page| lsn(page) > end).count()
    }

    /// Pages that have more than one version.
    pub fn changed(&self) -> usize {
        let n_pages = self.copies.iter().map(|copy| copy.len() / PAGE).max().unwrap_or(0);
        (0..n_pages).filter(|block| self.of_page(*block).len() > 1).count()
    }

    /// A file that the crash may have left.
    pub fn draw(&self, random: &mut Random) -> (Vec<u8>, Drawn) {
        let lengths: Vec<usize> = self.copies.iter().map(|copy| copy.len() / PAGE).collect();
        let most = lengths.iter().copied().max().unwrap_or(0);
        let least = if self.old { lengths.iter().copied().min().unwrap_or(0) } else { 0 };
        let n_pages = match random.below(3) {
            0 => least,
            1 => most,
            _ => least + random.below(most - least + 1),
        };
        let last = *lengths.last().unwrap_or(&0);
        let mut drawn = Drawn { pages: n_pages, missing: last.saturating_sub(n_pages), ..Drawn::default() };
        // In some images most pages are as the crash left them, in some nearly none.
        let share = *random.pick(&[0.1, 0.5, 0.9]);
        let mut file = Vec::with_capacity(n_pages * PAGE);
        for block in 0..n_pages {
            let versions = self.of_page(block);
            let newest = versions[versions.len() - 1];
            let page = *if random.chance(share) { random.pick(&versions) } else { &newest };
            let other = *random.pick(&versions);
            if page != other && random.chance(share / 2.0) {
                file.extend(torn(page, other, random));
                drawn.torn += 1;
            } else {
                file.extend(page);
                drawn.old += usize::from(page != newest);
            }
        }
        (file, drawn)
    }

    /// The versions of a page that differ, oldest first; all zeros if the file may have grown by it without content.
    fn of_page(&self, block: usize) -> Vec<&'a [u8]> {
        const ZEROS: [u8; PAGE] = [0; PAGE];
        let mut found: Vec<&[u8]> = Vec::new();
        let was_there = self.old && self.copies[0].len() >= (block + 1) * PAGE;
        if !was_there {
            found.push(&ZEROS);
        }
        for page in self.copies.iter().filter_map(|copy| copy.get(block * PAGE..(block + 1) * PAGE)) {
            if !found.contains(&page) {
                found.push(page);
            } else if let Some(at) = found.iter().position(|other| *other == page) {
                // A page can come back to what it was.
                found[at..].rotate_left(1);
            }
        }
        found
    }
}

/// Some sectors of one page and the rest of another: a beginning and an end, or any.
fn torn(one: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let n = PAGE / SECTOR;
    let cut = 1 + random.below(n - 1);
    let scattered = random.chance(0.3);
    let sectors = one.chunks(SECTOR).zip(other.chunks(SECTOR)).enumerate();
    let mut page = Vec::with_capacity(PAGE);
    for (at, (one, other)) in sectors {
        let first = if scattered { random.chance(0.5) } else { at < cut };
        page.extend(if first { one } else { other });
    }
    page
}

/// The end of the last log record that changed a page.
fn lsn(page: &[u8]) -> u64 {
    let half = |at: usize| u64::from(u32::from_le_bytes(page[at..at + 4].try_into().expect("four bytes")));
    half(0) << 32 | half(4)
}

#[cfg(test)]
mod tests {
    use super::{Copies, PAGE, Versions};
    use crate::random::Random;

    fn page(byte: u8) -> Vec<u8> {
        vec![byte; PAGE]
    }

    #[test]
    fn only_what_a_crash_may_leave() {
        let file = |pages: &[u8]| -> Vec<u8> { pages.iter().flat_map(|byte| page(*byte)).collect() };
        let moment = |pages: &[u8]| -> Copies { [("f".to_string(), file(pages))].into() };
        let moments = [moment(&[1, 2, 3]), moment(&[1, 4]), moment(&[1, 4, 5, 6])];
        let versions = &Versions::of(&moments)["f"];
        assert_eq!(versions.changed(), 3);
        let mut random = Random::new(1);
        let (mut lengths, mut torn) = (std::collections::BTreeSet::new(), 0);
        for _ in 0..300 {
            let (file, drawn) = versions.draw(&mut random);
            lengths.insert(file.len() / PAGE);
            torn += drawn.torn;
            assert_eq!(file[..PAGE], page(1), "a page that never changed");
            for (block, allowed) in [(1, vec![2, 4]), (2, vec![3, 5]), (3, vec![0, 6])] {
                let page = file.get(block * PAGE..(block + 1) * PAGE).unwrap_or_default();
                assert!(page.iter().all(|byte| allowed.contains(byte)), "block {block}");
            }
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [2, 3, 4], "never shorter than it ever was");
        assert!(torn > 50, "{torn} torn pages");
        assert_eq!(versions.beyond(u64::from_be_bytes([5; 8])), 1);
    }

    #[test]
    fn a_new_file_may_not_be_there_yet() {
        let moments = [Copies::new(), [("f".to_string(), page(7))].into()];
        let versions = &Versions::of(&moments)["f"];
        let lengths: std::collections::BTreeSet<usize> =
            (0..50).map(|seed| versions.draw(&mut Random::new(seed)).0.len()).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, PAGE]);
    }
}
