//! What a scan's keys ask of a row: conditions on filter columns and on the vector.
//!
//! Of sealed segments they leave sets of documents, or say where the ranking ends; rows of the pending list are looked
//! at one by one. Both are exact but where a row's vector is not known well enough: then the executor is told to look
//! at the row itself (`recheck`).

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::columns::IndexColumns;
use super::on_vector::OnVector;
use super::settings;
use crate::engine::error::{Result, reserved};
use crate::engine::filter::condition::{Condition, Filter, IntegerSet, Relation, Test};
use crate::engine::filter::docset::DocSet;
use crate::engine::filter::value::Value;
use crate::engine::ids::Metric;
use crate::engine::search::choice::{Choice, Floor};
use crate::engine::search::simd::Simd;
use crate::engine::segment::pages::PartPages;
use crate::engine::vector::SparseVectorRef;
use crate::storage::array;
use crate::storage::relation::IndexRelation;
use crate::storage::segment_pages::SegmentPages;

/// See the module's text.
pub struct Conditions {
    columns: IndexColumns,
    filter: Filter,
    on_vector: Vec<OnVector>,
    /// Some condition compares with NULL: no row meets it.
    impossible: bool,
}

/// What conditions make of the segments.
pub struct Chosen {
    /// Which documents are to be ranked.
    pub choice: Choice,
    /// Whether the executor has to look at rows itself.
    pub recheck: bool,
}

impl Chosen {
    /// What no conditions make of them.
    pub fn everything() -> Self {
        Self { choice: Choice::default(), recheck: false }
    }
}

impl Conditions {
    /// Those of a scan's keys. What is kept of them is a copy.
    ///
    /// # Safety
    /// - The keys are those of a scan of this index. The memory context that is current lives as long as the result.
    pub unsafe fn of(index: IndexRelation, keys: &[pg_sys::ScanKeyData]) -> Result<Self> {
        let (columns, filter) = (IndexColumns::of(index), Filter::default());
        let mut conditions = Self { columns, filter, on_vector: Vec::new(), impossible: false };
        for key in keys {
            if let Some(column) = conditions.columns.filter_of(key.sk_attno) {
                // SAFETY: by the caller's promise.
                let test = unsafe { conditions.test(column, key)? };
                conditions.impossible |= matches!(test, Test::Nothing);
                conditions.filter.conditions.push(Condition { column, test });
            } else {
                // SAFETY: by the caller's promise.
                let condition = unsafe { conditions.on_vector(key)? };
                conditions.on_vector.push(condition);
            }
        }
        Ok(conditions)
    }

    /// The index's columns.
    pub fn columns(&self) -> &IndexColumns {
        &self.columns
    }

    /// # Safety
    /// - A key of a scan of this index, on a filter column.
    unsafe fn test(&self, column: usize, key: &pg_sys::ScanKeyData) -> Result<Test> {
        if has(key, pg_sys::SK_SEARCHNULL) {
            return Ok(Test::IsNull);
        }
        if has(key, pg_sys::SK_SEARCHNOTNULL) {
            return Ok(Test::IsNotNull);
        }
        if has(key, pg_sys::SK_ISNULL) {
            return Ok(Test::Nothing);
        }
        let relation = relation(key.sk_strategy).unwrap_or_else(|| self.refuse(key));
        if !has(key, pg_sys::SK_SEARCHARRAY) {
            // SAFETY: an argument of the operator's right type.
            let probe = unsafe { self.columns.probe(column, key.sk_argument, key.sk_subtype)? };
            return Ok(Test::Compare(relation, probe));
        }
        // SAFETY: an array of that type.
        let elements = unsafe { array::elements(key.sk_argument)? };
        if elements.is_empty() {
            return Ok(Test::Nothing);
        }
        if relation == Relation::Equal {
            let mut integers = reserved(elements.len(), "arguments of a condition")?;
            let integer = |&element: &pg_sys::Datum| self.columns.integer(column, element, key.sk_subtype);
            integers.extend(elements.iter().map_while(integer));
            if integers.len() == elements.len() {
                return Ok(Test::In(IntegerSet::new(integers)));
            }
        }
        let mut probes = reserved(elements.len(), "arguments of a condition")?;
        for (at, element) in elements.into_iter().enumerate() {
            if at % 1024 == 1023 {
                pgrx::check_for_interrupts!();
            }
            // SAFETY: as above.
            probes.push(unsafe { self.columns.probe(column, element, key.sk_subtype)? });
        }
        Ok(Test::AnyOf(relation, probes))
    }

    /// # Safety
    /// - A key of a scan of this index, on the vector.
    unsafe fn on_vector(&self, key: &pg_sys::ScanKeyData) -> Result<OnVector> {
        if has(key, pg_sys::SK_SEARCHNULL) {
            return Ok(OnVector::Null);
        }
        if has(key, pg_sys::SK_SEARCHNOTNULL) {
            return Ok(OnVector::NotNull);
        }
        if has(key, pg_sys::SK_ISNULL) {
            return Ok(OnVector::AnyOf(Vec::new()));
        }
        let of = |argument| {
            // SAFETY: an argument of the operator's right type.
            let condition = unsafe { OnVector::of(key.sk_strategy, argument) };
            condition.unwrap_or_else(|error| crate::error::raise(&error)).unwrap_or_else(|| self.refuse(key))
        };
        if !has(key, pg_sys::SK_SEARCHARRAY) {
            return Ok(of(key.sk_argument));
        }
        // SAFETY: an array of that type.
        let elements = unsafe { array::elements(key.sk_argument)? };
        let mut conditions = reserved(elements.len(), "arguments of a condition")?;
        conditions.extend(elements.into_iter().map(of));
        Ok(OnVector::AnyOf(conditions))
    }

    fn refuse(&self, key: &pg_sys::ScanKeyData) -> ! {
        let (name, number) = (self.columns.index().name(), key.sk_strategy);
        ErrorReport::new(
            PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("wand index \"{name}\" does not know operator number {number} of its column {}", key.sk_attno),
            "conditions",
        )
        .set_hint("Remove the operator from the operator family: the access method has no use for it.")
        .report(PgLogLevel::ERROR);
        unreachable!("an ERROR does not return")
    }

    /// Whether a row that is not in a segment yet meets all of them.
    pub fn accept(
        &mut self,
        metric: Metric,
        vector: Option<SparseVectorRef<'_>>,
        values: &[Option<Value<'_>>],
    ) -> Result<bool> {
        Ok(!self.impossible
            && self.on_vector.iter().all(|condition| condition.accepts(metric, vector))
            && self.filter.matches(values)?)
    }

    /// What they leave of the segments, for a ranking by `query`, if it is one.
    pub fn choose(
        &mut self,
        segments: &[SegmentPages],
        metric: Metric,
        query: Option<SparseVectorRef<'_>>,
    ) -> Result<Chosen> {
        let mut chosen = Chosen::everything();
        let within = &mut chosen.choice.within;
        for segment in segments {
            within.push(match self.impossible {
                true => Some(DocSet::none(segment.descriptor().meta.n_docs)?),
                false => self.filter.evaluate(&segment.reader()).map_err(|e| segment.locate(e))?,
            });
        }
        if self.impossible {
            return Ok(chosen);
        }
        let readers: Vec<_> = segments.iter().map(SegmentPages::reader).collect();
        let simd = Simd::new(settings::kernel());
        for condition in &self.on_vector {
            chosen.recheck |= condition.needs_recheck(&readers)?;
            if let Some(floor) = query.and_then(|query| condition.floor(query))
                && chosen.choice.floor == Floor::None
            {
                chosen.choice.floor = floor;
                continue;
            }
            for (set, found) in within.iter_mut().zip(condition.sets(&readers, metric, simd)?) {
                match set {
                    None => *set = Some(found),
                    Some(set) => set.and(&found),
                }
            }
        }
        Ok(chosen)
    }
}

fn has(key: &pg_sys::ScanKeyData, flag: u32) -> bool {
    key.sk_flags as u32 & flag != 0
}

/// What a filter column's operator of this number means: the numbers are those of B-trees.
fn relation(strategy: u16) -> Option<Relation> {
    Some(match u32::from(strategy) {
        pg_sys::BTLessStrategyNumber => Relation::Less,
        pg_sys::BTLessEqualStrategyNumber => Relation::LessOrEqual,
        pg_sys::BTEqualStrategyNumber => Relation::Equal,
        pg_sys::BTGreaterEqualStrategyNumber => Relation::GreaterOrEqual,
        pg_sys::BTGreaterStrategyNumber => Relation::Greater,
        _ => return None,
    })
}
