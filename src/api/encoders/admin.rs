//! Making and dropping encoders, and who may use them.
//!
//! The table belongs to the extension's owner; these functions write to it in that role's name, after they have asked
//! whether the caller may.

use pgrx::datum::DatumWithOid;
use pgrx::{PgSqlErrorCode, Spi, pg_sys};

use super::error::{raise, report};
use super::{cache, catalog, text};
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::casts::jsonb_text;
use crate::api::pg_class;
use crate::engine::encode::encoder::dim_for;
use crate::engine::encode::error::EncodeError;
use crate::engine::encode::table;
use crate::engine::encode::tokenizer::Tokenizer;
use crate::storage::datum::to_datum;

pg_fn! {
    /// wand_create_encoder(name, tokenizer, weights, idf, replace, comment, dim)
    fn wand_create_encoder(call) {
        create(call, text::argument)
    }

    /// The same with a tokenizer of type jsonb.
    fn wand_create_encoder_jsonb(call) {
        create(call, |call, n| text::to_utf8(jsonb_text(&call, n)))
    }

    /// wand_drop_encoder(name, if_exists): whether there was one
    fn wand_drop_encoder(call) {
        let name = text::argument(call, 0);
        let table = catalog::table(call);
        match catalog::read(table, &name) {
            None if call.bool(1) => call::bool(false),
            None => cache::unknown(&name),
            Some(row) => {
                require_owner(&name, &row.access);
                let sql = "DELETE FROM %T WHERE name OPERATOR(pg_catalog.=) $1";
                write(call, table, sql, &[name_argument(&name)]);
                call::bool(true)
            }
        }
    }

    /// wand_set_encoder_access(name, role or public, permitted)
    fn wand_set_encoder_access(call) {
        set_access(call)
    }

    /// The trigger of the table: tells all sessions, when the change is committed.
    fn wand_encoders_changed(call) {
        changed(call)
    }
}

fn create(call: Call, tokenizer: fn(Call, usize) -> String) -> Outcome {
    let required = |n, what: &str, read: fn(Call, usize) -> String| {
        if call.datum(n).is_none() {
            report(
                PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
                format!("encoder {what} must not be NULL"),
                String::new(),
                String::new(),
            );
        }
        read(call, n)
    };
    let name = required(0, "name", text::argument);
    if name.is_empty() || name.len() >= pg_sys::NAMEDATALEN as usize {
        report(
            PgSqlErrorCode::ERRCODE_INVALID_NAME,
            format!("encoder name must have 1 to {} bytes", pg_sys::NAMEDATALEN - 1),
            format!("It has {}.", name.len()),
            String::new(),
        );
    }
    let table = catalog::table(call);
    let old = catalog::read(table, &name);
    // SAFETY: reads this process's state.
    let mut owner = unsafe { pg_sys::GetUserId() };
    if let Some(row) = &old {
        if !call.bool(4) {
            report(
                PgSqlErrorCode::ERRCODE_DUPLICATE_OBJECT,
                format!("encoder \"{name}\" already exists"),
                String::new(),
                "Say replace => true to replace it.".into(),
            );
        }
        require_owner(&name, &row.access);
        owner = row.access.owner;
    }

    let json = required(1, "tokenizer", tokenizer);
    interrupts();
    let tokenizer = Tokenizer::new(&json).unwrap_or_else(|error| raise(&name, error));
    interrupts();
    let dim = dim_for(&tokenizer, call.i32_or_null(6)).unwrap_or_else(|error| raise(&name, error));
    let weights = match (call.datum(2), call.datum(3)) {
        (None, None) => None,
        (Some(_), None) => {
            let weights = text::to_utf8(jsonb_text(&call, 2));
            Some(
                table::from_json(&weights, &tokenizer, dim, &mut interrupts)
                    .unwrap_or_else(|error| raise(&name, error)),
            )
        }
        (None, Some(_)) => {
            let weights = call.svec(3);
            Some(table::from_vector(weights.as_ref(), dim).unwrap_or_else(|error| raise(&name, error)))
        }
        (Some(_), Some(_)) => {
            raise(&name, EncodeError::BadWeights { problem: "Of weights and idf one is to be given, not both".into() })
        }
    };
    drop(tokenizer);
    interrupts();

    let vector = match &weights {
        Some(weights) => Some(to_datum(weights.as_ref())?),
        None => None,
    };
    let svec_type = svec_type(call);
    let comment = call.datum(5).map(|_| text::argument(call, 5));
    // SAFETY: each value is of the type beside it.
    let arguments = unsafe {
        [
            name_argument(&name),
            DatumWithOid::new(pg_sys::Datum::from(owner), pg_sys::REGROLEOID),
            DatumWithOid::new(text::datum(&json), pg_sys::TEXTOID),
            DatumWithOid::new(pg_sys::Datum::from(dim), pg_sys::INT4OID),
            vector.map_or_else(|| DatumWithOid::null_oid(svec_type), |vector| DatumWithOid::new(vector, svec_type)),
            comment.map_or_else(
                || DatumWithOid::null_oid(pg_sys::TEXTOID),
                |c| DatumWithOid::new(text::datum(&c), pg_sys::TEXTOID),
            ),
        ]
    };
    // Replaced encoders keep their owner, their readers, and their comment unless there is a new one.
    let sql = "INSERT INTO %T AS e (name, owner, tokenizer, dim, weights, comment) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (name) DO UPDATE SET tokenizer = excluded.tokenizer, dim = excluded.dim, \
               weights = excluded.weights, \
               comment = coalesce(excluded.comment, e.comment)";
    write(call, table, sql, &arguments);
    call.null()
}

fn set_access(call: Call) -> Outcome {
    let name = text::argument(call, 0);
    let (role, permitted) = (role_argument(call, 1), call.bool(2));
    let table = catalog::table(call);
    let Some(row) = catalog::read(table, &name) else { cache::unknown(&name) };
    require_owner(&name, &row.access);
    let readers = if permitted {
        "pg_catalog.array_append(pg_catalog.array_remove(readers, $2), $2)"
    } else {
        "pg_catalog.array_remove(readers, $2)"
    };
    let sql = format!("UPDATE %T SET readers = {readers} WHERE name OPERATOR(pg_catalog.=) $1");
    // SAFETY: of the type beside it.
    let role = unsafe { DatumWithOid::new(pg_sys::Datum::from(role), pg_sys::REGROLEOID) };
    write(call, table, &sql, &[name_argument(&name), role]);
    call.null()
}

/// The role that a text names; 0, everybody, for `public`.
fn role_argument(call: Call, n: usize) -> pg_sys::Oid {
    if call.bytes(n) == b"public" {
        return pg_sys::InvalidOid;
    }
    // SAFETY: declared as text, not NULL; raises if there is no such role.
    unsafe { pg_sys::get_role_oid(pg_sys::text_to_cstring(call.pointer(n)), false) }
}

fn changed(call: Call) -> Outcome {
    // SAFETY: PostgreSQL's own call; the context says whether it is a trigger's.
    let context = call.context();
    if context.is_null() || unsafe { (*context).type_ } != pg_sys::NodeTag::T_TriggerData {
        report(
            PgSqlErrorCode::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
            "encoders' trigger function was not called by a trigger".into(),
            String::new(),
            String::new(),
        );
    }
    // SAFETY: it is.
    unsafe {
        let data = &*context.cast::<pg_sys::TriggerData>();
        pg_sys::CacheInvalidateRelcacheByRelid((*data.tg_relation).rd_id);
    }
    // A trigger returns a pointer, here none, and not NULL.
    Ok(pg_sys::Datum::from(0_usize))
}

fn require_owner(name: &str, access: &catalog::Access) {
    if !access.is_owner() {
        report(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of encoder \"{name}\""),
            String::new(),
            String::new(),
        );
    }
}

fn name_argument(name: &str) -> DatumWithOid<'static> {
    // SAFETY: a text; the column's type is name, to which PostgreSQL casts it.
    unsafe { DatumWithOid::new(text::datum(name), pg_sys::TEXTOID) }
}

/// The type `svec` of this extension: that of the function's own argument.
fn svec_type(call: Call) -> pg_sys::Oid {
    // SAFETY: a catalogue look-up; the name ends in NUL.
    unsafe {
        pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::TYPENAMENSP as i32,
            pg_sys::Anum_pg_type_oid as pg_sys::AttrNumber,
            pg_sys::Datum::from(c"svec".as_ptr()),
            pg_sys::Datum::from(catalog::schema(call)),
            pg_sys::Datum::null(),
            pg_sys::Datum::null(),
        )
    }
}

/// Writes to the table as its owner; `%T` in the statement is the table. The statement names the schema of everything it
/// calls: what the caller's search path finds must not run with the owner's rights.
fn write(call: Call, table: pg_sys::Oid, sql: &str, arguments: &[DatumWithOid<'static>]) {
    let sql = sql.replace("%T", &qualified(call));
    let owner = pg_class::look_up(table, |class| class.relowner).unwrap_or(pg_sys::InvalidOid);
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: an ERROR in between ends the (sub)transaction, which sets both back.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
        let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
        let local = context | restricted as i32;
        pg_sys::SetUserIdAndSecContext(owner, local);
    }
    if let Err(error) = Spi::run_with_args(&sql, arguments) {
        pgrx::error!("encoders cannot be written: {error}");
    }
    // SAFETY: as they were.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
}

/// The table's name with its schema.
fn qualified(call: Call) -> String {
    // SAFETY: catalogue look-ups; new strings that end in NUL.
    unsafe {
        let schema = pg_sys::get_namespace_name(catalog::schema(call));
        let quoted = pg_sys::quote_qualified_identifier(schema, c"wand_encoder".as_ptr());
        std::ffi::CStr::from_ptr(quoted).to_string_lossy().into_owned()
    }
}
