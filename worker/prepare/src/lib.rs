//! Prepares a guest module: a pure function from the bytes that a scientist registers to the bytes
//! that every sandbox runs.
//!
//! Anyone can redo it and compare digests, so nobody has to trust who prepared a module. Three
//! promises hold for what [`prepare`] returns:
//!
//! 1. it uses only the instructions of the allow-list ([`features`](FEATURES)) and imports only what the
//!    sandbox implements ([`abi`]), and no bits of a NaN that the machine chose can be seen, so that it
//!    means the same on every machine;
//! 2. a *step* module can be checkpointed from outside: every mutable global is exported, and nothing
//!    that a checkpoint could not hold ever changes;
//! 3. it counts its own work, equally on every machine, under a reserved name ([`abi::WORK`]);
//! 4. the result is reproducible (it depends on the input and [`PROFILE`] only) and idempotent
//!    (preparing it again changes nothing), so "is this prepared?" is answered by preparing it.
//!
//! Map: `features` is the allow-list and names what is refused; `shape` reads what a module declares;
//! `interface` checks imports, exports, memory and kind; `checkpointable` checks promise 2; `nan`
//! makes NaNs canonical; `rewrite` writes the result, and `meter` lets it count its work.

pub mod abi;
mod checkpointable;
mod features;
mod interface;
mod meter;
mod nan;
mod refusal;
mod rewrite;
mod shape;

use std::fmt;

pub use crate::features::FEATURES;
pub use crate::meter::{CALLED, work_of};
pub use crate::refusal::{Place, Refusal};

/// The number of the rules that this crate applies. It changes whenever the same input could give
/// other bytes or another verdict; a job records it.
pub const PROFILE: u32 = 2;

/// The largest module that is accepted, before and after preparation.
pub const MODULE_BYTES_MAX: usize = 64 << 20;

/// How a guest program is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Exports `_start` and runs once from beginning to end.
    Command,
    /// Exports `manyhands_step` and is called until it says that it is done.
    Step,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "command",
            Self::Step => "step",
        })
    }
}

/// A module that is fit to run, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The module that the sandbox compiles.
    pub bytes: Vec<u8>,
    /// BLAKE3 of `bytes`.
    pub digest: [u8; 32],
    /// What was seen on the way.
    pub report: Report,
}

/// What preparation learned about a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How the program is driven.
    pub kind: Kind,
    /// Size of the module as given.
    pub given_bytes: usize,
    /// Functions defined by the module, imports not counted.
    pub functions: u32,
    /// Imported functions as `module.name`, sorted.
    pub imports: Vec<String>,
    /// Linear memory at the start, in bytes.
    pub memory_bytes_min: u64,
    /// The most linear memory that the module declares, in bytes; `None` if it leaves that open.
    pub memory_bytes_max: Option<u64>,
    /// Mutable globals, all exported under reserved names if the kind is [`Kind::Step`].
    pub mutable_globals: u32,
    /// Points in the prepared code where a NaN is made canonical, because its bits could be seen.
    pub nan_points: u32,
}

/// Checks `wasm` and returns the module that sandboxes run instead of it.
///
/// # Errors
/// A [`Refusal`] that names the first thing found that a sandbox could not run, or could not run
/// equally on every machine.
pub fn prepare(wasm: &[u8]) -> Result<Prepared, Refusal> {
    if wasm.len() > MODULE_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes: wasm.len(), bytes_max: MODULE_BYTES_MAX });
    }
    features::validate(wasm)?;
    let Some(unmetered) = meter::strip(wasm)? else { return prepare_unmetered(wasm) };
    // It is metered already, or it only looks so: then preparing what is left makes another module.
    let prepared = prepare_unmetered(&unmetered).map_err(|_not_ours| meter::reserved())?;
    if prepared.bytes != rewrite::without_custom_sections(wasm)? {
        return Err(meter::reserved());
    }
    Ok(Prepared { report: Report { given_bytes: wasm.len(), ..prepared.report }, ..prepared })
}

fn prepare_unmetered(wasm: &[u8]) -> Result<Prepared, Refusal> {
    features::validate(wasm)?;
    let shape = shape::read(wasm)?;
    let kind = interface::check(&shape)?;
    if kind == Kind::Step {
        checkpointable::check(wasm, &shape)?;
    }
    let nan::Canonical { bytes, points } = nan::canonicalise(wasm, &shape)?;
    let bytes = meter::instrument(&rewrite::rewrite(&bytes, &shape, kind)?)?;
    if bytes.len() > MODULE_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes: bytes.len(), bytes_max: MODULE_BYTES_MAX });
    }
    let digest = blake3::hash(&bytes).into();
    Ok(Prepared { digest, report: report(wasm, &shape, kind, points), bytes })
}

fn report(wasm: &[u8], shape: &shape::Shape<'_>, kind: Kind, nan_points: u32) -> Report {
    let mut imports: Vec<String> =
        shape.imports.iter().map(|i| format!("{}.{}", i.module, i.name)).collect();
    imports.sort_unstable();
    imports.dedup();
    let memory = shape.memories.first();
    Report {
        kind,
        given_bytes: wasm.len(),
        functions: shape.functions_defined(),
        imports,
        memory_bytes_min: memory.map_or(0, |m| m.initial * abi::PAGE_BYTES),
        memory_bytes_max: memory.and_then(|m| m.maximum).map(|pages| pages * abi::PAGE_BYTES),
        mutable_globals: u32::try_from(shape.mutable_globals().count()).unwrap_or(u32::MAX),
        nan_points,
    }
}
