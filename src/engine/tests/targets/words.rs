//! Doors for text that is not a vector: TREC's files, names of metrics, settings of a fusion, tokenizers and tables of
//! token weights.

use crate::engine::encode::encoder::{Encoder, QueryOptions, dim_for};
use crate::engine::encode::error::EncodeError;
use crate::engine::encode::table;
use crate::engine::encode::tokenizer::Tokenizer;
use crate::engine::evaluate::error::EvaluationError;
use crate::engine::evaluate::metric::Metric;
use crate::engine::evaluate::trec;
use crate::engine::fusion::{FusionError, Given, Settings};
use crate::engine::vector::error::ErrorClass;

fn is_input(class: ErrorClass) -> bool {
    !matches!(class, ErrorClass::OutOfMemory | ErrorClass::Corrupted)
}

fn refused_evaluation(error: &EvaluationError, input: &str) {
    assert!(is_input(error.class()), "{input:?} gave {error:?}");
    if super::is_sampled(input.as_bytes()) {
        assert!(!error.message().is_empty() && (error.detail().is_some() || error.hint().is_some()), "{error:?}");
    }
}

/// The lines of a run: each good one comes back from what is written of it.
pub fn trec_run(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let mut good = false;
    for line in trec::run_lines(text) {
        match line {
            Ok(line) => {
                good = true;
                let Ok(written) = trec::format_run_line(&line) else { continue };
                assert_eq!(trec::run_line(&written, 1), Ok(Some(line)), "{text:?}");
            }
            Err(error) => refused_evaluation(&error, text),
        }
    }
    good
}

/// The lines of judgements.
pub fn trec_judgements(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let mut good = false;
    for line in trec::judgements(text) {
        match line {
            Ok(line) => {
                good = true;
                let Ok(written) = trec::format_judgement(&line) else { continue };
                assert_eq!(trec::judgement(&written, 1), Ok(Some(line)), "{text:?}");
            }
            Err(error) => refused_evaluation(&error, text),
        }
    }
    good
}

/// The name of a metric: its own name means the same metric.
pub fn metric(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    match Metric::parse(text) {
        Ok(metric) => {
            let name = metric.name();
            let again = Metric::parse(&name).unwrap_or_else(|error| panic!("{text:?} is {name:?}: {error:?}"));
            assert_eq!(again.name(), name, "{text:?}");
            true
        }
        Err(error) => {
            refused_evaluation(&error, text);
            false
        }
    }
}

/// Method, normaliser, what is missing, on equal scores, and options, between `|`; `~` stands for nothing.
pub fn fusion(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let mut parts = text.splitn(5, '|');
    let method = parts.next().unwrap_or_default();
    let mut next = || parts.next().filter(|part| *part != "~");
    let given =
        Given { weights: None, k: None, normaliser: next(), missing: next(), on_equal: next(), options: next() };
    match Settings::new(method, 2, given) {
        Ok(settings) => {
            assert!(settings.n_lists() == 2 && !settings.method().is_empty());
            true
        }
        Err(error) => {
            refused_fusion(&error, text);
            false
        }
    }
}

fn refused_fusion(error: &FusionError, input: &str) {
    assert!(is_input(error.class()), "{input:?} gave {error:?}");
    if super::is_sampled(input.as_bytes()) {
        assert!(!error.message().is_empty() && (error.detail().is_some() || error.hint().is_some()), "{error:?}");
    }
}

/// A tokenizer's file, and behind a zero byte a text for it: its tokens are parts of the text, and its vectors valid.
pub fn tokenizer(input: &[u8]) -> bool {
    let (json, text) = halves(input);
    let (Ok(json), Ok(text)) = (str::from_utf8(json), str::from_utf8(text)) else { return false };
    // The library makes tables as long as the greatest id of some files says.
    let Ok(tokenizer) = Tokenizer::new(json) else { return false };
    assert!(tokenizer.n_ids() > 0);
    let Ok(tokens) = tokenizer.tokens(text, &mut || ()) else { return true };
    for token in &tokens {
        assert!(token.range.start <= token.range.end && token.range.end <= text.len(), "{token:?} of {text:?}");
    }
    let Ok(dim) = dim_for(&tokenizer, None) else { return true };
    let Ok(encoder) = Encoder::new(tokenizer, dim, None) else { return true };
    for options in [QueryOptions::default(), QueryOptions { counts: true, special_tokens: true, ..Default::default() }]
    {
        if let Ok(vector) = encoder.query(text, &options, &mut || ()) {
            vector.as_ref().internal_validate().unwrap_or_else(|error| panic!("{error:?}"));
            assert!(vector.as_ref().nnz() <= tokens.len(), "{text:?}");
        }
    }
    true
}

/// A table of weights for a small tokenizer.
pub fn weights_table(input: &[u8]) -> bool {
    static TOKENIZER: std::sync::LazyLock<Tokenizer> =
        std::sync::LazyLock::new(|| Tokenizer::new(WORD_PIECE).expect("a tokenizer"));
    let Ok(text) = str::from_utf8(input) else { return false };
    match table::from_json(text, &TOKENIZER, TOKENIZER.n_ids(), &mut || {}) {
        Ok(vector) => {
            vector.as_ref().internal_validate().unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
            true
        }
        Err(EncodeError::BadWeights { problem }) => {
            assert!(!problem.is_empty());
            false
        }
        Err(EncodeError::Vector(error)) => {
            super::svec::refused(&error, input);
            false
        }
        Err(error) => panic!("{text:?}: {error:?}"),
    }
}

/// What stands before the first zero byte, and behind it.
fn halves(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|&byte| byte == 0) {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, b"sun plants a? [CLS] b"),
    }
}

/// A small tokenizer of words and their parts.
pub const WORD_PIECE: &str = r###"{"version":"1.0","added_tokens":[{"id":0,"content":"[CLS]","single_word":false,
"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"truncation":null,"padding":null,"normalizer":
{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":null,"decoder":null,"model":{"type":"WordPiece",
"unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
"vocab":{"[CLS]":0,"[UNK]":1,"plan":2,"##ts":3,"sun":4,"a":5,"b":6,"?":7}}}"###;

/// A small tokenizer of bytes and pairs of them.
pub const BYTE_LEVEL: &str = r###"{"version":"1.0","added_tokens":[],"truncation":null,"padding":null,"normalizer":null,
"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
"post_processor":null,"decoder":null,"model":{"type":"BPE","dropout":null,"unk_token":null,
"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,
"vocab":{"a":0,"b":1,"\u0120":2,"ab":3,"\u0120a":4},"merges":[["a","b"],["\u0120","a"]]}}"###;

/// A small tokenizer that takes the likeliest division.
pub const UNIGRAM: &str = r###"{"version":"1.0","added_tokens":[],"truncation":null,"padding":null,"normalizer":null,
"pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always","split":true},"post_processor":
null,"decoder":null,"model":{"type":"Unigram","unk_id":0,"byte_fallback":false,
"vocab":[["<unk>",0.0],["\u2581",-3.0],["a",-2.5],["b",-2.5],["\u2581ab",-1.5],["ab",-2.0]]}}"###;
