//! A boundary of an operation: the moment right after one of its log records. Which of them a sweep tries.

use crate::random::Random;
use std::collections::BTreeSet;

/// Which boundaries are swept.
pub enum Choice {
    All,
    /// So many, over all operations.
    Spread(usize),
    /// Of one operation, perhaps only one.
    Only(String, Option<u32>),
}

impl Choice {
    /// SWEEP_BOUNDARIES and SWEEP_ONLY, which goes first.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok();
        if let Some(only) = variable("SWEEP_ONLY").filter(|only| !only.is_empty()) {
            let (name, n) = only.split_once(':').unwrap_or((&only, ""));
            return Self::Only(name.into(), n.parse().ok());
        }
        match variable("SWEEP_BOUNDARIES").as_deref() {
            Some("all") => Self::All,
            Some(n) => Self::Spread(n.parse().unwrap_or_else(|_| panic!("SWEEP_BOUNDARIES={n} is not a number"))),
            None => Self::Spread(40),
        }
    }

    /// The boundaries to try of one operation that had `n_records` once; with all, whoever asks stops at the first that
    /// is not met, for another run may have more records.
    pub fn of(&self, n_records: u32, n_operations: usize, random: &mut Random) -> Vec<u32> {
        match self {
            Self::Only(_, Some(n)) => vec![*n],
            Self::All | Self::Only(_, None) => (1..=2 * n_records + 2).collect(),
            Self::Spread(n) => {
                let n = n.div_ceil(n_operations).min(n_records as usize);
                let mut chosen = BTreeSet::new();
                while chosen.len() < n {
                    chosen.insert(1 + random.below(n_records as usize) as u32);
                }
                chosen.into_iter().collect()
            }
        }
    }
}
