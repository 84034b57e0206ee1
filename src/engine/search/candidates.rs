//! The best of a few documents, which conditions have left: each is looked up in the query's lists.
//!
//! That costs what they are, not what the lists have: a frequent list is opened at the chunks of the documents, and of a
//! rare one groups of postings are passed over that have none of them. Rare lists come first, since they are read as a
//! whole, then the frequent ones, heaviest first; a document goes as soon as what the rest may add cannot lift it among
//! as many as are wanted (MaxScore over documents: Turtle and Flood, "Query evaluation: strategies and optimizations",
//! 1995). Those that went are scored to the end only if somebody asks for more.
//!
//! Sums are those of the other strategies.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::query::{PlannedList, Ranking, code};
use super::starts;
use super::top;
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{CHUNK_DOCS, RANGE_CHUNKS, RANGE_DOCS};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::{ChunkPages, SegmentReader};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The number in the ranking of the segment's first document.
    pub base: u32,
    /// No document with a lesser code.
    pub floor: u16,
    /// So many documents; more may come.
    pub n: usize,
}

/// Adds the keys of the best documents of `set`: all that are among the `wanted.n` best, and others. Returns whether
/// none was left out.
pub fn best_of<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    ranking: &Ranking,
    lists: &[PlannedList],
    set: &DocSet,
    wanted: Wanted,
    keys: &mut Vec<u64>,
) -> Result<bool> {
    let mut docs = reserved(set.count() as usize, "filtered documents")?;
    docs.extend(set.iter());
    if docs.is_empty() {
        return Ok(true);
    }
    let floor = wanted.floor.max(code::NULL);
    let mut add = |docs: &[u32], code_of: &dyn Fn(usize) -> u16| -> Result<()> {
        reserve(keys, docs.len(), "ranking round")?;
        let coded = docs.iter().enumerate().map(|(at, &doc)| (doc, code_of(at)));
        keys.extend(coded.filter(|(_, code)| *code >= floor).map(|(doc, code)| top::key(code, wanted.base + doc)));
        Ok(())
    };
    let plain = match ranking {
        Ranking::Scored(_) => None,
        Ranking::AllNull => Some(code::NULL),
        Ranking::AllNan => Some(code::NAN),
        Ranking::AllIrregular => Some(code::IRREGULAR),
    };
    let special = segment.special()?;
    if *ranking != Ranking::AllNull && !special.is_empty() {
        // Documents without a regular score are told apart first; the others go on.
        let sets = [
            (&special.null, code::NULL),
            (&special.zero_norm, code::NAN),
            (&special.irregular, if *ranking == Ranking::AllNan { code::NAN } else { code::IRREGULAR }),
        ];
        for (set, value) in sets.into_iter().filter(|(set, _)| !set.is_empty()) {
            let (of_set, others): (Vec<u32>, Vec<u32>) = docs.iter().partition(|doc| set.contains(**doc));
            add(&of_set, &|_| value)?;
            docs = others;
        }
    }
    let Ranking::Scored(scale) = ranking else {
        add(&docs, &|_| plain.unwrap_or(code::DEAD))?;
        return Ok(true);
    };
    let n = docs.len();
    let mut race = Race::new(docs)?;
    if let Some(starts) = scale.starts() {
        starts::of_docs(segment, &starts, &race.docs, &mut race.sums)?;
    }
    race.run(segment, lists, wanted.n)?;
    add(&race.docs, &|at| scale.code(race.sums[at]))?;
    Ok(race.docs.len() == n)
}

/// Documents that may be among the best, with their sums so far.
struct Race {
    docs: Vec<u32>,
    sums: Vec<i32>,
}

impl Race {
    fn new(docs: Vec<u32>) -> Result<Self> {
        let sums = filled(docs.len(), 0, "document scores")?;
        Ok(Self { docs, sums })
    }

    fn run<P: PartPages>(
        &mut self,
        segment: &SegmentReader<'_, P>,
        lists: &[PlannedList],
        wanted: usize,
    ) -> Result<()> {
        let mut order: Vec<&PlannedList> = reserved(lists.len(), "query plan")?;
        order.extend(lists);
        order.sort_by_key(|l| (l.list.frequent, l.subtract, Reverse(l.most_units())));
        let most = |subtract: bool| -> i32 {
            lists.iter().filter(|l| l.subtract == subtract).map(|l| l.most_units() as i32).sum()
        };
        let (mut may_add, mut may_take) = (most(false), most(true));
        for list in order {
            if list.list.frequent {
                add_frequent(segment, list, &self.docs, &mut self.sums)?;
            } else {
                let sums = &mut self.sums;
                RareCursor::new(&list.list).for_each_among(segment, &self.docs, |at, impact| {
                    sums[at] = sums[at].saturating_add(list.units(impact))
                })?;
            }
            let rest = if list.subtract { &mut may_take } else { &mut may_add };
            *rest -= list.most_units() as i32;
            if list.list.frequent && self.docs.len() > wanted {
                self.drop_hopeless(wanted, may_add, may_take)?;
            }
            segment.pages.check_interrupts();
        }
        Ok(())
    }

    /// Lets those go that cannot reach the least sum of the `wanted` best, which may still lose `may_take`.
    fn drop_hopeless(&mut self, wanted: usize, may_add: i32, may_take: i32) -> Result<()> {
        let mut best = BinaryHeap::new();
        best.try_reserve(wanted + 1).map_err(|_| EngineError::OutOfMemory {
            what: "ranking round",
            bytes: wanted.saturating_mul(size_of::<Reverse<i32>>()),
        })?;
        let (first, rest) = self.sums.split_at(wanted);
        best.extend(first.iter().map(|&sum| Reverse(sum)));
        let mut least = best.peek().map_or(i32::MIN, |least| least.0);
        for &sum in rest {
            if sum > least {
                best.pop();
                best.push(Reverse(sum));
                least = best.peek().map_or(i32::MIN, |least| least.0);
            }
        }
        let reach = least.saturating_sub(may_take).saturating_sub(may_add);
        let mut kept = 0;
        for at in 0..self.docs.len() {
            if self.sums[at] >= reach {
                (self.docs[kept], self.sums[kept]) = (self.docs[at], self.sums[at]);
                kept += 1;
            }
        }
        self.docs.truncate(kept);
        self.sums.truncate(kept);
        Ok(())
    }
}

/// Adds a frequent list. One page is open at a time: first the chunk records say where the documents' chunks are, then
/// the postings are read page by page.
fn add_frequent<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    list: &PlannedList,
    docs: &[u32],
    sums: &mut [i32],
) -> Result<()> {
    let mut places = reserved(docs.len(), "documents")?;
    for of_range in docs.chunk_by(|a, b| a / RANGE_DOCS == b / RANGE_DOCS) {
        segment.with_range(&list.list, of_range[0] / RANGE_DOCS, |record| {
            for doc in of_range {
                places.push(record.place((doc / CHUNK_DOCS % RANGE_CHUNKS) as usize)?);
            }
            Ok(())
        })?;
    }
    let mut at = 0;
    while let Some(&place) = places.get(at) {
        segment.pages.check_interrupts();
        let mut chunks = ChunkPages::new(segment.pages);
        let here = places[at..].iter().take_while(|next| next.page == place.page).count();
        let place_in = |doc: u32| (doc % CHUNK_DOCS) as usize;
        let lookups = || docs[at..at + here].iter().zip(&places[at..at + here]).filter(|(_, place)| place.len > 0);
        if lookups().next().is_some() {
            // All look-ups on one page are asked for before the first is waited for.
            chunks.open_for(place)?;
            lookups().for_each(|(&doc, &place)| chunks.prefetch(place, place_in(doc)));
        }
        for (sum, (&doc, &place)) in sums[at..at + here].iter_mut().zip(docs[at..].iter().zip(&places[at..])) {
            if place.len > 0 {
                *sum += list.units(chunks.read(place)?.impact(place_in(doc) as u8));
            }
        }
        at += here;
    }
    Ok(())
}
