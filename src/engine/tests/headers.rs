//! Every single bit of what says where and how much: the directory of terms, its fences, the records of ranges, the
//! heads of dictionaries, the lengths of special sets. The check finds nearly all of them in the pages alone; the rest
//! are bits that mean as much when they are turned. Left out are two that are values: the scale of a term's impacts,
//! and the number from which those of a dictionary page are counted; they are found beside the table.

use super::targets::made::{self, Made};
use super::targets::readers::{Readers, read_all};
use crate::engine::segment::format::TermEntry;
use crate::engine::segment::pages::Part;

/// Bytes of a part that are headers and pointers: of each page, from where to where.
fn bytes_of(made: &Made, part: Part) -> Vec<(usize, std::ops::Range<usize>)> {
    let used = |no| {
        let page = made.image.page(part, no).unwrap_or_default();
        page.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)
    };
    let of_page = |no| match part {
        Part::Terms | Part::Chunks | Part::Bounds => 0..used(no),
        Part::Fences => 0..4,
        // The base behind them is a value, like those that are counted from it.
        Part::FilterValues => 0..12,
        Part::Special => 0..8,
        _ => 0..0,
    };
    (0..made.image.n_pages(part)).map(|no| (no, of_page(no))).collect()
}

#[test]
fn the_check_finds_bits_of_headers_and_pointers() {
    let (mut n_all, mut n_all_unseen) = (0, 0);
    for part in [Part::Terms, Part::Fences, Part::Chunks, Part::Bounds, Part::FilterValues, Part::Special] {
        let (mut n, mut unseen) = (0, Vec::new());
        for made in [&made::small()[0], &made::small()[2]] {
            for (no, bytes) in bytes_of(made, part) {
                // Bounds are many and alike.
                let is_scale = |at: &usize| part == Part::Terms && matches!(at % TermEntry::BYTES, 24 | 25);
                for at in bytes.step_by(if part == Part::Bounds { 5 } else { 1 }).filter(|at| !is_scale(at)) {
                    for bit in 0..8 {
                        let mut image = made.image.clone();
                        let Some(page) = image.page_mut(part, no) else { continue };
                        page[at] ^= 1 << bit;
                        n += 1;
                        if !read_all(made, &image, 0, Readers::Check).found {
                            unseen.push((no, at, bit));
                        }
                    }
                }
            }
        }
        println!("  {}: {n} bits, {} not found: {:?}", part.name(), unseen.len(), &unseen[..unseen.len().min(40)]);
        (n_all, n_all_unseen) = (n_all + n, n_all_unseen + unseen.len());
    }
    println!("headers: {n_all} bits turned, {n_all_unseen} not found");
    assert!(n_all > 10_000 && n_all_unseen * 100 < n_all, "{n_all_unseen} of {n_all} not found");
}
