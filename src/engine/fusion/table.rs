//! Where each item stands: for every item the lists that have it, with its rank in each.
//!
//! Two arrays hold the places of all items one after another, and a third says where each item's begin: 5 bytes for
//! each element of a list and 4 for each item, however many lists there are.

use super::List;
use super::error::{FusionError, Result, collected, filled, reserved};

/// Steps between two calls of `interrupts`.
pub const STEPS: usize = 8192;

/// The places of all items.
#[derive(Debug)]
pub struct Table {
    /// Of item `i`: `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    /// Lists, ascending for each item.
    lists: Vec<u8>,
    /// Ranks from 1.
    ranks: Vec<u32>,
    lengths: Vec<u32>,
    n_candidates: u32,
}

impl Table {
    /// Checks that items exist and that none is twice in a list.
    pub fn new(lists: &[List<'_>], n_items: u32, interrupts: &mut dyn FnMut()) -> Result<Self> {
        let total = lists.iter().fold(0usize, |sum, list| sum.saturating_add(list.items.len()));
        if u32::try_from(total).is_err() {
            return Err(FusionError::TooLong { elements: total });
        }
        let starts = starts(lists, n_items, interrupts)?;
        let n_candidates = starts.windows(2).filter(|pair| pair.first() < pair.last()).count();
        let mut table = Self {
            lists: filled(total, 0)?,
            ranks: filled(total, 0)?,
            lengths: collected(lists.iter().map(|list| number(list.items.len())))?,
            n_candidates: number(n_candidates),
            starts,
        };
        // Where the next place of each item goes.
        let mut next = collected(table.starts.iter().copied())?;
        for (id, list) in lists.iter().enumerate() {
            table.place(id, list.items, &mut next, interrupts)?;
        }
        Ok(table)
    }

    fn place(&mut self, id: usize, items: &[u32], next: &mut [u32], interrupts: &mut dyn FnMut()) -> Result<()> {
        for (position, &item) in items.iter().enumerate() {
            if position.is_multiple_of(STEPS) {
                interrupts();
            }
            let item = item as usize;
            let (Some(&start), Some(at)) = (self.starts.get(item), next.get_mut(item)) else { continue };
            let last = (*at > start).then(|| self.lists.get(*at as usize - 1)).flatten();
            if last.is_some_and(|&last| usize::from(last) == id) {
                let problem = "repeats an item of the same list";
                return Err(FusionError::BadItem { list: id + 1, position: position + 1, problem });
            }
            if let (Some(list), Some(rank)) = (self.lists.get_mut(*at as usize), self.ranks.get_mut(*at as usize)) {
                *list = u8::try_from(id).unwrap_or(u8::MAX);
                *rank = number(position + 1);
            }
            *at += 1;
        }
        Ok(())
    }

    /// The lists that have the item, ascending, each with the item's rank from 1.
    pub fn places(&self, item: u32) -> impl Iterator<Item = (usize, u32)> {
        let bounds = self.starts.get(item as usize..).and_then(|rest| Some((*rest.first()?, *rest.get(1)?)));
        let (start, end) = bounds.unwrap_or((0, 0));
        let range = start as usize..end as usize;
        let lists = self.lists.get(range.clone()).unwrap_or_default();
        let ranks = self.ranks.get(range).unwrap_or_default();
        lists.iter().zip(ranks).map(|(&list, &rank)| (usize::from(list), rank))
    }

    /// The item's rank in one list, from 1.
    pub fn rank(&self, list: usize, item: u32) -> Option<u32> {
        self.places(item).find(|place| place.0 == list).map(|place| place.1)
    }

    /// The item's best rank in any list.
    pub fn best_rank(&self, item: u32) -> Option<u32> {
        self.places(item).map(|place| place.1).min()
    }

    /// The same with other numbers: item `i` is what was `order[i]`. Items that follow one another in `order` then have
    /// their places side by side in memory.
    pub fn renumbered(&self, order: &[u32]) -> Result<Self> {
        let mut starts = reserved(order.len() + 1)?;
        let (mut lists, mut ranks) = (reserved(self.lists.len())?, reserved(self.ranks.len())?);
        starts.push(0);
        for &item in order {
            for (list, rank) in self.places(item) {
                lists.push(u8::try_from(list).unwrap_or(u8::MAX));
                ranks.push(rank);
            }
            starts.push(number(ranks.len()));
        }
        let lengths = collected(self.lengths.iter().copied())?;
        Ok(Self { starts, lists, ranks, lengths, n_candidates: self.n_candidates })
    }

    /// The length of each list.
    pub fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// Items that some list has.
    pub fn n_candidates(&self) -> u32 {
        self.n_candidates
    }

    /// Those items, ascending.
    pub fn candidates(&self) -> impl Iterator<Item = u32> {
        let pairs = self.starts.windows(2).zip(0u32..);
        pairs.filter(|(pair, _)| pair.first() < pair.last()).map(|(_, item)| item)
    }

    /// All items, those that no list has included.
    pub fn n_items(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

/// Where each item's places begin, and where the last one's end.
fn starts(lists: &[List<'_>], n_items: u32, interrupts: &mut dyn FnMut()) -> Result<Vec<u32>> {
    let mut starts = filled(n_items as usize + 1, 0u32)?;
    for (id, list) in lists.iter().enumerate() {
        for (position, &item) in list.items.iter().enumerate() {
            if position.is_multiple_of(STEPS) {
                interrupts();
            }
            // One further than the item, so that the sums up to an item are where it begins.
            let Some(count) = starts.get_mut(1..).and_then(|counts| counts.get_mut(item as usize)) else {
                let problem = "is no item";
                return Err(FusionError::BadItem { list: id + 1, position: position + 1, problem });
            };
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut starts {
        sum += *count;
        *count = sum;
    }
    Ok(starts)
}

/// A length or a rank; all of them fit.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
