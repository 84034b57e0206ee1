//! Several inputs as one. Each is a range of documents, and the ranges follow one another; a term's merged list is
//! therefore the inputs' lists in turn, each with its documents renumbered.

use super::format::{MAX_DOCS, Sign};
use super::live::LiveRank;
use super::source::{Input, TermHead};
use super::special::SpecialDocs;
use crate::engine::codec::impact;
use crate::engine::error::{EngineError, PARTITION, Result, reserved};

/// A term of all inputs.
pub struct MergedHead {
    /// The term id.
    pub term: u32,
    /// The largest of the inputs' scales.
    pub exponent: i16,
    /// About the number of postings of each sign: each input's, less the share of its documents that are dead. Exact if
    /// none are.
    pub df: [u64; 2],
}

/// Where the documents of each input go: ranges that follow one another, less the dead.
pub fn rank(inputs: &[Input<'_>]) -> Result<Vec<LiveRank>> {
    let mut ranks = reserved(inputs.len(), "merge inputs")?;
    let mut base = 0u64;
    for input in inputs {
        // `base` is checked below before any document is numbered with it.
        let rank = LiveRank::new(input.source.n_docs(), &input.dead, base as u32)?;
        base += u64::from(rank.n_live());
        if base > u64::from(MAX_DOCS) {
            return Err(EngineError::Limit {
                what: "documents of a segment",
                limit: u64::from(MAX_DOCS),
                remedy: PARTITION,
            });
        }
        ranks.push(rank);
    }
    Ok(ranks)
}

/// The documents without a regular score.
pub fn special(inputs: &[Input<'_>], ranks: &[LiveRank]) -> SpecialDocs {
    let mut special = SpecialDocs::default();
    for (input, rank) in inputs.iter().zip(ranks) {
        let from = input.source.special();
        special.null.extend(from.null.iter().filter_map(|doc| rank.new_doc(doc)));
        special.zero_norm.extend(from.zero_norm.iter().filter_map(|doc| rank.new_doc(doc)));
        special.irregular.extend(from.irregular.iter().filter_map(|doc| rank.new_doc(doc)));
    }
    special
}

/// Lets all inputs begin a filter column. Returns how many values they have at most.
pub fn begin_column(inputs: &mut [Input<'_>], column: usize) -> Result<u32> {
    let mut n_values = 0u32;
    for input in inputs.iter_mut() {
        input.source.begin_column(column)?;
        n_values = n_values.saturating_add(input.source.n_values());
    }
    Ok(n_values)
}

/// The least term that any input is at.
pub fn next_term(inputs: &[Input<'_>], ranks: &[LiveRank]) -> Option<MergedHead> {
    let mut merged: Option<MergedHead> = None;
    for (input, rank) in inputs.iter().zip(ranks) {
        let Some(head) = input.source.head() else { continue };
        let (n_live, n_docs) = (u64::from(rank.n_live()), u64::from(input.source.n_docs()).max(1));
        let df = head.df.map(|df| (u64::from(df) * n_live).div_ceil(n_docs));
        match &mut merged {
            Some(m) if m.term < head.term => {}
            Some(m) if m.term == head.term => {
                m.exponent = m.exponent.max(head.exponent);
                m.df = [m.df[0] + df[0], m.df[1] + df[1]];
            }
            _ => merged = Some(MergedHead { term: head.term, exponent: head.exponent, df }),
        }
    }
    merged
}

/// Gives the postings of the term's list of one sign: documents by their new numbers, ascending, and impacts in the
/// merged scale.
pub fn for_each_posting(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    merged: &MergedHead,
    sign: Sign,
    mut each: impl FnMut(u32, u8) -> Result<()>,
) -> Result<()> {
    for (input, rank) in inputs.iter_mut().zip(ranks) {
        let Some(TermHead { term, exponent, df }) = input.source.head() else { continue };
        if term != merged.term || df[sign.index()] == 0 {
            continue;
        }
        input.source.for_each_posting(sign, &mut |doc, level| match rank.new_doc(doc) {
            Some(doc) => each(doc, impact::requantise(level, exponent, merged.exponent)),
            None => Ok(()),
        })?;
    }
    Ok(())
}

/// Moves the inputs that are at this term to their next.
pub fn advance(inputs: &mut [Input<'_>], merged: &MergedHead) -> Result<()> {
    for input in inputs.iter_mut() {
        if input.source.head().is_some_and(|head| head.term == merged.term) {
            input.source.advance()?;
        }
    }
    Ok(())
}
