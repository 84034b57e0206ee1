//! Is this segment sound? Walks every part and says what is not as it must be; damage is a finding, not a failure.

use super::format::*;
use super::gaps::RareCursor;
use super::live;
use super::norms::{self, NormTally, n_norm_pages};
use super::packing::Packing;
use super::pages::{Part, PartPages, field};
use super::reader::{self, SegmentReader, chunk_record, list_page};
use crate::engine::codec::impact;
use crate::engine::error::{EngineError, Result, filled};
use crate::engine::filter::check::check_columns;
use crate::engine::filter::meta;
use crate::engine::filter::value::Columns;
use crate::engine::ids::Tid;

pub use super::document_sums::DocumentSums;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The part it was found in.
    pub part: &'static str,
    /// Page within the part, if it can be named.
    pub page: Option<u32>,
    /// What is wrong.
    pub text: String,
}

/// Collects findings.
pub type Report<'a> = dyn FnMut(Problem) + 'a;

/// Reports a finding.
pub fn found(report: &mut Report<'_>, part: Part, page: impl Into<Option<u32>>, text: impl Into<String>) {
    report(Problem { part: part.name(), page: page.into(), text: text.into() });
}

/// Checks all parts of a segment; `columns` knows the order of values, and `sums`, if given, gathers what
/// [`DocumentSums`] needs.
pub fn check_segment<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    columns: &dyn Columns,
    mut sums: Option<&mut DocumentSums>,
    report: &mut Report<'_>,
) -> Result<()> {
    check_page_counts(segment.meta, report);
    note(check_documents(segment, sums.as_deref_mut(), report), report)?;
    note(check_norms(segment, sums.as_deref_mut(), report), report)?;
    check_columns(segment, columns, report)?;
    note(check_terms(segment, sums, report), report)
}

/// Damage becomes a finding; anything else (memory) remains an error.
pub fn note(result: Result<()>, report: &mut Report<'_>) -> Result<()> {
    match result {
        Err(EngineError::Corrupt { part, page, reason }) => {
            report(Problem { part, page: Some(page), text: reason.into() });
            Ok(())
        }
        other => other,
    }
}

fn check_page_counts(meta: &SegmentMeta, report: &mut Report<'_>) {
    let filters = meta::expected_pages(&meta.columns, meta.n_docs);
    if filters.is_none() {
        found(report, Part::FilterValues, None, "totals of filter columns contradict each other");
    }
    for (part, pages) in meta.expected_pages().into_iter().chain(filters.into_iter().flatten()) {
        if meta.n_pages(part) != pages {
            found(report, part, None, format!("has {} pages, its contents need {pages}", meta.n_pages(part)));
        }
    }
}

fn check_norms<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    mut sums: Option<&mut DocumentSums>,
    report: &mut Report<'_>,
) -> Result<()> {
    let meta = segment.meta;
    let (pages, needed) = (meta.n_pages(Part::Norms), n_norm_pages(meta.n_docs));
    if meta.has_norms() && pages != needed {
        found(report, Part::Norms, None, format!("has {pages} pages, its contents need {needed}"));
    }
    let mut tally = NormTally::default();
    norms::for_each_norm(segment, &mut |_, norm| {
        tally.add(norm);
        sums.as_deref_mut().map_or(Ok(()), |sums| sums.add_norm(norm))
    })?;
    if tally.range() != meta.norms {
        found(report, Part::Norms, None, "range of the norms differs from the manifest");
    }
    Ok(())
}

fn check_documents<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    sums: Option<&mut DocumentSums>,
    report: &mut Report<'_>,
) -> Result<()> {
    let SegmentMeta { n_docs, n_null, .. } = *segment.meta;
    reader::for_each_tid(segment, &mut |doc, tid| {
        if tid.offset == 0 || tid.block == u32::MAX {
            found(report, Part::Docmap, doc / DOCMAP_PER_PAGE, format!("document {doc} has no valid TID"));
        }
        Ok(())
    })?;
    for part in [Part::Live, Part::Killed] {
        for no in 0..segment.meta.n_pages(part) {
            let on_page = live::docs_on_page(no, n_docs) as usize;
            let payload = segment.pages.page(part, no)?;
            let beyond = (on_page..RANGE_DOCS as usize).any(|bit| payload[bit / 8] >> (bit % 8) & 1 != 0);
            if beyond {
                found(report, part, no, "a bit is set beyond the last document");
            }
        }
    }
    let special = segment.special()?;
    if special.null.len() != u64::from(n_null) {
        found(report, Part::Special, None, "number of NULL vectors differs from the manifest");
    }
    if let Some(sums) = sums {
        sums.special = special;
        live::read(Part::Killed, segment.pages, segment.meta.n_pages(Part::Killed), n_docs, &mut sums.killed)?;
    }
    Ok(())
}

fn check_terms<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    mut sums: Option<&mut DocumentSums>,
    report: &mut Report<'_>,
) -> Result<()> {
    let meta = segment.meta;
    let (mut previous, mut n_postings, mut negative) = (None, 0u64, false);
    let mut packing = Packing::default();
    for no in 0..meta.n_terms {
        let entry = segment.term_entry(no)?;
        let page = no / TERMS_PER_PAGE;
        if previous.is_some_and(|p| entry.term <= p) {
            found(report, Part::Terms, page, format!("term {} does not ascend", entry.term));
        }
        if no % TERMS_PER_PAGE == 0 {
            let fences = segment.pages.page(Part::Fences, page / FENCES_PER_PAGE)?;
            if field::u32_at(&fences, (page % FENCES_PER_PAGE) as usize * 4) != entry.term {
                found(report, Part::Fences, page / FENCES_PER_PAGE, format!("fence of terms page {page} is wrong"));
            }
        }
        check_entry(segment, no, &entry, report)?;
        if let Some(sums) = sums.as_deref_mut() {
            let bytes = sums.exponents.len().saturating_mul(2 * size_of::<(u32, i16)>());
            sums.exponents.try_reserve(1).map_err(|_| EngineError::OutOfMemory { what: "terms of a check", bytes })?;
            sums.exponents.insert(entry.term, entry.exponent);
        }
        for sign in Sign::BOTH {
            let list = &entry.lists[sign.index()];
            negative |= sign == Sign::Negative && list.df > 0;
            n_postings += u64::from(list.df);
            if list.df > 0 {
                packing.begin(list, segment.meta, entry.term, report);
                note(check_list(segment, entry.term, sign, list, (sums.as_deref_mut(), &mut packing), report), report)?;
            }
        }
        previous = Some(entry.term);
        segment.pages.check_interrupts();
    }
    packing.finish(meta, report);
    if n_postings != meta.n_postings {
        found(report, Part::Terms, None, format!("lists hold {n_postings} postings, the manifest {}", meta.n_postings));
    }
    if negative != meta.has_negative {
        found(report, Part::Terms, None, "negative lists differ from the manifest");
    }
    Ok(())
}

/// Nothing is set in an entry that does not mean anything.
fn check_entry<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    no: u32,
    entry: &TermEntry,
    report: &mut Report<'_>,
) -> Result<()> {
    let (page, at) = (no / TERMS_PER_PAGE, (no % TERMS_PER_PAGE) as usize * TermEntry::BYTES);
    let payload = segment.pages.page(Part::Terms, page)?;
    let is_whole = payload.get(at..at + TermEntry::BYTES) == Some(&entry.to_bytes());
    let has_no_rest = |list: &ListEntry| match (list.df, list.frequent) {
        (0, _) => *list == ListEntry::default(),
        (_, frequent) => !frequent || list.offset == 0,
    };
    if !is_whole || !entry.lists.iter().all(has_no_rest) {
        found(report, Part::Terms, page, format!("the entry of term {} says what means nothing", entry.term));
    }
    Ok(())
}

fn check_list<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    term: u32,
    sign: Sign,
    list: &ListEntry,
    (mut sums, packing): (Option<&mut DocumentSums>, &mut Packing),
    report: &mut Report<'_>,
) -> Result<()> {
    let (mut n, mut next, mut greatest) = (0u32, 0u32, 0u8);
    let mut ordered = true;
    let mut each = |doc: u32, level: u8| {
        ordered &= doc >= next && doc < segment.meta.n_docs && level > 0;
        next = doc.saturating_add(1);
        greatest = greatest.max(level);
        n += 1;
        if let Some(sums) = sums.as_deref_mut() {
            sums.add(doc, term, sign, level);
        }
        Ok(())
    };
    if list.frequent {
        segment.for_each_posting(list, &mut each)?;
    } else {
        let mut cursor = RareCursor::new(list);
        cursor.for_each_below(segment, u32::MAX, |doc, level| if level > 0 { each(doc, level) } else { Ok(()) })?;
        packing.end_at(cursor.position());
    }
    if !ordered {
        let (part, page) = list_page(list);
        found(report, part, page, format!("documents of term {term} do not ascend within the segment"));
    }
    if n != list.df || greatest != list.max_impact {
        let (part, page) = list_page(list);
        found(
            report,
            part,
            page,
            format!(
                "term {term} has {n} postings with impacts up to {greatest}, its entry says {} and {}",
                list.df, list.max_impact
            ),
        );
    }
    if list.frequent { check_ranges(segment, term, list, packing, report) } else { Ok(()) }
}

fn check_ranges<P: PartPages>(
    segment: &SegmentReader<'_, P>,
    term: u32,
    list: &ListEntry,
    packing: &mut Packing,
    report: &mut Report<'_>,
) -> Result<()> {
    for range in 0..n_ranges(segment.meta.n_docs) {
        let (n, max_impact, has_no_rest) = segment.with_range(list, range, |record| {
            packing.range(list, range, &record, report)?;
            Ok((record.n(), record.max_impact(), record.has_no_rest()))
        })?;
        let n_chunks = chunks_of_range(segment.meta.n_docs, range);
        let mut greatest = filled((n_chunks * CHUNK_BLOCKS) as usize, 0u8, "check")?;
        let (mut ascending, mut counted, mut highest) = (true, 0u32, 0);
        segment.for_each_chunk(list, range, |no, chunk| {
            ascending &= chunk.is_sound();
            chunk.for_each(|place, impact| {
                let doc = no * CHUNK_DOCS + u32::from(place);
                counted += 1;
                highest = impact.max(highest);
                if let Some(of_block) = greatest.get_mut((doc / BLOCK_DOCS) as usize) {
                    *of_block = impact.max(*of_block);
                }
                Ok(())
            })
        })?;
        let (page, _) = chunk_record(list, range)?;
        if !ascending || counted != n || highest != max_impact || !has_no_rest {
            let text = format!("record of term {term}, range {range} is wrong");
            found(report, Part::Chunks, page, text);
        }
        let mut are_least = true;
        segment.for_each_bounds(list, range, (0, n_chunks), |first, bytes| {
            for (chunk, levels) in (first..).zip(bytes.chunks_exact(CHUNK_BOUNDS)) {
                for block in 0..CHUNK_BLOCKS {
                    let (byte, shift) = level_place(block);
                    let of_block = greatest.get((chunk * CHUNK_BLOCKS + block) as usize).copied().unwrap_or(0);
                    are_least &= is_least_level(levels[byte] >> shift & 15, of_block, max_impact);
                }
            }
        })?;
        if !are_least {
            let (page, _) = segment.bounds_place(list, range * RANGE_CHUNKS)?;
            found(report, Part::Bounds, page, format!("bounds of term {term}, range {range} are wrong"));
        }
    }
    Ok(())
}

/// Whether a block's level bounds the greatest impact in it, and none below does. Said in other words than the writer's:
/// its own routine would agree with itself whatever it did.
fn is_least_level(level: u8, greatest: u8, max_impact: u8) -> bool {
    let (reach, step) = (u32::from(level) * u32::from(max_impact), u32::from(max_impact));
    let wanted = u32::from(greatest) * impact::LEVELS;
    reach >= wanted && (level == 0 || reach - step < wanted)
}

/// Whether two live documents of an index share a TID; sorts `tids`.
pub fn repeated_tids(tids: &mut [Tid]) -> Vec<Tid> {
    tids.sort_unstable();
    let mut repeated: Vec<Tid> = tids.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
    repeated.dedup();
    repeated
}
