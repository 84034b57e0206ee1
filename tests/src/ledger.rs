//! What the server has acknowledged, kept outside it.
//!
//! A row is a number (its id) and a revision; what the row holds follows from both. A write is announced before it is
//! sent and entered when its commit is acknowledged. A crash in between leaves it in doubt: either state is right.

use std::collections::BTreeMap;

/// A row's revision; `None` is "no such row".
pub type Revision = Option<i32>;

#[derive(Default)]
pub struct Ledger {
    acknowledged: BTreeMap<i64, Revision>,
    in_doubt: BTreeMap<i64, Revision>,
}

impl Ledger {
    pub fn announce(&mut self, id: i64, revision: Revision) {
        self.in_doubt.insert(id, revision);
    }

    /// All that was announced is committed.
    pub fn acknowledge(&mut self) {
        self.acknowledged.append(&mut self.in_doubt);
    }

    /// All that was announced was refused by a live server: nothing changed.
    pub fn forget(&mut self) {
        self.in_doubt.clear();
    }

    pub fn revision(&self, id: i64) -> Revision {
        self.acknowledged.get(&id).copied().flatten()
    }

    /// Ids of the rows that are there, ascending.
    pub fn live(&self) -> Vec<i64> {
        self.acknowledged.iter().filter(|(_, revision)| revision.is_some()).map(|(id, _)| *id).collect()
    }

    pub fn count_in_doubt(&self) -> usize {
        self.in_doubt.len()
    }

    /// Compares with what the table holds after a restart, and takes that as the new truth. Returns what is wrong.
    pub fn settle(&mut self, found: &BTreeMap<i64, i32>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut ids: Vec<i64> = self.acknowledged.keys().chain(self.in_doubt.keys()).copied().collect();
        ids.extend(found.keys());
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let is = found.get(&id).copied();
            let acknowledged = self.revision(id);
            let may_be = self.in_doubt.get(&id).copied();
            if is != acknowledged && may_be != Some(is) {
                wrong.push(format!("row {id}: acknowledged {acknowledged:?}, in doubt {may_be:?}, found {is:?}"));
            }
        }
        self.acknowledged = found.iter().map(|(id, revision)| (*id, Some(*revision))).collect();
        self.in_doubt.clear();
        wrong
    }
}
