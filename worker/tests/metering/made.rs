//! Modules that nobody would write: both counters agree on every one that returns.

use manyhands_prepare::prepare;
use wasm_smith::Config;

use crate::smith;
use crate::twins::twins_of;

const SEEDS: u64 = 1_600;

const GLOBALS: &str = r#"
    (global (export "a") (mut i32) (i32.const 0))
    (global (export "b") (mut i64) (i64.const 0))"#;

/// Without floats: what makes NaNs canonical is counted too, but the plain counter does not put it in.
fn module(seed: u64) -> Option<Vec<u8>> {
    let config = Config {
        allow_floats: false,
        simd_enabled: false,
        max_instructions: 600,
        max_funcs: 6,
        ..smith::config(seed, GLOBALS)
    };
    smith::module(config, seed, 8 << 10, 5_000)
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
