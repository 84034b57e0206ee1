//! Rows as the index keeps them until they are inverted: entries of the pending list, values of filter columns. And the
//! sets of documents without a score, which are stored as bytes of the roaring library.

use crate::engine::error::EngineError;
use crate::engine::filter::row;
use crate::engine::filter::value::{Value, ValueKind};
use crate::engine::ids::Tid;
use crate::engine::pending::{Entry, EntryHead, HEAD_BYTES, Overflow, VectorBuffer, body_bytes};
use crate::engine::segment::pages::{MemoryPages, PAYLOAD, Part};
use crate::engine::segment::special::SpecialDocs;
use crate::engine::vector::SparseVectorRef;

/// The kinds of the filter columns of entries.
const KINDS: [ValueKind; 3] = [ValueKind::Integer, ValueKind::Bytes, ValueKind::Integer];

/// Entries one behind another, as on a page: each is refused, or lies within the page and comes back from what is
/// written of it.
pub fn pending(page: &[u8]) -> bool {
    let page = &page[..page.len().min(PAYLOAD)];
    let (mut at, mut n) = (0, 0);
    while at < page.len() {
        let head = match EntryHead::parse(page, at, 7) {
            Ok(head) => head,
            Err(error) => {
                refused(&error);
                break;
            }
        };
        let end = at + head.entry_bytes();
        assert!(end <= page.len() && end > at);
        let mut bytes = head.to_bytes();
        if head.overflow.is_none() {
            if !read(&head, &page[at + HEAD_BYTES..end]) {
                break;
            }
            bytes.extend_from_slice(&page[at + HEAD_BYTES..end]);
        }
        assert_eq!(bytes, page[at..end], "an entry is written as it was read");
        (at, n) = (end, n + 1);
    }
    n > 0
}

fn read(head: &EntryHead, body: &[u8]) -> bool {
    let mut buffer = VectorBuffer::default();
    let entry = match Entry::read(head, body, 7, &mut buffer) {
        Ok(entry) => entry,
        Err(error) => {
            refused(&error);
            return false;
        }
    };
    if let Some(vector) = entry.vector {
        // Term ids of the list have 32 bits, those of a value 31: all else must hold of both.
        let (indices, weights) = (vector.indices(), vector.weights());
        assert!(indices.len() == weights.len() && indices.windows(2).all(|w| w[0] < w[1]));
        assert!(weights.iter().all(|w| w.is_finite() && *w != 0.0));
    }
    match entry.values(&KINDS) {
        Ok(values) => {
            assert_eq!(values.len(), KINDS.len());
            let (_, again) = body_bytes(head.tid, entry.vector, &values).expect("what was read can be written");
            assert_eq!(again, body);
            true
        }
        Err(error) => {
            refused(&error);
            false
        }
    }
}

fn refused(error: &EngineError) {
    assert!(matches!(error, EngineError::BadPage { block: 7, .. }), "{error:?}");
}

/// The values of a row.
pub fn filter_values(input: &[u8]) -> bool {
    match row::decode(input, &KINDS) {
        Ok(values) => {
            let mut again = Vec::new();
            row::encode(&values, &mut again).expect("what was read can be written");
            assert_eq!(again, input);
            true
        }
        Err(reason) => {
            assert!(!reason.is_empty());
            false
        }
    }
}

/// The sets of documents without a regular score, of a segment of 600.
pub fn special_docs(input: &[u8]) -> bool {
    let mut pages = MemoryPages::default();
    let list = pages.part_mut(Part::Special);
    for bytes in input.chunks(PAYLOAD).take(3) {
        let mut page = bytes.to_vec();
        page.resize(PAYLOAD, 0);
        list.push(page);
    }
    let n_pages = list.len() as u32;
    match SpecialDocs::read(&pages, n_pages, 600) {
        Ok(special) => {
            for set in [&special.null, &special.zero_norm, &special.irregular] {
                assert!(set.max().is_none_or(|doc| doc < 600));
            }
            let mut again = MemoryPages::default();
            let n_pages = special.write(&mut again).expect("can be written");
            assert_eq!(SpecialDocs::read(&again, n_pages, 600), Ok(special));
            true
        }
        Err(error) => {
            assert!(matches!(error, EngineError::Corrupt { .. }), "{error:?}");
            false
        }
    }
}

/// A page with some entries, for others to damage.
pub fn good_page() -> Vec<u8> {
    let mut page = Vec::new();
    for no in 0..6u32 {
        let indices: Vec<u32> = (0..no * 2).map(|i| i * 7 + no).collect();
        let weights: Vec<f32> = (0..no * 2).map(|i| (i as f32 + 1.0) / 4.0 - 1.9).collect();
        let vector = SparseVectorRef::from_valid_parts(0, &indices, &weights);
        let text = vec![b'x'; no as usize * 3];
        let values = [Some(Value::Integer(-i64::from(no))), Some(Value::Bytes(&text)), None];
        let tid = Tid { block: no, offset: 1 };
        let (mut head, body) = body_bytes(tid, (no != 3).then_some(vector), &values).expect("an entry");
        head.dead = no == 4;
        head.killed = no == 5;
        if no == 2 {
            head.overflow = Some(Overflow { block: 77, generation: 9 });
        }
        page.extend(head.to_bytes());
        if no != 2 {
            page.extend(body);
        }
    }
    page
}

/// The values of the same rows.
pub fn good_values() -> Vec<Vec<u8>> {
    let rows = [
        [Some(Value::Integer(5)), Some(Value::Bytes(b"abc")), Some(Value::Integer(i64::MIN))],
        [None, Some(Value::Bytes(b"")), None],
        [Some(Value::Integer(-1)), None, Some(Value::Integer(0))],
    ];
    let encode = |row: &[Option<Value<'_>>; 3]| {
        let mut bytes = Vec::new();
        row::encode(row, &mut bytes).expect("values");
        bytes
    };
    rows.iter().map(encode).collect()
}

/// The bytes of some sets.
pub fn good_sets() -> Vec<Vec<u8>> {
    let sets = [
        SpecialDocs { null: [1, 5, 599].into(), ..SpecialDocs::default() },
        SpecialDocs {
            null: (0..300).collect(),
            zero_norm: (300..310).collect(),
            irregular: (310..600).step_by(2).collect(),
        },
    ];
    let bytes = |set: &SpecialDocs| {
        let mut pages = MemoryPages::default();
        set.write(&mut pages).expect("sets");
        let page = pages.part_mut(Part::Special).swap_remove(0);
        let used = page.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        page[..used].to_vec()
    };
    sets.iter().map(bytes).collect()
}
