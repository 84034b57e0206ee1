//! Rankings and judgements as SQL passes them, with numbers instead of ids.

use pgrx::pg_sys;

use super::arrays::{self, OF_FLOAT8, OF_INT4, for_each_element, of_ids, of_rows};
use super::error::{Refusal, Result, reserve};
use super::ids::Id;
use crate::api::call::interrupts;
use crate::engine::fusion::List;
use crate::engine::pace::Pace;
use crate::storage::composite::Composite;

/// A ranking's ids, best first, and their scores if it has any. An id may come twice.
pub struct Ranking<I> {
    ids: Vec<I>,
    scores: Option<Vec<f64>>,
}

impl<I> Default for Ranking<I> {
    fn default() -> Self {
        Self { ids: Vec::new(), scores: None }
    }
}

impl<I> Ranking<I> {
    pub fn ids(&self) -> &[I] {
        &self.ids
    }

    pub fn scores(&self) -> Option<&[f64]> {
        self.scores.as_deref()
    }
}

impl<I: Id> Ranking<I> {
    /// A value of one of the ranking types; entries without an id, and with a score that is NULL or NaN, are passed
    /// over.
    ///
    /// # Safety
    /// - `row` is a composite value whose columns are an array of `I` and one of float8.
    pub unsafe fn read(row: pg_sys::Datum) -> Result<Self> {
        // SAFETY: the caller's promise.
        let [ids, scores] = unsafe { Composite::from_datum(row) }.columns::<2>();
        let mut given = Vec::new();
        if let Some(scores) = scores {
            // SAFETY: the caller's promise.
            unsafe {
                for_each_element(scores, OF_FLOAT8, |_, score| {
                    reserve(&mut given, 1)?;
                    given.push(score.map_or(f64::NAN, |score| f64::from_bits(score.value() as u64)));
                    Ok(())
                })?;
            }
        }
        let mut read = Self { ids: Vec::new(), scores: scores.map(|_| Vec::new()) };
        let mut n_ids = 0;
        if let Some(ids) = ids {
            // SAFETY: the caller's promise; the server checks that the ids are of this type.
            unsafe {
                for_each_element(ids, of_ids::<I>(), |at, id| {
                    n_ids = at + 1;
                    // Without scores nothing is NaN.
                    let score = given.get(at).copied().unwrap_or(0.0);
                    let Some(id) = id.filter(|_| !score.is_nan()) else { return Ok(()) };
                    reserve(&mut read.ids, 1)?;
                    read.ids.push(I::from_datum(id));
                    if let Some(scores) = &mut read.scores {
                        reserve(scores, 1)?;
                        // One zero of both.
                        scores.push(score + 0.0);
                    }
                    Ok(())
                })?;
            }
        }
        if read.scores.is_some() && given.len() != n_ids {
            return Err(Refusal::DifferentLengths { of: "ranking", what: "scores", ids: n_ids, others: given.len() });
        }
        Ok(read)
    }

    /// All elements of an array of rankings; NULL is an empty ranking.
    ///
    /// # Safety
    /// - `array` is an array of such values.
    pub unsafe fn read_all(array: pg_sys::Datum) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        // SAFETY: the caller's promise.
        unsafe {
            let row_type = arrays::element_type(array);
            for_each_element(array, of_rows(row_type), |_, row| {
                reserve(&mut all, 1)?;
                all.push(row.map_or_else(|| Ok(Self::default()), |row| Self::read(row))?);
                Ok(())
            })?;
        }
        Ok(all)
    }
}

/// Judgements: ids and grades.
pub struct Judgements<I> {
    pub ids: Vec<I>,
    pub grades: Vec<i32>,
}

impl<I> Default for Judgements<I> {
    fn default() -> Self {
        Self { ids: Vec::new(), grades: Vec::new() }
    }
}

impl<I: Id> Judgements<I> {
    /// A value of one of the judgement types; entries without an id or a grade are passed over.
    ///
    /// # Safety
    /// - `row` is a composite value whose columns are an array of `I` and one of int4.
    pub unsafe fn read(row: pg_sys::Datum) -> Result<Self> {
        // SAFETY: the caller's promise.
        let [ids, grades] = unsafe { Composite::from_datum(row) }.columns::<2>();
        let mut all = Vec::new();
        if let Some(grades) = grades {
            // SAFETY: the caller's promise.
            unsafe {
                for_each_element(grades, OF_INT4, |_, grade| {
                    reserve(&mut all, 1)?;
                    all.push(grade.map(|grade| grade.value() as i32));
                    Ok(())
                })?;
            }
        }
        let mut read = Self::default();
        let mut n_ids = 0;
        if let Some(ids) = ids {
            // SAFETY: the caller's promise.
            unsafe {
                for_each_element(ids, of_ids::<I>(), |at, id| {
                    n_ids = at + 1;
                    if let (Some(id), Some(grade)) = (id, all.get(at).copied().flatten()) {
                        reserve(&mut read.ids, 1)?;
                        reserve(&mut read.grades, 1)?;
                        read.ids.push(I::from_datum(id));
                        read.grades.push(grade);
                    }
                    Ok(())
                })?;
            }
        }
        if n_ids != all.len() {
            return Err(Refusal::DifferentLengths { of: "judgements", what: "grades", ids: n_ids, others: all.len() });
        }
        Ok(read)
    }
}

/// A list with numbers instead of ids, each once.
#[derive(Default)]
pub struct Numbered {
    items: Vec<u32>,
    scores: Option<Vec<f64>>,
}

impl Numbered {
    /// For the engine.
    pub fn as_list(&self) -> List<'_> {
        List { items: &self.items, scores: self.scores.as_deref() }
    }

    /// The score of the entry at `place`, from 0.
    pub fn score(&self, place: u32) -> Option<f64> {
        self.scores.as_ref()?.get(place as usize).copied()
    }
}

/// Lists of which every id has a number; the numbers have the ids' order.
pub struct Collection<'a, I> {
    /// The ids by number.
    pub ids: Vec<&'a I>,
    pub lists: Vec<Numbered>,
}

impl<'a, I: Id> Collection<'a, I> {
    /// Numbers the ids. Where an id comes again in its list, it is as if that entry were not there.
    pub fn new(rankings: &'a [Ranking<I>]) -> Result<Self> {
        let n = rankings.iter().map(|ranking| ranking.ids.len()).sum();
        let too_many = |_| Refusal::TooMany;
        u32::try_from(n).map_err(too_many)?;
        let mut sorted: Vec<(I::Key<'a>, u32)> = Vec::new();
        reserve(&mut sorted, n)?;
        let all = || rankings.iter().flat_map(|ranking| &ranking.ids);
        sorted.extend(all().zip(0..).map(|(id, at)| (id.key(), at)));
        Pace::new(&mut interrupts).sort_unstable_by_key(&mut sorted, |pair| *pair);

        let mut numbers = Vec::new();
        reserve(&mut numbers, n)?;
        numbers.resize(n, 0u32);
        let mut first_of = Vec::new();
        for run in sorted.chunk_by(|a, b| a.0 == b.0) {
            interrupts();
            reserve(&mut first_of, 1)?;
            for &(_, at) in run {
                numbers[at as usize] = first_of.len() as u32;
            }
            first_of.push(run[0].1);
        }
        drop(sorted);

        let mut lists = Vec::new();
        // The last list, from 1, that had an item.
        let mut seen = Vec::new();
        reserve(&mut seen, first_of.len())?;
        seen.resize(first_of.len(), 0u32);
        let mut rest = &*numbers;
        for (ranking, mark) in rankings.iter().zip(1..) {
            let (own, others) = rest.split_at(ranking.ids.len());
            rest = others;
            lists.push(numbered(ranking, own, &mut seen, mark)?);
        }
        let by_place = Places::new(rankings);
        let mut ids = Vec::new();
        reserve(&mut ids, first_of.len())?;
        ids.extend(first_of.iter().inspect(|_| interrupts()).filter_map(|&at| by_place.id(at)));
        Ok(Self { ids, lists })
    }
}

fn numbered<I>(ranking: &Ranking<I>, numbers: &[u32], seen: &mut [u32], mark: u32) -> Result<Numbered> {
    let mut list = Numbered { items: Vec::new(), scores: ranking.scores.as_ref().map(|_| Vec::new()) };
    reserve(&mut list.items, numbers.len())?;
    if let Some(scores) = &mut list.scores {
        reserve(scores, numbers.len())?;
    }
    for (at, &item) in numbers.iter().enumerate() {
        interrupts();
        if std::mem::replace(&mut seen[item as usize], mark) == mark {
            continue;
        }
        list.items.push(item);
        if let (Some(to), Some(from)) = (&mut list.scores, &ranking.scores) {
            to.push(from[at]);
        }
    }
    Ok(list)
}

/// Finds an id by its place among those of all rankings.
struct Places<'a, I> {
    rankings: &'a [Ranking<I>],
    /// Where each ranking's ids begin.
    begins: Vec<usize>,
}

impl<'a, I> Places<'a, I> {
    fn new(rankings: &'a [Ranking<I>]) -> Self {
        let begins = rankings.iter().scan(0, |begin, ranking| {
            let own = *begin;
            *begin += ranking.ids.len();
            Some(own)
        });
        Self { rankings, begins: begins.collect() }
    }

    fn id(&self, at: u32) -> Option<&'a I> {
        let at = at as usize;
        let list = self.begins.partition_point(|&begin| begin <= at).checked_sub(1)?;
        // Empty rankings begin where the next one does; the last of them is found, and has the id.
        self.rankings[list].ids.get(at - self.begins[list])
    }
}
