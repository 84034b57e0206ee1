//! Damaged literals, byte by byte. A million mutations of them and of all other input: `src/engine/tests/malformed.rs`.

use crate::engine::tests::targets::svec::text;

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

#[test]
fn every_single_byte_removed_doubled_or_replaced() {
    for literal in LITERALS {
        let bytes = literal.as_bytes();
        for at in 0..bytes.len() {
            let (head, tail) = (&bytes[..at], &bytes[at + 1..]);
            let doubled = [head, &bytes[at..=at], &bytes[at..]].concat();
            text(&[head, tail].concat());
            text(&doubled);
            for byte in 0..=255 {
                text(&[head, &[byte], tail].concat());
            }
        }
    }
}
