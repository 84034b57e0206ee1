//! Finds where arguments stand among a column's values.

use std::cmp::Ordering;

use super::column::ColumnReader;
use super::condition::Probe;
use super::dictionary::{Cut, ValuesPage};
use super::value::Value;
use crate::engine::error::Result;
use crate::engine::segment::pages::PartPages;

/// Finds values in a column's dictionary. The page looked at last is kept, so that arguments in ascending order need
/// few pages.
pub struct Finder<'p, P> {
    column: ColumnReader<'p, P>,
    page: Option<ValuesPage>,
}

impl<'p, P: PartPages> Finder<'p, P> {
    /// For a column.
    pub fn new(column: ColumnReader<'p, P>) -> Self {
        Self { column, page: None }
    }

    /// Called between arguments, of which there may be very many.
    pub fn check_interrupts(&self) {
        self.column.pages.check_interrupts();
    }

    /// Reads a page, if it is not the one at hand.
    fn read(&mut self, no: u32) -> Result<&ValuesPage> {
        let at_hand = self.page.take();
        let page = match at_hand {
            Some(page) if page.no() == self.column.meta.values_page.saturating_add(no) => page,
            other => self.column.values_page(no, other)?,
        };
        Ok(self.page.insert(page))
    }

    /// Where the values end that come `before` something: they are those at the beginning.
    pub fn partition(&mut self, before: &mut dyn FnMut(Value<'_>) -> Result<bool>) -> Result<Cut> {
        // `low` pages begin with such a value, and those from `high` on do not.
        let (mut low, mut high) = (0, self.column.meta.n_values_pages);
        let mut step = high.max(1);
        if let Some(page) = &self.page {
            let no = page.no().saturating_sub(self.column.meta.values_page).min(high.saturating_sub(1));
            if !before(page.value(0)?)? {
                high = no;
            } else if before(page.value(page.n() - 1)?)? {
                (low, step) = (no + 1, 1);
            } else {
                (low, high) = (no + 1, no + 1);
            }
        }
        // Nearby pages first if the argument is behind the page at hand, then by halves.
        while low < high {
            let at = (low + (high - low) / 2).min(low.saturating_add(step - 1));
            step = step.saturating_mul(2);
            if before(self.read(at)?.value(0)?)? { low = at + 1 } else { high = at }
        }
        let Some(no) = low.checked_sub(1) else { return Ok(Cut { number: 0, position: 0 }) };
        let page = self.read(no)?;
        let (mut low, mut high) = (1, page.n());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(page.value(middle)?)? { low = middle + 1 } else { high = middle }
        }
        page.cut(low)
    }

    /// Where the values below an argument end.
    pub fn below(&mut self, probe: &mut dyn Probe) -> Result<Cut> {
        self.partition(&mut |value| Ok(probe.compare(value)? == Ordering::Less))
    }

    /// Where the values equal to it or below end.
    pub fn up_to(&mut self, probe: &mut dyn Probe) -> Result<Cut> {
        self.partition(&mut |value| Ok(probe.compare(value)? != Ordering::Greater))
    }

    /// The value behind a cut that was just found; `None` if it is not on the page at hand.
    fn behind(&self, cut: Cut) -> Option<(&ValuesPage, usize)> {
        let page = self.page.as_ref()?;
        let at = cut.number.checked_sub(page.first().number)? as usize;
        (at < page.n()).then_some((page, at))
    }

    /// Where the values equal to an argument begin and end.
    pub fn equal(&mut self, probe: &mut dyn Probe) -> Result<(Cut, Cut)> {
        let begin = self.below(probe)?;
        // Mostly there is one such value or none.
        if let Some((page, at)) = self.behind(begin) {
            if probe.compare(page.value(at)?)? != Ordering::Equal {
                return Ok((begin, begin));
            }
            if at + 1 < page.n() && probe.compare(page.value(at + 1)?)? == Ordering::Greater {
                let position = begin.position.saturating_add(page.count(at)?);
                return Ok((begin, Cut { number: begin.number + 1, position }));
            }
        }
        Ok((begin, self.up_to(probe)?))
    }
}
