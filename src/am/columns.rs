//! The columns of an index: one holds the vector, wherever it stands among them, the others are filter columns. Which
//! is which is the operator class's word: that of a vector has a support function that names the metric, that of a
//! filter column one that compares two values, as B-trees want it.
//!
//! Made anew for each row that is inserted: it asks the relation alone, and looks for a comparison only when one is
//! needed.

use std::cell::{OnceCell, RefCell};
use std::cmp::Ordering;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};

use super::{COMPARISON_PROC, METRIC_PROC};
use crate::engine::error::Result;
use crate::engine::filter::row::{SHORTEN, Values};
use crate::engine::filter::value::{Columns, MAX_VALUE_BYTES, ValueKind};
use crate::storage::datum::SVec;
use crate::storage::image::Image;
use crate::storage::raise::OrRaise;
use crate::storage::relation::IndexRelation;
use crate::storage::value::{Comparison, DatumBuffer, Form, Layout, Refused, ValueBuffer};

/// The collation POSIX, which sorts as C does; from PostgreSQL 18 on its number has no name any more.
const POSIX_COLLATION: pg_sys::Oid = pg_sys::Oid::from_u32(951);

/// The columns of an open index.
pub struct IndexColumns {
    index: IndexRelation,
    /// The vector's place among all columns, from 0.
    vector: usize,
    filters: Vec<FilterColumn>,
    kinds: Vec<ValueKind>,
    /// The two values of a comparison.
    buffers: RefCell<[DatumBuffer; 2]>,
}

/// A filter column.
pub(super) struct FilterColumn {
    /// Its place among all columns, from 0.
    place: usize,
    pub(super) form: Form,
    order: OnceCell<Order>,
}

/// How values that are held as bytes are compared.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// As bytes.
    Bytewise,
    /// By a function.
    Function(Comparison),
}

/// A row of the table.
pub struct Row<'b> {
    /// The vector.
    pub vector: Option<SVec>,
    /// The values of the filter columns.
    pub values: Values<'b>,
}

impl IndexColumns {
    /// Those of `index`; an ERROR if it has no vector, or two, which CREATE INDEX is to find out.
    pub fn of(index: IndexRelation) -> Self {
        let n = index.n_columns();
        let vector = vector_place(index);
        let mut filters = Vec::with_capacity(n - 1);
        filters.extend((0..n).filter(|&place| place != vector).map(|place| FilterColumn::of(index, place)));
        let kinds = filters.iter().map(|column| column.form.kind()).collect();
        Self { index, vector, filters, kinds, buffers: RefCell::default() }
    }

    /// The filter column that is column number `attribute` of the index, from 1; `None` if that is the vector.
    pub fn filter_of(&self, attribute: i16) -> Option<usize> {
        let place = usize::try_from(attribute).ok()?.checked_sub(1)?;
        self.filters.iter().position(|column| column.place == place)
    }

    /// A row as PostgreSQL gives it: an array of values and one of flags, one of each for each column.
    ///
    /// # Safety
    /// - The arrays are those of a row of this index.
    pub unsafe fn row<'b>(
        &self,
        values: *const pg_sys::Datum,
        is_null: *const bool,
        buffer: &'b mut ValueBuffer,
    ) -> Row<'b> {
        // SAFETY: by the caller's promise there is one of each for each column.
        let at = |place: usize| unsafe { (*values.add(place), *is_null.add(place)) };
        buffer.clear();
        for column in &self.filters {
            let (value, is_null) = at(column.place);
            // SAFETY: by the caller's promise a value of this column.
            match unsafe { buffer.push(column.form, value, is_null) } {
                Ok(()) => {}
                Err(Refused::TooLong(bytes)) => self.raise_too_long(column.place, bytes),
                Err(Refused::Engine(error)) => Err(error).or_raise(self.index),
            }
        }
        let (value, is_null) = at(self.vector);
        // SAFETY: the column's type is the operator class's, an svec.
        let vector = (!is_null).then(|| unsafe { SVec::from_datum_raw(value) });
        Row { vector, values: buffer.values() }
    }

    fn raise_too_long(&self, place: usize, bytes: usize) -> ! {
        let (index, column) = (self.index.name(), self.index.column_name(place));
        ErrorReport::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("index \"{index}\" cannot hold a value of column \"{column}\""),
            "columns",
        )
        .set_detail(format!("The value has {bytes} bytes, a filter column holds {MAX_VALUE_BYTES} at most."))
        .set_hint(SHORTEN)
        .report(PgLogLevel::ERROR);
        unreachable!("an ERROR does not return")
    }

    /// The index itself.
    pub(super) fn index(&self) -> IndexRelation {
        self.index
    }

    /// The name of a filter column in the index.
    pub fn name_of(&self, column: usize) -> String {
        self.filters.get(column).map_or_else(String::new, |column| self.index.column_name(column.place))
    }

    pub(super) fn filter(&self, column: usize) -> Option<&FilterColumn> {
        self.filters.get(column)
    }
}

impl Columns for IndexColumns {
    fn kinds(&self) -> &[ValueKind] {
        &self.kinds
    }

    fn fits(&self, column: usize, bytes: &[u8]) -> bool {
        match self.filters.get(column).map(|column| column.form) {
            Some(Form::Bytes(layout)) => layout.fits(bytes),
            _ => true,
        }
    }

    fn compare_bytes(&self, column: usize, a: &[u8], b: &[u8]) -> Result<Ordering> {
        let Some(column) = self.filters.get(column) else { return Ok(a.cmp(b)) };
        match (column.order(self.index), column.form) {
            (Order::Function(function), Form::Bytes(layout)) => {
                let [room_a, room_b] = &mut *self.buffers.borrow_mut();
                let (a, b) = (room_a.datum(layout, a)?, room_b.datum(layout, b)?);
                // SAFETY: both are values of the column's type.
                Ok(unsafe { function.compare(a, b) })
            }
            _ => Ok(a.cmp(b)),
        }
    }
}

impl FilterColumn {
    fn of(index: IndexRelation, place: usize) -> Self {
        let (length, by_value) = index.column_layout(place);
        let (_, r#type, _) = index.column_class(place);
        let layout = Layout::of(length, by_value).of_type(r#type);
        let image = Image::of_comparison(index.support_function(place, COMPARISON_PROC));
        let form = match image {
            Some(image) if layout == Layout::ByValue(image.width()) => Form::Integer(image),
            _ => Form::Bytes(layout),
        };
        Self { place, form, order: OnceCell::new() }
    }

    /// The operator family, the type that its operators take, and the collation.
    pub(super) fn class(&self, index: IndexRelation) -> (pg_sys::Oid, pg_sys::Oid, pg_sys::Oid) {
        index.column_class(self.place)
    }

    /// How its values are compared.
    pub(super) fn order(&self, index: IndexRelation) -> Order {
        *self.order.get_or_init(|| {
            let (.., collation) = self.class(index);
            let is_c = matches!(collation, pg_sys::C_COLLATION_OID | POSIX_COLLATION);
            match u32::from(index.support_function(self.place, COMPARISON_PROC)) {
                // These compare the bytes that both values have, and then the lengths.
                pg_sys::F_BYTEACMP | pg_sys::F_UUID_CMP => Order::Bytewise,
                pg_sys::F_BTTEXTCMP if is_c => Order::Bytewise,
                _ => {
                    let function = index.support(self.place, COMPARISON_PROC);
                    // SAFETY: the operator class's comparison; it belongs to the relation, which outlives this value.
                    Order::Function(unsafe { Comparison::new(function, collation) })
                }
            }
        })
    }
}

/// The place of the vector among the columns of an index, from 0; an ERROR if it has no vector, or two.
pub fn vector_place(index: IndexRelation) -> usize {
    let is_vector = |&place: &usize| index.support_function(place, METRIC_PROC) != pg_sys::InvalidOid;
    let mut places = (0..index.n_columns()).filter(is_vector);
    match (places.next(), places.count()) {
        (Some(place), 0) => place,
        (first, more) => raise_no_vector(index, usize::from(first.is_some()) + more),
    }
}

fn raise_no_vector(index: IndexRelation, n: usize) -> ! {
    let name = index.name();
    let detail = if n == 0 { "It has none.".to_owned() } else { format!("It has {n}.") };
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        format!("wand index \"{name}\" needs exactly one column with a vector operator class"),
        "columns",
    )
    .set_detail(detail)
    .set_hint("Make one index for each vector column; the other columns of an index are those that queries filter by.")
    .report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}
