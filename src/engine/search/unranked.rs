//! Documents in no order: those that conditions leave, segment by segment.

use super::query::Distance;
use super::ranker::{Ranked, Segment, reader};
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::docset::DocSet;

/// Documents that are made ready together: a TID page has about as many.
const READY: usize = 1024;

/// A stream of documents.
pub struct Unranked<S> {
    segments: Vec<S>,
    /// For each segment the documents that come and are present.
    sets: Vec<DocSet>,
    /// The segment and the word of its set that come next.
    next: (usize, usize),
    /// Documents of a segment, the next one last.
    ready: Vec<(usize, u32)>,
    n_docs: u64,
}

impl<S: Segment> Unranked<S> {
    /// The documents of each segment that conditions leave, `None` for all.
    pub fn new(segments: Vec<S>, within: Vec<Option<DocSet>>, skip_killed: bool) -> Result<Self> {
        let mut within = within.into_iter();
        let mut sets = reserved(segments.len(), "segments")?;
        let mut n_docs = 0;
        for segment in &segments {
            let mut set = match within.next().flatten() {
                Some(set) => set,
                None => DocSet::all(segment.meta().n_docs)?,
            };
            reader(segment).keep_present(skip_killed, &mut set).map_err(|e| segment.locate(e))?;
            n_docs += u64::from(set.count());
            sets.push(set);
        }
        Ok(Self { segments, sets, next: (0, 0), ready: Vec::new(), n_docs })
    }

    /// How many there are in all.
    pub fn n_docs(&self) -> u64 {
        self.n_docs
    }

    /// The segments, in the order of [`Ranked::segment`].
    pub fn segments(&self) -> &[S] {
        &self.segments
    }

    /// How many documents can be had at once.
    pub fn n_ready(&self) -> usize {
        self.ready.len()
    }

    /// The next document, with a distance that says nothing.
    pub fn next_document(&mut self) -> Result<Option<Ranked>> {
        if self.ready.is_empty() {
            self.make_ready()?;
        }
        let next = self.ready.pop();
        Ok(next.map(|(segment, doc)| Ranked { segment, doc, distance: Distance::Value(0.0) }))
    }

    fn make_ready(&mut self) -> Result<()> {
        reserve(&mut self.ready, READY + u64::BITS as usize, "documents")?;
        while let Some(set) = self.sets.get(self.next.0) {
            let (segment, mut word) = self.next;
            for bits in set.words().iter().skip(word) {
                if self.ready.len() >= READY {
                    break;
                }
                let mut rest = *bits;
                while rest != 0 {
                    self.ready.push((segment, word as u32 * u64::BITS + rest.trailing_zeros()));
                    rest &= rest - 1;
                }
                word += 1;
            }
            self.next = if word < set.words().len() { (segment, word) } else { (segment + 1, 0) };
            if self.ready.len() >= READY {
                break;
            }
        }
        self.ready.reverse();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle_tests::{Case, Kept, Random, cases};
    use super::*;

    #[test]
    fn what_is_left_comes_once_and_in_order() {
        for seed in 0..cases(200).min(1_000) {
            let mut rng = Random(0x5eed_000a + seed);
            let case = Case::generate(&mut rng, 5_000);
            let percent = [0, 3, 60, 100][rng.below(4) as usize];
            let mut set_of = |n_docs| {
                let mut set = DocSet::none(n_docs).unwrap();
                (0..n_docs).filter(|_| rng.chance(percent)).for_each(|doc| set.insert(doc));
                rng.chance(80).then_some(set)
            };
            let sets: Vec<Option<DocSet>> = case.segments.iter().map(|(_, meta)| set_of(meta.n_docs)).collect();
            let skip_killed = rng.chance(50);
            let mut expected = Vec::new();
            for (at, reader) in case.readers().iter().enumerate() {
                let is_left = |&doc: &u32| {
                    let row = reader.tid(doc).unwrap().block;
                    let absent = case.dead.contains(row) || skip_killed && case.killed.contains(row);
                    !absent && sets[at].as_ref().is_none_or(|set| set.contains(doc))
                };
                expected.extend((0..reader.meta.n_docs).filter(is_left).map(|doc| (at, doc)));
            }
            let segments = case.segments.iter().map(|(pages, meta)| Kept { pages, meta, steps: None }).collect();
            let mut documents = Unranked::new(segments, sets, skip_killed).unwrap();
            assert_eq!(documents.n_docs(), expected.len() as u64, "seed {seed}");
            let mut found = Vec::new();
            while let Some(Ranked { segment, doc, .. }) = documents.next_document().unwrap() {
                found.push((segment, doc));
            }
            assert_eq!(found, expected, "seed {seed}");
        }
    }
}
