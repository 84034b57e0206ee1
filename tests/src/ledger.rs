//! What the server has acknowledged, kept outside it.
//!
//! A row is a number (its id) and a revision; what the row holds follows from both. A write is announced before it is
//! sent and entered when its commit is acknowledged. A crash in between leaves it in doubt: either state is right.

use std::collections::BTreeMap;

/// A row's revision; `None` is "no such row".
pub type Revision = Option<i32>;

#[derive(Clone, Default)]
pub struct Ledger {
    acknowledged: BTreeMap<i64, i32>,
    in_doubt: BTreeMap<i64, Revision>,
}

impl Ledger {
    pub fn announce(&mut self, id: i64, revision: Revision) {
        self.in_doubt.insert(id, revision);
    }

    /// What was announced for this row is taken back by the transaction itself.
    pub fn retract(&mut self, id: i64) {
        self.in_doubt.remove(&id);
    }

    /// All that was announced is committed. Returns how many rows that changed.
    pub fn acknowledge(&mut self) -> usize {
        let changes = std::mem::take(&mut self.in_doubt);
        let n = changes.len();
        for (id, revision) in changes {
            match revision {
                Some(revision) => self.acknowledged.insert(id, revision),
                None => self.acknowledged.remove(&id),
            };
        }
        n
    }

    /// All that was announced was refused by a live server: nothing changed.
    pub fn forget(&mut self) {
        self.in_doubt.clear();
    }

    pub fn revision(&self, id: i64) -> Revision {
        self.acknowledged.get(&id).copied()
    }

    /// The revision that a transaction that has announced its changes sees.
    pub fn revision_within(&self, id: i64) -> Revision {
        self.in_doubt.get(&id).copied().unwrap_or_else(|| self.revision(id))
    }

    /// Ids of the rows that are there, ascending.
    pub fn live(&self) -> Vec<i64> {
        self.acknowledged.keys().copied().collect()
    }

    pub fn count_in_doubt(&self) -> usize {
        self.in_doubt.len()
    }

    /// Compares with what the table holds, and takes that as the new truth. Returns what is wrong.
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
        self.acknowledged.clone_from(found);
        self.in_doubt.clear();
        wrong
    }
}

#[test]
fn a_loss_is_noticed() {
    let mut ledger = Ledger::default();
    ledger.announce(1, Some(0));
    ledger.announce(2, Some(0));
    assert_eq!(ledger.acknowledge(), 2);
    ledger.announce(2, Some(1));
    assert_eq!(ledger.settle(&BTreeMap::from([(1, 0), (2, 1)])), Vec::<String>::new(), "in doubt: either is right");
    ledger.announce(2, Some(2));
    assert_eq!(ledger.settle(&BTreeMap::from([(2, 1)])).len(), 1, "row 1 is lost");
    assert_eq!(ledger.settle(&BTreeMap::from([(2, 1), (3, 0)])).len(), 1, "row 3 was never written");
    ledger.announce(3, None);
    ledger.acknowledge();
    assert_eq!(ledger.settle(&BTreeMap::from([(2, 1), (3, 0)])).len(), 1, "row 3 was deleted");
}
