//! What the catalogue says of an operator class and of the family that it is in.

use std::ffi::{CStr, c_char};

use pgrx::FromDatum;
use pgrx::pg_sys::{self, SysCacheIdentifier};

use crate::storage::relation::IndexRelation;

/// An operator class.
pub struct OperatorClass {
    /// Its name.
    pub name: String,
    /// The type of the columns that it is for.
    pub input: pg_sys::Oid,
    /// Its family.
    pub family: OperatorFamily,
}

/// An operator family with its members.
pub struct OperatorFamily {
    /// Its name.
    pub name: String,
    /// Its operators.
    pub operators: Vec<Operator>,
    /// Its support functions.
    pub functions: Vec<Function>,
}

/// Two types: those of a member's operands, or those that a support function is for.
pub type Types = (pg_sys::Oid, pg_sys::Oid);

/// An operator of a family.
#[derive(Clone, Copy)]
pub struct Operator {
    /// The operator itself.
    pub oid: pg_sys::Oid,
    /// The types that it is there for.
    pub types: Types,
    /// Its number.
    pub strategy: i16,
    /// The family of the order of its results, if it is there for ORDER BY.
    pub order: Option<pg_sys::Oid>,
}

/// A support function of a family.
#[derive(Clone, Copy)]
pub struct Function {
    /// The function itself.
    pub oid: pg_sys::Oid,
    /// The types that it is there for.
    pub types: Types,
    /// Its number.
    pub number: i16,
}

impl OperatorClass {
    /// `None` if there is no such class.
    pub fn read(oid: pg_sys::Oid) -> Option<Self> {
        // SAFETY: the cache's rows are of this form.
        let class = unsafe { look_up::<pg_sys::FormData_pg_opclass>(SysCacheIdentifier::CLAOID, oid) }?;
        // SAFETY: as above.
        let family =
            unsafe { look_up::<pg_sys::FormData_pg_opfamily>(SysCacheIdentifier::OPFAMILYOID, class.opcfamily) }?;
        Some(Self {
            name: name_of(&class.opcname),
            input: class.opcintype,
            family: OperatorFamily {
                name: name_of(&family.opfname),
                operators: operators(class.opcfamily),
                functions: functions(class.opcfamily),
            },
        })
    }
}

impl Operator {
    /// Whether it takes the types that it is there for, and returns `result`.
    pub fn has_signature(&self, result: pg_sys::Oid) -> bool {
        let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        // SAFETY: a catalogue look-up; a family depends on its operators, so they are there.
        unsafe { pg_sys::op_input_types(self.oid, &raw mut left, &raw mut right) };
        // SAFETY: as above.
        (left, right) == self.types && unsafe { pg_sys::get_op_rettype(self.oid) } == result
    }
}

impl Function {
    /// Whether it takes exactly `arguments` and returns `result`.
    pub fn has_signature(&self, arguments: &[pg_sys::Oid], result: pg_sys::Oid) -> bool {
        let (mut types, mut n) = (std::ptr::null_mut(), 0);
        // SAFETY: a catalogue look-up; a family depends on its functions, so they are there.
        let returned = unsafe { pg_sys::get_func_signature(self.oid, &raw mut types, &raw mut n) };
        let n = usize::try_from(n).unwrap_or(0);
        // SAFETY: `n` types in the current memory context, perhaps none.
        let types = if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(types, n) } };
        types == arguments && returned == result
    }
}

fn operators(family: pg_sys::Oid) -> Vec<Operator> {
    let read = |row: &pg_sys::FormData_pg_amop| Operator {
        oid: row.amopopr,
        types: (row.amoplefttype, row.amoprighttype),
        strategy: row.amopstrategy,
        order: (row.amoppurpose as u8 == pg_sys::AMOP_ORDER).then_some(row.amopsortfamily),
    };
    // SAFETY: the cache's rows are of this form and its first key is the family.
    unsafe { list(SysCacheIdentifier::AMOPSTRATEGY, family, read) }
}

fn functions(family: pg_sys::Oid) -> Vec<Function> {
    let read = |row: &pg_sys::FormData_pg_amproc| Function {
        oid: row.amproc,
        types: (row.amproclefttype, row.amprocrighttype),
        number: row.amprocnum,
    };
    // SAFETY: the cache's rows are of this form and its first key is the family.
    unsafe { list(SysCacheIdentifier::AMPROCNUM, family, read) }
}

/// The number of an operator in the families of vector classes, if it is in one. Only superusers change families: such
/// an operator has the types that its number stands for.
pub fn strategy_on_vectors(operator: pg_sys::Oid) -> Option<u16> {
    let read = |row: &pg_sys::FormData_pg_amop| {
        // SAFETY: catalogue look-ups; no valid oid if there is no such access method or function.
        let is_ours = unsafe {
            let (own, number) = (row.amoplefttype, super::METRIC_PROC as i16);
            row.amopmethod == pg_sys::get_index_am_oid(c"wand".as_ptr(), true)
                && pg_sys::get_opfamily_proc(row.amopfamily, own, own, number) != pg_sys::InvalidOid
        };
        is_ours.then(|| u16::try_from(row.amopstrategy).ok()).flatten()
    };
    // SAFETY: the cache's rows are of this form and its first key is the operator.
    let numbers = unsafe { list(SysCacheIdentifier::AMOPOPID, operator, read) };
    numbers.into_iter().flatten().next()
}

/// Whether the library that has the access method has this function, too: its results are then known bit for bit.
pub fn is_ours(index: IndexRelation, function: pg_sys::Oid) -> bool {
    library_of(function).is_some_and(|library| Some(library) == library_of(index.handler()))
}

/// The file of a function in C, as CREATE FUNCTION names it.
fn library_of(function: pg_sys::Oid) -> Option<String> {
    let cache = SysCacheIdentifier::PROCOID as i32;
    // SAFETY: a catalogue look-up.
    let tuple = unsafe { pg_sys::SearchSysCache1(cache, pg_sys::Datum::from(function)) };
    if tuple.is_null() {
        return None;
    }
    let mut is_null = false;
    let column = pg_sys::Anum_pg_proc_probin as pg_sys::AttrNumber;
    // SAFETY: a row of this cache, held until it is given back.
    let library = unsafe { pg_sys::SysCacheGetAttr(cache, tuple, column, &raw mut is_null) };
    // SAFETY: a text, copied.
    let library = unsafe { String::from_datum(library, is_null) };
    // SAFETY: found above.
    unsafe { pg_sys::ReleaseSysCache(tuple) };
    library
}

/// A copy of the fixed part of a row.
///
/// # Safety
/// - The cache is keyed by one oid and its rows begin with a `T`.
unsafe fn look_up<T: Copy>(cache: SysCacheIdentifier::Type, oid: pg_sys::Oid) -> Option<T> {
    // SAFETY: the caller's promise.
    let tuple = unsafe { pg_sys::SearchSysCache1(cache as i32, pg_sys::Datum::from(oid)) };
    if tuple.is_null() {
        return None;
    }
    // SAFETY: the caller's promise; the tuple is there until it is given back.
    let row = unsafe { *pg_sys::GETSTRUCT(tuple).cast::<T>() };
    // SAFETY: found above.
    unsafe { pg_sys::ReleaseSysCache(tuple) };
    Some(row)
}

/// What `read` takes from all rows of one key.
///
/// # Safety
/// - The cache's first key is an oid and its rows begin with a `T`.
unsafe fn list<T, R>(cache: SysCacheIdentifier::Type, key: pg_sys::Oid, read: impl Fn(&T) -> R) -> Vec<R> {
    let (key, none) = (pg_sys::Datum::from(key), pg_sys::Datum::null());
    // SAFETY: the caller's promise.
    let rows = unsafe { pg_sys::SearchSysCacheList(cache as i32, 1, key, none, none) };
    // SAFETY: the list has so many members.
    let members = unsafe { (*rows).members.as_slice(usize::try_from((*rows).n_members).unwrap_or(0)) };
    let read_member = |&member: &*mut pg_sys::CatCTup| {
        // SAFETY: the caller's promise; the tuple is there until the list is given back.
        read(unsafe { &*pg_sys::GETSTRUCT(&raw mut (*member).tuple).cast::<T>() })
    };
    let found = members.iter().map(read_member).collect();
    // SAFETY: found above.
    unsafe { pg_sys::ReleaseCatCacheList(rows) };
    found
}

fn name_of(name: &pg_sys::NameData) -> String {
    // SAFETY: a name in the catalogue ends in NUL.
    unsafe { text(name.data.as_ptr()) }
}

/// A function with the types of its arguments, as messages show it.
pub fn show_function(oid: pg_sys::Oid) -> String {
    // SAFETY: a C string in the current memory context.
    unsafe { text(pg_sys::format_procedure(oid)) }
}

/// An operator with the types of its operands.
pub fn show_operator(oid: pg_sys::Oid) -> String {
    // SAFETY: a C string in the current memory context.
    unsafe { text(pg_sys::format_operator(oid)) }
}

/// A type.
pub fn show_type(oid: pg_sys::Oid) -> String {
    // SAFETY: a C string in the current memory context.
    unsafe { text(pg_sys::format_type_be(oid)) }
}

/// # Safety
/// - A C string.
unsafe fn text(string: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}
