//! Divides a long text so that memory does not grow with it, and so that it can be interrupted: a tokenizer needs a hundred
//! bytes for each byte of prose, 600 for each of a row of full stops, and 1,400 where a character is written out as
//! eighteen; and a microsecond for two bytes.
//!
//! A text is divided only where its tokenizer does not see across ([`super::divide`] knows), so that the tokens are those
//! of the undivided text.

use super::divide::Borders;
use super::error::{EncodeError, Result};

/// A piece is about this long, in bytes.
pub const PIECE: usize = 32 << 10;
/// And never longer than this, which takes up to 0.15 s.
pub const MAX_PIECE: usize = 256 << 10;

/// The pieces of `text`, one after another, each of `about` bytes or a little more; together they are the text. Where
/// there are no borders there is one.
pub fn pieces(text: &str, borders: Borders, about: usize) -> impl Iterator<Item = Result<&str>> {
    let mut at = 0;
    let mut failed = false;
    std::iter::from_fn(move || {
        // An empty text has no piece: it has no tokens either.
        if at >= text.len() || failed {
            return None;
        }
        let begin = at;
        at = borders.next(text, begin.saturating_add(about)).unwrap_or(text.len());
        failed = at - begin > MAX_PIECE;
        Some(if failed { Err(EncodeError::IndivisibleText { at: begin }) } else { Ok(&text[begin..at]) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn borders(normalizer: &str, pre_tokenizer: &str) -> Borders {
        let [normalizer, pre_tokenizer] = [normalizer, pre_tokenizer].map(|kind| serde_json::json!({ "type": kind }));
        Borders::new(&normalizer, &pre_tokenizer, std::iter::empty())
    }

    proptest! {
        #[test]
        fn pieces_are_the_text(
            words in prop::collection::vec("[a-z .\u{4e00}-\u{4e10}\u{e0}-\u{e5}]{1,40}", 0..400),
            about in 1..2000usize,
        ) {
            let text = words.concat();
            for borders in [Borders::NONE, borders("NFC", "Whitespace"), borders("BertNormalizer", "BertPreTokenizer")] {
                let all: Vec<&str> = pieces(&text, borders, about).collect::<Result<_>>().expect("short enough");
                prop_assert_eq!(all.concat(), text.as_str());
                let mut end = 0;
                for pair in all.windows(2) {
                    end += pair[0].len();
                    prop_assert!(pair[0].len() >= about);
                    prop_assert_eq!(borders.next(&text, end), Some(end));
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_divided_is_refused_above_the_limit() {
        let spaces = borders("NFC", "Whitespace");
        let long = "\u{4e00}".repeat(MAX_PIECE / 3);
        assert_eq!(pieces(&long, spaces, PIECE).collect::<Result<Vec<_>>>(), Ok(vec![long.as_str()]));
        let longer = format!("some words {}", "\u{4e00}".repeat(MAX_PIECE / 3 + 1));
        assert_eq!(pieces(&longer, spaces, PIECE).next(), Some(Err(EncodeError::IndivisibleText { at: 0 })));
        let bert = borders("BertNormalizer", "BertPreTokenizer");
        assert!(pieces(&longer, bert, PIECE).all(|piece| piece.is_ok_and(|piece| piece.len() <= PIECE + 3)));
        assert_eq!(
            pieces(&"a b ".repeat(MAX_PIECE / 4 + 1), Borders::NONE, PIECE).next(),
            Some(Err(EncodeError::IndivisibleText { at: 0 }))
        );
        assert_eq!(pieces("", spaces, PIECE).next(), None);
    }
}
