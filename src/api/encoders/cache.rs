//! Parsed encoders, kept for the session: parsing takes as long as encoding a thousand queries.
//!
//! Whoever changes the table tells all sessions, as for a change of the table itself (`admin.rs`, a trigger); a session
//! that hears it forgets what it has. Who may use an encoder is asked anew with every call.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use pgrx::{PgSqlErrorCode, pg_guard, pg_sys};

use super::catalog::{self, Access};
use super::error::{raise, report};
use crate::api::call::Call;
use crate::engine::encode::encoder::Encoder;
use crate::engine::encode::tokenizer::Tokenizer;

/// Encoders that a session keeps; one of a large vocabulary takes 100 MB.
const MOST: usize = 8;

/// An encoder ready for use.
struct Kept {
    encoder: Encoder,
    access: Access,
    /// For this statement only, named by its beginning; `None`: until the table changes.
    statement: Option<pg_sys::TimestampTz>,
}

#[derive(Default)]
struct Cache {
    /// The functions that were called since the session listens to the table.
    functions: HashSet<pg_sys::Oid>,
    encoders: HashMap<String, Rc<Kept>>,
    /// When it was filled: [`CHANGES`] then.
    changes: u64,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// How often the table has changed, as far as this session has heard.
static CHANGES: AtomicU64 = AtomicU64::new(0);
/// The table; 0 until the first use, when the session begins to listen.
static TABLE: AtomicU32 = AtomicU32::new(0);

/// Lets `work` use the encoder that the call's argument `n` names; raises if there is none or the role may not.
pub fn with<R>(call: Call, name: &str, work: impl FnOnce(&Encoder) -> R) -> R {
    let kept = find(call, name);
    if !kept.access.may_use() {
        report(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("permission denied for encoder \"{name}\""),
            String::new(),
            format!("Its owner can permit it: SELECT wand_grant_encoder('{name}', role)."),
        );
    }
    work(&kept.encoder)
}

fn find(call: Call, name: &str) -> Rc<Kept> {
    // SAFETY: PostgreSQL's own call.
    let function = unsafe { (*(*call.raw()).flinfo).fn_oid };
    let (known, kept) = look_up(function, name);
    if let (true, Some(kept)) = (known, kept) {
        return kept;
    }
    let table = catalog::table(call);
    listen(table);
    // What is heard from here on is newer than what is read.
    let changes = CHANGES.load(Ordering::Relaxed);
    // The first call of another function finds what the ones before have parsed.
    let kept = look_up(function, name).1.unwrap_or_else(|| Rc::new(load(table, name)));
    CACHE.with_borrow_mut(|cache| {
        if cache.changes == changes {
            if cache.encoders.len() >= MOST {
                cache.encoders.clear();
            }
            cache.functions.insert(function);
            cache.encoders.insert(name.to_owned(), kept.clone());
        }
    });
    kept
}

/// Whether the function has been called before, and the encoder if it is there.
fn look_up(function: pg_sys::Oid, name: &str) -> (bool, Option<Rc<Kept>>) {
    CACHE.with_borrow_mut(|cache| {
        let changes = CHANGES.load(Ordering::Relaxed);
        if cache.changes != changes {
            *cache = Cache { changes, ..Cache::default() };
        }
        let kept = cache.encoders.get(name).filter(|kept| kept.statement.is_none_or(|begin| begin == this_statement()));
        (cache.functions.contains(&function), kept.cloned())
    })
}

fn this_statement() -> pg_sys::TimestampTz {
    // SAFETY: reads this process's state.
    unsafe { pg_sys::GetCurrentStatementStartTimestamp() }
}

fn load(table: pg_sys::Oid, name: &str) -> Kept {
    let Some(row) = catalog::read(table, name) else { unknown(name) };
    let weights = row.weights.as_ref().map(crate::engine::vector::SparseVector::as_ref);
    let encoder = Tokenizer::new(&row.tokenizer).and_then(|tokenizer| Encoder::new(tokenizer, row.dim, weights));
    // In a parallel query all take the query's snapshot, which may be older than what was heard before.
    // SAFETY: reads this process's state.
    let statement = unsafe { pg_sys::IsInParallelMode() }.then(this_statement);
    Kept { encoder: encoder.unwrap_or_else(|error| raise(name, error)), access: row.access, statement }
}

/// There is no such encoder.
pub fn unknown(name: &str) -> ! {
    report(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("encoder \"{name}\" does not exist"),
        String::new(),
        "SELECT name FROM wand_encoders; or make it with wand_create_encoder.".into(),
    )
}

/// From the first use on the session hears of changes.
fn listen(table: pg_sys::Oid) {
    let number = u32::from(table);
    if TABLE.swap(number, Ordering::Relaxed) == 0 {
        // SAFETY: the function lives as long as the process; registered once.
        unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(changed), pg_sys::Datum::null()) };
    }
}

/// PostgreSQL tells that a relation has changed; 0 stands for all.
///
/// # Safety
/// - Registered with PostgreSQL, which calls it; it touches two counters and nothing of the server's.
#[pg_guard]
unsafe extern "C-unwind" fn changed(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    let number = u32::from(relation);
    if number == 0 || number == TABLE.load(Ordering::Relaxed) {
        CHANGES.fetch_add(1, Ordering::Relaxed);
    }
}
