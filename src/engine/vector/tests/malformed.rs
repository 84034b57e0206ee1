//! Damaged input never crashes and is never half accepted: more than a million literals and a million binary values.

use super::super::error::VectorError;
use super::super::{SparseVector, binary, json, text};

const N_CASES: usize = 1_100_000;

/// SplitMix64: seeded, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// An accepted value keeps every invariant and comes back bit for bit; a refused one is told in words.
/// Returns whether it was accepted.
fn check(parsed: Result<SparseVector, VectorError>, input: &[u8]) -> bool {
    match parsed {
        Ok(vector) => {
            vector.as_ref().internal_validate().unwrap_or_else(|error| panic!("{input:?} gave {error:?}"));
            let literal = text::format(vector.as_ref(), &mut || {}).unwrap();
            assert_eq!(text::parse(literal.as_bytes(), &mut || {}).as_ref(), Ok(&vector), "{literal} from {input:?}");
            let bytes = binary::format(vector.as_ref()).unwrap();
            assert_eq!(binary::parse(&bytes).as_ref(), Ok(&vector), "binary from {input:?}");
            true
        }
        Err(error) => {
            assert!(error.message().contains("svec"));
            assert!(
                error.detail().is_some_and(|detail| !detail.is_empty())
                    || matches!(error, VectorError::BinaryFlags { .. })
            );
            false
        }
    }
}

const LITERALS: [&str; 10] = [
    "{}",
    "{}/5",
    "{1:0.5,7592:1.2}/30522",
    " { 3 : 1 , 1 : 2. } / 3 ",
    "{1:1e-45,2:-3.4028235e38,2147483647:1}",
    "{5:0,5:1}/5",
    "{1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8,9:9}/9",
    "{+1:+.5e+1}/2147483647",
    "{1:inf}/1",
    "{1:nan}/1",
];

const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b":",
    b",",
    b"/",
    b"0",
    b"1",
    b"9",
    b"-",
    b"+",
    b".",
    b"e",
    b"e9",
    b"0x",
    b"nan",
    b"inf",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    b"\xd9\xa3",
    b"2147483648",
    b"9223372036854775808",
    b"1e-46",
];

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, pieces: &[&[u8]]) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(4)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, random.pick(pieces).iter().copied())),
            2 => drop(bytes.splice(at..end, random.pick(pieces).iter().copied())),
            3 => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
}

#[test]
fn a_million_literals() {
    let mut random = Random(1);
    let (mut n_accepted, mut bytes) = (0usize, Vec::new());
    for _ in 0..N_CASES {
        bytes.clear();
        bytes.extend_from_slice(random.pick(&LITERALS).as_bytes());
        mutate(&mut random, &mut bytes, &PIECES);
        n_accepted += usize::from(check(text::parse(&bytes, &mut || {}), &bytes));
    }
    // Both outcomes must be common, or the test says nothing.
    assert!(n_accepted > N_CASES / 20 && n_accepted < N_CASES * 19 / 20, "{n_accepted} accepted");
}

#[test]
fn a_million_binary_values() {
    const WORDS: [&[u8]; 12] = [
        &[0, 0, 0, 0],
        &[0, 0, 0, 1],
        &[0, 0, 0, 2],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0x7f, 0xff, 0xff, 0xfe],
        &[0x80, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff],
        &[0x7f, 0x80, 0, 0],
        &[0x7f, 0xc0, 0, 0],
        &[0x3f, 0x80, 0, 0],
        &[0x20, 0, 0, 0],
        &[1],
    ];
    let seeds: Vec<Vec<u8>> = LITERALS
        .iter()
        .filter_map(|literal| binary::format(text::parse(literal.as_bytes(), &mut || {}).ok()?.as_ref()).ok())
        .collect();
    let mut random = Random(2);
    let (mut n_accepted, mut bytes) = (0usize, Vec::new());
    for n in 0..N_CASES {
        bytes.clear();
        bytes.extend_from_slice(&seeds[random.below(seeds.len())]);
        if n % 2 == 0 {
            // Whole words in place: keeps the length, so that what is behind the length check is reached.
            let at = random.below(bytes.len() / 4) * 4;
            let word = random.pick(&WORDS[..11]);
            bytes[at..at + 4].copy_from_slice(word);
        } else {
            mutate(&mut random, &mut bytes, &WORDS);
        }
        n_accepted += usize::from(check(binary::parse(&bytes), &bytes));
    }
    assert!(n_accepted > N_CASES / 50 && n_accepted < N_CASES * 19 / 20, "{n_accepted} accepted");
}

#[test]
fn damaged_json() {
    let seeds = [r#"{"7592": 1.2, "2088": 0.5}"#, "{}", r#"{"0": -1e-45}"#, r#"{"1": 1, "1": 2}"#];
    let pieces: [&[u8]; 10] = [b"{", b"}", b"\"", b":", b",", b"1", b"null", b"[", b"\\", b" "];
    let mut random = Random(3);
    for _ in 0..N_CASES / 4 {
        let mut bytes = random.pick(&seeds).as_bytes().to_vec();
        mutate(&mut random, &mut bytes, &pieces);
        check(json::parse(&bytes, &mut || {}), &bytes);
    }
}

#[test]
fn every_single_byte_removed_doubled_or_replaced() {
    for literal in LITERALS {
        let bytes = literal.as_bytes();
        for at in 0..bytes.len() {
            let (head, tail) = (&bytes[..at], &bytes[at + 1..]);
            let doubled = [head, &bytes[at..=at], &bytes[at..]].concat();
            check(text::parse(&[head, tail].concat(), &mut || {}), head);
            check(text::parse(&doubled, &mut || {}), head);
            for byte in 0..=255 {
                check(text::parse(&[head, &[byte], tail].concat(), &mut || {}), head);
            }
        }
    }
}
