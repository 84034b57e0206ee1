//! A fuzzer of one target, which `PG_WAND_TARGET` names. `scripts/fuzz.sh` builds and runs it.
//!
//! The targets are those of the engine's own tests: a panic, a finding of the address sanitizer or a case that takes
//! seconds is a failure.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pg_wand::engine;

#[path = "../../src/engine/tests/targets/mod.rs"]
#[allow(dead_code, reason = "the engine's tests use more of it")]
mod targets;

static RUN: LazyLock<fn(&[u8]) -> bool> = LazyLock::new(|| {
    let name = std::env::var("PG_WAND_TARGET").unwrap_or_default();
    let Some(target) = targets::ALL.iter().find(|target| target.name == name) else {
        let names: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
        eprintln!("PG_WAND_TARGET is {name:?}; it must be one of {}", names.join(", "));
        std::process::exit(2);
    };
    if name == "tokenizer" {
        // The library's panics are caught by the engine; here the fuzzer's hook would end the program before that. A
        // panic that is not caught ends it still.
        std::panic::set_hook(Box::new(|_| ()));
    }
    target.run
});

fuzz_target!(|input: &[u8]| {
    RUN(input);
});
