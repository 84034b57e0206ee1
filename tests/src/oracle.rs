//! The oracle: the same query by sequential scan, in the same snapshot.
//!
//! Rows with equal distances may come in any order, so distances are compared row by row and bit by bit, and ids in
//! groups of equal distance: every group that the limit does not cut must hold the same ids in both answers, and no id
//! may come twice. NaN and NULL are values like others here.

use postgres::{Client, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers that this process has compared.
static COMPARED: AtomicUsize = AtomicUsize::new(0);

/// How many answers of an index this process has compared with those of sequential scans so far.
pub fn count_compared() -> usize {
    COMPARED.load(Ordering::Relaxed)
}

/// One row: the id, and the distance's bits (NULL is `None`; all NaN are one).
pub type Row = (i64, Option<u64>);

/// A query whose first column is a bigint id and whose second a float8 distance, in the order it promises.
pub struct Question<'a> {
    pub sql: &'a str,
    /// The plan must name this index; `None` leaves the plan free.
    pub index: Option<&'a str>,
    /// The row after the last returned one may tie with it.
    pub cut: bool,
}

/// Runs the question both ways and says what differs. The number is how many rows there were.
pub fn compare(client: &mut Client, question: &Question<'_>) -> Result<usize, String> {
    compare_with(client, question, question.sql)
}

/// As [`compare`], with another query for the sequential scan (a prepared plan would not change its mind).
pub fn compare_with(client: &mut Client, question: &Question<'_>, scan_sql: &str) -> Result<usize, String> {
    let mut transaction = begin(client)?;
    let by_index = through_index(&mut transaction, question.sql, question.index)?;
    let by_scan = through_scan(&mut transaction, scan_sql)?;
    transaction.rollback().map_err(|e| e.to_string())?;
    same(&by_index, &by_scan, question.cut).map_err(|e| format!("{e}\nin: {}", shorten(question.sql)))?;
    Ok(by_scan.len())
}

/// One sequential scan against the index under several limits. `sql` has no LIMIT; `most` bounds the scan, and is
/// itself a limit that is tried. Without it the whole answer is compared, and tried without LIMIT.
pub fn compare_limits(
    client: &mut Client,
    sql: &str,
    index: &str,
    limits: &[usize],
    most: Option<usize>,
) -> Result<Vec<Row>, String> {
    let mut transaction = begin(client)?;
    let limited = |limit: Option<usize>| limit.map_or(sql.to_string(), |k| format!("{sql} LIMIT {k}"));
    let by_scan = through_scan(&mut transaction, &limited(most))?;
    for limit in limits.iter().copied().map(Some).chain([most]) {
        let sql = limited(limit);
        let by_index = through_index(&mut transaction, &sql, Some(index))?;
        let expected = &by_scan[..limit.unwrap_or(usize::MAX).min(by_scan.len())];
        same(&by_index, expected, limit.is_some()).map_err(|e| format!("{e}\nin: {}", shorten(&sql)))?;
    }
    transaction.rollback().map_err(|e| e.to_string())?;
    Ok(by_scan)
}

/// Document frequencies from the index's lists against those of the table; `vector` is what is indexed of the rows that
/// `condition` names.
pub fn compare_frequencies(
    transaction: &mut Transaction<'_>,
    index: &str,
    vector: &str,
    condition: &str,
) -> Result<(), String> {
    let sql = format!(
        "SELECT w.df IS NOT DISTINCT FROM t.df AND w.n = t.n, format('%s rows of %s', w.n, t.n)
         FROM wand_df('{index}') AS w,
             (SELECT df_agg({vector}) AS df, count({vector}) AS n FROM docs WHERE {condition}) AS t"
    );
    let found = transaction.query_one(&sql, &[]).map_err(|e| describe(&e))?;
    if found.get(0) {
        Ok(())
    } else {
        Err(format!("{index}: other document frequencies, {}", found.get::<_, String>(1)))
    }
}

/// Strategies and widths of the inner loops; one that the processor lacks counts as the widest it has.
const STRATEGIES: [&str; 3] = ["auto", "bounds", "exhaustive"];
const KERNELS: [&str; 4] = ["auto", "plain", "avx2", "avx512"];

/// Lets scans of this session find their rows in the `turn`-th way: every strategy in every width, and over again.
pub fn take_turns(client: &mut Client, turn: usize) -> Result<(), String> {
    let strategy = STRATEGIES[turn % STRATEGIES.len()];
    let kernel = KERNELS[turn / STRATEGIES.len() % KERNELS.len()];
    let sql = format!("SET wand.strategy = {strategy}; SET wand.kernel = {kernel}");
    client.batch_execute(&sql).map_err(|e| describe(&e))
}

/// A transaction in which every query sees the same rows.
pub fn begin(client: &mut Client) -> Result<Transaction<'_>, String> {
    let builder = client.build_transaction().isolation_level(postgres::IsolationLevel::RepeatableRead);
    builder.start().map_err(|e| describe(&e))
}

fn through_index(transaction: &mut Transaction<'_>, sql: &str, index: Option<&str>) -> Result<Vec<Row>, String> {
    prefer_index(transaction)?;
    if let Some(index) = index {
        let plan = explain(transaction, sql)?;
        if !uses(&plan, index) {
            return Err(format!("the plan does not use {index}:\n{plan}\nin: {}", shorten(sql)));
        }
    }
    rows(transaction, sql)
}

/// Whether a plan has a scan of the index in its order.
pub fn uses(plan: &str, index: &str) -> bool {
    // While REINDEX CONCURRENTLY puts another in its place, it has a name with a suffix for a moment.
    let names = [index.to_string(), format!("{index}_ccold"), format!("{index}_ccnew")];
    names.iter().any(|name| plan.contains(&format!("using {name} on")))
}

pub fn through_scan(transaction: &mut Transaction<'_>, sql: &str) -> Result<Vec<Row>, String> {
    transaction
        .batch_execute(
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off;
             SET LOCAL enable_indexonlyscan = off",
        )
        .map_err(|e| describe(&e))?;
    rows(transaction, sql)
}

/// From here on the planner takes an index wherever one serves.
pub fn prefer_index(transaction: &mut Transaction<'_>) -> Result<(), String> {
    transaction
        .batch_execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = off;
             SET LOCAL enable_sort = off",
        )
        .map_err(|e| describe(&e))
}

/// From here on the planner takes bitmaps wherever an index serves.
pub fn prefer_bitmap(transaction: &mut Transaction<'_>) -> Result<(), String> {
    transaction
        .batch_execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = on;
             SET LOCAL enable_indexonlyscan = off",
        )
        .map_err(|e| describe(&e))
}

pub fn explain(transaction: &mut Transaction<'_>, sql: &str) -> Result<String, String> {
    let lines = transaction.query(&format!("EXPLAIN (COSTS OFF) {sql}"), &[]);
    let lines = lines.map_err(|e| format!("{}\nin: {}", describe(&e), shorten(sql)))?;
    Ok(lines.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n"))
}

pub fn rows(transaction: &mut Transaction<'_>, sql: &str) -> Result<Vec<Row>, String> {
    let found = transaction.query(sql, &[]).map_err(|e| format!("{}\nin: {}", describe(&e), shorten(sql)))?;
    Ok(found.iter().map(row).collect())
}

pub fn row(row: &postgres::Row) -> Row {
    (row.get(0), row.get::<_, Option<f64>>(1).map(bits))
}

/// Fails with the first difference.
pub fn same(by_index: &[Row], by_scan: &[Row], cut: bool) -> Result<(), String> {
    COMPARED.fetch_add(1, Ordering::Relaxed);
    if by_index.len() != by_scan.len() {
        return Err(format!("the index gives {} rows, a sequential scan {}", by_index.len(), by_scan.len()));
    }
    for (at, (ours, theirs)) in by_index.iter().zip(by_scan).enumerate() {
        if ours.1 != theirs.1 {
            let (ours, theirs) = (show(*ours), show(*theirs));
            return Err(format!("row {at}: the index gives {ours}, a sequential scan {theirs}"));
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = by_index.iter().find(|row| !seen.insert(row.0)) {
        return Err(format!("the index gives id {} twice", twice.0));
    }
    let mut begin = 0;
    while begin < by_scan.len() {
        let distance = by_scan[begin].1;
        let end = begin + by_scan[begin..].iter().take_while(|row| row.1 == distance).count();
        if end < by_scan.len() || !cut {
            let ours: BTreeSet<i64> = by_index[begin..end].iter().map(|row| row.0).collect();
            let theirs: BTreeSet<i64> = by_scan[begin..end].iter().map(|row| row.0).collect();
            if ours != theirs {
                return Err(format!("rows {begin} to {end}: ids {ours:?} by index, {theirs:?} by sequential scan"));
            }
        }
        begin = end;
    }
    Ok(())
}

/// The part of a whole answer that LIMIT and OFFSET leave, against what the index gives for it: the distances of that
/// part in its order, rows that have them, none twice. That leaves no choice but among rows at equal distance.
pub fn same_part(by_index: &[Row], whole: &[Row], offset: usize, limit: Option<usize>) -> Result<(), String> {
    let end = limit.map_or(whole.len(), |limit| whole.len().min(offset + limit));
    let expected = &whole[offset.min(end)..end];
    let distances: BTreeMap<i64, Option<u64>> = whole.iter().copied().collect();
    if let Some(other) = by_index.iter().find(|row| distances.get(&row.0) != Some(&row.1)) {
        return Err(format!("the index gives {}, a sequential scan does not", show(*other)));
    }
    same(by_index, expected, true).or_else(|e| {
        // At the beginning, too, a group may be cut.
        let ids = by_index.iter().map(|row| row.0).collect::<BTreeSet<_>>();
        let distances = |rows: &[Row]| rows.iter().map(|row| row.1).collect::<Vec<_>>();
        let alike = distances(by_index) == distances(expected) && ids.len() == expected.len();
        if offset > 0 && alike { Ok(()) } else { Err(e) }
    })
}

/// Rows in no order.
pub fn same_rows(by_index: &[Row], whole: &[Row]) -> Result<(), String> {
    let ids = |rows: &[Row]| rows.iter().map(|row| row.0).collect::<BTreeSet<_>>();
    let (ours, theirs) = (ids(by_index), ids(whole));
    if by_index.len() != whole.len() || ours != theirs {
        let (more, less): (Vec<_>, Vec<_>) = (ours.difference(&theirs).collect(), theirs.difference(&ours).collect());
        let (n, m) = (by_index.len(), whole.len());
        return Err(format!(
            "{n} rows by the index, {m} by a sequential scan; only here {more:?}, only there {less:?}"
        ));
    }
    Ok(())
}

/// Problems that `wand_check` finds, as text; an empty list is a sound index.
pub fn check_index(client: &mut Client, index: &str) -> Vec<String> {
    let sql = format!("SELECT problem::text FROM wand_check('{index}', true) AS problem");
    match client.query(&sql, &[]) {
        Ok(problems) => problems.iter().map(|row| row.get(0)).collect(),
        Err(e) => vec![format!("wand_check({index}) failed: {}", describe(&e))],
    }
}

/// An error with what the server said, not only "db error".
pub fn describe(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} {}: {} {}", db.severity(), db.code().code(), db.message(), db.detail().unwrap_or("")),
        None => error.to_string(),
    }
}

pub fn bits(distance: f64) -> u64 {
    // -0 equals 0 for the server, and one NaN another.
    if distance.is_nan() { f64::NAN.to_bits() } else { (distance + 0.0).to_bits() }
}

fn show(row: Row) -> String {
    match row.1 {
        Some(bits) => format!("(id {}, distance {:e})", row.0, f64::from_bits(bits)),
        None => format!("(id {}, distance NULL)", row.0),
    }
}

fn shorten(sql: &str) -> String {
    if sql.len() > 600 { format!("{}...", &sql[..600]) } else { sql.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{Row, bits, same, same_part, same_rows};

    fn row(id: i64, distance: f64) -> Row {
        (id, Some(bits(distance)))
    }

    #[test]
    fn ties_may_change_places() {
        let scan = [row(1, -2.0), row(2, -1.0), row(3, -1.0), (4, None)];
        let index = [row(1, -2.0), row(3, -1.0), row(2, -1.0), (4, None)];
        assert_eq!(same(&index, &scan, false), Ok(()));
    }

    #[test]
    fn only_the_cut_group_may_hold_other_ids() {
        let scan = [row(1, -2.0), row(2, -1.0)];
        let index = [row(1, -2.0), row(7, -1.0)];
        assert_eq!(same(&index, &scan, true), Ok(()));
        assert!(same(&index, &scan, false).is_err());
        assert!(same(&[row(9, -2.0), row(2, -1.0)], &scan, true).is_err());
    }

    #[test]
    fn a_part_may_begin_and_end_in_a_group() {
        let whole = [row(1, -2.0), row(2, -2.0), row(3, -1.0), row(4, 0.0), row(5, 0.0)];
        assert_eq!(same_part(&[row(1, -2.0), row(3, -1.0), row(5, 0.0)], &whole, 1, Some(3)), Ok(()));
        assert!(same_part(&[row(1, -2.0), row(4, -1.0), row(5, 0.0)], &whole, 1, Some(3)).is_err());
        assert!(same_part(&[row(1, -2.0), row(3, -1.0)], &whole, 1, Some(3)).is_err());
        assert!(same_part(&[row(4, 0.0), row(4, 0.0)], &whole, 3, None).is_err());
        assert_eq!(same_part(&[], &whole, 9, Some(3)), Ok(()));
        assert!(same_rows(&[row(1, 0.0), row(1, 0.0)], &[row(1, 0.0), row(2, 0.0)]).is_err());
        assert_eq!(same_rows(&[(2, None), (1, None)], &[row(1, 0.0), row(2, 0.0)]), Ok(()));
    }

    #[test]
    fn every_difference_is_noticed() {
        let scan = [row(1, -2.0), row(2, -1.0), row(3, -1.0)];
        assert!(same(&scan[..2], &scan, false).is_err(), "a row is missing");
        assert!(same(&[scan[0], scan[1], scan[1]], &scan, true).is_err(), "a row comes twice");
        assert!(same(&[scan[1], scan[0], scan[2]], &scan, false).is_err(), "the order is wrong");
        let nearly = row(1, f64::from_bits((-2.0f64).to_bits() + 1));
        assert!(same(&[nearly, scan[1], scan[2]], &scan, false).is_err(), "a distance differs in its last bit");
        assert!(same(&[(1, None), scan[1], scan[2]], &scan, false).is_err(), "a distance is NULL");
    }
}
