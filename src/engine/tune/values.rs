//! The metric of every setting at every topic: all that the rest is computed from.

use super::TuneTopic;
use super::error::TuneError;
use crate::engine::evaluate::error::reserved;
use crate::engine::evaluate::{Metric, Topic};
use crate::engine::fusion::{List, Settings, fuse};

/// A row for each setting, a column for each topic.
#[derive(Debug)]
pub(super) struct Values {
    values: Vec<f64>,
    n_topics: usize,
}

impl Values {
    /// Fuses every topic with every setting and measures what comes out.
    pub(super) fn measure(
        topics: &[TuneTopic<'_>],
        settings: &[Settings],
        metric: &Metric,
        interrupts: &mut dyn FnMut(),
    ) -> Result<Self, TuneError> {
        let n_values = settings.len().saturating_mul(topics.len());
        let mut values = reserved(n_values)?;
        values.resize(n_values, 0.0);
        let mut table = Self { values, n_topics: topics.len() };
        let mut retrieved = Vec::new();
        // Topics outside: their lists are then in the processor's cache for all settings.
        for (at, topic) in topics.iter().enumerate() {
            let failed = |error| TuneError::Topic { topic: at.saturating_add(1), error };
            for (id, setting) in settings.iter().enumerate() {
                let fused = fuse(&topic.lists, topic.n_items, setting, metric.depth(), interrupts).map_err(failed)?;
                let value = topic.measure(metric, fused.order(), &mut retrieved);
                if let Some(slot) = table.row_mut(id).get_mut(at) {
                    *slot = value;
                }
            }
        }
        Ok(table)
    }

    /// Rows one after another, for tests.
    #[cfg(test)]
    pub(super) fn from_rows(values: Vec<f64>, n_topics: usize) -> Self {
        Self { values, n_topics }
    }

    /// The values of one setting.
    pub(super) fn row(&self, id: usize) -> &[f64] {
        let start = id.saturating_mul(self.n_topics);
        self.values.get(start..start.saturating_add(self.n_topics)).unwrap_or_default()
    }

    fn row_mut(&mut self, id: usize) -> &mut [f64] {
        let start = id.saturating_mul(self.n_topics);
        self.values.get_mut(start..start.saturating_add(self.n_topics)).unwrap_or_default()
    }

    /// All settings' values, in their order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.n_topics.max(1))
    }
}

/// The values of a list by itself.
pub(super) fn of_list(topics: &[TuneTopic<'_>], list: usize, metric: &Metric) -> Result<Vec<f64>, TuneError> {
    let mut values = reserved(topics.len())?;
    let mut retrieved = Vec::new();
    for topic in topics {
        let items = topic.lists.get(list).map_or(&[][..], |list: &List<'_>| list.items);
        values.push(topic.measure(metric, items, &mut retrieved));
    }
    Ok(values)
}

impl TuneTopic<'_> {
    /// The metric of items in rank order; `retrieved` is room for their grades.
    fn measure(&self, metric: &Metric, items: &[u32], retrieved: &mut Vec<Option<i32>>) -> f64 {
        retrieved.clear();
        let grade = |&item: &u32| usize::try_from(item).ok().and_then(|item| self.grades.get(item).copied()).flatten();
        retrieved.extend(items.iter().map(grade));
        metric.of(&Topic { retrieved, grades: &self.all_grades })
    }
}
