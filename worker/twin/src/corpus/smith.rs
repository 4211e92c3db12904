//! Guests from `wasm-smith`, with a driver around them so that everything they did can be seen.
//!
//! A seed fixes the guest. Its functions get arguments that are full of NaNs, and what they return is
//! stored. Even seeds make step programs, whose state hash covers memory and globals; odd seeds make
//! commands, which may use the instructions that no step program may, and write memory and globals to
//! standard output at their end. Loops and calls are bounded by a count that is part of the guest.

mod driver;

use arbitrary::Unstructured;
use manyhands_prepare::Kind;
use wasm_encoder::ValType;
use wasm_smith::{Config, InstructionKind, InstructionKinds, Module};

use crate::case::Case;

/// Bytes that a guest is made of.
const SEED_BYTES: usize = 4096;
/// Loop turns and calls of one guest.
const TURNS_MAX: u32 = 10_000;
/// Functions that the driver calls.
const FUNCTIONS_MAX: u64 = 3;

/// The name of the guest of `seed`, known before it is made.
pub(super) fn name(seed: u64) -> String {
    format!("smith/{seed:08}")
}

/// The guest of `seed`.
#[must_use]
pub fn smith(seed: u64) -> Case {
    let mut bytes = [0; SEED_BYTES];
    let mut hasher = blake3::Hasher::new_derive_key("manyhands twin smith v1");
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    let kind = if seed.is_multiple_of(2) { Kind::Step } else { Kind::Command };
    let mut choices = Unstructured::new(&bytes);
    let wasm = generate(kind, seed, &mut choices).unwrap_or_default();
    Case::new(name(seed), wasm)
}

/// Nothing, which preparation refuses, if these bytes do not make a guest.
fn generate(kind: Kind, seed: u64, choices: &mut Unstructured<'_>) -> Option<Vec<u8>> {
    let signatures = signatures(choices)?;
    let config = config(kind, seed, driver::shape(&signatures));
    let mut module = Module::new(config, choices).ok()?;
    module.ensure_termination(TURNS_MAX).ok()?;
    driver::add(&module.to_bytes(), kind, &signatures)
}

/// Types of a function's parameters and results.
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

fn signatures(choices: &mut Unstructured<'_>) -> Option<Vec<Signature>> {
    const TYPES: [ValType; 5] =
        [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
    let count = choices.int_in_range(1..=FUNCTIONS_MAX).ok()?;
    let mut list = |most: usize| -> Option<Vec<ValType>> {
        let length = choices.int_in_range(0..=most).ok()?;
        (0..length).map(|_| choices.choose(&TYPES).ok().copied()).collect()
    };
    (0..count).map(|_| Some(Signature { params: list(4)?, results: list(3)? })).collect()
}

/// WebAssembly as preparation accepts it, in small modules.
fn config(kind: Kind, seed: u64, shape: Vec<u8>) -> Config {
    use InstructionKind::{Control, Memory, Numeric, Parametric, Variable, Vector};
    // Every third guest is nothing but arithmetic.
    let allowed_instructions = match seed % 3 {
        0 => InstructionKinds::new(&[Numeric, Vector, Variable, Parametric, Memory, Control]),
        _ => InstructionKinds::all(),
    };
    Config {
        module_shape: Some(shape),
        allowed_instructions,
        // These change tables and segments, which only a command may.
        bulk_memory_enabled: kind == Kind::Command,
        // One guest in four ends where it steps wrong; the others go on to their end.
        disallow_traps: !seed.is_multiple_of(4),
        allow_start_export: false,
        reference_types_enabled: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_data_segments: 4,
        max_element_segments: 4,
        max_elements: 8,
        max_funcs: 5,
        max_globals: 6,
        max_instructions: 150,
        max_table_elements: 64,
        max_types: 8,
        table_max_size_required: true,
        ..Config::default()
    }
}
