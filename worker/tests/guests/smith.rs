//! Guests that nobody would write, from `wasm-smith`: what those of all tests have in common.

use arbitrary::Unstructured;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wasm_smith::{Config, Module};

/// Commands that export a memory and these globals, import nothing, and are made of what preparation
/// accepts.
pub(crate) fn config(seed: u64, globals: &str) -> Config {
    let exports =
        format!(r#"(module (memory (export "memory") 1) (func (export "_start")) {globals})"#);
    Config {
        exports: Some(wat::parse_str(exports).unwrap()),
        // Most would trap at once; so three in four may not, and go on until they end or turn too often.
        disallow_traps: !seed.is_multiple_of(4),
        max_imports: 0,
        max_memories: 0,
        // Segments that do not fit would end most modules before they begin.
        max_data_segments: 0,
        max_element_segments: 0,
        max_memory32_bytes: 1 << 20,
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

/// The module that a seed stands for, made from so many random bytes; it traps after so many turns of loops
/// and calls. `None` if these bytes make none.
pub(crate) fn module(config: Config, seed: u64, bytes: usize, turns_max: u32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; bytes];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(turns_max).ok()?;
    Some(module.to_bytes())
}
