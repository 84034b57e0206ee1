//! Documents in, a segment out, within a memory budget: runs that are full are put aside and merged in the end; where
//! they become many, some of them before.

use super::format::SegmentMeta;
use super::pages::PartSink;
use super::run::RunBuilder;
use super::source::Input;
use super::spill::{MemoryRun, SpillRead, SpillWrite, SpilledRun, combine, spill};
use super::writer::write_segment;
use crate::engine::error::{Result, reserve, reserved};
use crate::engine::filter::value::{Columns, Value};
use crate::engine::ids::{Metric, Tid};
use crate::engine::vector::SparseVectorRef;

/// A run is collected in no more memory than this. Sorting jumps about in it, and runs put aside take a sixth of the
/// space, so what the budget allows beyond is better spent on those.
const MOST_FOR_A_RUN: usize = 16 << 20;
/// Nor in less, or there would be too many of them.
const LEAST_FOR_A_RUN: usize = 2 << 20;
/// So many files in a row become one, and so many of these again: each takes 20 kB while it is read.
const FILES: usize = 64;

/// A temporary file that is written, then read once.
pub trait SpillFile: SpillRead + SpillWrite {
    /// An empty file.
    fn create() -> Self;
    /// Back to the beginning.
    fn rewind(&mut self) -> Result<()>;
}

/// A run put aside: in memory while the budget allows, else in a file.
enum Aside<F> {
    Memory(MemoryRun),
    /// A file, and how often its documents were in another before.
    File(F, u32),
}

impl<F> Aside<F> {
    fn level(&self) -> Option<u32> {
        match self {
            Self::Memory(_) => None,
            Self::File(_, level) => Some(*level),
        }
    }
}

/// Collects documents.
pub struct Inverter<F> {
    run: RunBuilder,
    aside: Vec<Aside<F>>,
    /// Bytes of the budget that are left for runs put aside in memory.
    left: usize,
    /// See [`FILES`].
    files: usize,
    n_docs: u64,
}

impl<F: SpillFile> Inverter<F> {
    /// Holds about `budget` bytes.
    pub fn new(metric: Metric, columns: &dyn Columns, budget: usize) -> Self {
        let for_run = budget.clamp(LEAST_FOR_A_RUN, MOST_FOR_A_RUN);
        Self::with_sizes(metric, columns, for_run, budget.saturating_sub(for_run), FILES)
    }

    fn with_sizes(metric: Metric, columns: &dyn Columns, for_run: usize, left: usize, files: usize) -> Self {
        let run = RunBuilder::new(metric, for_run).with_columns(columns.kinds());
        Self { run, aside: Vec::new(), left, files, n_docs: 0 }
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
        reserve(&mut self.aside, 1, "runs put aside")?;
        if self.run.spilled_bytes() <= self.left {
            let mut run = MemoryRun::default();
            spill(&mut self.run, columns, &mut run)?;
            self.left = self.left.saturating_sub(run.bytes());
            self.aside.push(Aside::Memory(run));
        } else {
            let mut file = F::create();
            spill(&mut self.run, columns, &mut file)?;
            self.aside.push(Aside::File(file, 0));
        }
        self.combine_files(columns)
    }

    /// Documents keep their order: it is the last files that become one.
    fn combine_files(&mut self, columns: &dyn Columns) -> Result<()> {
        for level in 0.. {
            let n = self.aside.iter().rev().take_while(|aside| aside.level() == Some(level)).count();
            if n < self.files {
                break;
            }
            let mut runs = reserved(n, "runs put aside")?;
            for aside in self.aside.drain(self.aside.len() - n..) {
                if let Aside::File(file, _) = aside {
                    runs.push(open(file)?);
                }
            }
            let mut file = F::create();
            combine(runs, columns, &mut file)?;
            self.aside.push(Aside::File(file, level + 1));
        }
        Ok(())
    }

    /// Writes all documents as one segment.
    pub fn finish(self, columns: &dyn Columns, sink: &mut impl PartSink) -> Result<SegmentMeta> {
        let mut inputs = reserved(self.aside.len() + 1, "merge inputs")?;
        for aside in self.aside {
            inputs.push(match aside {
                Aside::Memory(run) => Input::all(SpilledRun::open(run)?),
                Aside::File(file, _) => Input::all(open(file)?),
            });
        }
        inputs.push(Input::all(self.run.finish(columns)?));
        write_segment(&mut inputs, columns, sink)
    }
}

fn open<F: SpillFile>(mut file: F) -> Result<SpilledRun<F>> {
    file.rewind()?;
    SpilledRun::open(file)
}

#[cfg(test)]
mod tests {
    use super::super::pages::MemoryPages;
    use super::*;
    use crate::engine::filter::value::ValueKind;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    /// Written first, then rewound, then read.
    struct File {
        run: MemoryRun,
        rewound: bool,
    }

    impl SpillWrite for File {
        fn write(&mut self, bytes: &[u8]) -> Result<()> {
            assert!(!self.rewound);
            self.run.write(bytes)
        }
    }

    impl SpillRead for File {
        fn read(&mut self, bytes: &mut [u8]) -> Result<()> {
            assert!(self.rewound);
            self.run.read(bytes)
        }
    }

    impl SpillFile for File {
        fn create() -> Self {
            Self { run: MemoryRun::default(), rewound: false }
        }

        fn rewind(&mut self) -> Result<()> {
            self.rewound = true;
            Ok(())
        }
    }

    /// An integer, and bytes that are compared without regard to case.
    struct Two;

    impl Columns for Two {
        fn kinds(&self) -> &[ValueKind] {
            &[ValueKind::Integer, ValueKind::Bytes]
        }

        fn compare_bytes(&self, _column: usize, a: &[u8], b: &[u8]) -> Result<Ordering> {
            Ok(a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()))
        }
    }

    type Row = (Option<Vec<(u32, f32)>>, Option<i64>, Option<String>);

    fn row() -> impl Strategy<Value = Row> {
        let terms = prop::collection::btree_map(0u32..12, prop_oneof![-4.0f32..4.0, -1e30f32..1e30], 0..5);
        let terms = terms.prop_map(|terms| terms.into_iter().filter(|term| term.1 != 0.0).collect());
        // One value of more documents than are written together.
        let integer = prop_oneof![3 => Just(5), 1 => -3i64..9];
        (prop::option::weighted(0.9, terms), prop::option::of(integer), prop::option::of("[aAbB]{0,3}"))
    }

    fn segment(metric: Metric, rows: &[Row], sizes: (usize, usize, usize)) -> (SegmentMeta, MemoryPages, usize) {
        let (for_run, left, files) = sizes;
        let mut inverter = Inverter::<File>::with_sizes(metric, &Two, for_run, left, files);
        for (no, (terms, integer, text)) in (0..).zip(rows) {
            let (indices, weights): (Vec<u32>, Vec<f32>) = terms.iter().flatten().copied().unzip();
            let vector = terms.as_ref().map(|_| SparseVectorRef::from_valid_parts(0, &indices, &weights));
            let values = [integer.map(Value::Integer), text.as_ref().map(|text| Value::Bytes(text.as_bytes()))];
            inverter.add(Tid { block: no, offset: 1 }, vector, &values, &Two).unwrap();
        }
        let n_aside = inverter.aside.len();
        let mut pages = MemoryPages::default();
        let meta = inverter.finish(&Two, &mut pages).unwrap();
        (meta, pages, n_aside)
    }

    proptest! {
        /// However documents are put aside, and whatever becomes one before the end, the segment is the same.
        #[test]
        fn the_way_leaves_no_trace(
            rows in prop::collection::vec(row(), 1..600),
            metric in prop::sample::select(vec![Metric::InnerProduct, Metric::Cosine, Metric::L2]),
            for_run in 1usize..4_000, left in prop_oneof![Just(0), 0usize..20_000], files in 2usize..5,
        ) {
            let (meta, mut pages, n_aside) = segment(metric, &rows, (usize::MAX, 0, files));
            prop_assert_eq!(n_aside, 0);
            let (other_meta, mut other_pages, n_aside) = segment(metric, &rows, (for_run, left, files));
            prop_assert_eq!(&meta, &other_meta);
            for part in super::super::pages::Part::ALL {
                prop_assert_eq!(pages.part_mut(part), other_pages.part_mut(part), "{}", part.name());
            }
            if left == 0 {
                // Files of each level are fewer than become one, and each holds as many runs as its level says.
                let levels = (rows.len() as f64).log(files as f64) + 1.0;
                prop_assert!(n_aside as f64 <= levels * (files - 1) as f64, "{} files", n_aside);
            }
        }
    }
}
