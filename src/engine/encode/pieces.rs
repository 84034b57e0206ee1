//! Divides a long text so that memory does not grow with it: a tokenizer needs a hundred bytes for each byte of prose, 600
//! for each of a row of full stops, and 1,400 where a character is written out as eighteen.
//!
//! A text is divided only in front of a single space between two ASCII letters or digits. There most tokenizers do not see
//! across ([`super::divide`] knows which): words end at spaces before word pieces are looked for, and those that take a
//! space for the beginning of a word (byte-level BPE, SentencePiece) get it with the word. So the tokens are those of the
//! undivided text.

use super::error::{EncodeError, Result};

/// A piece is about this long, in bytes.
const PIECE: usize = 32 << 10;
/// And never longer than this.
pub const MAX_PIECE: usize = 512 << 10;

/// The pieces of `text`, one after another; together they are the text. If `divisible` is false there is one.
pub fn pieces(text: &str, divisible: bool) -> impl Iterator<Item = Result<&str>> {
    let mut at = 0;
    let mut failed = false;
    std::iter::from_fn(move || {
        // An empty text has no piece: it has no tokens either.
        if at >= text.len() || failed {
            return None;
        }
        let begin = at;
        at = end_of_piece(text, begin, divisible);
        failed = at - begin > MAX_PIECE;
        Some(if failed { Err(EncodeError::IndivisibleText { at: begin }) } else { Ok(&text[begin..at]) })
    })
}

fn end_of_piece(text: &str, begin: usize, divisible: bool) -> usize {
    let bytes = text.as_bytes();
    if !divisible || bytes.len() - begin <= PIECE {
        return bytes.len();
    }
    let is_border =
        |window: &[u8]| window[1] == b' ' && window[0].is_ascii_alphanumeric() && window[2].is_ascii_alphanumeric();
    match bytes[begin + PIECE - 1..].windows(3).position(is_border) {
        Some(n) => begin + PIECE + n,
        None => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_the_text(words in prop::collection::vec("[a-z .\u{4e00}-\u{4e10}]{1,40}", 0..4000)) {
            let text = words.concat();
            let all: Vec<&str> = pieces(&text, true).collect::<Result<_>>().expect("short enough");
            prop_assert_eq!(all.concat(), text.as_str());
            for pair in all.windows(2) {
                prop_assert!(pair[0].ends_with(|c: char| c.is_ascii_alphanumeric()));
                prop_assert!(pair[1].starts_with(' '));
                prop_assert!(pair[0].len() >= PIECE);
            }
        }
    }

    #[test]
    fn what_cannot_be_divided_is_refused_above_the_limit() {
        let long = "\u{4e00}".repeat(MAX_PIECE / 3);
        assert_eq!(pieces(&long, true).collect::<Result<Vec<_>>>(), Ok(vec![long.as_str()]));
        let longer = format!("some words {}", "\u{4e00}".repeat(MAX_PIECE / 3 + 1));
        assert_eq!(pieces(&longer, true).next(), Some(Err(EncodeError::IndivisibleText { at: 0 })));
        assert_eq!(
            pieces(&"a b ".repeat(MAX_PIECE / 4 + 1), false).next(),
            Some(Err(EncodeError::IndivisibleText { at: 0 }))
        );
        assert_eq!(pieces("", true).next(), None);
    }
}
