//! What a guest is given: from a manifest's words to the sandbox's. One place, so that a unit that is
//! tried at home and one that is computed on the grid are the same run.

use manyhands_core::digest::Digest;
use manyhands_core::manifest::{Draft, UnitSpec, unit_seed};

use crate::sandbox::Limits;

/// What every program finds as its own name.
pub const PROGRAM_NAME: &str = "program";

/// Files and directories that a program may make.
const FILES_MAX: u32 = 4096;

/// The arguments of a unit, the program's name first.
#[must_use]
pub fn args(unit: &UnitSpec) -> Vec<String> {
    let name = std::iter::once(PROGRAM_NAME.to_owned());
    name.chain(unit.args.iter().cloned()).collect()
}

/// Where the random bytes of unit `index` of a job come from.
#[must_use]
pub fn seed(manifest: &Digest, index: u32) -> [u8; 32] {
    unit_seed(manifest, index)
}

/// What each unit of a job is granted. A function of the manifest alone: a program that runs into a
/// limit does so on every machine.
#[must_use]
pub fn limits(draft: &Draft) -> Limits {
    let policy = &draft.policy;
    Limits {
        memory_bytes: draft.app.memory_bytes_max,
        output_bytes: policy.output_bytes_max,
        scratch_bytes: policy.output_bytes_max,
        files: FILES_MAX,
        log_bytes: u32::try_from(policy.log_bytes_max).unwrap_or(u32::MAX),
        cpu_ms: policy.cpu_ms_max.0,
    }
}
