//! Modules that nobody would write.

use arbitrary::Unstructured;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wasm_smith::{Config, Module};

use manyhands_prepare::prepare;

use super::check_prepared;

/// Seeds tried; `MANYHANDS_NAN_SEEDS` tries more.
const SEEDS: u64 = 100;

fn config() -> Config {
    let exports = wat::parse_str(
        r#"(module (memory (export "memory") 1) (func (export "_start"))
            (global (export "a") (mut f32) (f32.const 0))
            (global (export "b") (mut f64) (f64.const 0))
            (global (export "c") (mut v128) (v128.const i64x2 0 0))
            (global (export "d") (mut v128) (v128.const i64x2 0 0))
            (global (export "e") (mut i32) (i32.const 0))
            (global (export "f") (mut i64) (i64.const 0)))"#,
    );
    Config {
        exports: Some(exports.unwrap()),
        max_imports: 0,
        max_memories: 0,
        // Segments that do not fit would end most modules before they begin.
        max_data_segments: 0,
        max_element_segments: 0,
        max_memory32_bytes: 1 << 20,
        max_instructions: 2000,
        max_funcs: 8,
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

pub(super) fn module(seed: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 16 << 10];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    let mut module = Module::new(config(), &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(10_000).ok()?;
    Some(module.to_bytes())
}

#[test]
fn random_modules() {
    let seeds = std::env::var("MANYHANDS_NAN_SEEDS").ok().and_then(|n| n.parse().ok());
    let (mut run, mut points) = (0, 0);
    for seed in 0..seeds.unwrap_or(SEEDS) {
        let Some(wasm) = module(seed) else { continue };
        // Some use what is not allowed; that is another test's matter.
        let Ok(prepared) = prepare(&wasm) else { continue };
        check_prepared(&wasm, &prepared);
        run += 1;
        points += prepared.report.nan_points;
    }
    assert!(run > SEEDS / 4 && points > 0, "{run} modules were run, with {points} points");
}
