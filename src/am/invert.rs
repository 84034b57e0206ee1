//! Documents in, a segment out, within a memory budget: runs that do not fit go to temporary files and are merged.

use crate::engine::error::Result;
use crate::engine::ids::{Metric, Tid};
use crate::engine::segment::format::SegmentMeta;
use crate::engine::segment::pages::PartSink;
use crate::engine::segment::run::RunBuilder;
use crate::engine::segment::source::Input;
use crate::engine::segment::spill::{SpilledRun, write_run};
use crate::engine::segment::writer::write_segment;
use crate::engine::vector::SparseVectorRef;
use crate::storage::tempfile::TempFile;

/// Bytes that `maintenance_work_mem` allows.
pub fn maintenance_budget() -> usize {
    // SAFETY: a setting of this backend.
    let kilobytes = unsafe { pgrx::pg_sys::maintenance_work_mem };
    usize::try_from(kilobytes).unwrap_or(64 << 10) << 10
}

/// Collects documents.
pub struct Inverter {
    metric: Metric,
    budget: usize,
    run: RunBuilder,
    spilled: Vec<TempFile>,
    n_docs: u64,
}

impl Inverter {
    /// Holds about `budget` bytes.
    pub fn new(metric: Metric, budget: usize) -> Self {
        Self { metric, budget, run: RunBuilder::new(metric, budget), spilled: Vec::new(), n_docs: 0 }
    }

    /// Documents so far.
    pub fn n_docs(&self) -> u64 {
        self.n_docs
    }

    /// Adds a document.
    pub fn add(&mut self, tid: Tid, vector: Option<SparseVectorRef<'_>>) -> Result<()> {
        if self.run.n_docs() > 0 && self.run.is_full() {
            let full = std::mem::replace(&mut self.run, RunBuilder::new(self.metric, self.budget));
            let mut file = TempFile::create();
            write_run(full.finish()?, &mut file)?;
            self.spilled.push(file);
        }
        self.run.add(tid, vector)?;
        self.n_docs += 1;
        Ok(())
    }

    /// Writes all documents as one segment.
    pub fn finish(self, sink: &mut impl PartSink) -> Result<SegmentMeta> {
        let mut inputs = Vec::with_capacity(self.spilled.len() + 1);
        for mut file in self.spilled {
            file.rewind()?;
            inputs.push(Input::all(SpilledRun::open(file)?));
        }
        inputs.push(Input::all(self.run.finish()?));
        write_segment(&mut inputs, sink)
    }
}
