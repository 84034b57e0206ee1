//! Reads and writes test collections: folders with `docs.spz`, `queries.spz`, `gt_ids.u32.zst`, `gt_scores.f32.zst`.
//!
//! SPZ, little-endian: magic `SPZ1`, rows u32, columns u32, non-zeros u64, step f32; then five zstd frames, each after
//! its length (u64): row lengths (u16), the column gaps' low bytes, their high bytes, the weights' low bytes, their
//! high bytes. Columns count from 0, a row's first gap is its first column, a weight is its integer times the step.

use std::fmt::Write;
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
        let mut text = String::from("{");
        for (at, (column, weight)) in self.rows[row].iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(text, "{comma}{}:{weight}", column + 1).expect("writing to a string");
        }
        write!(text, "}}/{}", self.columns).expect("writing to a string");
        text
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

/// Rows of so many float2 numbers.
pub fn read_halves(path: &Path, columns: usize) -> Result<Vec<Vec<f32>>, String> {
    let bytes = unpacked(path)?;
    let halves = bytes.chunks_exact(2).map(|b| half(u16::from_le_bytes([b[0], b[1]])));
    let numbers: Vec<f32> = halves.collect();
    Ok(numbers.chunks_exact(columns).map(<[f32]>::to_vec).collect())
}

/// IEEE 754 binary16; no infinities and NaN in what is read.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

pub fn read_truth(folder: &Path) -> Result<Truth, String> {
    let ids = unpacked(&folder.join("gt_ids.u32.zst"))?;
    let scores = unpacked(&folder.join("gt_scores.f32.zst"))?;
    Ok(Truth {
        ids: ids.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        scores: scores.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    })
}

/// Weights become multiples of `step`, at least one.
pub fn write_matrix(path: &Path, matrix: &Matrix, step: f32) -> Result<(), String> {
    let mut lengths = Vec::new();
    let mut planes = [const { Vec::new() }; 4];
    for row in &matrix.rows {
        lengths.extend_from_slice(&u16::try_from(row.len()).map_err(|e| e.to_string())?.to_le_bytes());
        let mut before = 0;
        for (column, weight) in row {
            let gap = u16::try_from(column - before).map_err(|e| e.to_string())?.to_le_bytes();
            let units = (weight / step).round().clamp(1.0, 65_535.0) as u16;
            for (plane, byte) in planes.iter_mut().zip(gap.into_iter().chain(units.to_le_bytes())) {
                plane.push(byte);
            }
            before = *column;
        }
    }
    let mut bytes = b"SPZ1".to_vec();
    bytes.extend_from_slice(&u32::try_from(matrix.rows.len()).map_err(|e| e.to_string())?.to_le_bytes());
    bytes.extend_from_slice(&matrix.columns.to_le_bytes());
    bytes.extend_from_slice(&(matrix.nonzeros() as u64).to_le_bytes());
    bytes.extend_from_slice(&step.to_le_bytes());
    for plane in std::iter::once(&lengths).chain(&planes) {
        let frame = zstd::bulk::compress(plane, 3).map_err(|e| e.to_string())?;
        bytes.extend_from_slice(&(frame.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&frame);
    }
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// A text file, one zstd frame.
pub fn read_text(path: &Path) -> Result<String, String> {
    String::from_utf8(unpacked(path)?).map_err(|e| format!("{}: {e}", path.display()))
}

pub fn write_truth(folder: &Path, truth: &Truth) -> Result<(), String> {
    let ids: Vec<u8> = truth.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    let scores: Vec<u8> = truth.scores.iter().flat_map(|score| score.to_le_bytes()).collect();
    for (name, bytes) in [("gt_ids.u32.zst", ids), ("gt_scores.f32.zst", scores)] {
        let path = folder.join(name);
        let frame = zstd::bulk::compress(&bytes, 3).map_err(|e| e.to_string())?;
        fs::write(&path, frame).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn unpacked(path: &Path) -> Result<Vec<u8>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let rows = vec![vec![(0, 0.5), (300, 1.25)], vec![], vec![(30_521, 0.001)]];
        let matrix = Matrix { columns: 30_522, rows };
        let path = std::env::temp_dir().join(format!("pg_wand-spz-{}", std::process::id()));
        write_matrix(&path, &matrix, 0.001).expect("written");
        let back = read_matrix(&path).expect("read");
        fs::remove_file(&path).expect("removed");
        assert_eq!((back.columns, back.rows), (matrix.columns, matrix.rows));
    }
}
