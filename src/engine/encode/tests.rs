//! Encoders against tokens and sums that are written down here, and against the library on undivided text. That ids are
//! those of the library's Python package is shown by `tests/tests/encode.rs`.

use proptest::prelude::*;

use super::bm25::{self, Parameters, Variant};
use super::encoder::{Encoder, QueryOptions, dim_for};
use super::error::{EncodeError, Result};
use super::hash;
use super::pieces::{MAX_PIECE, PIECE};
use super::table;
use super::tokenizer::Tokenizer;
use crate::engine::vector::SparseVector;
use crate::engine::vector::error::VectorError;

const WORD_PIECE: &str = r###"{"version": "1.0", "added_tokens": [
    {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
    "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
    "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "plan": 3, "##ts": 4, "sun": 5, "##light": 6, "a": 7, "b": 8, "?": 9}}}"###;

const BYTE_LEVEL: &str = r###"{"version": "1.0", "added_tokens": [], "truncation": null, "padding": null, "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "post_processor": null, "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
    "fuse_unk": false, "byte_fallback": false, "vocab": {"a": 0, "b": 1, "c": 2, "\u0120": 3, ".": 4, "ab": 5, "\u0120a": 6, "\u0120ab": 7, "\u0120\u0120": 8},
    "merges": [["a", "b"], ["\u0120", "a"], ["\u0120a", "b"], ["\u0120", "\u0120"]]}}"###;

const UNIGRAM: &str = r###"{"version": "1.0", "added_tokens": [], "truncation": null, "padding": null, "normalizer": null,
    "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true},
    "post_processor": null, "decoder": null,
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0.0], ["\u2581", -3.0], ["a", -2.5], ["b", -2.5],
    ["c", -2.6], [".", -2.0], ["\u2581ab", -1.5], ["ab", -2.0], ["\u2581a", -1.9]]}}"###;

fn tokenizer(json: &str) -> Tokenizer {
    Tokenizer::new(json).expect("a tokenizer")
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let mut ids = Vec::new();
    let each = |id| {
        ids.push(id);
        Ok(())
    };
    tokenizer.for_each_id(text, usize::MAX, &mut || (), each).expect("tokens");
    ids
}

fn query(encoder: &Encoder, text: &str, options: &QueryOptions) -> Result<Vec<(u32, f32)>> {
    let vector = encoder.query(text, options, &mut || ())?;
    assert_eq!(vector.as_ref().dim(), encoder.tokenizer().n_ids());
    vector.as_ref().internal_validate()?;
    Ok(vector.as_ref().iter().collect())
}

#[test]
fn word_pieces_without_padding_or_truncation() {
    let tokenizer = tokenizer(WORD_PIECE);
    assert_eq!(tokenizer.n_ids(), 10);
    // Ids may have gaps; an added token gets the next free one, whatever the file says.
    assert_eq!(self::tokenizer(&WORD_PIECE.replace("\"?\": 9", "\"?\": 99")).n_ids(), 100);
    assert_eq!(self::tokenizer(UNIGRAM).n_ids(), 9);
    let added = r#"[{"id": 11, "content": "[X]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}]"#;
    let with_added = UNIGRAM.replace("\"added_tokens\": []", &format!("\"added_tokens\": {added}"));
    assert_eq!(self::tokenizer(&with_added).n_ids(), 10);
    assert_eq!(ids(&tokenizer, "Plants? SUNLIGHT [CLS] zebra a"), [3, 4, 9, 5, 6, 2, 1, 7]);
    assert!(ids(&tokenizer, "").is_empty());
    assert!(ids(&tokenizer, " \t\n").is_empty());
    let tokens = tokenizer.tokens("A  plants", &mut || ()).expect("tokens");
    let shown: Vec<_> = tokens.iter().map(|t| (t.id, t.token.as_str(), t.is_special, t.range.clone())).collect();
    assert_eq!(shown, [(7, "a", false, 0..1), (3, "plan", false, 3..7), (4, "##ts", false, 7..9)]);
    let special: Vec<u32> = (0..10).filter(|&id| tokenizer.is_special(id)).collect();
    assert_eq!(special, [0, 1, 2]);
}

#[test]
fn other_models() {
    assert_eq!(ids(&tokenizer(BYTE_LEVEL), "ab ab  c."), [5, 3, 5, 3, 3, 2, 4]);
    let unigram = tokenizer(UNIGRAM);
    assert_eq!(ids(&unigram, "ab x"), [6, 1, 0]);
    assert!(unigram.is_special(0));
}

#[test]
fn a_query_has_each_token_once() {
    let weights = table::from_json(
        r###"{"plan": 2.5, "##ts": 0.5, "sun": -1, "[UNK]": 9, "a": 0}"###,
        &tokenizer(WORD_PIECE),
        10,
        &mut || {},
    );
    let weights = weights.expect("weights");
    let encoder = Encoder::new(tokenizer(WORD_PIECE), 10, Some(weights.as_ref())).expect("an encoder");
    let text = "plants plants sun a zebra";
    let default = QueryOptions::default();
    assert_eq!(query(&encoder, text, &default), Ok(vec![(3, 2.5), (4, 0.5), (5, -1.0)]));
    assert_eq!(
        query(&encoder, text, &QueryOptions { counts: true, ..default }),
        Ok(vec![(3, 5.0), (4, 1.0), (5, -1.0)])
    );
    assert_eq!(query(&encoder, text, &QueryOptions { max_length: 1, ..default }), Ok(vec![(3, 2.5)]));
    assert_eq!(query(&encoder, text, &QueryOptions { max_length: 0, ..default }), Ok(vec![]));
    assert_eq!(query(&encoder, text, &QueryOptions { min_weight: 0.5, ..default }), Ok(vec![(3, 2.5), (4, 0.5)]));
    let special = QueryOptions { special_tokens: true, min_weight: 1.0, ..default };
    assert_eq!(query(&encoder, text, &special), Ok(vec![(1, 9.0), (3, 2.5)]));
    assert_eq!(query(&encoder, "", &default), Ok(vec![]));
    let nan = QueryOptions { min_weight: f32::NAN, ..default };
    assert!(matches!(
        query(&encoder, text, &nan),
        Err(EncodeError::Vector(VectorError::ArgumentOutOfRange { argument: "min_weight", .. }))
    ));
    let presence = Encoder::new(tokenizer(WORD_PIECE), 10, None).expect("an encoder");
    assert_eq!(query(&presence, text, &default), Ok(vec![(3, 1.0), (4, 1.0), (5, 1.0), (7, 1.0)]));
    // A model that has more terms than its tokenizer has ids.
    let tokens = tokenizer(WORD_PIECE);
    assert_eq!([None, Some(10), Some(64)].map(|dim| dim_for(&tokens, dim)), [Ok(10), Ok(10), Ok(64)]);
    assert_eq!(dim_for(&tokens, Some(9)), Err(EncodeError::BadDim { dim: 9, n_ids: 10 }));
    assert!(matches!(dim_for(&tokens, Some(0)), Err(EncodeError::Vector(_))));
    let padded = Encoder::new(tokens, 64, None).expect("an encoder");
    let vector = padded.query("sun", &default, &mut || ()).expect("a query");
    assert_eq!(vector, SparseVector::from_valid_parts(64, vec![5], vec![1.0]));
    let counts = presence.counts("plants plants", &mut || ()).expect("counts");
    assert_eq!(counts, SparseVector::from_valid_parts(10, vec![3, 4], vec![2.0, 2.0]));
}

#[test]
fn bad_tokenizers_and_tables() {
    for json in ["", "{}", "[]", "{\"model\": {}}", "{\"model\": {\"type\": \"WordPiece\"}}", "null", "\u{0}"] {
        assert!(matches!(Tokenizer::new(json), Err(EncodeError::BadTokenizer { .. })), "{json}");
    }
    let empty = WORD_PIECE.split("\"vocab\"").next().expect("a part").to_owned() + "\"vocab\": {}}}";
    assert!(matches!(
        Tokenizer::new(&empty.replace("\"added_tokens\": [", "\"added_tokens\": [], \"x\": [")),
        Err(EncodeError::BadTokenizer { .. })
    ));
    let tokenizer = tokenizer(WORD_PIECE);
    for json in ["", "[1]", "{\"sun\": \"x\"}", "{\"sun\": null}", "{\"moon\": 1}", "{\"sun\": 1, \"sun\": 2}"] {
        assert!(
            matches!(table::from_json(json, &tokenizer, 10, &mut || {}), Err(EncodeError::BadWeights { .. })),
            "{json}"
        );
    }
    let infinite = table::from_json("{\"sun\": 1e300}", &tokenizer, 10, &mut || {});
    assert!(matches!(infinite, Err(EncodeError::Vector(VectorError::Infinite { .. }))));
    let far = SparseVector::from_valid_parts(0, vec![10], vec![1.0]);
    assert!(matches!(table::from_vector(far.as_ref(), 10), Err(EncodeError::Vector(_))));
    let other = SparseVector::from_valid_parts(11, vec![1], vec![1.0]);
    assert!(matches!(table::from_vector(other.as_ref(), 10), Err(EncodeError::Vector(_))));
}

/// What may be long, of every kind that is divided by another rule.
fn divided() -> Vec<Tokenizer> {
    let added = |json: &str, content: &str, word: bool, strip: bool| {
        let what = format!(r#""content": "{content}", "single_word": {word}, "lstrip": {strip}, "rstrip": {strip}"#);
        let token = format!(r#"{{"id": 10, "normalized": false, "special": false, {what}}}"#);
        let last = if json.contains("\"added_tokens\": []") { "" } else { ", " };
        json.replace("\"added_tokens\": [", &format!("\"added_tokens\": [{token}{last}"))
    };
    let pre_tokenizer = r#""pre_tokenizer": {"type": "BertPreTokenizer"}"#;
    let files = [
        WORD_PIECE.to_owned(),
        WORD_PIECE.replace("\"handle_chinese_chars\": true", "\"handle_chinese_chars\": false"),
        WORD_PIECE.replace("\"clean_text\": true", "\"clean_text\": false"),
        WORD_PIECE.replace(pre_tokenizer, r#""pre_tokenizer": {"type": "Whitespace"}"#),
        added(WORD_PIECE, "ab", true, false),
        added(WORD_PIECE, "ab", false, true),
        added(WORD_PIECE, "?", false, true),
        added(BYTE_LEVEL, "ab", false, true),
        added(BYTE_LEVEL, "?", false, true),
        added(UNIGRAM, "?", true, true),
        BYTE_LEVEL.to_owned(),
        UNIGRAM.to_owned(),
    ];
    files.iter().map(|json| tokenizer(json)).collect()
}

proptest! {
    /// Divided or not, the tokens are the same, and where they stand.
    #[test]
    fn a_text_is_the_sum_of_its_pieces(
        words in prop::collection::vec(
            "(a|b|ab|plants|sunlight|zebra|c\\.|\u{4e00}|\u{4e8c}|\u{3042}|\u{e9}|\u{301}|\u{f900}|\\?|!|_|\\[CLS\\]|\\[|  |\t|\n|\r\n| \\.)",
            1..300,
        ),
        glue in prop::sample::select(vec![" ", "  ", "", " "]),
        piece in 1..200usize,
    ) {
        let text = words.join(glue);
        for tokenizer in divided() {
            let tokenizer = tokenizer.with_piece(piece);
            let whole = tokenizer.undivided(&text);
            let divided: Vec<_> = tokenizer.tokens(&text, &mut || ()).expect("tokens").into_iter().map(|t| (t.id, t.range)).collect();
            prop_assert_eq!(&divided, &whole);
            prop_assert_eq!(ids(&tokenizer, &text), whole.iter().map(|token| token.0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn bm25_is_the_textbook_formula(
        counts in prop::collection::btree_map(0u32..1000, 1u32..50, 0..40),
        avgdl in 0.5f64..500.0, k1 in 0.0f64..4.0, b in 0.0f64..=1.0, atire in any::<bool>(),
    ) {
        let vector = SparseVector::from_valid_parts(1000, counts.keys().copied().collect(), counts.values().map(|&n| n as f32).collect());
        let variant = if atire { Variant::Atire } else { Variant::Lucene };
        let impacts = bm25::document(vector.as_ref(), &Parameters { avgdl, k1, b, variant }).expect("impacts");
        let length = f64::from(counts.values().sum::<u32>());
        prop_assert_eq!(impacts.as_ref().nnz(), counts.len());
        for (term, impact) in impacts.as_ref().iter() {
            let tf = f64::from(counts[&term]);
            let lucene = tf / (tf + k1 * (1.0 - b + b * length / avgdl));
            let expected = if atire { lucene * (k1 + 1.0) } else { lucene };
            prop_assert!((f64::from(impact) - expected).abs() <= 1e-6 * expected);
        }
    }
}

#[test]
fn bm25_refuses_what_means_nothing() {
    let counts = SparseVector::from_valid_parts(0, vec![1], vec![2.0]);
    let good = Parameters { avgdl: 10.0, k1: 1.2, b: 0.75, variant: Variant::Lucene };
    let bad = [
        Parameters { avgdl: 0.0, ..good },
        Parameters { avgdl: f64::NAN, ..good },
        Parameters { k1: -1.0, ..good },
        Parameters { k1: f64::INFINITY, ..good },
        Parameters { b: 1.5, ..good },
        Parameters { b: f64::NAN, ..good },
    ];
    for parameters in bad {
        assert!(matches!(bm25::document(counts.as_ref(), &parameters), Err(VectorError::ArgumentOutOfRange { .. })));
    }
    let negative = SparseVector::from_valid_parts(0, vec![1], vec![-2.0]);
    assert!(matches!(
        bm25::document(negative.as_ref(), &good),
        Err(VectorError::NegativeWeight { argument: "counts", .. })
    ));
    assert!(Variant::named(b"okapi").is_err());
}

/// Ideographs and punctuation have no spaces between them.
#[test]
fn berts_texts_can_be_interrupted_anywhere() {
    let tokenizer = tokenizer(WORD_PIECE);
    let about = 2 * MAX_PIECE / PIECE;
    for text in ["\u{4e00}", "?", "a.", "a\n", " ", "plants "].map(|part| part.repeat(2 * MAX_PIECE / part.len())) {
        let mut n = 0;
        tokenizer.for_each_id(&text, usize::MAX, &mut || n += 1, |_| Ok(())).expect("tokens");
        assert!((about - 1..=about + 1).contains(&n), "{n} pieces of about {PIECE} bytes");
    }
}

/// Without a pre-tokenizer the first space of a piece would be one too many.
#[test]
fn a_tokenizer_that_joins_words_sees_the_whole_text() {
    let joins = tokenizer(
        r#"{"version":"1.0","added_tokens":[],"normalizer":{"type":"Sequence","normalizers":[
            {"type":"Prepend","prepend":"\u2581"},{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}]},
            "pre_tokenizer":null,
            "model":{"type":"BPE","unk_token":null,"vocab":{"\u2581":0,"a":1,"\u2581a":2},"merges":[["\u2581","a"]]}}"#,
    );
    let text = ["a"; 40_000].join(" ");
    assert_eq!(ids(&joins, &text), [2; 40_000]);
    assert!(joins.tokens(&text.repeat(10), &mut || ()).is_err());
}

#[test]
fn words_are_hashed_as_ever() {
    // Stored in users' tables: these numbers must never change.
    let dim = 1 << 30;
    assert_eq!(
        [hash::term_id(b"", dim), hash::term_id(b"vacuum", dim), hash::term_id("\u{4e00}".as_bytes(), dim)],
        FIXED
    );
    let words = [(&b"a"[..], 2), (b"b", 1), (b"a", 3)];
    let one = hash::counts(words.into_iter(), 1, &mut || {}).expect("counts");
    assert_eq!(one, SparseVector::from_valid_parts(1, vec![0], vec![6.0]));
    assert!(hash::counts(words.into_iter(), 0, &mut || {}).is_err());
}

const FIXED: [u32; 3] = [1_005_848_536, 592_090_233, 789_757_868];

#[test]
fn hashed_words_collide_as_often_as_said() {
    let (n, dim) = (200_000u64, 1 << 24);
    let mut ids: Vec<u32> = (0..n).map(|i| hash::term_id(format!("word{i}").as_bytes(), dim)).collect();
    ids.sort_unstable();
    let shared: u64 = ids.chunk_by(|a, b| a == b).map(|run| (run.len() * (run.len() - 1) / 2) as u64).sum();
    let expected = n * (n - 1) / 2 / u64::from(dim);
    assert!(shared.abs_diff(expected) < expected / 5, "{shared} pairs, {expected} expected");
}

/// At such files the library panics (0.23).
#[test]
fn files_that_the_library_does_not_expect() {
    for decoder in ["null", "{\"type\"", "", "]"] {
        let json = UNIGRAM.replace("\"decoder\": null", &format!("\"decoder\": {decoder}"));
        match Tokenizer::new(&json) {
            Ok(_) => assert_eq!(decoder, "null"),
            Err(EncodeError::BadTokenizer { reason }) => assert!(!reason.is_empty() && decoder != "null"),
            Err(error) => panic!("{error:?}"),
        }
    }
}
