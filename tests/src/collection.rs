//! Reads the optional test collections: folders with `docs.spz`, `queries.spz`, `gt_ids.u32.zst`, `gt_scores.f32.zst`.
//!
//! SPZ, little-endian: magic `SPZ1`, rows u32, columns u32, non-zeros u64, step f32; then five zstd frames, each after
//! its length (u64): row lengths (u16), the column gaps' low bytes, their high bytes, the weights' low bytes, their
//! high bytes. Columns count from 0, a row's first gap is its first column, a weight is its integer times the step.

use std::fs;
use std::path::{Path, PathBuf};

/// Rows of (column, weight), columns ascending.
pub struct Matrix {
    pub columns: u32,
    pub rows: Vec<Vec<(u32, f32)>>,
}

impl Matrix {
    pub fn nonzeros(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// The literal form of a row, indices from 1.
    pub fn literal(&self, row: usize) -> String {
        let pairs: Vec<String> = self.rows[row].iter().map(|(column, w)| format!("{}:{w}", column + 1)).collect();
        format!("{{{}}}/{}", pairs.join(","), self.columns)
    }
}

/// The exact best documents of the first queries, 1,000 columns a query, best first.
pub struct Truth {
    pub ids: Vec<u32>,
    pub scores: Vec<f32>,
}

impl Truth {
    pub const COLUMNS: usize = 1_000;
    /// Stands where fewer documents match.
    pub const NONE: u32 = u32::MAX;

    pub fn queries(&self) -> usize {
        self.ids.len() / Self::COLUMNS
    }

    pub fn ids_of(&self, query: usize, k: usize) -> &[u32] {
        &self.ids[query * Self::COLUMNS..][..k]
    }

    pub fn scores_of(&self, query: usize, k: usize) -> &[f32] {
        &self.scores[query * Self::COLUMNS..][..k]
    }
}

/// A collection's folder: under `DATA_DIR`, else beside the project, if it is there.
pub fn find(name: &str) -> Option<PathBuf> {
    let base = match std::env::var_os("DATA_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => crate::project_root().join("../shared/data"),
    };
    let folder = base.join(name);
    folder.is_dir().then_some(folder)
}

pub fn read_matrix(path: &Path) -> Result<Matrix, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut reader = Reader { bytes: &bytes };
    if reader.take(4)? != b"SPZ1" {
        return Err(format!("{} is not an SPZ file", path.display()));
    }
    let n_rows = reader.u32()? as usize;
    let columns = reader.u32()?;
    let nonzeros = usize::try_from(reader.u64()?).map_err(|e| e.to_string())?;
    let step = f32::from_le_bytes(reader.take(4)?.try_into().expect("4 bytes"));
    let lengths = reader.frame(2 * n_rows)?;
    let planes = [reader.frame(nonzeros)?, reader.frame(nonzeros)?, reader.frame(nonzeros)?, reader.frame(nonzeros)?];
    let wide = |low: usize, at: usize| u32::from(planes[low][at]) + 256 * u32::from(planes[low + 1][at]);
    let mut rows = Vec::with_capacity(n_rows);
    let mut at = 0;
    for length in lengths.chunks_exact(2) {
        let mut row = Vec::new();
        let mut column = 0;
        for _ in 0..u16::from_le_bytes([length[0], length[1]]) {
            column += wide(0, at);
            row.push((column, wide(2, at) as f32 * step));
            at += 1;
        }
        rows.push(row);
    }
    Ok(Matrix { columns, rows })
}

pub fn read_truth(folder: &Path) -> Result<Truth, String> {
    let ids = words(&folder.join("gt_ids.u32.zst"))?;
    let scores = words(&folder.join("gt_scores.f32.zst"))?;
    Ok(Truth {
        ids: ids.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        scores: scores.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    })
}

fn words(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    zstd::decode_all(bytes.as_slice()).map_err(|e| format!("{}: {e}", path.display()))
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self.bytes.split_at_checked(n).ok_or("the file is cut short")?;
        self.bytes = rest;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("4 bytes")))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().expect("8 bytes")))
    }

    fn frame(&mut self, expected: usize) -> Result<Vec<u8>, String> {
        let length = usize::try_from(self.u64()?).map_err(|e| e.to_string())?;
        let plane = zstd::decode_all(self.take(length)?).map_err(|e| e.to_string())?;
        if plane.len() == expected { Ok(plane) } else { Err(format!("{} bytes, not {expected}", plane.len())) }
    }
}
