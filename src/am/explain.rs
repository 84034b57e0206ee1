//! EXPLAIN ANALYZE on PostgreSQL 18 and later: what the scan of a wand index did.
//!
//! The server asks extensions after each node. Lines are added to an index scan of ours that was run; the option
//! `WAND off` leaves them out. The counts are those of this process: PostgreSQL may run the inner side of a join in
//! parallel workers, whose scans are not counted.

use std::ffi::{CStr, CString, c_void};
use std::sync::OnceLock;

use pgrx::pg_guard;
use pgrx::pg_sys::{self, ffi::pg_guard_ffi_boundary};

use super::counts::{Totals, strategy_name};
use super::rights::sees_all_rows;
use super::scan;

/// The hook that was there before, and our number among the extensions of EXPLAIN.
struct Registered {
    previous: pg_sys::explain_per_node_hook_type,
    id: i32,
}

static REGISTERED: OnceLock<Registered> = OnceLock::new();

/// Adds hook and option; once, when the library is loaded.
pub fn register() {
    // SAFETY: the server has one thread; names are static.
    let (previous, id) = unsafe { (pg_sys::explain_per_node_hook, pg_sys::GetExplainExtensionId(c"pg_wand".as_ptr())) };
    if REGISTERED.set(Registered { previous, id }).is_ok() {
        // SAFETY: as above.
        unsafe {
            pg_sys::explain_per_node_hook = Some(explain_node);
            pg_sys::RegisterExtensionExplainOption(c"wand".as_ptr(), Some(set_option));
        }
    }
}

/// What `WAND off` leaves in the state of an EXPLAIN; never followed.
fn off() -> *mut c_void {
    std::ptr::dangling_mut::<u64>().cast()
}

/// `EXPLAIN (WAND boolean)`.
///
/// # Safety
/// - Called by PostgreSQL with its own EXPLAIN and option.
#[pg_guard]
unsafe extern "C-unwind" fn set_option(
    explain: *mut pg_sys::ExplainState,
    option: *mut pg_sys::DefElem,
    _parse: *mut pg_sys::ParseState,
) {
    let Some(Registered { id, .. }) = REGISTERED.get() else { return };
    // SAFETY: by the caller's promise; raises if the value is not a boolean.
    let state = if unsafe { pg_sys::defGetBoolean(option) } { std::ptr::null_mut() } else { off() };
    // SAFETY: the number was given to us.
    unsafe { pg_sys::SetExplainExtensionState(explain, *id, state) };
}

/// Called after each node.
///
/// # Safety
/// - Called by PostgreSQL with its own EXPLAIN and a node of its plan.
#[pg_guard]
unsafe extern "C-unwind" fn explain_node(
    node: *mut pg_sys::PlanState,
    ancestors: *mut pg_sys::List,
    relationship: *const std::ffi::c_char,
    plan_name: *const std::ffi::c_char,
    explain: *mut pg_sys::ExplainState,
) {
    let Some(Registered { previous, id }) = REGISTERED.get() else { return };
    if let Some(previous) = previous {
        // SAFETY: another extension's hook gets what we got; its errors must not jump over Rust frames.
        unsafe { pg_guard_ffi_boundary(|| previous(node, ancestors, relationship, plan_name, explain)) };
    }
    // SAFETY: the number was given to us.
    let wanted = unsafe { (*explain).analyze && pg_sys::GetExplainExtensionState(explain, *id).is_null() };
    if !wanted {
        return;
    }
    // SAFETY: by the caller's promise.
    if let Some(totals) = unsafe { totals_of(node) } {
        // SAFETY: by the caller's promise.
        unsafe { print(&totals, explain) };
    }
}

/// What the node's scan did, if it is a scan of a wand index and has begun.
///
/// # Safety
/// - `node` is a node of a plan that has been run and not yet been taken down.
unsafe fn totals_of(node: *mut pg_sys::PlanState) -> Option<Totals> {
    let is = |tag| {
        // SAFETY: a node.
        unsafe { pgrx::is_a(node.cast(), tag) }
    };
    let scan = if is(pg_sys::NodeTag::T_IndexScanState) {
        // SAFETY: as its tag says.
        unsafe { (*node.cast::<pg_sys::IndexScanState>()).iss_ScanDesc }
    } else if is(pg_sys::NodeTag::T_BitmapIndexScanState) {
        // SAFETY: as its tag says.
        unsafe { (*node.cast::<pg_sys::BitmapIndexScanState>()).biss_ScanDesc }
    } else {
        return None;
    };
    if scan.is_null() {
        return None;
    }
    // SAFETY: a scan that has not ended has its index open.
    if !sees_all_rows(unsafe { (*(*scan).indexRelation).rd_id }) {
        return None;
    }
    // SAFETY: as above.
    let begin = unsafe { (*(*(*scan).indexRelation).rd_indam).ambeginscan }?;
    let ours: unsafe extern "C-unwind" fn(pg_sys::Relation, i32, i32) -> pg_sys::IndexScanDesc = scan::ambeginscan;
    // SAFETY: if our function began it, the descriptor is one of ours.
    std::ptr::fn_addr_eq(begin, ours).then(|| unsafe { scan::totals_of(scan) }).filter(|totals| totals.rankings > 0)
}

/// # Safety
/// - `explain` is an EXPLAIN in which properties of a node may be printed.
unsafe fn print(totals: &Totals, explain: *mut pg_sys::ExplainState) {
    let Totals { segments, pages, rank, rechecked, killed, restarts, .. } = totals;
    let strategy = strategy_name(rank);
    let counts = [
        (c"Segments", u64::from(*segments)),
        (c"Terms", rank.terms),
        (c"Lists", rank.lists),
        (c"Postings", rank.postings),
        (c"Pages", *pages),
        (c"Rounds", u64::from(rank.rounds)),
        (c"Blocks Bounded", rank.bounded),
        (c"Blocks Scored", rank.blocks.scored),
        (c"Blocks Dropped", rank.blocks.dropped),
        (c"Block Look-ups", rank.blocks.lookups),
        (c"Rows Delivered", rank.delivered),
        (c"Rows Rechecked", *rechecked),
        (c"Rows Within", rank.within),
        (c"Rows Killed", *killed),
        (c"Restarts", *restarts),
    ];
    // SAFETY: by the caller's promise.
    if unsafe { (*explain).format } == pg_sys::ExplainFormat::EXPLAIN_FORMAT_TEXT {
        let (first, rest) = counts.split_at(5);
        let (of_blocks, last) = rest.split_at(rest.len() - 5);
        let (rows, rare) = last.split_at(2);
        let mut shown = [first, rows].concat();
        shown.extend(rare.iter().filter(|(_, count)| *count > 0));
        // SAFETY: by the caller's promise.
        unsafe { print_line(&format!("Wand: {strategy};{}", in_words(&shown)), explain) };
        if rank.rounds > 0 {
            // SAFETY: by the caller's promise.
            unsafe { print_line(&format!("Wand Bounds:{}", in_words(of_blocks)), explain) };
        }
        return;
    }
    let group = c"Wand".as_ptr();
    let value = CString::new(strategy).unwrap_or_default();
    // SAFETY: by the caller's promise; the strings live long enough.
    unsafe {
        pg_sys::ExplainOpenGroup(group, group, true, explain);
        pg_sys::ExplainPropertyText(c"Strategy".as_ptr(), value.as_ptr(), explain);
        for (name, count) in counts {
            pg_sys::ExplainPropertyUInteger(name.as_ptr(), std::ptr::null(), count, explain);
        }
        pg_sys::ExplainCloseGroup(group, group, true, explain);
    }
}

/// ` segments=1 lists=2`.
fn in_words(counts: &[(&CStr, u64)]) -> String {
    let word = |(name, count): &(&CStr, u64)| {
        let name = name.to_string_lossy().to_lowercase().replace(' ', "_").replace('-', "");
        format!(" {name}={count}")
    };
    counts.iter().map(word).collect()
}

/// # Safety
/// - `explain` is an EXPLAIN in text.
unsafe fn print_line(line: &str, explain: *mut pg_sys::ExplainState) {
    let line = CString::new(format!("{line}\n")).unwrap_or_default();
    // SAFETY: by the caller's promise; the string is copied.
    unsafe {
        pg_sys::ExplainIndentText(explain);
        pg_sys::appendStringInfoString((*explain).str_, line.as_ptr());
    }
}
