//! Is this operator class one that the access method can work with?
//!
//! There are two kinds. A *vector class* has support function 1, which names its metric; its operator 1 is the distance
//! that orders rows, and operators from 2 on are conditions on vectors. A *filter class* has support function 2, the
//! comparison of two values, and the operators of a B-tree with their numbers. What is wrong is told in the words that
//! PostgreSQL has for its own access methods.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{PgLogLevel, pg_sys};

use super::METRIC_PROC;
use super::opfamily::{Function, Operator, OperatorClass, Types, show_function, show_operator, show_type};

/// The support function of vector classes.
const METRIC: i16 = METRIC_PROC as i16;
/// The support function of filter classes.
const COMPARISON: i16 = 2;
/// The operator of vector classes that orders rows.
const DISTANCE: i16 = 1;
/// Their operators that are conditions.
const CONDITIONS: std::ops::RangeInclusive<i16> = 2..=5;
/// The operators of filter classes: <, <=, =, >=, >.
const RELATIONS: std::ops::RangeInclusive<i16> = 1..=5;

/// Checks an operator class and the family that it is in.
///
/// # Safety
/// - Called by PostgreSQL.
#[pg_guard]
pub unsafe extern "C-unwind" fn amvalidate(opclass: pg_sys::Oid) -> bool {
    let Some(class) = OperatorClass::read(opclass) else {
        error!("cache lookup failed for operator class {}", u32::from(opclass));
    };
    let mut check = Check { class: &class, sound: true };
    let own = (class.input, class.input);
    let has = |number| class.family.functions.iter().any(|f| f.types == own && f.number == number);
    match (has(METRIC), has(COMPARISON)) {
        (true, false) => check.vectors(own),
        (false, true) => check.values(),
        (true, true) => check.class("has support functions of both vector and filter classes"),
        (false, false) => check.class("is missing support function 1 (metric) or 2 (comparison)"),
    }
    check.sound
}

/// A check under way.
struct Check<'a> {
    class: &'a OperatorClass,
    sound: bool,
}

impl Check<'_> {
    /// A vector class: one metric, one distance, and conditions.
    fn vectors(&mut self, own: Types) {
        for function in &self.class.family.functions {
            if function.number != METRIC {
                self.function(function, "invalid support number");
            } else if !function.has_signature(&[pg_sys::INTERNALOID], pg_sys::INT4OID) {
                self.function(function, "wrong signature for support number");
            }
        }
        for operator in &self.class.family.operators {
            let result = match operator.strategy {
                DISTANCE => pg_sys::FLOAT8OID,
                strategy if CONDITIONS.contains(&strategy) => pg_sys::BOOLOID,
                strategy => {
                    self.operator(operator, &format!("with invalid strategy number {strategy}"));
                    continue;
                }
            };
            let is_ordered_well = match operator.order {
                Some(family) => operator.strategy == DISTANCE && sorts_float8(family),
                None => operator.strategy != DISTANCE,
            };
            if !is_ordered_well {
                self.specification(operator);
            }
            if !operator.has_signature(result) {
                self.operator(operator, "with wrong signature");
            }
        }
        let is_distance = |operator: &Operator| operator.strategy == DISTANCE && operator.types == own;
        if !self.class.family.operators.iter().any(is_distance) {
            self.class("is missing operator 1 (distance)");
        }
    }

    /// A filter class: for each pair of types five operators and a comparison.
    fn values(&mut self) {
        for function in &self.class.family.functions {
            let (left, right) = function.types;
            if function.number != COMPARISON {
                self.function(function, "invalid support number");
            } else if !function.has_signature(&[left, right], pg_sys::INT4OID) {
                self.function(function, "wrong signature for support number");
            }
        }
        for operator in &self.class.family.operators {
            if !RELATIONS.contains(&operator.strategy) {
                self.operator(operator, &format!("with invalid strategy number {}", operator.strategy));
            }
            if operator.order.is_some() {
                self.specification(operator);
            }
            if !operator.has_signature(pg_sys::BOOLOID) {
                self.operator(operator, "with wrong signature");
            }
        }
        let family = &self.class.family;
        let of_operators = family.operators.iter().map(|operator| operator.types);
        let mut checked: Vec<Types> = Vec::new();
        for types in of_operators.chain(family.functions.iter().map(|function| function.types)) {
            if checked.contains(&types) {
                continue;
            }
            checked.push(types);
            let is_there = |n| family.operators.iter().any(|o| o.types == types && o.strategy == n);
            if !RELATIONS.into_iter().all(is_there) {
                self.types(types, "operator(s)");
            }
            if !family.functions.iter().any(|f| f.types == types && f.number == COMPARISON) {
                self.types(types, "support function 2 (comparison)");
            }
        }
    }

    fn class(&mut self, what: &str) {
        self.report(format!("operator class \"{}\" of access method wand {what}", self.class.name));
    }

    fn types(&mut self, (left, right): Types, what: &str) {
        let (left, right) = (show_type(left), show_type(right));
        self.family(&format!("is missing {what} for types {left} and {right}"));
    }

    fn function(&mut self, function: &Function, what: &str) {
        let number = function.number;
        self.family(&format!("contains function {} with {what} {number}", show_function(function.oid)));
    }

    fn operator(&mut self, operator: &Operator, what: &str) {
        self.family(&format!("contains operator {} {what}", show_operator(operator.oid)));
    }

    fn specification(&mut self, operator: &Operator) {
        let shown = show_operator(operator.oid);
        self.family(&format!("contains invalid ORDER BY specification for operator {shown}"));
    }

    fn family(&mut self, what: &str) {
        self.report(format!("operator family \"{}\" of access method wand {what}", self.class.family.name));
    }

    fn report(&mut self, message: String) {
        self.sound = false;
        ErrorReport::new(PgSqlErrorCode::ERRCODE_INVALID_OBJECT_DEFINITION, message, "amvalidate")
            .report(PgLogLevel::INFO);
    }
}

/// Does this family put distances in order?
fn sorts_float8(family: pg_sys::Oid) -> bool {
    let less = pg_sys::BTLessStrategyNumber as i16;
    // SAFETY: a catalogue look-up.
    unsafe { pg_sys::get_opfamily_member(family, pg_sys::FLOAT8OID, pg_sys::FLOAT8OID, less) != pg_sys::InvalidOid }
}

/// Whether an operator class is that of a vector: it has the support function that names the metric.
pub fn is_vector_class(class: pg_sys::Oid) -> bool {
    // SAFETY: catalogue look-ups by oid; unknown oids give InvalidOid.
    unsafe {
        let (family, input) = (pg_sys::get_opclass_family(class), pg_sys::get_opclass_input_type(class));
        pg_sys::get_opfamily_proc(family, input, input, super::METRIC_PROC as i16) != pg_sys::InvalidOid
    }
}
