//! What SQL sees: thin, no logic. One function here for each C function of the install script.

mod access_method;
mod admin;
mod aggregates;
mod call;
mod casts;
mod conditions;
mod constructors;
mod encoders;
mod functions;
mod fusion;
mod operators;
mod pg_class;
mod state;
mod types;
mod weights;
