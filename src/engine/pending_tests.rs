//! Entries of the pending list: round trips, and damage that must be noticed.

use proptest::prelude::*;

use super::error::{EngineError, Result};
use super::filter::row;
use super::filter::value::{MAX_VALUE_BYTES, Value, ValueKind};
use super::ids::Tid;
use super::pending::{Entry, EntryHead, HEAD_BYTES, Overflow, STATE_AT, VectorBuffer, body_bytes};
use super::vector::SparseVectorRef;

/// An owned [`Value`], NULL included.
#[derive(Clone, Debug)]
enum Owned {
    Null(ValueKind),
    Integer(i64),
    Bytes(Vec<u8>),
}

impl Owned {
    fn kind(&self) -> ValueKind {
        match self {
            Self::Null(kind) => *kind,
            Self::Integer(_) => ValueKind::Integer,
            Self::Bytes(_) => ValueKind::Bytes,
        }
    }

    fn value(&self) -> Option<Value<'_>> {
        match self {
            Self::Null(_) => None,
            Self::Integer(integer) => Some(Value::Integer(*integer)),
            Self::Bytes(bytes) => Some(Value::Bytes(bytes)),
        }
    }
}

fn owned() -> impl Strategy<Value = Owned> {
    let length = prop_oneof![0usize..20, Just(MAX_VALUE_BYTES)];
    prop_oneof![
        prop_oneof![Just(ValueKind::Integer), Just(ValueKind::Bytes)].prop_map(Owned::Null),
        any::<i64>().prop_map(Owned::Integer),
        (length, any::<u8>()).prop_map(|(n, byte)| Owned::Bytes(vec![byte; n])),
    ]
}

type Row = (Option<(Vec<u32>, Vec<f32>)>, Vec<Owned>);

fn row() -> impl Strategy<Value = Row> {
    let weight = prop_oneof![-8f32..-0.5, 0.5f32..8.0];
    let vector = prop::collection::btree_map(any::<u32>(), weight, 0..30).prop_map(|map| map.into_iter().unzip());
    (prop::option::of(vector), prop::collection::vec(owned(), 0..=31))
}

/// Head and body of a row as they are written.
fn written((vector, values): &Row, tid: Tid) -> (EntryHead, Vec<u8>) {
    let vector = vector.as_ref().map(|(i, w)| SparseVectorRef::from_valid_parts(0, i, w));
    let values: Vec<_> = values.iter().map(Owned::value).collect();
    body_bytes(tid, vector, &values).unwrap()
}

/// Reads an entry as far as its last value.
fn read_whole(page: &[u8], at: usize, kinds: &[ValueKind]) -> Result<()> {
    let head = EntryHead::parse(page, at, 0)?;
    if head.overflow.is_none() {
        let body = &page[at + HEAD_BYTES..at + head.entry_bytes()];
        let mut buffer = VectorBuffer::default();
        let values = Entry::read(&head, body, 0, &mut buffer)?.values(kinds)?;
        assert_eq!(values.len(), kinds.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn rows_round_trip(row in row(), block in any::<u32>(), offset in 1u16..2000) {
        let tid = Tid { block, offset };
        let (head, body) = written(&row, tid);
        let kinds: Vec<_> = row.1.iter().map(Owned::kind).collect();
        let mut page = vec![9; 5];
        page.extend(head.to_bytes());
        page.extend(&body);
        let read = EntryHead::parse(&page, 5, 0).unwrap();
        prop_assert_eq!(read, head);
        prop_assert_eq!(5 + read.entry_bytes(), page.len());
        let mut buffer = VectorBuffer::default();
        let entry = Entry::read(&read, &page[5 + HEAD_BYTES..], 0, &mut buffer).unwrap();
        let expected = row.0.as_ref().map(|(i, w)| SparseVectorRef::from_valid_parts(0, i, w));
        prop_assert_eq!(entry.vector, expected);
        let expected: Vec<_> = row.1.iter().map(Owned::value).collect();
        let values = entry.values(&kinds).unwrap();
        prop_assert_eq!(&*values, expected.as_slice());
        prop_assert_eq!(entry.encoded_values().len(), row::encoded_bytes(&expected));
        // A byte less, a column more or less, and another kind do not go unnoticed.
        page.pop();
        prop_assert!(EntryHead::parse(&page, 5, 0).is_err());
        if let Some((_, shorter)) = body.split_last() {
            prop_assert!(Entry::read(&read, shorter, 0, &mut buffer).is_err());
        }
        let entry = Entry::read(&read, &body, 0, &mut buffer).unwrap();
        let mut more = kinds.clone();
        more.push(ValueKind::Integer);
        prop_assert!(entry.values(&more).is_err());
        if let Some((_, fewer)) = kinds.split_last() {
            prop_assert!(entry.values(fewer).is_err());
        }
        for (at, value) in row.1.iter().enumerate() {
            if let Some(value) = value.value() {
                let mut other = kinds.clone();
                other[at] = if matches!(value, Value::Integer(_)) { ValueKind::Bytes } else { ValueKind::Integer };
                prop_assert!(entry.values(&other).is_err());
            }
        }
    }

    #[test]
    fn damage_ends_in_an_error_or_another_row(
        row in row(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (head, body) = written(&row, Tid { block: 1, offset: 1 });
        let kinds: Vec<_> = row.1.iter().map(Owned::kind).collect();
        let mut page = head.to_bytes();
        page.extend(&body);
        for (at, byte) in damage {
            let n = page.len();
            page[at.index(n)] = byte;
        }
        for at in 0..page.len().min(64) {
            let _ = read_whole(&page, at, &kinds);
        }
    }
}

#[test]
fn heads_round_trip() {
    let tid = Tid { block: 70_000, offset: 291 };
    let overflow = Some(Overflow { block: 77, generation: u32::MAX - 1 });
    for (nnz, overflow) in [(None, None), (Some(3), None), (Some(1 << 24), overflow), (None, overflow)] {
        for (dead, killed) in [(false, false), (true, false), (false, true)] {
            let head = EntryHead { tid, dead, killed, nnz, values_len: 70, overflow };
            let mut page = vec![9; 5];
            page.extend(head.to_bytes());
            page.resize(5 + head.entry_bytes(), 0);
            assert_eq!(EntryHead::parse(&page, 5, 0), Ok(head));
            for (at, wrong) in [(STATE_AT, 3), (7, 4), (15, 1)] {
                let right = std::mem::replace(&mut page[5 + at], wrong);
                assert!(EntryHead::parse(&page, 5, 0).is_err(), "byte {at}");
                page[5 + at] = right;
            }
            page.pop();
            assert!(EntryHead::parse(&page, 5, 0).is_err());
        }
    }
}

#[test]
fn vectors_that_are_none_are_refused() {
    let vector = (vec![3, 9], vec![0.5, -2.0]);
    let (head, body) = written(&(Some(vector), Vec::new()), Tid::default());
    let mut buffer = VectorBuffer::default();
    for (at, byte) in [(0, 10), (8, 0), (15, 0x7f)] {
        let mut body = body.clone();
        body[at] = byte;
        if at == 8 {
            body[8..12].fill(0);
        }
        if at == 15 {
            body[14] = 0x80;
        }
        assert!(Entry::read(&head, &body, 0, &mut buffer).is_err());
    }
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let bytes = vec![1; MAX_VALUE_BYTES + 1];
    let refused = body_bytes(Tid::default(), None, &[Some(Value::Bytes(&bytes))]);
    assert!(matches!(refused, Err(EngineError::Limit { .. })));
}
