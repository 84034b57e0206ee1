//! Whether a tokenizer's long texts may be divided: see [`super::pieces`], which divides them in front of a single space
//! between two ASCII letters or digits.
//!
//! Nothing may see across that place: neither a normalizer that looks at a text's ends or at more than a character, nor a
//! model that is given several words together because nothing has split them. What is not known to be harmless here is
//! taken for harmful, and such a tokenizer's texts are not divided.

use serde_json::Value;

/// From the tokenizer's file.
pub fn is_divisible(normalizer: &Value, pre_tokenizer: &Value) -> bool {
    normalizes_by_character(normalizer) && splits_at_spaces(pre_tokenizer)
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

    fn divisible(normalizer: &str, pre_tokenizer: &str) -> bool {
        let [normalizer, pre_tokenizer] =
            [normalizer, pre_tokenizer].map(|json| serde_json::from_str(json).expect(json));
        is_divisible(&normalizer, &pre_tokenizer)
    }

    #[test]
    fn what_is_known_may_be_divided() {
        let bert = r#"{"type":"BertPreTokenizer"}"#;
        assert!(divisible(r#"{"type":"BertNormalizer","lowercase":true}"#, bert));
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
        let bert = r#"{"type":"BertPreTokenizer"}"#;
        for normalizer in [
            r#"{"type":"Prepend","prepend":"_"}"#,
            r#"{"type":"Replace","pattern":{"String":" "},"content":"_"}"#,
            r#"{"type":"Strip","strip_left":true,"strip_right":true}"#,
            r#"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"_"}]}"#,
            r#"{"type":"Unheard"}"#,
        ] {
            assert!(!divisible(normalizer, bert), "{normalizer}");
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
