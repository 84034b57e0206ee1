//! Numbers, times and the like as 64-bit integers that have the order of the values. Integers are compared without a
//! call of the server and take little room.

use pgrx::pg_sys;

use crate::engine::filter::float;

/// How a type's values become integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// A byte without a sign: bool, "char".
    Byte,
    /// Two bytes.
    Int2,
    /// Four bytes: int4, date.
    Int4,
    /// Eight bytes: int8, time, timestamps, money.
    Int8,
    /// Four bytes without a sign.
    Oid,
    /// float4.
    Float4,
    /// float8.
    Float8,
}

impl Image {
    /// That of the values which a comparison function of the server orders, if it has one.
    pub fn of_comparison(function: pg_sys::Oid) -> Option<Self> {
        Some(match u32::from(function) {
            pg_sys::F_BTBOOLCMP | pg_sys::F_BTCHARCMP => Self::Byte,
            pg_sys::F_BTINT2CMP => Self::Int2,
            pg_sys::F_BTINT4CMP | pg_sys::F_DATE_CMP => Self::Int4,
            pg_sys::F_BTINT8CMP
            | pg_sys::F_TIME_CMP
            | pg_sys::F_TIMESTAMP_CMP
            | pg_sys::F_TIMESTAMPTZ_CMP
            | pg_sys::F_CASH_CMP => Self::Int8,
            pg_sys::F_BTOIDCMP => Self::Oid,
            pg_sys::F_BTFLOAT4CMP => Self::Float4,
            pg_sys::F_BTFLOAT8CMP => Self::Float8,
            _ => return None,
        })
    }

    /// That of values of type `other` which are compared with values of type `own`: the images of both can be compared
    /// if both are integers, or both floating-point numbers.
    pub fn across(own: pg_sys::Oid, other: pg_sys::Oid) -> Option<Self> {
        let integer = |r#type| match r#type {
            pg_sys::INT2OID => Some(Self::Int2),
            pg_sys::INT4OID => Some(Self::Int4),
            pg_sys::INT8OID => Some(Self::Int8),
            _ => None,
        };
        let float = |r#type| match r#type {
            pg_sys::FLOAT4OID => Some(Self::Float4),
            pg_sys::FLOAT8OID => Some(Self::Float8),
            _ => None,
        };
        integer(own).and(integer(other)).or_else(|| float(own).and(float(other)))
    }

    /// Bytes of a value.
    pub fn width(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Int2 => 2,
            Self::Int4 | Self::Oid | Self::Float4 => 4,
            Self::Int8 | Self::Float8 => 8,
        }
    }

    /// The integer of a value.
    pub fn of(self, datum: pg_sys::Datum) -> i64 {
        let word = datum.value() as u64;
        match self {
            Self::Byte => i64::from(word as u8),
            Self::Int2 => i64::from(word as i16),
            Self::Int4 => i64::from(word as i32),
            Self::Int8 => word as i64,
            Self::Oid => i64::from(word as u32),
            Self::Float4 => float::to_ordered(f64::from(f32::from_bits(word as u32))),
            Self::Float8 => float::to_ordered(f64::from_bits(word)),
        }
    }

    /// A value of an integer.
    pub fn datum(self, integer: i64) -> pg_sys::Datum {
        match self {
            Self::Byte => pg_sys::Datum::from(integer as u8),
            Self::Int2 => pg_sys::Datum::from(integer as i16),
            Self::Int4 => pg_sys::Datum::from(integer as i32),
            Self::Int8 => pg_sys::Datum::from(integer),
            Self::Oid => pg_sys::Datum::from(integer as u32),
            Self::Float4 => pg_sys::Datum::from((float::from_ordered(integer) as f32).to_bits()),
            Self::Float8 => pg_sys::Datum::from(float::from_ordered(integer).to_bits()),
        }
    }
}
