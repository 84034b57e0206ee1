//! Everything that reads a segment, and what must hold whatever its bytes are: an answer or an error that says where,
//! soon, and without a panic. What comes out is compared with what is true of the rows.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::image::{Image, Reading};
use super::made::{Made, Owned, Row};
use crate::engine::error::{EngineError, Result};
use crate::engine::filter::condition::{Condition, Filter, IntegerProbe, IntegerSet, Probe, Relation, Test};
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::{Columns, Value};
use crate::engine::ids::Tid;
use crate::engine::search::choice::{Choice, Floor};
use crate::engine::search::matching::{Terms, with_terms};
use crate::engine::search::ranker::{Options, Ranker, Strategy};
use crate::engine::search::scratch::Scratch;
use crate::engine::search::simd::Kernel;
use crate::engine::segment::check::{DocumentSums, check_segment, repeated_tids};
use crate::engine::segment::frequencies::DocumentFrequencies;
use crate::engine::segment::pages::MemoryPages;
use crate::engine::segment::reader::{SegmentAsSource, SegmentReader};
use crate::engine::segment::source::Input;
use crate::engine::segment::stats::for_each_term;
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVector;

/// What became of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Readers that ended in an error.
    pub errors: u32,
    /// Searches whose rows were not those that a scan of the table gives.
    pub wrong: u32,
    /// Whether the check found something in the pages alone.
    pub found: bool,
    /// Whether it found something there or in comparing with the table, which it does where rows were wrong.
    pub found_with_table: bool,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Everybody.
    All,
    /// The check and all ways of searching; others by turns.
    ByTurns,
    /// The check alone.
    Check,
}

/// Lets readers at an image; `choice` picks the query, the condition and the width of the kernels.
pub fn read_all(made: &Made, image: &Image, choice: u64, readers: Readers) -> Outcome {
    let steps = Cell::new(0);
    let reading = Reading::new(image, &steps);
    let (mut outcome, mut merged_is_sound) = (Outcome::default(), true);
    let mut take = |result: Result<bool>| {
        match result {
            Ok(true) => {}
            Ok(false) => outcome.wrong += 1,
            Err(error) => {
                check_error(&error, image, made);
                outcome.errors += 1;
            }
        }
        steps.set(0);
    };
    if readers != Readers::Check {
        for strategy in [Strategy::Exhaustive, Strategy::Blocks, Strategy::Candidates] {
            take(search(made, reading, strategy, choice));
        }
        let by_turns = |turn| readers == Readers::All || choice >> 12 & 3 == turn;
        if by_turns(0) {
            let merged = merge(made, reading);
            merged_is_sound = merged != Ok(false);
            take(merged.map(|_| true));
        }
        if by_turns(1) {
            take(terms(made, reading));
        }
        if by_turns(2) {
            take(frequencies(reading));
        }
        if by_turns(3) {
            take(values(made, reading));
        }
    }
    let with_table = outcome.wrong > 0 || readers == Readers::All;
    let (found, found_with_table) = check(made, reading, with_table);
    // What nobody has seen must not have become worse.
    assert!(found || merged_is_sound, "a merge spreads damage");
    Outcome { found, found_with_table, ..outcome }
}

/// Errors name a part and a page; only totals that lie can make a document too many.
fn check_error(error: &EngineError, image: &Image, made: &Made) {
    match error {
        EngineError::Corrupt { reason, .. } => assert!(!reason.is_empty()),
        EngineError::Limit { .. } if image.meta != made.image.meta => {}
        _ => panic!("{error:?}"),
    }
}

/// A condition by chance, and the same of a row.
fn condition(made: &Made, choice: u64) -> Option<impl Fn() -> Filter> {
    let argument = &made.rows[(choice >> 8) as usize % made.rows.len()];
    let column = (choice >> 4) as usize % made.columns.kinds().len().max(1);
    let value = argument.values.get(column)?.clone();
    Some(move || {
        let test = match (&value, choice & 7) {
            (None, _) => Test::IsNull,
            (Some(_), 0) => Test::IsNotNull,
            (Some(Owned::Integer(integer)), 1) => {
                Test::In(IntegerSet::new(vec![*integer, integer.wrapping_add(1_000), 7]))
            }
            (Some(value), kind) => {
                let relation = [Relation::LessOrEqual, Relation::Equal, Relation::Greater][kind as usize % 3];
                Test::Compare(relation, probe(value))
            }
        };
        Filter { conditions: vec![Condition { column, test }] }
    })
}

struct Word(Vec<u8>);

impl Probe for Word {
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.cmp(self.0.as_slice())),
            Value::Integer(_) => Err(crate::engine::filter::value::two_kinds()),
        }
    }
}

fn probe(value: &Owned) -> Box<dyn Probe> {
    match value {
        Owned::Integer(integer) => Box::new(IntegerProbe(*integer)),
        Owned::Bytes(bytes) => Box::new(Word(bytes.clone())),
    }
}

fn kernel(choice: u64) -> Kernel {
    let available = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    available().nth(choice as usize % available().count()).unwrap_or_else(Kernel::best)
}

/// Whether a search gives the rows that it must, each once and none before its turn. Rows that nobody sees may come: the
/// executor does not find them.
fn search(made: &Made, reading: Reading<'_>, strategy: Strategy, choice: u64) -> Result<bool> {
    let (query, truth) = &made.queries[(choice >> 2) as usize % made.queries.len()];
    let condition = (choice & 8 != 0 || strategy == Strategy::Candidates).then(|| condition(made, choice)).flatten();
    let within = match &condition {
        Some(filter) => filter().evaluate(&reading.reader())?,
        None => None,
    };
    let sharing = choice & 0x70 == 0x70;
    let floor = if sharing { Floor::Sharing } else { Floor::None };
    let options = Options { strategy, kernel: kernel(choice >> 14), ..Options::default() };
    let choice = Choice { within: vec![within], floor };
    let query_ref = Some(query.as_ref());
    let mut ranker = Ranker::among(choice, vec![reading], made.metric, query_ref, options, Scratch::default())?;
    let mut delivered = vec![false; made.rows.len()];
    let (mut right, mut n, mut last) = (true, 0u32, None);
    while let Some(ranked) = ranker.next_best()? {
        n += 1;
        assert!(n <= reading.reader().meta.n_docs, "no document twice");
        assert!(last.is_none_or(|last| ranked.distance.compare(&last) != Ordering::Less), "bounds ascend");
        last = Some(ranked.distance);
        let Tid { block, offset } = reading.reader().tid(ranked.doc)?;
        let Some(row) = made.rows.get(block as usize).filter(|row| offset == 1 && !row.is_gone) else { continue };
        let is_new = !std::mem::replace(&mut delivered[block as usize], true);
        let is_asked = is_asked(condition.as_ref().map(|filter| filter()), row)?;
        right &= is_new && is_asked && ranked.distance.compare(&truth[block as usize]) != Ordering::Greater;
    }
    for (no, row) in made.rows.iter().enumerate().filter(|(_, row)| !row.is_gone) {
        if !delivered[no] && (!sharing || shares(row, query)) {
            right &= !is_asked(condition.as_ref().map(|filter| filter()), row)?;
        }
    }
    Ok(right)
}

fn is_asked(filter: Option<Filter>, row: &Row) -> Result<bool> {
    filter.map_or(Ok(true), |mut filter| filter.matches(&row.values()))
}

fn shares(row: &Row, query: &SparseVector) -> bool {
    let terms = query.as_ref();
    row.vector.as_ref().is_some_and(|v| v.as_ref().indices().iter().any(|term| terms.indices().contains(term)))
}

/// A merge of what is left alive; whether what it writes is sound.
fn merge(made: &Made, reading: Reading<'_>) -> Result<bool> {
    let dead = reading.reader().dead()?;
    let mut pages = MemoryPages::default();
    let mut inputs = [Input { source: Box::new(SegmentAsSource::new(reading.reader())?), dead }];
    let meta = write_segment(&mut inputs, &made.columns, &mut pages)?;
    assert!(meta.n_docs == 0 || meta.is_plausible(), "{meta:?}");
    let merged = SegmentReader { pages: &pages, meta: &meta };
    let mut is_sound = true;
    if meta.n_docs > 0 {
        check_segment(&merged, &made.columns, None, &mut |_| is_sound = false)?;
    }
    Ok(is_sound)
}

/// Conditions on terms, and statistics of all.
fn terms(made: &Made, reading: Reading<'_>) -> Result<bool> {
    for_each_term(&[reading.reader()], &mut |_| Ok(()))?;
    let should = [3, 6, 7, 8];
    let found = with_terms(&reading.reader(), &Terms { must: &[0], must_not: &[5], should: &should, minimum: 2 })?;
    let (mut right, dead) = (true, reading.reader().dead()?);
    // A dead document's row may be any.
    for doc in (0..reading.reader().meta.n_docs).filter(|&doc| !dead.contains(doc)) {
        let Some(row) = made.rows.get(reading.reader().tid(doc)?.block as usize) else { continue };
        let Some(vector) = row.vector.as_ref().filter(|_| !row.is_gone && found.n_docs() > 0) else { continue };
        let has = |term: u32| vector.as_ref().indices().contains(&term);
        let is_irregular = vector.as_ref().weights().iter().any(|w| w.abs() > 1e20);
        let expected = has(0) && !has(5) && should.iter().filter(|&&term| has(term)).count() >= 2;
        right &= found.contains(doc) == (expected || is_irregular);
    }
    Ok(right)
}

fn frequencies(reading: Reading<'_>) -> Result<bool> {
    let mut counted = DocumentFrequencies::default();
    counted.add_segment(reading.reader(), reading.reader().dead()?)?;
    counted.terms()?;
    Ok(true)
}

/// The values of some documents and of none.
fn values(made: &Made, reading: Reading<'_>) -> Result<bool> {
    let mut set = DocSet::all(reading.reader().meta.n_docs)?;
    reading.reader().keep_present(true, &mut set)?;
    for column in 0..made.columns.kinds().len() {
        for doc in (0..made.rows.len() as u32).step_by(53) {
            reading.reader().column(column)?.value_of(doc, |_| Ok(()))?;
        }
        assert!(reading.reader().column(column)?.value_of(u32::MAX, |_| Ok(())).is_err());
    }
    Ok(true)
}

/// What the check finds in the pages, and what in comparing them with the table, if it is to: every row that somebody
/// sees is there once, with its weights and its values.
fn check(made: &Made, reading: Reading<'_>, with_table: bool) -> (bool, bool) {
    let reader = reading.reader();
    let n_docs = reader.meta.n_docs;
    let mut n = 0;
    let Ok(mut sums) = DocumentSums::new(n_docs) else { return (true, true) };
    let outcome = check_segment(&reader, &made.columns, Some(&mut sums), &mut |problem| {
        assert!(!problem.text.is_empty());
        n += 1;
    });
    outcome.unwrap_or_else(|error| panic!("the check does not fail: {error:?}"));
    (n > 0, n > 0 || with_table && !agrees(made, reading, &sums).unwrap_or(false))
}

fn agrees(made: &Made, reading: Reading<'_>, sums: &DocumentSums) -> Result<bool> {
    let reader = reading.reader();
    let dead = reader.dead()?;
    let mut docs = HashMap::new();
    let mut tids = Vec::new();
    for doc in (0..reader.meta.n_docs).filter(|&doc| !dead.contains(doc)) {
        let tid = reader.tid(doc)?;
        docs.insert(tid, doc);
        tids.push(tid);
    }
    let mut agrees = repeated_tids(&mut tids).is_empty();
    for (block, row) in (0..).zip(&made.rows).filter(|(_, row)| !row.is_gone) {
        let Some(&doc) = docs.get(&Tid { block, offset: 1 }) else { return Ok(false) };
        agrees &= !sums.is_killed(doc) && sums.matches(doc, made.metric, row.vector.as_ref().map(SparseVector::as_ref));
        for (column, value) in row.values().into_iter().enumerate() {
            agrees &= reader.column(column)?.value_of(doc, |stored| Ok(stored == value))?;
        }
    }
    Ok(agrees)
}
