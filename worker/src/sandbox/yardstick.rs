//! The same engine with other settings, to measure what ours cost. No unit of a job runs here.

use std::fmt::Display;

use wasmtime::Module;

use crate::sandbox::engine::{self, Sandbox, SandboxError};
use crate::sandbox::failure::{HostError, HostErrorKind};
use crate::sandbox::program::{self, Program};

/// A sandbox that takes modules as they are given, not prepared: what it computes may differ from one
/// machine to the next.
#[derive(Debug)]
pub struct Yardstick {
    sandbox: Sandbox,
    counts_fuel: bool,
}

impl Yardstick {
    /// Nothing on: as fast as the engine gets, and the bits of a NaN are the processor's.
    ///
    /// # Errors
    /// If the engine cannot start on this machine.
    pub fn plain() -> Result<Self, SandboxError> {
        let mut config = engine::config();
        config.cranelift_nan_canonicalization(false);
        Ok(Self { sandbox: Sandbox::with(&config, None)?, counts_fuel: false })
    }

    /// What the engine itself has for determinism: fuel, so that a run ends at the same place, and a
    /// canonical NaN after every operation.
    ///
    /// # Errors
    /// If the engine cannot start on this machine.
    pub fn stock() -> Result<Self, SandboxError> {
        let mut config = engine::config();
        config.cranelift_nan_canonicalization(true).consume_fuel(true);
        Ok(Self { sandbox: Sandbox::with(&config, None)?, counts_fuel: true })
    }

    /// Compiles a module as it is given.
    ///
    /// # Errors
    /// [`HostErrorKind::Module`] if the engine refuses it, or it imports what no sandbox has.
    pub fn load(&self, wasm: &[u8]) -> Result<Program, HostError> {
        let refused = |cause: &dyn Display| HostError::new(HostErrorKind::Module, cause);
        let Sandbox { engine, linker, .. } = &self.sandbox;
        let module = Module::new(engine, wasm).map_err(|e| refused(&format!("{e:#}")))?;
        let linked = linker.instantiate_pre(&module).map_err(|e| refused(&e))?;
        let described = program::describe(blake3::hash(wasm).into(), &module, linked);
        Ok(Program { counts_fuel: self.counts_fuel, ..described })
    }
}
