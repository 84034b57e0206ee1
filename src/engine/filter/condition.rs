//! Conditions on columns: what they compare with, and whether a row that is not in a segment yet meets them.

use std::cmp::Ordering;

use super::value::Value;
use crate::engine::error::{EngineError, Result};

/// An argument that stored values are compared with. It may be of another type than they are; only the caller knows
/// how to compare.
pub trait Probe {
    /// The order of a stored value relative to the argument: `Less` if the value is less. It must go with the order of
    /// the column's values.
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering>;
}

/// An argument that is an integer as the column's values are.
pub struct IntegerProbe(pub i64);

impl Probe for IntegerProbe {
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering> {
        Ok(integer(value)?.cmp(&self.0))
    }
}

fn integer(value: Value<'_>) -> Result<i64> {
    match value {
        Value::Integer(value) => Ok(value),
        Value::Bytes(_) => Err(damaged("bytes in a column of integers")),
    }
}

fn damaged(reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: "filter values", page: 0, reason }
}

/// How a value must stand to an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Below it.
    Less,
    /// Below or equal.
    LessOrEqual,
    /// Equal.
    Equal,
    /// Above or equal.
    GreaterOrEqual,
    /// Above it.
    Greater,
}

impl Relation {
    /// Whether a value of this order relative to the argument meets it.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

/// Integers to look values up in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntegerSet(Vec<i64>);

impl IntegerSet {
    /// Of these integers, in any order.
    pub fn new(mut integers: Vec<i64>) -> Self {
        integers.sort_unstable();
        integers.dedup();
        Self(integers)
    }

    /// The integers, ascending.
    pub fn ascending(&self) -> &[i64] {
        &self.0
    }

    /// Whether it has `integer`.
    pub fn contains(&self, integer: i64) -> bool {
        self.0.binary_search(&integer).is_ok()
    }
}

/// What a value must be. NULL meets no comparison.
pub enum Test {
    /// A value in this relation to the argument.
    Compare(Relation, Box<dyn Probe>),
    /// In this relation to any of the arguments.
    AnyOf(Relation, Vec<Box<dyn Probe>>),
    /// One of these integers, in a column of integers.
    In(IntegerSet),
    /// NULL.
    IsNull,
    /// Any value.
    IsNotNull,
    /// There is no such value: a comparison with NULL.
    Nothing,
}

impl Test {
    fn matches(&mut self, value: Option<Value<'_>>) -> Result<bool> {
        let Some(value) = value else { return Ok(matches!(self, Self::IsNull)) };
        match self {
            Self::Compare(relation, probe) => Ok(relation.holds(probe.compare(value)?)),
            Self::AnyOf(relation, probes) => {
                for probe in probes {
                    if relation.holds(probe.compare(value)?) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::In(set) => Ok(set.contains(integer(value)?)),
            Self::IsNotNull => Ok(true),
            Self::IsNull | Self::Nothing => Ok(false),
        }
    }
}

/// A test of one column.
pub struct Condition {
    /// The column, counted among the filter columns from 0.
    pub column: usize,
    /// What its value must be.
    pub test: Test,
}

/// Conditions that a row must meet, all of them.
#[derive(Default)]
pub struct Filter {
    /// In any order; several may be about the same column.
    pub conditions: Vec<Condition>,
}

impl Filter {
    /// Whether a row with these values, one for each filter column, meets all conditions.
    pub fn matches(&mut self, values: &[Option<Value<'_>>]) -> Result<bool> {
        for Condition { column, test } in &mut self.conditions {
            let value = values.get(*column).ok_or_else(|| damaged("a row has too few values"))?;
            if !test.matches(*value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
