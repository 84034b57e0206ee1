//! Bytes that are nearly right: good ones with a few changes, in places and of kinds that grammars trip over.

use crate::engine::random::Random;

/// Four bytes at which counters, offsets and floats turn.
const WORDS: [u32; 20] = [
    0,
    1,
    2,
    3,
    0x7f,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x1_0000,
    0x1fff_ffff,
    0x2000_0000,
    0x7fff_fffe,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    // One, infinity, NaN and the least denormal with a sign as float4.
    0x3f80_0000,
    0x7f80_0000,
    0x7fc0_0000,
    0x8000_0001,
];

fn pick<'a, T: ?Sized>(random: &mut Random, list: &[&'a T]) -> &'a T {
    list[random.below(list.len())]
}

/// Changes text by one to four steps; `pieces` are words of its grammar and of others.
pub fn text(random: &mut Random, bytes: &mut Vec<u8>, pieces: &[&[u8]]) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(5)).min(bytes.len());
        match random.below(9) {
            0 => drop(bytes.drain(at..end)),
            1 | 2 => drop(bytes.splice(at..at, pick(random, pieces).iter().copied())),
            3 => drop(bytes.splice(at..end, pick(random, pieces).iter().copied())),
            4 => repeat(random, bytes, at, end),
            5 => bytes.truncate(at),
            // From one place to another: pairs out of order, brackets that cross.
            6 => bytes[at..end].rotate_left((end - at) / 2),
            7 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            _ => flip(random, bytes, at),
        }
    }
}

/// Changes a binary value: words in place so that lengths still fit, counts, ends that are short or long.
pub fn binary(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let word = random.below(bytes.len() / 4 + 1) * 4;
        match random.below(10) {
            0..=3 => put(random, bytes, word),
            4 => put(random, bytes, at),
            5 => bytes.truncate(bytes.len() - random.below(9).min(bytes.len())),
            6 => (0..random.below(9)).for_each(|_| bytes.push(random.next() as u8)),
            7 => repeat(random, bytes, word, (word + 4).min(bytes.len())),
            // The other byte order, of one word or of all.
            8 => {
                let all = random.below(8) == 0;
                let words = bytes.chunks_exact_mut(4).enumerate();
                words.filter(|(no, _)| all || no * 4 == word).for_each(|(_, word)| word.reverse());
            }
            _ => flip(random, bytes, at),
        }
    }
}

fn put(random: &mut Random, bytes: &mut [u8], at: usize) {
    let word = WORDS[random.below(WORDS.len())];
    let word = if random.below(2) == 0 { word.to_be_bytes() } else { word.to_le_bytes() };
    bytes.iter_mut().skip(at).zip(word).for_each(|(to, byte)| *to = byte);
}

fn flip(random: &mut Random, bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

/// Once more, and now and then a hundred times.
fn repeat(random: &mut Random, bytes: &mut Vec<u8>, at: usize, end: usize) {
    let times = if random.below(200) == 0 { 1 + random.below(100) } else { 1 };
    let copy = bytes[at..end].repeat(times);
    drop(bytes.splice(at..at, copy));
}
