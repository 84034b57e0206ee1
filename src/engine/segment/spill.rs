//! A run on disk: written once, read once, front to back.
//!
//! Layout: number of documents, greatest nnz, number of terms (u32 each); the special documents (three serialised
//! roaring bitmaps, each after its length); the TIDs (6 bytes each); then for each term: term, both df (u32), exponent
//! (i16), byte length of the lists (u32), and for each posting a varint document gap and the impact.

use roaring::RoaringBitmap;

use super::format::Sign;
use super::pages::field;
use super::run::Run;
use super::source::{EachPosting, EachTid, SegmentSource, TermHead};
use super::special::SpecialDocs;
use crate::engine::codec::varint;
use crate::engine::error::{EngineError, Result, filled, reserve};
use crate::engine::ids::Tid;

/// Takes the bytes of a run.
pub trait SpillWrite {
    /// Appends `bytes`.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

/// Gives the bytes of a run back.
pub trait SpillRead {
    /// Fills `bytes` from the current place.
    fn read(&mut self, bytes: &mut [u8]) -> Result<()>;
}

const HEAD_BYTES: usize = 18;

/// Writes a run and forgets it.
pub fn write_run(mut run: Run, out: &mut impl SpillWrite) -> Result<()> {
    let mut buf = Vec::new();
    for n in [run.n_docs(), run.max_nnz(), run.n_terms()] {
        buf.extend_from_slice(&n.to_le_bytes());
    }
    let SpecialDocs { null, zero_norm, irregular } = run.special();
    for set in [null, zero_norm, irregular] {
        buf.extend_from_slice(&(set.serialized_size() as u32).to_le_bytes());
        let written = set.serialize_into(&mut buf);
        written.map_err(|_| damaged("set cannot be serialised"))?;
    }
    out.write(&buf)?;
    run.for_each_tid(&mut |_, tid| out.write(&tid.to_bytes()))?;
    while let Some(head) = run.head() {
        buf.clear();
        buf.resize(HEAD_BYTES, 0);
        for sign in Sign::BOTH {
            let mut previous = 0;
            run.for_each_posting(sign, &mut |doc, impact| {
                reserve(&mut buf, varint::MAX_BYTES + 1, "run list")?;
                varint::write(&mut buf, doc - previous);
                buf.push(impact);
                previous = doc;
                Ok(())
            })?;
        }
        let len = (buf.len() - HEAD_BYTES) as u32;
        buf[0..4].copy_from_slice(&head.term.to_le_bytes());
        buf[4..8].copy_from_slice(&head.df[0].to_le_bytes());
        buf[8..12].copy_from_slice(&head.df[1].to_le_bytes());
        buf[12..14].copy_from_slice(&head.exponent.to_le_bytes());
        buf[14..18].copy_from_slice(&len.to_le_bytes());
        out.write(&buf)?;
        run.advance()?;
    }
    Ok(())
}

/// A run being read back; holds one term's lists in memory.
pub struct SpilledRun<R> {
    input: R,
    n_docs: u32,
    max_nnz: u32,
    terms_left: u32,
    special: SpecialDocs,
    head: Option<TermHead>,
    list: Vec<u8>,
    at: usize,
}

impl<R: SpillRead> SpilledRun<R> {
    /// Begins to read; `for_each_tid` must come next.
    pub fn open(mut input: R) -> Result<Self> {
        let mut head = [0; 12];
        input.read(&mut head)?;
        let mut set = || -> Result<RoaringBitmap> {
            let mut len = [0; 4];
            input.read(&mut len)?;
            let mut bytes = filled(u32::from_le_bytes(len) as usize, 0u8, "special documents")?;
            input.read(&mut bytes)?;
            RoaringBitmap::deserialize_from(&bytes[..]).map_err(|_| damaged("set cannot be read"))
        };
        let special = SpecialDocs { null: set()?, zero_norm: set()?, irregular: set()? };
        Ok(Self {
            n_docs: field::u32_at(&head, 0),
            max_nnz: field::u32_at(&head, 4),
            terms_left: field::u32_at(&head, 8),
            input,
            special,
            head: None,
            list: Vec::new(),
            at: 0,
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
            self.input.read(&mut tid)?;
            each(doc, Tid::from_bytes(tid))?;
        }
        self.advance()
    }

    fn head(&self) -> Option<TermHead> {
        self.head
    }

    fn for_each_posting(&mut self, sign: Sign, each: &mut EachPosting<'_>) -> Result<()> {
        let Some(head) = self.head else { return Ok(()) };
        let mut doc = 0u32;
        for _ in 0..head.df[sign.index()] {
            let gap = varint::read(&self.list, &mut self.at).ok_or_else(|| damaged("list is cut short"))?;
            let impact = *self.list.get(self.at).ok_or_else(|| damaged("list is cut short"))?;
            self.at += 1;
            doc = doc.wrapping_add(gap);
            each(doc, impact)?;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<()> {
        self.head = None;
        if self.terms_left == 0 {
            return Ok(());
        }
        self.terms_left -= 1;
        let mut head = [0; HEAD_BYTES];
        self.input.read(&mut head)?;
        self.head = Some(TermHead {
            term: field::u32_at(&head, 0),
            df: [field::u32_at(&head, 4), field::u32_at(&head, 8)],
            exponent: field::u16_at(&head, 12) as i16,
        });
        let len = field::u32_at(&head, 14) as usize;
        self.list.clear();
        reserve(&mut self.list, len, "run list")?;
        self.list.resize(len, 0);
        self.at = 0;
        self.input.read(&mut self.list)
    }
}

fn damaged(reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: "temporary run", page: 0, reason }
}
