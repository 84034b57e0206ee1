//! Judged topics as SQL passes them: a two-dimensional array of rankings, a row for each topic and a column for each
//! list (`array_agg` of one-dimensional arrays), and an array of judgements.

use pgrx::pg_sys;

use super::arrays::{self, for_each_element, of_rows};
use super::error::{Refusal, Result, collected, reserve};
use super::ids::Id;
use super::ranked::{Collection, Judgements, Numbered, Ranking};
use crate::api::call::interrupts;
use crate::engine::fusion::List;
use crate::engine::pace::Pace;

/// The arguments, with ids.
pub struct Given<I> {
    rankings: Vec<Ranking<I>>,
    judgements: Vec<Judgements<I>>,
    n_lists: usize,
}

/// A topic, with numbers instead of ids.
pub struct Numbers {
    lists: Vec<Numbered>,
    /// Documents that a list has.
    pub n_items: u32,
    /// Grades by number; documents beyond `n_items` were judged, but no list has them.
    pub grades: Vec<Option<i32>>,
}

impl<I: Id> Given<I> {
    /// # Safety
    /// - The datums are an array of rankings and one of judgements, with ids of this type.
    pub unsafe fn read(rankings: pg_sys::Datum, judgements: pg_sys::Datum) -> Result<Self> {
        // SAFETY: the caller's promise.
        let (lengths, rankings) = unsafe { (arrays::lengths(rankings), Ranking::read_all(rankings)?) };
        let (n_topics, n_lists) = match lengths[..] {
            [] => (0, 0),
            [n_topics, n_lists] => (n_topics, n_lists),
            ref other => return Err(Refusal::NotTwoDimensional { argument: "rankings", n_dims: other.len() }),
        };
        let mut all = Vec::new();
        // SAFETY: the caller's promise.
        unsafe {
            let row_type = arrays::element_type(judgements);
            for_each_element(judgements, of_rows(row_type), |_, row| {
                reserve(&mut all, 1)?;
                all.push(row.map_or_else(|| Ok(Judgements::default()), |row| Judgements::read(row))?);
                Ok(())
            })?;
        }
        if all.len() != n_topics {
            return Err(Refusal::OtherTopics { rankings: n_topics, judgements: all.len() });
        }
        Ok(Self { rankings, judgements: all, n_lists })
    }

    /// Every topic's numbers.
    pub fn numbers(&self) -> Result<Vec<Numbers>> {
        let mut all = Vec::new();
        reserve(&mut all, self.judgements.len())?;
        for (rankings, judgements) in self.rankings.chunks(self.n_lists.max(1)).zip(&self.judgements) {
            all.push(number(rankings, judgements)?);
        }
        Ok(all)
    }
}

impl Numbers {
    /// For the engine.
    pub fn lists(&self) -> Result<Vec<List<'_>>> {
        collected(self.lists.len(), self.lists.iter().map(Numbered::as_list))
    }

    /// All grades, in no order.
    pub fn all_grades(&self) -> Result<Vec<i32>> {
        collected(self.grades.len(), self.grades.iter().copied().flatten())
    }

    /// The documents whose grade is at least `least`, ascending.
    pub fn relevant(&self, least: i32) -> Result<Vec<u32>> {
        let is_relevant = |pair: &(u32, &Option<i32>)| pair.1.is_some_and(|grade| grade >= least);
        let n = self.grades.iter().flatten().filter(|grade| **grade >= least).count();
        collected(n, (0..).zip(&self.grades).filter(is_relevant).map(|pair| pair.0))
    }
}

/// One topic's. A document that was judged more than once has the greatest of its grades.
pub fn number<I: Id>(rankings: &[Ranking<I>], judgements: &Judgements<I>) -> Result<Numbers> {
    let collection = Collection::new(rankings)?;
    let n_items = u32::try_from(collection.ids.len()).map_err(|_| Refusal::TooMany)?;
    let mut grades = Vec::new();
    reserve(&mut grades, collection.ids.len() + judgements.ids.len())?;
    grades.resize(collection.ids.len(), None);
    let mut elsewhere: Vec<(I::Key<'_>, i32)> = Vec::new();
    for (id, &grade) in judgements.ids.iter().zip(&judgements.grades) {
        interrupts();
        match collection.ids.binary_search_by(|other| other.key().cmp(&id.key())) {
            Ok(item) => grades[item] = grades[item].max(Some(grade)),
            Err(_) => {
                reserve(&mut elsewhere, 1)?;
                elsewhere.push((id.key(), grade));
            }
        }
    }
    Pace::new(&mut interrupts).sort_unstable_by_key(&mut elsewhere, |pair| *pair);
    for same in elsewhere.chunk_by(|a, b| a.0 == b.0) {
        grades.push(same.last().map(|pair| pair.1));
    }
    Ok(Numbers { lists: collection.lists, n_items, grades })
}
