//! Documents in, a segment out, within a memory budget: runs that are full are put aside and merged in the end.

use crate::engine::error::Result;
use crate::engine::filter::value::{Columns, Value};
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::PartSink;
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::spill::{MemoryRun, SpilledRun, spill};
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;
use crate::storage::tempfile::TempFile;

/// Bytes that `maintenance_work_mem` allows.
pub fn maintenance_budget() -> usize {
    // SAFETY: a setting of this backend.
    let kilobytes = unsafe { pgrx::pg_sys::maintenance_work_mem };
    usize::try_from(kilobytes).unwrap_or(64 << 10) << 10
}

/// A run is collected in no more memory than this. Sorting jumps about in it, and runs put aside take a sixth of the
/// space, so what the budget allows beyond is better spent on those.
const MOST_FOR_A_RUN: usize = 16 << 20;
/// Nor in less, or there would be too many of them.
const LEAST_FOR_A_RUN: usize = 2 << 20;

/// A run put aside: in memory while the budget allows, else in a temporary file.
enum Aside {
    Memory(MemoryRun),
    File(TempFile),
}

/// Collects documents.
pub struct Inverter {
    run: RunBuilder,
    aside: Vec<Aside>,
    /// Bytes of the budget that are left for runs put aside.
    left: usize,
    n_docs: u64,
}

impl Inverter {
    /// Holds about `budget` bytes.
    pub fn new(metric: Metric, columns: &dyn Columns, budget: usize) -> Self {
        let for_run = budget.clamp(LEAST_FOR_A_RUN, MOST_FOR_A_RUN);
        let left = budget.saturating_sub(for_run);
        let run = RunBuilder::new(metric, for_run).with_columns(columns.kinds());
        Self { run, aside: Vec::new(), left, n_docs: 0 }
    }

    /// Documents so far.
    pub fn n_docs(&self) -> u64 {
        self.n_docs
    }

    /// Adds a document, with a value for each of `columns`, which are always the same.
    pub fn add(
        &mut self,
        tid: Tid,
        vector: Option<SparseVectorRef<'_>>,
        values: &[Option<Value<'_>>],
        columns: &dyn Columns,
    ) -> Result<()> {
        if self.run.n_docs() > 0 && self.run.is_full() {
            self.put_aside(columns)?;
        }
        self.run.add(tid, vector, values)?;
        self.n_docs += 1;
        Ok(())
    }

    fn put_aside(&mut self, columns: &dyn Columns) -> Result<()> {
        if self.run.spilled_bytes() <= self.left {
            let mut run = MemoryRun::default();
            spill(&mut self.run, columns, &mut run)?;
            self.left = self.left.saturating_sub(run.bytes());
            self.aside.push(Aside::Memory(run));
        } else {
            let mut file = TempFile::create();
            spill(&mut self.run, columns, &mut file)?;
            self.aside.push(Aside::File(file));
        }
        Ok(())
    }

    /// Writes all documents as one segment.
    pub fn finish(self, columns: &dyn Columns, sink: &mut impl PartSink) -> Result<SegmentMeta> {
        let mut inputs = Vec::with_capacity(self.aside.len() + 1);
        for aside in self.aside {
            inputs.push(match aside {
                Aside::Memory(run) => Input::all(SpilledRun::open(run)?),
                Aside::File(mut file) => {
                    file.rewind()?;
                    Input::all(SpilledRun::open(file)?)
                }
            });
        }
        inputs.push(Input::all(self.run.finish(columns)?));
        write_segment(&mut inputs, columns, sink)
    }
}
