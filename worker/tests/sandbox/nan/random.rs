//! Modules that nobody would write.

use manyhands_prepare::prepare;
use wasm_smith::Config;

use super::check_prepared;
use crate::smith;

/// Seeds tried; `MANYHANDS_NAN_SEEDS` tries more.
const SEEDS: u64 = 200;

const GLOBALS: &str = r#"
    (global (export "a") (mut f32) (f32.const 0))
    (global (export "b") (mut f64) (f64.const 0))
    (global (export "c") (mut v128) (v128.const i64x2 0 0))
    (global (export "d") (mut v128) (v128.const i64x2 0 0))
    (global (export "e") (mut i32) (i32.const 0))
    (global (export "f") (mut i64) (i64.const 0))"#;

fn module(seed: u64) -> Option<Vec<u8>> {
    let config = Config { max_instructions: 2000, max_funcs: 8, ..smith::config(seed, GLOBALS) };
    smith::module(config, seed, 16 << 10, 10_000)
}

#[test]
fn random_modules() {
    let seeds = std::env::var("MANYHANDS_NAN_SEEDS").ok().and_then(|n| n.parse().ok());
    let (mut run, mut points, mut returned) = (0, 0, 0);
    for seed in 0..seeds.unwrap_or(SEEDS) {
        let Some(wasm) = module(seed) else { continue };
        // Some use what is not allowed; that is another test's matter.
        let Ok(prepared) = prepare(&wasm) else { continue };
        let left = check_prepared(&wasm, &prepared);
        run += 1;
        returned += u64::from(left.trap.is_none());
        points += prepared.report.nan_points;
    }
    let counts = format!("{run} modules were run, {returned} to their end, with {points} points");
    assert!(run > SEEDS / 4 && returned > SEEDS / 10 && points > 0, "{counts}");
}
