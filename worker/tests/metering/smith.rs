//! Modules that nobody would write: both counters agree on every one that returns.

use arbitrary::Unstructured;
use manyhands_prepare::prepare;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wasm_smith::{Config, Module};

use crate::twins::twins_of;

const SEEDS: u64 = 1_600;

/// Without floats: what makes NaNs canonical is counted too, but the plain counter does not put it in.
fn config(seed: u64) -> Config {
    let exports = wat::parse_str(
        r#"(module (memory (export "memory") 1) (func (export "_start"))
            (global (export "a") (mut i32) (i32.const 0))
            (global (export "b") (mut i64) (i64.const 0)))"#,
    );
    Config {
        exports: Some(exports.unwrap()),
        allow_floats: false,
        simd_enabled: false,
        // Most would trap at once, and what was counted then is less.
        disallow_traps: !seed.is_multiple_of(4),
        max_imports: 0,
        max_memories: 0,
        max_data_segments: 0,
        max_element_segments: 0,
        max_memory32_bytes: 1 << 20,
        max_instructions: 600,
        max_funcs: 6,
        gc_enabled: false,
        exceptions_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        extended_const_enabled: false,
        reference_types_enabled: false,
        allow_start_export: false,
        ..Config::default()
    }
}

fn module(seed: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 8 << 10];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    let mut module = Module::new(config(seed), &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(5_000).ok()?;
    Some(module.to_bytes())
}

#[test]
fn modules_from_a_generator() {
    let (mut prepared, mut returned, mut branching) = (0, 0, 0);
    for seed in 0..SEEDS {
        let Some(wasm) = module(seed) else { continue };
        // Some use what is not allowed; that is another test's matter.
        let Ok(report) = prepare(&wasm).map(|prepared| prepared.report) else { continue };
        assert_eq!(report.nan_points, 0, "seed {seed}");
        // This also takes the metering out again, and finds the same.
        let twins = twins_of(&wasm);
        prepared += 1;
        if twins.metered.is_out_of_fuel || twins.naive.is_out_of_fuel {
            continue;
        }
        let is_exhausted = |trap: &Option<String>| {
            trap.as_deref() == Some(&*wasmtime::Trap::StackOverflow.to_string())
        };
        if is_exhausted(&twins.metered.trap) || is_exhausted(&twins.naive.trap) {
            // How much stack a call takes is the machine's matter.
            continue;
        }
        assert_eq!(twins.metered.trap, twins.naive.trap, "seed {seed}");
        if twins.metered.trap.is_none() {
            assert_eq!(twins.metered, twins.naive, "seed {seed}");
            returned += 1;
            branching += u32::from(report.loops > 0);
        }
    }
    let counts =
        format!("{prepared} prepared, {returned} returned, {branching} of them with loops");
    assert!(prepared >= 800 && returned >= 500 && branching >= 400, "{counts}");
}
