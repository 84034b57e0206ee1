//! A function call from SQL, and the macro that defines the functions.

use std::ffi::{CStr, c_void};

use pgrx::{PgMemoryContexts, pg_sys};

use crate::engine::vector::SparseVector;
use crate::engine::vector::error::VectorError;
use crate::storage::datum::{SVec, to_datum};

/// What a function returns; an error is raised by `pg_fn!`.
pub type Outcome = Result<pg_sys::Datum, VectorError>;

/// Defines C functions that SQL can call ("version 1"): a symbol, its record, and a guard between Rust's panics and
/// PostgreSQL's errors. (`#[pg_extern]` does the same with more per call, which distances would feel.)
macro_rules! pg_fn {
    ($($(#[$doc:meta])* fn $name:ident($call:ident) $body:block)*) => { $(
        const _: () = {
            #[unsafe(export_name = concat!("pg_finfo_", stringify!($name)))]
            pub extern "C" fn finfo() -> &'static pgrx::pg_sys::Pg_finfo_record {
                static RECORD: pgrx::pg_sys::Pg_finfo_record = pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
                &RECORD
            }
        };

        $(#[$doc])*
        ///
        /// # Safety
        /// Called by PostgreSQL, with arguments as the install script declares them.
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name(fcinfo: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum {
            fn body($call: $crate::api::call::Call) -> $crate::api::call::Outcome $body
            let guarded = move || {
                // SAFETY: PostgreSQL's own call.
                let call = unsafe { $crate::api::call::Call::new(fcinfo) };
                body(call).unwrap_or_else(|error| $crate::error::raise(&error))
            };
            // SAFETY: this is the outermost Rust frame.
            unsafe { pgrx::pg_sys::panic::pgrx_extern_c_guard(guarded) }
        }
    )* };
}
pub(super) use pg_fn;

/// The arguments of one call. The accessors trust the install script's declarations: types are as declared, and an
/// argument of a STRICT function is never NULL.
#[derive(Clone, Copy)]
pub struct Call(pg_sys::FunctionCallInfo);

impl Call {
    /// # Safety
    /// `fcinfo` is that of a call by PostgreSQL, still running.
    pub unsafe fn new(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        Self(fcinfo)
    }

    pub fn raw(self) -> pg_sys::FunctionCallInfo {
        self.0
    }

    /// How many arguments were passed.
    pub fn n_args(self) -> usize {
        // SAFETY: `new`'s promise.
        usize::try_from(unsafe { (*self.0).nargs }).unwrap_or(0)
    }

    /// An argument, `None` for NULL and for one that was not passed.
    pub fn datum(self, n: usize) -> Option<pg_sys::Datum> {
        if n >= self.n_args() {
            return None;
        }
        // SAFETY: `new`'s promise, and `n` is below `nargs`.
        let argument = unsafe { *(*self.0).args.as_ptr().add(n) };
        (!argument.isnull).then_some(argument.value)
    }

    /// The raw bits of a by-value argument; 0 for NULL.
    fn bits(self, n: usize) -> usize {
        self.datum(n).map_or(0, pg_sys::Datum::value)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "an int4 datum is its low 32 bits")]
    pub fn i32(self, n: usize) -> i32 {
        self.bits(n) as i32
    }

    /// A `bool` argument; false for NULL.
    pub fn bool(self, n: usize) -> bool {
        self.bits(n) & 0xff != 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "a float4 datum is its low 32 bits")]
    pub fn f32(self, n: usize) -> f32 {
        f32::from_bits(self.bits(n) as u32)
    }

    pub fn i64(self, n: usize) -> i64 {
        self.bits(n).cast_signed() as i64
    }

    pub fn f64(self, n: usize) -> f64 {
        f64::from_bits(self.bits(n) as u64)
    }

    /// An int4 argument that may be NULL.
    pub fn i32_or_null(self, n: usize) -> Option<i32> {
        self.datum(n).map(|_| self.i32(n))
    }

    /// Is one of the first `n` arguments NULL?
    pub fn has_null(self, n: usize) -> bool {
        (0..n).any(|n| self.datum(n).is_none())
    }

    /// A `regclass` argument.
    #[expect(clippy::cast_possible_truncation, reason = "an oid datum is its low 32 bits")]
    pub fn oid(self, n: usize) -> pg_sys::Oid {
        pg_sys::Oid::from(self.bits(n) as u32)
    }

    pub fn pointer<T>(self, n: usize) -> *mut T {
        self.datum(n).map_or(std::ptr::null_mut(), pg_sys::Datum::cast_mut_ptr)
    }

    /// An `svec` argument of a STRICT function.
    pub fn svec(self, n: usize) -> SVec {
        let datum = self.datum(n).unwrap_or_else(|| pgrx::error!("svec function called with NULL"));
        // SAFETY: declared as svec.
        unsafe { SVec::from_datum_raw(datum) }
    }

    /// The bytes of a `text` or `bytea` argument of a STRICT function.
    pub fn bytes(&self, n: usize) -> &[u8] {
        // SAFETY: declared as text or bytea, not NULL.
        let value = unsafe { pg_sys::pg_detoast_datum_packed(self.pointer(n)) };
        // SAFETY: detoasted.
        unsafe { pgrx::varlena::varlena_to_byte_slice(value) }
    }

    /// A `cstring` argument of a STRICT function.
    pub fn cstring(&self, n: usize) -> &[u8] {
        let pointer = self.pointer::<std::ffi::c_char>(n);
        if pointer.is_null() {
            return &[];
        }
        // SAFETY: declared as cstring.
        unsafe { CStr::from_ptr(pointer) }.to_bytes()
    }

    /// The node that asks for soft errors, or null.
    pub fn context(self) -> *mut pg_sys::Node {
        // SAFETY: `new`'s promise.
        unsafe { (*self.0).context }
    }

    /// What the calls from one place of one plan keep between them, the default at first; `None` for a call without
    /// such a place. It goes with the plan's memory.
    ///
    /// # Safety
    /// - A function keeps one type only, and no other reference to it is alive.
    pub unsafe fn kept<'a, T: Default>(self) -> Option<&'a mut T> {
        // SAFETY: `new`'s promise; whoever passes `flinfo` keeps it during the call.
        let place = unsafe { (*self.0).flinfo.as_mut() }?;
        if place.fn_extra.is_null() {
            // SAFETY: `fn_mcxt` is there for this: memory that lives as long as `fn_extra` is looked at.
            place.fn_extra = PgMemoryContexts::For(place.fn_mcxt).leak_and_drop_on_delete(T::default()).cast();
        }
        // SAFETY: made above, by this call or an earlier one, as this type.
        unsafe { place.fn_extra.cast::<T>().as_mut() }
    }

    /// Returns NULL.
    pub fn null(self) -> Outcome {
        // SAFETY: `new`'s promise.
        unsafe { (*self.0).isnull = true };
        Ok(pg_sys::Datum::null())
    }

    /// The memory context of the aggregate that makes this call.
    pub fn aggregate_context(self) -> PgMemoryContexts {
        let mut context = std::ptr::null_mut();
        // SAFETY: `new`'s promise.
        if unsafe { pg_sys::AggCheckCallContext(self.0, &raw mut context) } == 0 {
            pgrx::error!("svec aggregate function called outside an aggregate");
        }
        PgMemoryContexts::For(context)
    }
}

/// Returns a vector.
pub fn svec(vector: &SparseVector) -> Outcome {
    to_datum(vector.as_ref())
}

pub fn f64(value: f64) -> Outcome {
    Ok(float8(value))
}

/// A float8 as a datum.
pub fn float8(value: f64) -> pg_sys::Datum {
    pg_sys::Datum::from(value.to_bits())
}

pub fn bool(value: bool) -> Outcome {
    Ok(pg_sys::Datum::from(value))
}

pub fn i32(value: i32) -> Outcome {
    Ok(pg_sys::Datum::from(value))
}

/// A count that fits int4 by the type's limits.
pub fn count(value: usize) -> Outcome {
    i32(i32::try_from(value).unwrap_or(i32::MAX))
}

/// Text as a `cstring`.
pub fn cstring(text: &str) -> Outcome {
    Ok(pg_sys::Datum::from(copy_bytes(0, text.as_bytes(), 1)))
}

/// Bytes as a `bytea`.
pub fn bytea(bytes: &[u8]) -> Outcome {
    let len = bytes.len().saturating_add(pg_sys::VARHDRSZ);
    if i32::try_from(len).is_err() {
        return Err(VectorError::OutOfMemory { bytes: len });
    }
    Ok(varlena(bytes))
}

/// Text as a `text` datum.
pub fn text(text: &str) -> pg_sys::Datum {
    varlena(text.as_bytes())
}

/// Bytes as a value that varies in length, such as a `text` of the database's encoding. More than 1 GB raises.
pub fn varlena(bytes: &[u8]) -> pg_sys::Datum {
    let pointer = copy_bytes(pg_sys::VARHDRSZ, bytes, 0);
    let len = i32::try_from(bytes.len().saturating_add(pg_sys::VARHDRSZ)).unwrap_or(i32::MAX);
    // SAFETY: room for the header was left.
    unsafe { pgrx::varlena::set_varsize_4b(pointer.cast(), len) };
    pg_sys::Datum::from(pointer)
}

/// The rows that a set-returning function gives: all at once into a tuple store, which spills to disk beyond
/// `work_mem`.
pub struct Rows {
    store: *mut pg_sys::Tuplestorestate,
    shape: pg_sys::TupleDesc,
}

impl Rows {
    /// Once in a call, which then returns NULL; raises if the caller cannot take a set.
    pub fn begin(call: Call) -> Self {
        // SAFETY: the install script declares a set of rows.
        unsafe { pg_sys::InitMaterializedSRF(call.raw(), 0) };
        // SAFETY: InitMaterializedSRF has put a ReturnSetInfo there.
        let result = unsafe { (*call.raw()).resultinfo }.cast::<pg_sys::ReturnSetInfo>();
        // SAFETY: as above.
        let (store, shape) = unsafe { ((*result).setResult, (*result).setDesc) };
        Self { store, shape }
    }

    /// Forgets the rows added so far.
    pub fn clear(&self) {
        // SAFETY: made by the server for this call.
        unsafe { pg_sys::tuplestore_clear(self.store) };
    }

    /// Adds a row of the columns that the install script declares; `None` is NULL.
    pub fn put<const N: usize>(&self, row: [Option<pg_sys::Datum>; N]) {
        // SAFETY: made by the server for this call.
        debug_assert_eq!(usize::try_from(unsafe { (*self.shape).natts }), Ok(N));
        let mut values = row.map(|value| value.unwrap_or(pg_sys::Datum::null()));
        let mut nulls = row.map(|value| value.is_none());
        // SAFETY: as many values and flags as the row has columns.
        unsafe { pg_sys::tuplestore_putvalues(self.store, self.shape, values.as_mut_ptr(), nulls.as_mut_ptr()) };
    }
}

/// A row of the type that the install script declares; `None` is NULL.
pub fn record<const N: usize>(call: Call, row: [Option<pg_sys::Datum>; N]) -> pg_sys::Datum {
    form_row(row_shape(call), row)
}

/// The columns of the row that the install script declares as the result.
pub fn row_shape(call: Call) -> pg_sys::TupleDesc {
    let mut shape = std::ptr::null_mut();
    // SAFETY: the server's own call; fills in the shape, or raises.
    let class = unsafe { pg_sys::get_call_result_type(call.raw(), std::ptr::null_mut(), &raw mut shape) };
    if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE {
        pgrx::error!("svec function returning a row was called where none is expected");
    }
    shape
}

/// The type of the elements of the array that is the result.
pub fn element_of_result(call: Call) -> pg_sys::Oid {
    // SAFETY: PostgreSQL's own call; catalogue look-ups.
    unsafe { pg_sys::get_element_type(pg_sys::get_func_rettype((*(*call.raw()).flinfo).fn_oid)) }
}

/// The columns of a row type; raises if it is none.
pub fn shape_of(row_type: pg_sys::Oid) -> pg_sys::TupleDesc {
    // SAFETY: a copy, which goes with the current memory context.
    unsafe { pg_sys::lookup_rowtype_tupdesc_copy(row_type, -1) }
}

/// A row of these columns; `None` is NULL.
pub fn form_row<const N: usize>(shape: pg_sys::TupleDesc, row: [Option<pg_sys::Datum>; N]) -> pg_sys::Datum {
    // SAFETY: a shape of the server's.
    if usize::try_from(unsafe { (*shape).natts }) != Ok(N) {
        pgrx::error!("svec function returning {N} columns was declared with another number");
    }
    let mut values = row.map(|value| value.unwrap_or(pg_sys::Datum::null()));
    let mut nulls = row.map(|value| value.is_none());
    // SAFETY: as many values and flags as the row has columns; the shape is known to the server by name.
    unsafe {
        let tuple = pg_sys::heap_form_tuple(pg_sys::BlessTupleDesc(shape), values.as_mut_ptr(), nulls.as_mut_ptr());
        pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data)
    }
}

/// JSON as a `jsonb`.
pub fn jsonb(text: &str) -> Outcome {
    let text = cstring(text)?;
    // SAFETY: jsonb_in takes one cstring.
    let datum = unsafe { pgrx::direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(text)]) };
    Ok(datum.unwrap_or(pg_sys::Datum::null()))
}

/// Called between units of long work, with nothing of the server's locked.
pub fn interrupts() {
    pgrx::check_for_interrupts!();
}

/// Zeroed memory of the server with `bytes` after `before` zeros and before `behind` zeros. More than 1 GB raises.
pub fn copy_bytes(before: usize, bytes: &[u8], behind: usize) -> *mut c_void {
    let len = before.saturating_add(bytes.len()).saturating_add(behind);
    // SAFETY: palloc0 returns `len` bytes or raises.
    let pointer = unsafe { pg_sys::palloc0(len) };
    // SAFETY: `before` lies within.
    let target = unsafe { pointer.add(before) }.cast::<u8>();
    // SAFETY: `bytes` fits behind `before`; fresh memory does not overlap.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    pointer
}
