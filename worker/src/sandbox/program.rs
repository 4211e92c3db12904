//! A guest module, compiled and linked: what a slot keeps warm between units.

use std::{fmt, io};

use manyhands_prepare::{Kind, abi, prepare};
use wasmtime::{InstancePre, Module};

use crate::sandbox::engine::Sandbox;
use crate::sandbox::failure::{HostError, HostErrorKind};
use crate::sandbox::instance::Guest;

/// A compiled guest program.
#[derive(Clone)]
pub struct Program {
    pub(crate) digest: [u8; 32],
    pub(crate) kind: Kind,
    pub(crate) linked: InstancePre<Guest>,
    /// Names of the exported mutable globals, in the order in which preparation wrote them.
    pub(crate) globals: Vec<String>,
    /// Linear memory at the start.
    pub(crate) memory_bytes_min: u64,
    /// Whether its engine counts fuel: only a yardstick does, and fills the tank.
    pub(crate) counts_fuel: bool,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Program {
    /// How it is driven.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Digest of the prepared module.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl Sandbox {
    /// Makes the prepared module `digest` ready to run; calls `read` for its bytes only if no
    /// compiled code is at hand.
    ///
    /// # Errors
    /// [`HostErrorKind::Module`] if the bytes cannot be read, are not those of the digest, or are not
    /// what preparation returns: a module that skipped it is never run.
    pub fn load(
        &self,
        digest: &[u8; 32],
        read: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> Result<Program, HostError> {
        let refused = |cause: &dyn fmt::Display| HostError::new(HostErrorKind::Module, cause);
        let cached = self.compiled.as_ref().and_then(|c| c.get(&self.engine, digest));
        let module = match cached {
            Some(module) => module,
            None => self.compile(digest, &read().map_err(|e| refused(&e))?)?,
        };
        let linked = self.linker.instantiate_pre(&module).map_err(|e| refused(&e))?;
        Ok(describe(*digest, &module, linked))
    }

    fn compile(&self, digest: &[u8; 32], bytes: &[u8]) -> Result<Module, HostError> {
        let refused = |cause: &dyn fmt::Display| HostError::new(HostErrorKind::Module, cause);
        if blake3::hash(bytes) != *digest {
            return Err(refused(&"its bytes are not those of its digest; fetch it again"));
        }
        let prepared = prepare(bytes).map_err(|e| refused(&e))?;
        if prepared.digest != *digest {
            return Err(refused(&"it was not prepared, or by another profile; prepare it again"));
        }
        let module = Module::new(&self.engine, bytes).map_err(|e| refused(&format!("{e:#}")))?;
        if let Some(compiled) = &self.compiled {
            match compiled.put(digest, &module) {
                // Behind the wall, only a process that has run no guest may keep code.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                // The module runs as well without being kept, but a full disk should be heard of.
                kept => kept.map_err(|e| {
                    HostError::new(HostErrorKind::Disk, format!("compiled module: {e}"))
                })?,
            }
        }
        Ok(module)
    }
}

pub(super) fn describe(digest: [u8; 32], module: &Module, linked: InstancePre<Guest>) -> Program {
    let is_step = module.get_export(abi::ENTRY_STEP).is_some();
    let globals = module
        .exports()
        .filter(|export| export.name().starts_with(abi::RESERVED_PREFIX))
        .map(|export| export.name().to_owned())
        .collect();
    let memory = module.get_export("memory").and_then(|export| export.memory().cloned());
    Program {
        digest,
        kind: if is_step { Kind::Step } else { Kind::Command },
        linked,
        globals,
        memory_bytes_min: memory.map_or(0, |memory| memory.minimum() * abi::PAGE_BYTES),
        counts_fuel: false,
    }
}
