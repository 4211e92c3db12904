//! The engine and its settings: the ones that decide what a guest computes are fixed here, once.

use std::hash::{Hash, Hasher};
use std::path::Path;

use manyhands_prepare::PROFILE;
use thiserror::Error;
use wasmtime::{Config, Engine, Linker, Strategy};

use crate::sandbox::compiled::{Compiled, CompiledError};
use crate::sandbox::instance::Guest;
use crate::sandbox::wasi;

/// Stack for the guest's own calls. Running out of it is this machine's failure, not the program's,
/// because how much a call takes depends on the processor; so it is generous.
pub const WASM_STACK_BYTES: usize = 4 << 20;

/// Why no sandbox could be made.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The engine refused its settings.
    #[error("cannot start the engine on this machine: {0}")]
    Engine(String),
    /// The cache of compiled modules cannot be used.
    #[error(transparent)]
    Compiled(#[from] CompiledError),
}

/// An engine, what it offers to guests, and its cache. Make one per process.
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) compiled: Option<Compiled>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("compiled", &self.compiled).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox that keeps compiled modules in `cache`, or nowhere. Whoever can write to that folder
    /// can run code in this process: it must belong to this user alone.
    ///
    /// # Errors
    /// If the processor lacks what the engine needs, or the folder cannot be made.
    pub fn new(cache: Option<&Path>) -> Result<Self, SandboxError> {
        Self::with(&config(), cache)
    }

    /// A sandbox that differs from [`Sandbox::new`]'s in nothing but the instructions that its compiler
    /// writes, so that code generators can be compared. `target` is a triple whose code this process
    /// can run: its own, or `pulley64`, the engine's interpreter, where wasmtime is built with its
    /// feature `pulley`. Compiled modules are kept nowhere.
    ///
    /// # Errors
    /// If the engine does not know the target, or cannot run its code here.
    pub fn for_target(target: &str) -> Result<Self, SandboxError> {
        let mut config = config();
        config.target(target).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        Self::with(&config, None)
    }

    pub(super) fn with(config: &Config, cache: Option<&Path>) -> Result<Self, SandboxError> {
        let refused = |error: wasmtime::Error| SandboxError::Engine(format!("{error:#}"));
        let engine = Engine::new(config).map_err(refused)?;
        let mut linker = Linker::new(&engine);
        wasi::link(&mut linker).map_err(refused)?;
        let compiled = match cache {
            Some(folder) => Some(Compiled::new(folder, fingerprint(&engine))?),
            None => None,
        };
        Ok(Self { engine, linker, compiled })
    }
}

/// The settings of every worker.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config.strategy(Strategy::Cranelift);
    // The sign and payload of a NaN are the only bits that processors choose differently. Preparation
    // put in code of its own wherever they could be seen, so the engine need not.
    config.cranelift_nan_canonicalization(false);
    // The allow-list of `manyhands_prepare::FEATURES`; the engine judges the module once more.
    config.wasm_simd(true).wasm_bulk_memory(true).wasm_multi_value(true);
    config.wasm_relaxed_simd(false).relaxed_simd_deterministic(true);
    config.wasm_tail_call(false).wasm_multi_memory(false).wasm_memory64(false);
    config.wasm_extended_const(false).wasm_wide_arithmetic(false);
    config.wasm_custom_page_sizes(false).shared_memory(false).gc_support(false);
    // A slot is stopped, metered and killed as a process, so guests run without any checks.
    config.consume_fuel(false).epoch_interruption(false).concurrency_support(false);
    // The second is for a kind of guest that is not used here, but must not be smaller.
    config.max_wasm_stack(WASM_STACK_BYTES).async_stack_size(2 * WASM_STACK_BYTES);
    // Memory begins as a copy-on-write image of the module's data, so a warm start maps pages instead of
    // filling them. The sandbox then takes about a third of the time from the worker's order to the guest's
    // first instruction (benchmark `kernels`): a pool of instances could only save a part of that.
    config.memory_init_cow(true);
    // A trap is told by its name; frames would name functions that preparation stripped.
    config.wasm_backtrace_max_frames(None);
    config
}

/// Names everything beside the module that decides what its compiled code is: engine version,
/// settings, processor, and our own profile.
fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = Blake3(blake3::Hasher::new_derive_key("manyhands engine fingerprint v1"));
    hasher.write(&PROFILE.to_le_bytes());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Lets `Hash` feed a hash that is the same in every process.
struct Blake3(blake3::Hasher);

impl Hasher for Blake3 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let bytes: [u8; 32] = self.0.finalize().into();
        bytes.first_chunk().copied().map_or(0, u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Instance, Module, Store};

    use super::*;

    /// A guest's loops are free of checks: there is no fuel to run out of, and no epoch to end.
    #[test]
    fn nothing_of_the_engine_interrupts_a_guest() {
        let engine = Engine::new(&config()).unwrap();
        let loops = "(module (func (export \"f\") (local i32) (loop
            (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))))";
        let module = Module::new(&engine, wat::parse_str(loops).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        assert!(store.set_fuel(1).is_err());
        engine.increment_epoch();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "f").unwrap().call(&mut store, ()).unwrap();
    }
}
