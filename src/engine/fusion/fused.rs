//! Fusion itself, and what can be asked about its result.

use super::arith::{extremes, finite};
use super::combine::{Combine, Part};
use super::error::{FusionError, Result, collected, filled, reserved};
use super::normalise::{self, Normaliser, length};
use super::ranks::RankPart;
use super::settings::{Missing, Plan, Settings, Source};
use super::table::{STEPS, Table};
use super::{List, MAX_LISTS, condorcet, interleave, model, smooth};
use crate::engine::pace::Pace;

/// Fuses lists. With `top`, [`Fused::order`] has no more than that; scores and parts are known of every item all the
/// same. Without lists there is nothing in it.
pub fn fuse(
    lists: &[List<'_>],
    n_items: u32,
    settings: &Settings,
    top: Option<usize>,
    interrupts: &mut dyn FnMut(),
) -> Result<Fused> {
    check(lists, settings)?;
    let table = Table::new(lists, n_items, interrupts)?;
    let mut fused = Fused {
        scores: filled(table.n_items(), 0.0)?,
        table,
        weights: collected(settings.weights.iter().copied())?,
        combine: None,
        normalised: None,
        parts: Vec::new(),
        absent: [None; MAX_LISTS],
        order: Vec::new(),
    };
    let by_order = match &settings.plan {
        Plan::Condorcet => Some(condorcet::order(&fused.table, &settings.weights, interrupts)?),
        Plan::Interleave { draft } => Some(interleave::order(lists, &fused.table, *draft, interrupts)?),
        Plan::Parts { source, combine } => {
            fused.set_parts(lists, settings, source, *combine, interrupts)?;
            None
        }
    };
    match by_order {
        Some(order) => fused.set_order(order, top),
        None => fused.sort(top, interrupts)?,
    }
    Ok(fused)
}

/// A fused list, and where every item of it comes from.
#[derive(Debug)]
pub struct Fused {
    table: Table,
    /// By which an item's parts are multiplied; 1 where they have the weight in them.
    weights: Vec<f64>,
    /// `None` if there are no parts.
    combine: Option<Combine>,
    /// Where they are not the parts themselves.
    normalised: Option<Normalised>,
    /// Of each list, in rank order.
    parts: Vec<Vec<f64>>,
    /// Of each list, for items that it does not have.
    absent: [Option<f64>; MAX_LISTS],
    /// Of each item.
    scores: Vec<f64>,
    order: Vec<u32>,
}

/// Normalised scores of each list, in rank order.
#[derive(Debug)]
enum Normalised {
    ThePartsThemselves,
    Apart(Vec<Vec<f64>>),
}

impl Fused {
    /// The items, best first: by falling score, then by the best rank in any list, then by rising number.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The fused score; 0 for an item that no list has.
    pub fn score(&self, item: u32) -> f64 {
        self.scores.get(item as usize).copied().unwrap_or(0.0)
    }

    /// The item's rank in a list, from 1. `None`: the list does not have it.
    pub fn rank(&self, list: usize, item: u32) -> Option<u32> {
        self.table.rank(list, item)
    }

    /// The normalised score that the method used. `None`: the list does not have the item, or the method reads ranks.
    pub fn normalised(&self, list: usize, item: u32) -> Option<f64> {
        let values = match self.normalised.as_ref()? {
            Normalised::ThePartsThemselves => &self.parts,
            Normalised::Apart(values) => values,
        };
        values.get(list)?.get(self.rank(list, item)? as usize - 1).copied()
    }

    /// What a list adds to the item's score, where the method is a sum of such; they sum up to the score. A list that
    /// does not have the item adds what the `missing` policy says. `None`: it adds nothing, or the method is no sum.
    pub fn contribution(&self, list: usize, item: u32) -> Option<f64> {
        let mut parts = NO_PARTS;
        let parts = self.parts_of(item, &mut parts);
        let part = parts.iter().find(|part| part.list == list)?;
        self.combine?.contribution(*part, parts)
    }

    /// The item's parts, in the order of the lists; none if no list has it.
    fn parts_of<'a>(&self, item: u32, parts: &'a mut [Part; MAX_LISTS]) -> &'a mut [Part] {
        let mut places = self.table.places(item).peekable();
        let mut n = 0;
        if places.peek().is_some() {
            for ((list, &weight), absent) in self.weights.iter().enumerate().zip(&self.absent) {
                let value = match places.next_if(|place| place.0 == list) {
                    Some((_, rank)) => self.parts.get(list).and_then(|parts| parts.get(rank as usize - 1)).copied(),
                    None => *absent,
                };
                if let (Some(value), Some(part)) = (value, parts.get_mut(n)) {
                    *part = Part { list, value, weight };
                    n += 1;
                }
            }
        }
        parts.get_mut(..n).unwrap_or_default()
    }

    fn set_parts(
        &mut self,
        lists: &[List<'_>],
        settings: &Settings,
        source: &Source,
        combine: Combine,
        interrupts: &mut dyn FnMut(),
    ) -> Result<()> {
        self.combine = Some(combine);
        if let Source::Ranks(part) = source {
            self.weights.iter_mut().for_each(|weight| *weight = part.weight(*weight));
        }
        self.parts = reserved(lists.len())?;
        let mut apart = reserved(lists.len())?;
        for (id, list) in lists.iter().enumerate() {
            interrupts();
            let n_candidates = self.table.n_candidates() as usize;
            let values = match &settings.normaliser {
                Some(normaliser) => {
                    let given = given(normaliser, list, n_candidates);
                    normaliser.apply(id, &given, settings.on_equal)?
                }
                None => Vec::new(),
            };
            let weight = settings.weights.get(id).copied().unwrap_or(0.0);
            let parts = parts(source, list, &values, (id, weight), n_candidates, interrupts)?;
            if let Some(absent) = self.absent.get_mut(id) {
                let parts = parts.as_ref().unwrap_or(&values);
                *absent = absent_part(settings, source, list, parts, weight, n_candidates);
            }
            match parts {
                None => self.parts.push(values),
                Some(parts) => {
                    self.parts.push(parts);
                    apart.push(values);
                }
            }
        }
        self.normalised = settings.normaliser.as_ref().map(|_| match apart.is_empty() {
            true => Normalised::ThePartsThemselves,
            false => Normalised::Apart(apart),
        });
        self.score_all(combine, interrupts);
        Ok(())
    }

    fn score_all(&mut self, combine: Combine, interrupts: &mut dyn FnMut()) {
        let mut scores = std::mem::take(&mut self.scores);
        let mut parts = NO_PARTS;
        for (item, score) in (0u32..).zip(&mut scores) {
            if (item as usize).is_multiple_of(STEPS) {
                interrupts();
            }
            *score = combine.score(self.parts_of(item, &mut parts));
        }
        self.scores = scores;
    }

    /// An order that came without scores: the first gets as many points as there are candidates, the last 1.
    fn set_order(&mut self, mut order: Vec<u32>, top: Option<usize>) {
        for (before, &item) in order.iter().enumerate() {
            if let Some(score) = self.scores.get_mut(item as usize) {
                *score = length(order.len()) - length(before);
            }
        }
        order.truncate(top.unwrap_or(usize::MAX));
        self.order = order;
    }

    fn sort(&mut self, top: Option<usize>, interrupts: &mut dyn FnMut()) -> Result<()> {
        let mut keys = reserved(self.table.n_candidates() as usize)?;
        for item in self.table.candidates() {
            keys.push((self.score(item), item));
        }
        interrupts();
        let table = &self.table;
        let compare = |a: &(f64, u32), b: &(f64, u32)| {
            let by_rank = || table.best_rank(a.1).cmp(&table.best_rank(b.1));
            b.0.total_cmp(&a.0).then_with(by_rank).then_with(|| a.1.cmp(&b.1))
        };
        let mut pace = Pace::new(interrupts);
        let mut compare = |a: &(f64, u32), b: &(f64, u32)| {
            pace.step(1);
            compare(a, b)
        };
        let wanted = top.unwrap_or(keys.len()).min(keys.len());
        if wanted < keys.len() {
            if wanted > 0 {
                keys.select_nth_unstable_by(wanted - 1, &mut compare);
            }
            keys.truncate(wanted);
        }
        keys.sort_unstable_by(compare);
        self.order = collected(keys.iter().map(|key| key.1))?;
        Ok(())
    }
}

/// Room for an item's parts.
const NO_PARTS: [Part; MAX_LISTS] = [Part { list: 0, value: 0.0, weight: 0.0 }; MAX_LISTS];

/// Everything about the lists that the table does not check.
fn check(lists: &[List<'_>], settings: &Settings) -> Result<()> {
    if lists.len() != settings.n_lists {
        return Err(FusionError::OtherLists { lists: lists.len(), expected: settings.n_lists });
    }
    if !settings.needs_scores() {
        return Ok(());
    }
    for (id, list) in lists.iter().enumerate() {
        let Some(scores) = list.scores else {
            if list.items.is_empty() {
                continue;
            }
            return Err(FusionError::NeedsScores { list: id + 1, by: settings.method });
        };
        if scores.len() != list.items.len() {
            let (items, scores) = (list.items.len(), scores.len());
            return Err(FusionError::DifferentLengths { list: id + 1, items, scores });
        }
        if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
            return Err(FusionError::NotFinite { list: id + 1, position: at + 1 });
        }
    }
    Ok(())
}

fn given<'a>(normaliser: &Normaliser, list: &List<'a>, n_candidates: usize) -> normalise::Given<'a> {
    let scores = list.scores.filter(|_| normaliser.needs_scores()).unwrap_or_default();
    normalise::Given { scores, len: list.items.len(), n_candidates }
}

/// The list's parts in rank order; `None` if they are the normalised scores.
fn parts(
    source: &Source,
    list: &List<'_>,
    values: &[f64],
    (id, weight): (usize, f64),
    n_candidates: usize,
    interrupts: &mut dyn FnMut(),
) -> Result<Option<Vec<f64>>> {
    let n = list.items.len();
    Ok(Some(match source {
        Source::Scores => return Ok(None),
        Source::SmoothRanks { k, beta } => {
            let ranks = smooth::ranks(values, *beta, interrupts)?;
            collected(ranks.iter().map(|rank| finite(1.0 / (k + rank))))?
        }
        Source::Ranks(part) => collected((0..n).map(|at| part.at(rank(at), weight)))?,
        Source::Borda => collected((0..n).map(|at| length(n_candidates) - length(at)))?,
        Source::Model(model) => {
            let score = |at: usize| values.get(at).copied().unwrap_or(0.0);
            collected((0..n).map(|at| model.part(id, at, n, score(at))))?
        }
    }))
}

/// The part of items that the list does not have.
fn absent_part(
    settings: &Settings,
    source: &Source,
    list: &List<'_>,
    parts: &[f64],
    weight: f64,
    n_candidates: usize,
) -> Option<f64> {
    let n = list.items.len();
    match settings.missing {
        Missing::Skip => None,
        Missing::Zero => Some(0.0),
        Missing::Min => extremes(parts).map(|(low, _)| low),
        Missing::RankAfter if n == 0 => None,
        Missing::RankAfter => match source {
            Source::Ranks(part) => Some(part.at(rank(n), weight)),
            Source::SmoothRanks { k, .. } => Some(RankPart::Reciprocal { k: *k, first: 1.0 }.at(rank(n), weight)),
            _ => None,
        },
        Missing::Share => match (source, &settings.normaliser) {
            (Source::Borda, _) => Some((length(n_candidates) - length(n) + 1.0) / 2.0),
            (_, Some(normaliser)) => normaliser.absent(&given(normaliser, list, n_candidates)),
            _ => None,
        },
        Missing::Floor => Some(model::floor()),
    }
}

/// The rank of an index.
fn rank(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}
