//! Doors of the vector: text, binary, json, and the states that parallel workers send.
//!
//! An accepted value keeps every invariant and comes back bit for bit through text and binary. A refused one has a
//! class of bad input, and words: the type's name, and what is wrong.

use crate::engine::vector::aggregate::{Kind, State};
use crate::engine::vector::error::{ErrorClass, VectorError};
use crate::engine::vector::matching::MatchQuery;
use crate::engine::vector::{SparseVector, binary as wire, json as object, text as literal};
use crate::engine::weights::measures::Flops;

/// A literal.
pub fn text(input: &[u8]) -> bool {
    value(literal::parse(input, &mut || {}), input)
}

/// A binary value.
pub fn binary(input: &[u8]) -> bool {
    value(wire::parse(input), input)
}

/// A JSON object.
pub fn json(input: &[u8]) -> bool {
    value(object::parse(input, &mut || {}), input)
}

fn value(parsed: Result<SparseVector, VectorError>, input: &[u8]) -> bool {
    match parsed {
        Ok(vector) => {
            let validated = vector.as_ref().internal_validate();
            validated.unwrap_or_else(|error| panic!("{input:?} gave {error:?}"));
            let bytes = wire::format(vector.as_ref()).expect("a value has a binary form");
            assert_eq!(wire::parse(&bytes).as_ref(), Ok(&vector), "binary from {input:?}");
            let text = literal::format(vector.as_ref(), &mut || {}).expect("a value has a literal");
            assert_eq!(literal::parse(text.as_bytes(), &mut || {}).as_ref(), Ok(&vector), "{text} from {input:?}");
            true
        }
        Err(error) => {
            refused(&error, input);
            false
        }
    }
}

/// What must be true of a refusal.
pub fn refused(error: &VectorError, input: &[u8]) {
    let is_input = !matches!(error.class(), ErrorClass::OutOfMemory | ErrorClass::Corrupted);
    assert!(is_input, "{input:?} gave {error:?}");
    if super::is_sampled(input) {
        let (message, detail) = (error.message(), error.detail());
        assert!(message.contains("svec"), "{message}");
        let has_more = detail.is_some_and(|detail| !detail.is_empty()) || error.hint().is_some();
        assert!(has_more || matches!(error, VectorError::BinaryFlags { .. }), "{message}");
    }
}

/// A vector, and the parts of a condition on terms that is put to it, as literals between `|`.
pub fn match_query(input: &[u8]) -> bool {
    let mut parts = input.split(|&byte| byte == b'|').map(|part| literal::parse(part, &mut || {}).ok());
    let mut next = || parts.next().flatten();
    let (vector, must, must_not, should) = (next(), next(), next(), next());
    let (Some(vector), true) = (vector, must.is_some() || should.is_some()) else { return false };
    let [must, must_not, should] = [&must, &must_not, &should].map(|part| part.as_ref().map(SparseVector::as_ref));
    let minimum = input.len().is_multiple_of(3).then_some((input.len() % 7) as i32 - 1);
    let accepts = |query: &MatchQuery| query.accepts(vector.as_ref());
    match MatchQuery::new(must, must_not, should, minimum).and_then(|query| Ok((accepts(&query)?, query))) {
        Ok((accepts, query)) => {
            let has = |term: &&u32| vector.as_ref().indices().contains(*term);
            let expected = query.must().iter().all(|term| has(&term))
                && !query.must_not().iter().any(|term| has(&term))
                && query.should().iter().filter(has).count() >= query.minimum();
            assert_eq!(accepts, expected, "{input:?}");
            true
        }
        Err(error) => {
            refused(&error, input);
            false
        }
    }
}

/// The state of an aggregate: what is read back is written as the same bytes.
pub fn aggregate_state(input: &[u8]) -> bool {
    let mut accepted = false;
    for kind in [Kind::Sum, Kind::Max] {
        let Ok(state) = State::deserialize(kind, input, &mut || {}) else { continue };
        accepted = true;
        let bytes = state.serialize(&mut || {}).expect("a state can be written");
        let again = State::deserialize(kind, &bytes, &mut || {}).expect("and read");
        assert_eq!(again.serialize(&mut || {}).expect("and written again"), bytes, "{input:?}");
    }
    accepted
}

/// The state of a measure.
pub fn measure_state(input: &[u8]) -> bool {
    let Ok(state) = Flops::deserialize(input, &mut || {}) else { return false };
    let bytes = state.serialize(&mut || {}).expect("a state can be written");
    let again = Flops::deserialize(&bytes, &mut || {}).expect("and read");
    assert_eq!(again.serialize(&mut || {}).expect("and written again"), bytes, "{input:?}");
    true
}
