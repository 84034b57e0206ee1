//! The metrics against naive ones, written from their definitions.

mod metrics;
mod names;
mod statistics;
mod trec;

use proptest::prelude::*;

use super::{Metric, Topic};

/// A topic that owns its lists.
#[derive(Clone, Debug)]
pub struct Case {
    pub retrieved: Vec<Option<i32>>,
    pub grades: Vec<i32>,
}

impl Case {
    pub fn of(&self, name: &str) -> f64 {
        Metric::parse(name).unwrap().of(&Topic { retrieved: &self.retrieved, grades: &self.grades })
    }
}

/// Some documents judged, some of them retrieved, among others that are not judged.
pub fn some_case() -> impl Strategy<Value = Case> {
    let grade = prop_oneof![4 => 0i32..=1, 3 => -2i32..=4, 1 => Just(40)];
    let judged = proptest::collection::vec((grade, any::<bool>(), any::<u16>()), 0..24);
    let others = proptest::collection::vec(any::<u16>(), 0..12);
    (judged, others).prop_map(|(judged, others)| {
        let mut list: Vec<(u16, Option<i32>)> = others.into_iter().map(|place| (place, None)).collect();
        list.extend(judged.iter().filter(|doc| doc.1).map(|doc| (doc.2, Some(doc.0))));
        list.sort_by_key(|doc| doc.0);
        let retrieved = list.into_iter().map(|doc| doc.1).collect();
        Case { retrieved, grades: judged.into_iter().map(|doc| doc.0).collect() }
    })
}
