//! Where a tokenizer's long texts may be divided; [`super::pieces`] divides them.
//!
//! Nothing may see across such a place: neither a normalizer that looks at a text's ends or at more than a character, nor
//! a model that is given several words together because nothing has split them, nor a token that was added to the
//! vocabulary. What is not known to be harmless here is taken for harmful.

use serde_json::Value;
use tokenizers::AddedToken;

/// Where the texts of a tokenizer may be divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Borders {
    /// In front of a single space between two ASCII letters or digits. There most tokenizers do not see across: words end
    /// at spaces before word pieces are looked for, and those that take a space for the beginning of a word (byte-level
    /// BPE, SentencePiece) get it with the word.
    at_spaces: bool,
    /// Bit c: on both sides of the ASCII character c if it has another such, an ASCII letter or digit, or an ideograph
    /// beside it. BERT's tokenizers drop space and make each mark of punctuation a word of its own.
    lone: u128,
    /// The same for ideographs, which BERT's normalizer puts between spaces.
    lone_ideographs: bool,
}

impl Borders {
    /// Nowhere.
    pub const NONE: Self = Self { at_spaces: false, lone: 0, lone_ideographs: false };

    /// From the tokenizer's file, and what has been added to its vocabulary.
    pub fn new<'a>(
        normalizer: &Value,
        pre_tokenizer: &Value,
        added: impl Iterator<Item = &'a AddedToken> + Clone,
    ) -> Self {
        if added.clone().any(takes_space) || !normalizes_by_character(normalizer) || !splits_at_spaces(pre_tokenizer) {
            return Self::NONE;
        }
        let at_spaces = Self { at_spaces: true, ..Self::NONE };
        if !makes_lone_words(normalizer, pre_tokenizer) || !added.clone().all(is_plain) {
            return at_spaces;
        }
        let parts: u128 = added.flat_map(|token| token.content.bytes()).map(bit).fold(0, |parts, bit| parts | bit);
        let lone = (0..128).filter(|c: &u8| c.is_ascii_punctuation() || b" \t\r\n".contains(c)).map(bit);
        Self {
            lone: lone.fold(0, |all, bit| all | bit) & !parts,
            lone_ideographs: spaces_ideographs(normalizer),
            ..at_spaces
        }
    }

    /// The first at `from` or later; a place in the text, and not an end of it.
    pub fn next(&self, text: &str, from: usize) -> Option<usize> {
        if *self == Self::NONE {
            return None;
        }
        let from = (from.max(1)..=text.len()).find(|&at| text.is_char_boundary(at))?;
        let mut left = text[..from].chars().next_back()?;
        text[from..].char_indices().find_map(|(n, right)| {
            let is_border = self.is_between(left, right, text.as_bytes().get(from + n + right.len_utf8()));
            left = right;
            is_border.then_some(from + n)
        })
    }

    fn is_between(&self, left: char, right: char, next: Option<&u8>) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let is_lone = |c: char| self.is_lone(c);
        let is_known = |c: char| is_lone(c) || is_plain(c);
        let beside_a_lone_word = is_known(left) && is_known(right) && (is_lone(left) || is_lone(right));
        let at_a_space =
            self.at_spaces && is_plain(left) && right == ' ' && next.is_some_and(u8::is_ascii_alphanumeric);
        beside_a_lone_word || at_a_space
    }

    fn is_lone(&self, c: char) -> bool {
        match u8::try_from(c) {
            Ok(c) => self.lone & bit(c) != 0,
            // Less than what the library takes for ideographs: these are of no other form in any normalization.
            Err(_) => self.lone_ideographs && matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'),
        }
    }
}

fn bit(c: u8) -> u128 {
    if c.is_ascii() { 1 << c } else { 0 }
}

/// Whether a token can take a space between letters or digits with it, on one of its sides or within.
fn takes_space(token: &AddedToken) -> bool {
    let is_mark = |c: Option<char>| c.is_some_and(|c| c.is_ascii_punctuation());
    token.content.contains(' ')
        || token.lstrip && !is_mark(token.content.chars().next())
        || token.rstrip && !is_mark(token.content.chars().next_back())
}

/// Whether a token stands for its own characters, whatever is beside it.
fn is_plain(token: &AddedToken) -> bool {
    !token.single_word && !token.lstrip && !token.rstrip && token.content.is_ascii()
}

/// Whether words end on both sides of ASCII punctuation and of any space, which is dropped.
fn makes_lone_words(normalizer: &Value, pre_tokenizer: &Value) -> bool {
    (normalizer.is_null() || kind(normalizer) == "BertNormalizer") && kind(pre_tokenizer) == "BertPreTokenizer"
}

/// Whether ideographs get spaces around them.
fn spaces_ideographs(normalizer: &Value) -> bool {
    kind(normalizer) == "BertNormalizer" && flag(normalizer, "handle_chinese_chars", true)
}

fn kind(part: &Value) -> &str {
    part.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn flag(part: &Value, name: &str, default: bool) -> bool {
    part.get(name).and_then(Value::as_bool).unwrap_or(default)
}

fn members<'a>(part: &'a Value, name: &str) -> &'a [Value] {
    part.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn normalizes_by_character(part: &Value) -> bool {
    if part.is_null() {
        return true;
    }
    match kind(part) {
        // An ASCII letter after a space begins a character of its own whatever combines with it.
        "BertNormalizer" | "NFC" | "NFD" | "NFKC" | "NFKD" | "Lowercase" | "StripAccents" | "Nmt" | "Precompiled" => {
            true
        }
        // A piece ends with a letter or digit, but may begin with the space.
        "Strip" => !flag(part, "strip_left", true),
        // The space is a single one.
        "Replace" => part.pointer("/pattern/Regex").and_then(Value::as_str) == Some(" {2,}"),
        "Sequence" => members(part, "normalizers").iter().all(normalizes_by_character),
        _ => false,
    }
}

fn splits_at_spaces(part: &Value) -> bool {
    match kind(part) {
        "BertPreTokenizer" | "Whitespace" | "WhitespaceSplit" => true,
        "ByteLevel" => flag(part, "use_regex", true),
        "Metaspace" => flag(part, "split", true),
        "Split" => takes_the_space_with_the_word(part),
        "Sequence" => {
            let parts = members(part, "pretokenizers");
            parts.iter().any(splits_at_spaces) && parts.iter().all(|part| splits_at_spaces(part) || splits_words(part))
        }
        _ => false,
    }
}

/// Works within words, given that something else splits at spaces.
fn splits_words(part: &Value) -> bool {
    matches!(kind(part), "Digits" | "Punctuation" | "ByteLevel")
}

/// The expressions of GPT-2, GPT-4 (Qwen, Llama 3) and GPT-4o begin with such alternatives; each has one that takes a
/// space with the letters that follow, and none that goes on after letters or digits.
fn takes_the_space_with_the_word(part: &Value) -> bool {
    const LETTERS: [&str; 3] = [r" ?\p{L}+", r"[^\r\n\p{L}\p{N}]?\p{L}+", r"[^\r\n\p{L}\p{N}]?[\p{Lu}"];
    let known = |regex: &str| {
        (regex.starts_with("'s|") || regex.starts_with("(?i:'s|") || regex.starts_with(LETTERS[2]))
            && LETTERS.iter().any(|letters| regex.contains(letters))
    };
    kind(part).eq("Split") && part.pointer("/pattern/Regex").and_then(Value::as_str).is_some_and(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn borders(normalizer: &str, pre_tokenizer: &str, added: &[AddedToken]) -> Borders {
        let [normalizer, pre_tokenizer] =
            [normalizer, pre_tokenizer].map(|json| serde_json::from_str(json).expect(json));
        Borders::new(&normalizer, &pre_tokenizer, added.iter())
    }

    fn divisible(normalizer: &str, pre_tokenizer: &str) -> bool {
        borders(normalizer, pre_tokenizer, &[]) != Borders::NONE
    }

    /// All of them.
    fn places(borders: &Borders, text: &str) -> Vec<usize> {
        let mut from = 0;
        std::iter::from_fn(|| borders.next(text, from).inspect(|at| from = at + 1)).collect()
    }

    const BERT: &str = r#"{"type":"BertPreTokenizer"}"#;

    #[test]
    fn spaces_between_words() {
        let borders = borders("null", r#"{"type":"Whitespace"}"#, &[]);
        assert_eq!(places(&borders, "a b  c .d\u{e9} e f"), [1, 13]);
        for (borders, text) in [(borders, " a"), (borders, "a "), (borders, ""), (Borders::NONE, "a b")] {
            assert!(places(&borders, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn lone_words() {
        let bert = r#"{"type":"BertNormalizer"}"#;
        let marker = [AddedToken::from("[CLS]", true)];
        let all = borders(bert, BERT, &marker);
        // Not beside what may be a mark that joins others, and not within a marker.
        assert_eq!(places(&all, "a\u{4e00}\u{4e01}.\n\u{301}.[CLS].\u{e9}\u{3042}\u{4e00}"), [1, 4, 7, 8]);
        assert_eq!(places(&borders(bert, BERT, &[]), "[C]"), [1, 2]);
        let kept = r#"{"type":"BertNormalizer","handle_chinese_chars":false}"#;
        assert_eq!(places(&borders(kept, BERT, &marker), "a\u{4e00}\u{4e01}.,"), [8]);
        for added in [
            AddedToken::from("word", false).single_word(true),
            AddedToken::from("\u{4e00}", false),
            AddedToken::from("\u{37e}", false),
            AddedToken::from("[MASK]", true).lstrip(true).rstrip(true),
        ] {
            assert_eq!(places(&borders(bert, BERT, &[added]), "a.\u{4e00}\u{4e00} a b"), [10]);
        }
        for added in [
            AddedToken::from("x", true).lstrip(true),
            AddedToken::from("<x", true).rstrip(true),
            AddedToken::from("a b", false),
        ] {
            assert_eq!(borders(bert, BERT, &[added]), Borders::NONE);
        }
    }

    #[test]
    fn what_is_known_may_be_divided() {
        assert!(divisible(r#"{"type":"BertNormalizer","lowercase":true}"#, BERT));
        assert!(divisible("null", r#"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true}"#));
        assert!(divisible(r#"{"type":"Precompiled"}"#, r#"{"type":"Metaspace","replacement":"_","split":true}"#));
        let words = r#"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace"}]}"#;
        let spaces = r#"{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]}"#;
        assert!(divisible(spaces, words));
        let qwen = r#"{"type":"Sequence","pretokenizers":[
            {"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
            {"type":"ByteLevel","use_regex":false}]}"#;
        assert!(divisible(r#"{"type":"NFC"}"#, qwen));
    }

    #[test]
    fn what_is_not_known_may_not() {
        for normalizer in [
            r#"{"type":"Prepend","prepend":"_"}"#,
            r#"{"type":"Replace","pattern":{"String":" "},"content":"_"}"#,
            r#"{"type":"Strip","strip_left":true,"strip_right":true}"#,
            r#"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"_"}]}"#,
            r#"{"type":"Unheard"}"#,
        ] {
            assert!(!divisible(normalizer, BERT), "{normalizer}");
        }
        for pre_tokenizer in [
            "null",
            r#"{"type":"Metaspace","replacement":"_","split":false}"#,
            r#"{"type":"ByteLevel","use_regex":false}"#,
            r#"{"type":"FixedLength","length":5}"#,
            r#"{"type":"Split","pattern":{"Regex":"[a-z ]+"},"behavior":"Isolated"}"#,
            r#"{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious"}"#,
            r#"{"type":"Sequence","pretokenizers":[{"type":"Digits"}]}"#,
            r#"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"FixedLength","length":5}]}"#,
        ] {
            assert!(!divisible("null", pre_tokenizer), "{pre_tokenizer}");
        }
    }
}
