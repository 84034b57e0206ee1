//! A tokenizer, read from the JSON file that Hugging Face's library writes (`tokenizer.json`).
//!
//! Tokens are what the model sees of a text, without the markers that it wants around one (`[CLS]`, `</s>`): those are
//! the same for every text, so no search can use them. Truncation and padding that the file asks for are not done.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tokenizers::Tokenizer as Inner;

use super::divide::Borders;
use super::error::{EncodeError, Result};
use super::pieces::{PIECE, pieces};
use crate::engine::memory::json_bytes;
use crate::engine::vector::check::{reserve, with_room};
use crate::engine::vector::limits::MAX_DIM;

/// Bytes that a byte of a text takes at most while it is encoded: see [`super::pieces`]. And what there is beside it: the
/// library's memory of words.
const ENCODED: usize = 1_400;
const ENCODED_AT_LEAST: usize = 4 << 20;

/// A tokenizer, ready for use. A vocabulary of 30,000 tokens takes about 10 MB.
pub struct Tokenizer {
    inner: Inner,
    /// One more than the greatest token id.
    n_ids: u32,
    /// Markers, and what stands for unknown words.
    special: HashSet<u32>,
    /// Where long texts may be divided, into pieces of about so many bytes.
    borders: Borders,
    piece: usize,
}

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// How the vocabulary writes it.
    pub token: String,
    /// Whether it is a marker that was written out in the text, or stands for an unknown word.
    pub is_special: bool,
    /// Where it stands in the text, in bytes.
    pub range: std::ops::Range<usize>,
}

/// What the library keeps to itself, or gives away only with a copy of its whole vocabulary.
#[derive(Deserialize)]
struct File {
    model: Model,
    #[serde(default)]
    normalizer: serde_json::Value,
    #[serde(default)]
    pre_tokenizer: serde_json::Value,
}

#[derive(Deserialize)]
struct Model {
    unk_token: Option<String>,
    unk_id: Option<u32>,
    vocab: Vocabulary,
}

/// How many ids a vocabulary needs: an object from tokens to ids, or a list of tokens in the order of their ids.
struct Vocabulary {
    n_ids: u32,
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Ids;
        impl<'de> Visitor<'de> for Ids {
            type Value = Vocabulary;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a vocabulary")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Vocabulary, A::Error> {
                let mut n_ids = 0;
                while let Some((_, id)) = map.next_entry::<IgnoredAny, u32>()? {
                    n_ids = n_ids.max(id.saturating_add(1));
                }
                Ok(Vocabulary { n_ids })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Vocabulary, A::Error> {
                let mut n_ids = 0u32;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    n_ids = n_ids.saturating_add(1);
                }
                Ok(Vocabulary { n_ids })
            }
        }
        deserializer.deserialize_any(Ids)
    }
}

impl Tokenizer {
    /// Reads `tokenizer.json`.
    pub fn new(json: &str) -> Result<Self> {
        with_room(json_bytes(json), || Self::parse(json))?
    }

    fn parse(json: &str) -> Result<Self> {
        let bad = |reason: String| EncodeError::BadTokenizer { reason };
        let mut inner: Inner = without_panic(|| json.parse()).map_err(bad)?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| bad(e.to_string()))?;
        let File { model, normalizer, pre_tokenizer } = serde_json::from_str(json).map_err(|e| bad(e.to_string()))?;
        let Model { unk_token, unk_id, vocab } = model;
        let added = inner.get_added_tokens_decoder();
        let mut special: HashSet<u32> = added.iter().filter(|(_, token)| token.special).map(|(&id, _)| id).collect();
        special.extend(unk_token.and_then(|token| inner.token_to_id(&token)));
        special.extend(unk_id);
        let borders = Borders::new(&normalizer, &pre_tokenizer, added.values());
        let n_ids = added.keys().map(|id| id.saturating_add(1)).fold(vocab.n_ids, u32::max);
        if n_ids == 0 {
            return Err(bad("the vocabulary is empty".into()));
        }
        if i64::from(n_ids) > i64::from(MAX_DIM) {
            return Err(bad(format!("token ids go up to {}, above {}", n_ids - 1, MAX_DIM - 1)));
        }
        Ok(Self { inner, n_ids, special, borders, piece: PIECE })
    }

    /// One more than the greatest token id: the dimension of its vectors.
    pub fn n_ids(&self) -> u32 {
        self.n_ids
    }

    /// The id of a token as the vocabulary writes it.
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// How the vocabulary writes a token.
    pub fn token_of(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Whether a token is a marker or stands for unknown words.
    pub fn is_special(&self, id: u32) -> bool {
        self.special.contains(&id)
    }

    /// Gives the ids of the text's tokens in order, up to `most` of them; `between` is called between pieces.
    pub fn for_each_id(
        &self,
        text: &str,
        most: usize,
        between: &mut dyn FnMut(),
        mut each: impl FnMut(u32) -> Result<()>,
    ) -> Result<()> {
        let mut left = most;
        for piece in pieces(text, self.borders, self.piece) {
            if left == 0 {
                break;
            }
            between();
            let piece = piece?;
            let encode = || without_panic(|| self.inner.encode_fast(piece, false));
            let encoding = with_room(room_for(piece), encode)?.map_err(unencodable)?;
            encoding.get_ids().iter().take(left).try_for_each(|&id| each(id))?;
            left = left.saturating_sub(encoding.len());
        }
        Ok(())
    }

    /// The tokens of the text in order.
    pub fn tokens(&self, text: &str, between: &mut dyn FnMut()) -> Result<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut begin = 0;
        for piece in pieces(text, self.borders, self.piece) {
            between();
            let piece = piece?;
            let encode = || without_panic(|| self.inner.encode(piece, false));
            let encoding = with_room(room_for(piece), encode)?.map_err(unencodable)?;
            reserve(&mut tokens, encoding.len())?;
            for ((&id, token), &(from, to)) in
                encoding.get_ids().iter().zip(encoding.get_tokens()).zip(encoding.get_offsets())
            {
                let range = begin + from..begin + to;
                tokens.push(Token { id, token: token.clone(), is_special: self.is_special(id), range });
            }
            begin += piece.len();
        }
        Ok(tokens)
    }
}

#[cfg(test)]
impl Tokenizer {
    /// The ids of a text that is not divided, and where they stand.
    pub fn undivided(&self, text: &str) -> Vec<(u32, std::ops::Range<usize>)> {
        let encoding = self.inner.encode(text, false).expect("tokens");
        let ranges = encoding.get_offsets().iter().map(|&(from, to)| from..to);
        encoding.get_ids().iter().copied().zip(ranges).collect()
    }

    /// The same with pieces of this length.
    pub fn with_piece(self, piece: usize) -> Self {
        Self { piece, ..self }
    }
}

fn room_for(piece: &str) -> usize {
    piece.len().saturating_mul(ENCODED).saturating_add(ENCODED_AT_LEAST)
}

fn unencodable(reason: String) -> EncodeError {
    EncodeError::Unencodable { reason }
}

/// Calls the library, which panics at some files that it does not expect, for example where a decoder ends too early.
/// Nothing of ours is called meanwhile. Gives the reason of a failure.
fn without_panic<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> std::result::Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(format!("the tokenizers library gave up: {text}"))
        }
    }
}
