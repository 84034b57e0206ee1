//! A run put aside: written once, read once, front to back.
//!
//! Layout: number of documents, greatest nnz, 1 if there are norms (u32 each); the special documents (three serialised
//! roaring bitmaps, each after its length). Then blocks ([`super::spill_blocks`]) with records, none of which crosses a
//! block: the TIDs (6 bytes each), the norms (4 bytes each), the filter columns ([`super::spill_columns`]), then for
//! each term its head (term, both df, exponent: 14 bytes) and its postings (a varint of the gap to the document before,
//! the impact); behind the last the head of [`NO_TERM`]. A record that might not fit begins a new block. So reader and
//! writer hold one block each, however long a list is.

use std::collections::VecDeque;

use roaring::RoaringBitmap;

use super::format::Sign;
use super::inputs;
use super::live::LiveRank;
use super::norms::Norm;
use super::pages::field;
use super::run::{Run, RunBuilder, unpack};
use super::source::{EachDoc, EachNorm, EachPosting, EachTid, Input, SegmentSource, TermHead};
use super::special::{SpecialDocs, read_set};
use super::spill_blocks::{BlockReader, BlockWriter};
use super::spill_columns::{self, ColumnReader, ValueWriter};
use crate::engine::error::{EngineError, Result, filled, reserve, reserved};
use crate::engine::filter::merge::merge_values;
use crate::engine::filter::value::{Columns, Value};
use crate::engine::ids::Tid;

/// Takes the bytes of a run.
pub trait SpillWrite {
    /// Appends `bytes`.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Called between units of work.
    fn check_interrupts(&self) {}
}

/// Gives the bytes of a run back.
pub trait SpillRead {
    /// Fills `bytes` from the current place.
    fn read(&mut self, bytes: &mut [u8]) -> Result<()>;
}

const HEAD_BYTES: usize = 14;
/// The term behind the last: above every term that a vector can have.
const NO_TERM: u32 = u32::MAX;

/// Writes a run and forgets it.
pub fn write_run(mut run: Run, out: &mut impl SpillWrite) -> Result<()> {
    encode(&mut run, out)
}

/// Writes what a builder has collected; it begins anew with the memory that it has.
pub fn spill(builder: &mut RunBuilder, columns: &dyn Columns, out: &mut impl SpillWrite) -> Result<()> {
    let mut run = builder.sort(columns)?;
    encode(&mut run, out)?;
    builder.reuse(run);
    Ok(())
}

fn encode(run: &mut Run, out: &mut impl SpillWrite) -> Result<()> {
    write_header([run.n_docs(), run.max_nnz(), u32::from(run.has_norms())], run.special(), out)?;
    let mut blocks = BlockWriter::new(out);
    run.for_each_tid(&mut |_, tid| blocks.put(&tid.to_bytes()))?;
    run.for_each_norm(&mut |_, norm| blocks.put(&norm.to_bytes()))?;
    spill_columns::write_columns(run.columns_mut(), &mut blocks)?;
    while let Some(head) = run.head() {
        put_head(head, &mut blocks)?;
        for sign in Sign::BOTH {
            let mut previous = 0;
            for &posting in run.list(sign) {
                let (doc, impact) = unpack(posting);
                blocks.put_posting(doc - previous, impact)?;
                previous = doc;
            }
        }
        run.advance()?;
    }
    finish(blocks)
}

/// `numbers`: of documents, greatest nnz, 1 if there are norms.
fn write_header(numbers: [u32; 3], special: &SpecialDocs, out: &mut impl SpillWrite) -> Result<()> {
    let mut bytes = Vec::new();
    for n in numbers {
        bytes.extend_from_slice(&n.to_le_bytes());
    }
    let SpecialDocs { null, zero_norm, irregular } = special;
    for set in [null, zero_norm, irregular] {
        reserve(&mut bytes, set.serialized_size() + 4, "special documents")?;
        bytes.extend_from_slice(&(set.serialized_size() as u32).to_le_bytes());
        let written = set.serialize_into(&mut bytes);
        written.map_err(|_| damaged("set cannot be serialised"))?;
    }
    out.write(&bytes)
}

/// Begins a term.
fn put_head<W: SpillWrite>(head: TermHead, blocks: &mut BlockWriter<'_, W>) -> Result<()> {
    let mut bytes = [0; HEAD_BYTES];
    bytes[0..4].copy_from_slice(&head.term.to_le_bytes());
    bytes[4..8].copy_from_slice(&head.df[0].to_le_bytes());
    bytes[8..12].copy_from_slice(&head.df[1].to_le_bytes());
    bytes[12..14].copy_from_slice(&head.exponent.to_le_bytes());
    blocks.put(&bytes)
}

fn finish<W: SpillWrite>(mut blocks: BlockWriter<'_, W>) -> Result<()> {
    put_head(TermHead { term: NO_TERM, exponent: 0, df: [0, 0] }, &mut blocks)?;
    blocks.finish()
}

/// Makes one run of several, with the filter columns `columns`. Each run that is read holds a block in memory, and a
/// file; who puts many aside combines them from time to time, so that this does not grow with the table.
pub fn combine<'a, R, W>(runs: Vec<SpilledRun<R>>, columns: &dyn Columns, out: &mut W) -> Result<()>
where
    R: SpillRead + 'a,
    W: SpillWrite,
{
    let has_norms = runs.iter().any(|run| run.has_norms);
    let mut inputs = reserved(runs.len(), "merge inputs")?;
    inputs.extend(runs.into_iter().map(Input::<'a>::all));
    let ranks = inputs::rank(&inputs)?;
    let n_docs = ranks.iter().map(LiveRank::n_live).sum();
    let max_nnz = inputs.iter().map(|input| input.source.max_nnz()).max().unwrap_or(0);
    write_header([n_docs, max_nnz, u32::from(has_norms)], &inputs::special(&inputs, &ranks), out)?;

    let mut blocks = BlockWriter::new(out);
    for input in &mut inputs {
        input.source.for_each_tid(&mut |_, tid| blocks.put(&tid.to_bytes()))?;
        blocks.check_interrupts();
    }
    for input in &mut inputs {
        input.source.for_each_norm(&mut |_, norm| blocks.put(&norm.to_bytes()))?;
    }
    combine_columns(&mut inputs, &ranks, columns, &mut blocks)?;
    inputs.iter_mut().try_for_each(|input| input.source.begin_terms())?;
    while let Some(merged) = inputs::next_term(&inputs, &ranks) {
        let df = merged.df.map(|df| df as u32);
        put_head(TermHead { term: merged.term, exponent: merged.exponent, df }, &mut blocks)?;
        for sign in Sign::BOTH {
            let mut previous = 0;
            inputs::for_each_posting(&mut inputs, &ranks, &merged, sign, |doc, impact| {
                blocks.put_posting(doc.wrapping_sub(previous), impact)?;
                previous = doc;
                Ok(())
            })?;
        }
        inputs::advance(&mut inputs, &merged)?;
        blocks.check_interrupts();
    }
    finish(blocks)
}

fn combine_columns<W: SpillWrite>(
    inputs: &mut [Input<'_>],
    ranks: &[LiveRank],
    columns: &dyn Columns,
    blocks: &mut BlockWriter<'_, W>,
) -> Result<()> {
    for (no, &kind) in columns.kinds().iter().enumerate() {
        let n_values = inputs::begin_column(inputs, no)?;
        let mut writer = ValueWriter::begin(kind, n_values, blocks)?;
        merge_values(inputs, ranks, columns, (no, kind), &mut writer)?;
        writer.finish()?;
    }
    Ok(())
}

/// A run being read back; holds one block in memory.
pub struct SpilledRun<R> {
    blocks: BlockReader<R>,
    n_docs: u32,
    max_nnz: u32,
    has_norms: bool,
    special: SpecialDocs,
    head: Option<TermHead>,
    /// The current term's postings of each sign that were not read yet.
    unread: [u32; 2],
    column: ColumnReader,
}

impl<R: SpillRead> SpilledRun<R> {
    /// Begins to read; `for_each_tid` and `for_each_norm` must come next.
    pub fn open(mut input: R) -> Result<Self> {
        let mut head = [0; 12];
        input.read(&mut head)?;
        let mut set = || -> Result<RoaringBitmap> {
            let mut len = [0; 4];
            input.read(&mut len)?;
            let mut bytes = filled(u32::from_le_bytes(len) as usize, 0u8, "special documents")?;
            input.read(&mut bytes)?;
            read_set(&bytes)?.ok_or_else(|| damaged("set cannot be read"))
        };
        let special = SpecialDocs { null: set()?, zero_norm: set()?, irregular: set()? };
        Ok(Self {
            n_docs: field::u32_at(&head, 0),
            max_nnz: field::u32_at(&head, 4),
            has_norms: field::u32_at(&head, 8) != 0,
            blocks: BlockReader::new(input),
            special,
            head: None,
            unread: [0, 0],
            column: ColumnReader::default(),
        })
    }
}

impl<R: SpillRead> SegmentSource for SpilledRun<R> {
    fn n_docs(&self) -> u32 {
        self.n_docs
    }

    fn special(&self) -> &SpecialDocs {
        &self.special
    }

    fn max_nnz(&self) -> u32 {
        self.max_nnz
    }

    fn for_each_tid(&mut self, each: &mut EachTid<'_>) -> Result<()> {
        for doc in 0..self.n_docs {
            let mut tid = [0; Tid::BYTES];
            tid.copy_from_slice(self.blocks.take(Tid::BYTES)?);
            each(doc, Tid::from_bytes(tid))?;
        }
        Ok(())
    }

    fn for_each_norm(&mut self, each: &mut EachNorm<'_>) -> Result<()> {
        for doc in 0..if self.has_norms { self.n_docs } else { 0 } {
            let mut norm = [0; Norm::BYTES];
            norm.copy_from_slice(self.blocks.take(Norm::BYTES)?);
            each(doc, Norm::from_bytes(norm))?;
        }
        Ok(())
    }

    fn begin_column(&mut self, _column: usize) -> Result<()> {
        self.column.begin(&mut self.blocks)
    }

    fn n_values(&self) -> u32 {
        self.column.n_values()
    }

    fn value(&self) -> Option<Value<'_>> {
        self.column.value()
    }

    fn for_each_doc_of_value(&mut self, each: &mut EachDoc<'_>) -> Result<()> {
        self.column.for_each_doc(&mut self.blocks, each)
    }

    fn advance_value(&mut self) -> Result<()> {
        self.column.advance(&mut self.blocks)
    }

    fn begin_terms(&mut self) -> Result<()> {
        self.column.finish(&mut self.blocks)?;
        self.advance()
    }

    fn head(&self) -> Option<TermHead> {
        self.head
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        let n = std::mem::take(&mut self.unread[sign.index()]);
        self.blocks.postings(n, each)
    }

    fn advance(&mut self) -> Result<()> {
        for n in std::mem::take(&mut self.unread) {
            self.blocks.postings(n, |_, _| Ok(()))?;
        }
        let head = self.blocks.take(HEAD_BYTES)?;
        let df = [field::u32_at(head, 4), field::u32_at(head, 8)];
        let (term, exponent) = (field::u32_at(head, 0), field::u16_at(head, 12) as i16);
        self.head = (term != NO_TERM).then_some(TermHead { term, exponent, df });
        self.unread = df;
        Ok(())
    }
}

/// A run put aside in memory; given back as it is read.
#[derive(Default)]
pub struct MemoryRun {
    /// What was written, write by write.
    pieces: VecDeque<Vec<u8>>,
    /// Bytes read of the first piece.
    at: usize,
}

impl SpillWrite for MemoryRun {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut piece = reserved(bytes.len(), "run in memory")?;
        piece.extend_from_slice(bytes);
        self.pieces.push_back(piece);
        Ok(())
    }
}

impl SpillRead for MemoryRun {
    fn read(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let first = self.pieces.front().ok_or_else(|| damaged("is cut short"))?;
            let n = rest.len().min(first.len() - self.at);
            rest[..n].copy_from_slice(&first[self.at..self.at + n]);
            self.at += n;
            if self.at == first.len() {
                self.pieces.pop_front();
                self.at = 0;
            }
            rest = &mut rest[n..];
        }
        Ok(())
    }
}

impl MemoryRun {
    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.capacity() + size_of::<Vec<u8>>()).sum()
    }
}

/// A run that does not hold what was written.
pub fn damaged(reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: "temporary run", page: 0, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::filter::value::NoColumns;
    use crate::engine::ids::Metric;
    use crate::engine::vector::SparseVectorRef;

    /// Two builders fed alike, one of them with memory of an earlier run: what is read back is the sorted run.
    #[test]
    fn what_is_spilled_is_read_back() {
        for metric in [Metric::InnerProduct, Metric::L2] {
            what_is_spilled_is_read_back_of(metric);
        }
    }

    fn what_is_spilled_is_read_back_of(metric: Metric) {
        let mut builder = RunBuilder::new(metric, usize::MAX);
        let mut plain = RunBuilder::new(metric, usize::MAX);
        builder.add(Tid { block: 9, offset: 9 }, None, &[]).unwrap();
        spill(&mut builder, &NoColumns, &mut MemoryRun::default()).unwrap();
        for doc in 0..40_000u32 {
            let (indices, weights) = ([doc % 7, 7 + doc % 4_000, 1 << 20 | doc], [0.5, -1.0 - doc as f32, 3.0]);
            let vector = SparseVectorRef::from_valid_parts(0, &indices, &weights);
            let (tid, vector) = (Tid { block: doc, offset: 1 }, (doc % 11 > 0).then_some(vector));
            builder.add(tid, vector, &[]).unwrap();
            plain.add(tid, vector, &[]).unwrap();
        }
        assert!(builder.spilled_bytes() > 40_000 * 6);
        let bound = builder.spilled_bytes();
        let mut kept = MemoryRun::default();
        spill(&mut builder, &NoColumns, &mut kept).unwrap();
        assert!(
            kept.bytes() < bound + bound / 64 + 2 * crate::engine::segment::spill_blocks::BLOCK,
            "{} of {bound}",
            kept.bytes()
        );

        let mut wanted = plain.finish(&NoColumns).unwrap();
        let mut read = SpilledRun::open(kept).unwrap();
        assert_eq!((read.n_docs(), read.special()), (wanted.n_docs(), wanted.special()));
        assert_eq!(tids(&mut read), tids(&mut wanted));
        let wanted_norms = norms(&mut wanted);
        assert_eq!(wanted_norms.len(), if metric == Metric::L2 { 40_000 } else { 0 });
        assert_eq!(norms(&mut read), wanted_norms);
        read.begin_terms().unwrap();
        let mut n_terms = 0;
        while let Some(head) = wanted.head() {
            assert_eq!(read.head(), Some(head));
            // A reader that skips lists comes to the next term all the same.
            if n_terms % 3 > 0 {
                for sign in Sign::BOTH {
                    assert_eq!(postings(&mut read, sign), postings(&mut wanted, sign));
                }
            }
            read.advance().unwrap();
            wanted.advance().unwrap();
            n_terms += 1;
        }
        assert_eq!(read.head(), None);
    }

    fn tids(source: &mut impl SegmentSource) -> Vec<Tid> {
        let mut tids = Vec::new();
        source
            .for_each_tid(&mut |_, tid| {
                tids.push(tid);
                Ok(())
            })
            .unwrap();
        tids
    }

    fn norms(source: &mut impl SegmentSource) -> Vec<Norm> {
        let mut norms = Vec::new();
        source
            .for_each_norm(&mut |_, norm| {
                norms.push(norm);
                Ok(())
            })
            .unwrap();
        norms
    }

    fn postings(source: &mut impl SegmentSource, sign: Sign) -> Vec<(u32, u8)> {
        let mut postings = Vec::new();
        source
            .for_each_posting(sign, &mut |doc, impact| {
                postings.push((doc, impact));
                Ok(())
            })
            .unwrap();
        postings
    }
}
