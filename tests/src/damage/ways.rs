//! What disks, cables and people do to pages: bits flip, blocks are lost, come twice, in another place, of another
//! time, or are somebody else's.

use super::pages::{self, HEADER, LSN, PAGE, Page, SPECIAL};
use crate::random::Random;

/// The ways.
pub const WAYS: [&str; 14] = [
    "bit of header",
    "bit of special area",
    "bit of payload",
    "zero bytes",
    "random bytes",
    "random payload",
    "field of special area",
    "number in payload",
    "truncated",
    "swapped",
    "doubled",
    "older",
    "foreign",
    "zero page",
];

/// What a page may be replaced by.
pub struct Stock<'a> {
    /// Earlier states of the same index.
    pub older: &'a [Vec<Page>],
    /// Pages of other relations.
    pub foreign: &'a [Page],
}

/// What was done.
#[derive(Default)]
pub struct Damage {
    /// The kinds of the pages, and the ways.
    pub kinds: Vec<&'static str>,
    pub ways: Vec<&'static str>,
    pub text: String,
    /// A bit of the header or the special area of a page in use, that means something. The checksum is the server's,
    /// and an older stamp is as good as any.
    pub is_of_structure: bool,
    /// The blocks that are to be overwritten, and by what.
    pub pages: Vec<(usize, Page)>,
}

impl Damage {
    /// Mostly of one page; every kind of page and every way is as likely as any other.
    pub fn random(random: &mut Random, healthy: &[Page], stock: &Stock<'_>) -> Self {
        let mut damage = Self::default();
        let mut now = healthy.to_vec();
        let n = *random.pick(&[1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
        while damage.ways.len() < n {
            damage.one(random, &mut now, stock);
        }
        damage.pages =
            (0..now.len()).filter(|&at| !now[at].is_like(&healthy[at])).map(|at| (at, now[at].clone())).collect();
        if damage.pages.is_empty() { Self::random(random, healthy, stock) } else { damage }
    }

    fn one(&mut self, random: &mut Random, now: &mut [Page], stock: &Stock<'_>) {
        let by_kind: Vec<_> = pages::by_kind(now).into_iter().collect();
        let (kind, blocks) = random.pick(&by_kind);
        let block = *random.pick(blocks);
        let way = *random.pick(&WAYS);
        let before = now[block].clone();
        let Some(what) = harm(way, random, now, block, stock) else { return };
        if now[block].is_like(&before) {
            return;
        }
        let changed: Vec<usize> = (0..PAGE).filter(|&at| now[block].0[at] != before.0[at]).collect();
        let means = |at: usize| !(8..10).contains(&at) && !(SPECIAL + 24..SPECIAL + 32).contains(&at);
        let is_in_use = !["free", "unused"].contains(kind);
        self.is_of_structure =
            ["bit of header", "bit of special area"].contains(&way) && is_in_use && means(changed[0]);
        self.kinds.push(*kind);
        self.ways.push(way);
        self.text += &format!("block {block} ({kind}): {way}{what}; ");
    }
}

/// Damages a page in this way; `None` if it cannot be. What is told are the details.
fn harm(way: &str, random: &mut Random, now: &mut [Page], block: usize, stock: &Stock<'_>) -> Option<String> {
    let n_blocks = now.len();
    let other = random.below(n_blocks);
    let page = &mut now[block];
    let used = page.used().max(8);
    Some(match way {
        "bit of header" => flip(page, LSN + random.below(HEADER - LSN), random),
        "bit of special area" => flip(page, SPECIAL + random.below(PAGE - SPECIAL), random),
        "bit of payload" => flip(page, HEADER + random.below(used), random),
        "zero bytes" | "random bytes" => {
            let length = 1 << random.below(7);
            let at = random.pick(&[HEADER, HEADER, SPECIAL]) + random.below(used);
            let end = (at + length).min(PAGE);
            let at = at.min(PAGE - 1);
            page.0[at..end.max(at + 1)].fill_with(|| if way == "zero bytes" { 0 } else { random.next_u64() as u8 });
            format!(" {at}..{end}")
        }
        "random payload" => {
            page.0[HEADER..HEADER + used.min(SPECIAL - HEADER)].fill_with(|| random.next_u64() as u8);
            String::new()
        }
        "field of special area" => {
            let at = SPECIAL + 4 * random.below(10);
            number(page, at, n_blocks, block, random)
        }
        "number in payload" => {
            let at = HEADER + random.below(used / 4 * 4 - 3);
            let at = if random.chance(0.7) { at / 4 * 4 } else { at };
            number(page, at, n_blocks, block, random)
        }
        "truncated" => {
            let left = random.below(used);
            match random.below(3) {
                0 => page.0[12..14].copy_from_slice(&((HEADER + left) as u16).to_le_bytes()),
                1 => page.set_used(left),
                _ => page.0[HEADER + left..SPECIAL].fill(0),
            }
            format!(" to {left} of {used} bytes")
        }
        "swapped" => {
            now.swap(block, other);
            format!(" with {other}")
        }
        "doubled" => {
            now[block] = now[other].clone();
            format!(" of {other}")
        }
        "older" => {
            let versions: Vec<_> = stock.older.iter().filter_map(|pages| pages.get(block)).collect();
            let versions: Vec<_> = versions.into_iter().filter(|old| !old.is_like(page)).collect();
            if versions.is_empty() {
                return None;
            }
            *page = (*random.pick(&versions)).clone();
            String::new()
        }
        "foreign" => {
            let kind = page.kind();
            let alike: Vec<_> = stock.foreign.iter().filter(|foreign| foreign.kind() == kind).collect();
            let from = if alike.is_empty() || random.chance(0.3) { stock.foreign.iter().collect() } else { alike };
            *page = (*random.pick(&from)).clone();
            String::new()
        }
        _ => {
            *page = Page::zero();
            String::new()
        }
    })
}

fn flip(page: &mut Page, at: usize, random: &mut Random) -> String {
    let bit = random.below(8);
    page.0[at] ^= 1 << bit;
    format!(", byte {at} bit {bit}")
}

/// Puts a number there that is likely to lead somewhere.
fn number(page: &mut Page, at: usize, n_blocks: usize, block: usize, random: &mut Random) -> String {
    let (old, n_blocks, block) = (page.word(at), n_blocks as u32, block as u32);
    let numbers = [
        0,
        1,
        u32::MAX,
        u32::MAX - 1,
        1 << 31,
        n_blocks,
        n_blocks - 1,
        random.below(n_blocks as usize) as u32,
        block,
        old.wrapping_add(1),
        old.wrapping_sub(1),
        random.below(1 << 16) as u32,
    ];
    let value = *random.pick(&numbers);
    page.set_word(at, value);
    format!(", {value} instead of {old} at {at}")
}
