//! Values that conditions on one column leave, as ranges of the column's order: conditions are combined before any
//! document is looked at.

use std::ops::RangeInclusive;

use super::column::ColumnReader;
use super::condition::{IntegerProbe, Probe, Relation, Test};
use super::dictionary::Cut;
use super::finder::Finder;
use super::meta::ColumnMeta;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::segment::pages::{Part, PartPages, corrupt};

/// Values from one cut to another, at least one.
type Span = (Cut, Cut);

/// See the module's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Whether NULL is selected.
    nulls: bool,
    /// Ascending; none touches the next.
    spans: Vec<Span>,
}

impl Selection {
    /// Nothing.
    fn none() -> Self {
        Self { nulls: false, spans: Vec::new() }
    }

    /// Every value up to `end`.
    fn all_values(end: Cut) -> Result<Self> {
        Self::of(vec![(Cut { number: 0, position: 0 }, end)])
    }

    /// Any of some spans, in any order, empty ones too.
    fn of(mut spans: Vec<Span>) -> Result<Self> {
        if spans.iter().any(|(from, to)| from.number > to.number || from.position > to.position) {
            return Err(corrupt(Part::FilterValues, 0, "values do not ascend"));
        }
        spans.retain(|(from, to)| from.number < to.number);
        spans.sort_unstable();
        let mut n = 0usize;
        for at in 0..spans.len() {
            let (from, to) = spans[at];
            match n.checked_sub(1).map(|last| &mut spans[last]) {
                Some(last) if last.1.number >= from.number => last.1 = last.1.max(to),
                _ => {
                    spans[n] = (from, to);
                    n += 1;
                }
            }
        }
        spans.truncate(n);
        Ok(Self { nulls: false, spans })
    }

    /// What all of some tests of a column leave.
    pub fn new<'t, P: PartPages>(
        column: ColumnReader<'_, P>,
        tests: impl Iterator<Item = &'t mut Test>,
    ) -> Result<Self> {
        let mut finder = Finder::new(column);
        let mut left = Self::all_values(column.end())?;
        left.nulls = column.meta.n_null > 0;
        for test in tests {
            left.intersect(&find(&mut finder, column.end(), test)?)?;
            if left.is_empty() {
                break;
            }
        }
        Ok(left)
    }

    fn intersect(&mut self, other: &Self) -> Result<()> {
        let mut spans = reserved(self.spans.len() + other.spans.len(), "values of a condition")?;
        let (mut a, mut b) = (self.spans.as_slice(), other.spans.as_slice());
        while let ([first, after_first @ ..], [second, after_second @ ..]) = (a, b) {
            let (from, to) = (first.0.max(second.0), first.1.min(second.1));
            if from.number < to.number {
                spans.push((from, to));
            }
            if first.1.number < second.1.number { a = after_first } else { b = after_second }
        }
        self.nulls &= other.nulls;
        self.spans = spans;
        Ok(())
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        !self.nulls && self.spans.is_empty()
    }

    /// How many documents are selected.
    pub fn n_docs(&self, column: &ColumnMeta) -> u32 {
        let nulls = if self.nulls { column.n_null } else { 0 };
        let valued = self.spans.iter().map(|(from, to)| to.position.saturating_sub(from.position));
        valued.fold(nulls, u32::saturating_add)
    }

    /// Whether every document is selected.
    pub fn is_everything(&self, column: &ColumnMeta) -> bool {
        (self.nulls || column.n_null == 0)
            && self.spans.iter().map(|(from, to)| to.number - from.number).sum::<u32>() == column.n_values
    }

    /// Places in the column's list where its documents are; `None` if NULL is selected, whose documents are not there.
    pub fn listed(&self) -> Option<impl Iterator<Item = (u32, u32)> + '_> {
        (!self.nulls).then(|| self.spans.iter().map(|(from, to)| (from.position, to.position)))
    }

    /// Its codes, ascending; none touches the next. The last may end at the greatest code with that many bits: no code
    /// is above the last value, and zeros and ones at the end need not be looked at.
    pub fn codes(&self, column: &ColumnMeta) -> Result<Vec<RangeInclusive<u32>>> {
        let mut codes: Vec<RangeInclusive<u32>> = reserved(self.spans.len() + 1, "codes of a condition")?;
        if self.nulls {
            codes.push(0..=0);
        }
        let greatest = if column.bits() == 0 { 0 } else { u32::MAX >> (32 - column.bits()) };
        for (from, to) in &self.spans {
            let (from, to) = (from.number + column.shift(), to.number + column.shift());
            let last = if to == column.n_codes() { greatest } else { to - 1 };
            match codes.last_mut() {
                Some(before) if *before.end() + 1 == from => *before = *before.start()..=last,
                _ => codes.push(from..=last),
            }
        }
        Ok(codes)
    }
}

fn find<P: PartPages>(finder: &mut Finder<'_, P>, end: Cut, test: &mut Test) -> Result<Selection> {
    match test {
        Test::Compare(relation, probe) => Selection::of(vec![span(finder, end, *relation, probe.as_mut())?]),
        Test::AnyOf(relation, probes) => {
            let mut spans = reserved(probes.len(), "values of a condition")?;
            for (at, probe) in probes.iter_mut().enumerate() {
                pause(finder, at);
                spans.push(span(finder, end, *relation, probe.as_mut())?);
            }
            Selection::of(spans)
        }
        Test::In(integers) => {
            let mut spans: Vec<Span> = Vec::new();
            for (at, &integer) in integers.ascending().iter().enumerate() {
                pause(finder, at);
                let (from, to) = finder.equal(&mut IntegerProbe(integer))?;
                if from.number < to.number {
                    reserve(&mut spans, 1, "values of a condition")?;
                    spans.push((from, to));
                }
                if from == end {
                    break;
                }
            }
            Selection::of(spans)
        }
        Test::IsNull => Ok(Selection { nulls: true, ..Selection::none() }),
        Test::IsNotNull => Selection::all_values(end),
        Test::Nothing => Ok(Selection::none()),
    }
}

fn pause<P: PartPages>(finder: &Finder<'_, P>, at: usize) {
    if at % 256 == 255 {
        finder.check_interrupts();
    }
}

/// The values in a relation to an argument.
fn span<P: PartPages>(finder: &mut Finder<'_, P>, end: Cut, relation: Relation, probe: &mut dyn Probe) -> Result<Span> {
    let begin = Cut { number: 0, position: 0 };
    Ok(match relation {
        Relation::Less => (begin, finder.below(probe)?),
        Relation::LessOrEqual => (begin, finder.up_to(probe)?),
        Relation::Equal => finder.equal(probe)?,
        Relation::GreaterOrEqual => (finder.below(probe)?, end),
        Relation::Greater => (finder.up_to(probe)?, end),
    })
}
