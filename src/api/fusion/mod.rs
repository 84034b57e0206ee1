//! Fusion and evaluation of ranked lists for SQL: `sql/install/92_fusion.sql`, `94_evaluation.sql`. The README beside
//! this file says why the surface is as it is.

mod arrays;
mod diversify;
mod error;
mod evaluate;
mod fuse;
mod gather;
mod ids;
mod ranked;
mod samples;
mod topics;
mod train;
mod trec;
mod tune;
