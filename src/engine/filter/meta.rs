//! What a segment's totals say about a filter column: how many values, and where its pieces begin in the three parts.

use serde::{Deserialize, Serialize};

use super::value::{MAX_COLUMNS, ValueKind};
use crate::engine::segment::format::RANGE_DOCS;
use crate::engine::segment::pages::{PAYLOAD, Part};

/// A column of more values than this also has its documents in the order of their values. With fewer values a value
/// has, on average, so many documents (one in 256) that reading the planes costs no more than reading its documents,
/// and a list would be the largest part of the column.
pub const LISTED_FROM: u32 = 256;

/// A filter column of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMeta {
    /// How its values are stored.
    pub kind: ValueKind,
    /// Distinct values.
    pub n_values: u32,
    /// Documents whose value is NULL.
    pub n_null: u32,
    /// First page of its dictionary.
    pub values_page: u32,
    /// Pages of its dictionary.
    pub n_values_pages: u32,
    /// The byte of the pages of codes, counted through all of them, where its planes begin.
    pub codes_at: u64,
    /// First page of its documents by value, if it has them.
    pub lists_page: u32,
}

impl ColumnMeta {
    /// What is added to a value's number to make its code: 1 if there are NULLs, whose code is 0.
    pub fn shift(&self) -> u32 {
        u32::from(self.n_null > 0)
    }

    /// Codes that occur: those below this one.
    pub fn n_codes(&self) -> u32 {
        self.n_values.saturating_add(self.shift())
    }

    /// Bits of the greatest code: as many planes there are.
    pub fn bits(&self) -> u32 {
        32 - self.n_codes().saturating_sub(1).leading_zeros()
    }

    /// Whether there is a list of the documents in the order of their values.
    pub fn has_lists(&self) -> bool {
        self.n_values > LISTED_FROM
    }

    /// Documents that have a value.
    pub fn n_valued(&self, n_docs: u32) -> u32 {
        n_docs.saturating_sub(self.n_null)
    }
}

/// Bytes of a plane of a range of `docs` documents: a whole number of words, and a page if the range is full.
pub fn stride(docs: u32) -> usize {
    docs.div_ceil(64) as usize * 8
}

/// Documents of one range of a segment.
pub fn docs_of_range(n_docs: u32, range: u32) -> u32 {
    n_docs.saturating_sub(range.saturating_mul(RANGE_DOCS)).min(RANGE_DOCS)
}

/// Bytes of the planes of a column.
pub fn codes_bytes(bits: u32, n_docs: u32) -> u64 {
    let a_plane = u64::from(n_docs / RANGE_DOCS) * PAYLOAD as u64 + stride(n_docs % RANGE_DOCS) as u64;
    u64::from(bits) * a_plane
}

/// Where the next column's planes begin if the last one's end at `end`: planes that fill pages begin with a page,
/// smaller ones follow at once.
pub fn next_codes_at(end: u64, n_docs: u32) -> u64 {
    if n_docs < RANGE_DOCS { end } else { end.next_multiple_of(PAYLOAD as u64) }
}

/// Bytes of a document's number in a list.
pub fn list_width(n_docs: u32) -> usize {
    match n_docs.saturating_sub(1) {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

/// Documents on a page of a list.
pub fn listed_per_page(n_docs: u32) -> u32 {
    (PAYLOAD / list_width(n_docs)) as u32
}

/// How many pages the parts of filter columns must have; `None` if the columns contradict each other or `n_docs`.
pub fn expected_pages(columns: &[ColumnMeta], n_docs: u32) -> Option<[(Part, u32); 3]> {
    if columns.len() > MAX_COLUMNS {
        return None;
    }
    let (mut values, mut codes, mut lists) = (0u32, 0u64, 0u32);
    for column in columns {
        let ColumnMeta { n_values, n_null, n_values_pages, .. } = *column;
        let n_valued = n_docs.checked_sub(n_null)?;
        codes = next_codes_at(codes, n_docs);
        let sound = n_values <= n_valued
            && (n_values == 0) == (n_valued == 0)
            && (n_values_pages == 0) == (n_values == 0)
            && n_values_pages <= n_values
            && (column.values_page, column.codes_at, column.lists_page) == (values, codes, lists);
        if !sound {
            return None;
        }
        values = values.checked_add(n_values_pages)?;
        codes += codes_bytes(column.bits(), n_docs);
        if column.has_lists() {
            lists = lists.checked_add(n_valued.div_ceil(listed_per_page(n_docs)))?;
        }
    }
    let codes = u32::try_from(codes.div_ceil(PAYLOAD as u64)).ok()?;
    Some([(Part::FilterValues, values), (Part::FilterCodes, codes), (Part::FilterLists, lists)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(n_values: u32, n_null: u32) -> ColumnMeta {
        let n_values_pages = n_values.min(1);
        let kind = ValueKind::Integer;
        ColumnMeta { kind, n_values, n_null, values_page: 0, n_values_pages, codes_at: 0, lists_page: 0 }
    }

    #[test]
    fn codes_have_the_bits_of_the_greatest() {
        for (n_values, n_null, bits) in
            [(0, 9, 0), (1, 0, 0), (1, 1, 1), (2, 0, 1), (2, 1, 2), (256, 0, 8), (256, 1, 9), (257, 0, 9)]
        {
            assert_eq!(column(n_values, n_null).bits(), bits, "{n_values} values, {n_null} NULLs");
        }
        assert_eq!(column(u32::MAX - 1, 1).bits(), 32);
    }

    #[test]
    fn columns_follow_one_another() {
        let pages = |columns: &[ColumnMeta], n| expected_pages(columns, n).map(|parts| parts.map(|(_, n)| n));
        assert_eq!(pages(&[], 10), Some([0, 0, 0]));
        let second = ColumnMeta { values_page: 1, codes_at: 16, ..column(4, 0) };
        assert_eq!(pages(&[column(2, 0), second.clone()], 100), Some([2, 1, 0]));
        // Two ranges: the first plane of the second column begins with a page.
        let codes_at = 2 * PAYLOAD as u64;
        let aligned = ColumnMeta { codes_at, ..second };
        assert_eq!(pages(&[column(2, 0), aligned.clone()], RANGE_DOCS + 1), Some([2, 2 + 2 + 1, 0]));
        assert_eq!(pages(&[column(2, 0), aligned], 100), None);
        let listed = column(1_000, 10);
        assert_eq!(pages(std::slice::from_ref(&listed), 70_000), Some([1, 10 + 1, 26]));
        assert_eq!(pages(&[column(1_000, 10)], 1_009), None, "more values than documents");
        assert_eq!(pages(&[column(0, 10)], 11), None, "a document without a value");
        assert_eq!(pages(&[ColumnMeta { n_values_pages: 1_001, ..listed }], 70_000), None);
    }
}
