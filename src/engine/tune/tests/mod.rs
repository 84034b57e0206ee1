//! Tuning against naive statements of its parts, and on topics made so that the answer is known.

mod chance;
mod grid;
mod tuning;

use super::TuneTopic;
use crate::engine::fusion::List;
use crate::engine::random::Random;

/// A topic's lists, owned.
#[derive(Clone, Debug)]
pub struct Made {
    pub lists: Vec<(Vec<u32>, Vec<f64>)>,
    pub grades: Vec<Option<i32>>,
}

impl Made {
    /// Of `n` items four are relevant; each list scores items by chance, relevant ones higher by its `skill`, and has
    /// the best half.
    pub fn new(n: u32, skills: &[f64], random: &mut Random) -> Self {
        let share = |random: &mut Random| (random.next() >> 11) as f64 / (1u64 << 53) as f64;
        let lists = skills.iter().map(|skill| {
            let mut scored: Vec<(f64, u32)> =
                (0..n).map(|item| (share(random) + if item < 4 { *skill } else { 0.0 }, item)).collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0));
            scored.truncate(n as usize / 2);
            scored.into_iter().map(|(score, item)| (item, score)).unzip()
        });
        let lists = lists.collect();
        let grades = (0..n).map(|item| if item < 4 { Some(1 + (item % 2) as i32) } else { None }).collect();
        Self { lists, grades }
    }

    pub fn topic(&self) -> TuneTopic<'_> {
        TuneTopic {
            lists: self.lists.iter().map(|(items, scores)| List { items, scores: Some(scores) }).collect(),
            n_items: self.grades.len() as u32,
            grades: self.grades.clone(),
            all_grades: self.grades.iter().copied().flatten().chain([1]).collect(),
        }
    }
}

pub fn made(n_topics: usize, n_items: u32, skills: &[f64], seed: u64) -> Vec<Made> {
    let mut random = Random::new(seed, 0);
    (0..n_topics).map(|_| Made::new(n_items, skills, &mut random)).collect()
}
