//! What is refused, with which words.

use super::super::error::{ErrorClass, VectorError};
use super::super::{binary, check_fits, json, text};
use super::vector;

fn refused_text(literal: &str) -> VectorError {
    text::parse(literal.as_bytes(), &mut || {}).expect_err(literal)
}

#[test]
fn literals() {
    use ErrorClass::{DataException, InvalidText, LimitExceeded, NumericOutOfRange};
    for (literal, class, detail) in [
        ("", InvalidText, "Expected \"{\" at character 1."),
        ("1:1}/3", InvalidText, "Expected \"{\" at character 1."),
        ("{", InvalidText, "Expected an index at character 2."),
        ("{1", InvalidText, "Expected \":\" at character 3."),
        ("{1:", InvalidText, "Expected a weight at character 4."),
        ("{1:1", InvalidText, "Expected \",\" or \"}\" at character 5."),
        ("{1:1,}/3", InvalidText, "Expected an index at character 6."),
        ("{1:1}/", InvalidText, "Expected a dimension at character 7."),
        ("{1:1}/3x", InvalidText, "Expected the end at character 8."),
        ("{1:1}3", InvalidText, "Expected the end at character 6."),
        ("{1:0x1p3}/3", InvalidText, "Expected \",\" or \"}\" at character 5."),
        ("{1:1e}/3", InvalidText, "Expected \",\" or \"}\" at character 5."),
        ("{1:.}/3", InvalidText, "Expected a weight at character 4."),
        ("{1:nan}/3", DataException, "Weight at character 4 must be finite."),
        ("{1:-Infinity}/3", DataException, "Weight at character 4 must be finite."),
        ("{1:1e39}/3", NumericOutOfRange, "Weight at character 4 does not fit float4."),
        ("{1:1e-46}/3", NumericOutOfRange, "Weight at character 4 does not fit float4."),
        ("{0:1}/3", DataException, "Index 0 is not between 1 and 3."),
        ("{4:1}/3", DataException, "Index 4 is not between 1 and 3."),
        ("{1:1,1:1}/3", DataException, "The index 1 occurs more than once."),
        ("{}/0", DataException, "The dimension given is 0."),
        ("{}/-1", DataException, "The dimension given is -1."),
        ("{}/2147483648", LimitExceeded, "The dimension given is 2147483648."),
    ] {
        // Index 0 is refused before the dimension is read, so its range is that of an unbounded vector.
        let detail = if literal == "{0:1}/3" { "Index 0 is not between 1 and 2147483647." } else { detail };
        let error = refused_text(literal);
        assert_eq!(error.class(), class, "{literal:?}");
        assert_eq!(error.detail().as_deref(), Some(detail), "{literal:?}");
        assert!(error.message().contains("svec"), "{literal:?}");
    }
}

#[test]
fn a_long_or_strange_literal_is_told_in_part() {
    let error = refused_text(&"x".repeat(1000));
    assert_eq!(error.message(), format!("invalid input syntax for type svec: \"{}...\"", "x".repeat(64)));
    assert_eq!(refused_text("{\u{e9}\n}").message(), "invalid input syntax for type svec: \"{???}\"");
}

#[test]
fn binary_values() {
    let words = |list: &[i32]| list.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let one = 1.0f32.to_bits().cast_signed();
    for (bytes, class) in [
        (words(&[]), ErrorClass::InvalidBinary),
        (words(&[3, 0]), ErrorClass::InvalidBinary),
        (words(&[-1, 0, 0]), ErrorClass::DataException),
        (words(&[3, -1, 0]), ErrorClass::InvalidBinary),
        (words(&[3, 4, 0]), ErrorClass::LimitExceeded),
        (words(&[0, i32::MAX, 0]), ErrorClass::LimitExceeded),
        (words(&[3, 0, 1]), ErrorClass::DataException),
        (words(&[3, 1, 0, 0]), ErrorClass::InvalidBinary),
        (words(&[3, 1, 0, 0, one, 0]), ErrorClass::InvalidBinary),
        (words(&[3, 1, 0, 3, one]), ErrorClass::DataException),
        (words(&[3, 1, 0, -1, one]), ErrorClass::DataException),
        (words(&[3, 2, 0, 1, 1, one, one]), ErrorClass::DataException),
        (words(&[3, 2, 0, 1, 0, one, one]), ErrorClass::DataException),
        (words(&[3, 1, 0, 0, 0]), ErrorClass::DataException),
        (words(&[3, 1, 0, 0, i32::MIN]), ErrorClass::DataException),
        (words(&[3, 1, 0, 0, 0x7f80_0000]), ErrorClass::DataException),
        (words(&[3, 1, 0, 0, 0x7fc0_0000]), ErrorClass::DataException),
    ] {
        assert_eq!(binary::parse(&bytes).expect_err("refused").class(), class, "{bytes:?}");
    }
}

#[test]
fn json_values() {
    for (value, detail) in [
        ("[]", "The value is not an object."),
        ("null", "The value is not an object."),
        (r#"{"a": 1}"#, "Expected a token id at key \"a\"."),
        (r#"{"-1": 1}"#, "Expected a token id at key \"-1\"."),
        (r#"{"01": 1}"#, "Expected a token id at key \"01\"."),
        (r#"{"": 1}"#, "Expected a token id."),
        (r#"{"1": "1"}"#, "Expected a number at key \"1\"."),
        (r#"{"1": null}"#, "Expected a number at key \"1\"."),
        (r#"{"1": {"2": 1}}"#, "Expected a number at key \"1\"."),
        (r#"{"1": 1e39}"#, "Weight at token id 1 does not fit float4."),
        (r#"{"2147483647": 1}"#, "Token id 2147483647 is not between 0 and 2147483646."),
        (r#"{"99999999999999999999": 1}"#, "Token id 9223372036854775807 is not between 0 and 2147483646."),
    ] {
        assert_eq!(
            json::parse(value.as_bytes(), &mut || {}).expect_err(value).detail().as_deref(),
            Some(detail),
            "{value}"
        );
    }
}

#[test]
fn columns_with_a_dimension() {
    assert!(check_fits(vector("{3:1}/3").as_ref(), 3).is_ok());
    assert!(check_fits(vector("{3:1}").as_ref(), 3).is_ok());
    assert!(check_fits(vector("{4:1}").as_ref(), 3).is_err());
    assert!(check_fits(vector("{3:1}/4").as_ref(), 3).is_err());
    assert_eq!(vector("{3:1}").into_dim(5), Ok(vector("{3:1}/5")));
}
