//! The scores of a few documents, which conditions have left: each is looked up in every list.
//!
//! That costs what they are, not what the lists have: a frequent list is opened at the chunks of the documents, and of a
//! rare one groups of postings are passed over that have none of them. Sums are those of the other strategies, of all
//! documents that are wanted; so nothing is left to be found, and no threshold is needed.

use super::query::{PlannedList, Ranking, code};
use super::top;
use crate::engine::error::{Result, filled, reserve, reserved};
use crate::engine::filter::docset::DocSet;
use crate::engine::segment::format::{CHUNK_DOCS, RANGE_CHUNKS, RANGE_DOCS};
use crate::engine::segment::gaps::RareCursor;
use crate::engine::segment::pages::PartPages;
use crate::engine::segment::reader::{ChunkPages, SegmentReader};

/// Adds the keys of the documents of `set`, numbered from `base` on in the ranking, whose codes are at least `floor`.
pub fn score_few<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    ranking: &Ranking,
    lists: &[PlannedList],
    set: &DocSet,
    (base, floor): (u32, u16),
    keys: &mut Vec<u64>,
) -> Result<()> {
    let mut docs = reserved(set.count() as usize, "filtered documents")?;
    docs.extend(set.iter());
    if docs.is_empty() {
        return Ok(());
    }
    let codes = codes_of(segment, ranking, lists, &docs)?;
    reserve(keys, docs.len(), "ranking round")?;
    let wanted = docs.iter().zip(codes).filter(|(_, code)| *code >= floor.max(code::NULL));
    keys.extend(wanted.map(|(doc, code)| top::key(code, base + doc)));
    Ok(())
}

fn codes_of<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    ranking: &Ranking,
    lists: &[PlannedList],
    docs: &[u32],
) -> Result<Vec<u16>> {
    let plain = match ranking {
        Ranking::Scored(_) => code::LOWEST,
        Ranking::AllNull => code::NULL,
        Ranking::AllNan => code::NAN,
        Ranking::AllIrregular => code::IRREGULAR,
    };
    let mut codes = filled(docs.len(), plain, "document scores")?;
    if let Ranking::Scored(scale) = ranking {
        let mut sums = filled(docs.len(), 0, "document scores")?;
        for list in lists {
            if list.list.frequent {
                add_frequent(segment, list, docs, &mut sums)?;
            } else {
                RareCursor::new(&list.list)
                    .for_each_among(segment, docs, |at, impact| sums[at] += list.units(impact))?;
            }
            segment.pages.check_interrupts();
        }
        codes.iter_mut().zip(sums).for_each(|(code, sum)| *code = scale.code(sum));
    }
    let special = segment.special()?;
    let sets = [(&special.irregular, code::IRREGULAR), (&special.zero_norm, code::NAN), (&special.null, code::NULL)];
    for (set, value) in sets.into_iter().filter(|(set, _)| !set.is_empty()) {
        // What a query without distances makes of documents: those without a vector have none either way.
        let applies = match ranking {
            Ranking::AllNull => false,
            Ranking::AllNan => value == code::NULL,
            _ => true,
        };
        let of_set = docs.iter().zip(&mut codes).filter(|(doc, _)| applies && set.contains(**doc));
        of_set.for_each(|(_, code)| *code = value);
    }
    Ok(codes)
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
    let mut chunks = ChunkPages::new(segment.pages);
    let mut at = 0;
    while let Some(&place) = places.get(at) {
        // All look-ups on one page are asked for before the first is waited for.
        chunks.open_for(place)?;
        let here = places[at..].iter().take_while(|next| next.page == place.page).count();
        let place_in = |doc: u32| (doc % CHUNK_DOCS) as usize;
        let lookups = || docs[at..at + here].iter().zip(&places[at..at + here]);
        lookups().for_each(|(&doc, &place)| chunks.prefetch(place, place_in(doc)));
        for (no, (&doc, &place)) in lookups().enumerate() {
            if place.len > 0 {
                sums[at + no] += list.units(chunks.read(place)?.impact(place_in(doc) as u8));
            }
        }
        at += here;
    }
    Ok(())
}
