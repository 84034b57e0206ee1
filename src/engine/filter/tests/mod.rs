//! Properties of filter columns: whatever way a segment came about, conditions find in it what a look at every row
//! finds.

mod conditions;
mod damage;
mod made;
mod sizes;
