//! Arguments of conditions: what values of a filter column are compared with.

use std::cmp::Ordering;

use pgrx::pg_sys;

use super::COMPARISON_PROC;
use super::columns::{IndexColumns, Order};
use crate::engine::error::Result;
use crate::engine::filter::condition::{IntegerProbe, Probe};
use crate::engine::filter::value::{Value, two_kinds};
use crate::storage::image::Image;
use crate::storage::value::{Comparison, DatumBuffer, Form, Layout, bytes_of};

impl IndexColumns {
    /// The integer that stands for an argument of type `argument_type` among the values of filter column `column`;
    /// `None` if there is no such integer, and only a probe knows how to compare.
    pub fn integer(&self, column: usize, argument: pg_sys::Datum, argument_type: pg_sys::Oid) -> Option<i64> {
        let filter = self.filter(column)?;
        let Form::Integer(image) = filter.form else { return None };
        let (_, own_type, _) = filter.class(self.index());
        let image = if is_same(argument_type, own_type) { image } else { Image::across(own_type, argument_type)? };
        Some(image.of(argument))
    }

    /// An argument that values of filter column `column` are compared with, in the column's collation. `argument_type`
    /// is the type that the operator takes on the right, or no type if that is the column's.
    ///
    /// # Safety
    /// - `argument` is a value of that type, not NULL.
    /// - The index stays open, and the current memory context alive, as long as the probe is used.
    pub unsafe fn probe(
        &self,
        column: usize,
        argument: pg_sys::Datum,
        argument_type: pg_sys::Oid,
    ) -> Result<Box<dyn Probe>> {
        if let Some(integer) = self.integer(column, argument, argument_type) {
            return Ok(Box::new(IntegerProbe(integer)));
        }
        let Some(filter) = self.filter(column) else {
            pgrx::error!("index \"{}\" has no filter column {column}", self.index().name())
        };
        let (family, own_type, collation) = filter.class(self.index());
        let same = is_same(argument_type, own_type);
        let layout = match filter.form {
            Form::Bytes(layout) if same => layout,
            _ => layout_of(argument_type),
        };
        // SAFETY: by the caller's promise.
        let bytes = unsafe { bytes_of(layout, argument)? };
        let (comparison, function) = match (same, filter.order(self.index())) {
            (true, Order::Bytewise) => return Ok(Box::new(BytesProbe(bytes))),
            (true, Order::Function(own)) => (own, None),
            (false, _) => {
                let mut function = self.look_up(family, own_type, argument_type);
                // SAFETY: the box keeps its place, and the probe keeps the box.
                (unsafe { Comparison::new(&raw mut *function, collation) }, Some(function))
            }
        };
        let mut room = DatumBuffer::default();
        let argument = room.datum(layout, &bytes)?;
        let stored = DatumBuffer::default();
        Ok(Box::new(FunctionProbe {
            form: filter.form,
            stored,
            argument,
            _room: room,
            comparison,
            _function: function,
        }))
    }

    /// The comparison of two types of an operator family.
    fn look_up(&self, family: pg_sys::Oid, left: pg_sys::Oid, right: pg_sys::Oid) -> Box<pg_sys::FmgrInfo> {
        // SAFETY: a catalogue look-up.
        let function = unsafe { pg_sys::get_opfamily_proc(family, left, right, COMPARISON_PROC as i16) };
        if function == pg_sys::InvalidOid {
            let (name, left, right) = (self.index().name(), u32::from(left), u32::from(right));
            pgrx::error!("index \"{name}\": the operator family has no comparison of types {left} and {right}");
        }
        let mut info = Box::new(pg_sys::FmgrInfo::default());
        // SAFETY: the function exists; what it keeps for itself lives in the current memory context.
        unsafe { pg_sys::fmgr_info_cxt(function, &raw mut *info, pg_sys::CurrentMemoryContext) };
        info
    }
}

fn is_same(argument_type: pg_sys::Oid, own_type: pg_sys::Oid) -> bool {
    argument_type == pg_sys::InvalidOid || argument_type == own_type
}

fn layout_of(r#type: pg_sys::Oid) -> Layout {
    let (mut length, mut by_value) = (0, false);
    // SAFETY: a catalogue look-up; an ERROR if there is no such type.
    unsafe { pg_sys::get_typlenbyval(r#type, &raw mut length, &raw mut by_value) };
    Layout::of(length, by_value)
}

/// An argument that is compared as bytes are.
struct BytesProbe(Vec<u8>);

impl Probe for BytesProbe {
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.cmp(&self.0)),
            Value::Integer(_) => Err(two_kinds()),
        }
    }
}

/// An argument that a function compares.
struct FunctionProbe {
    form: Form,
    /// Where stored values become datums.
    stored: DatumBuffer,
    argument: pg_sys::Datum,
    /// Where the argument lies.
    _room: DatumBuffer,
    comparison: Comparison,
    /// The function, unless it is the index's own.
    _function: Option<Box<pg_sys::FmgrInfo>>,
}

impl Probe for FunctionProbe {
    fn compare(&mut self, value: Value<'_>) -> Result<Ordering> {
        let value = self.form.datum(value, &mut self.stored)?;
        // SAFETY: a value of the column and one of the argument's type, which the function takes.
        Ok(unsafe { self.comparison.compare(value, self.argument) })
    }
}
