//! What a unit needs, what a host has, and whether the one fits the other.

use std::collections::BTreeSet;
use std::fmt;

/// How a guest program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Any WASI program: started once, runs to its end, starts again if the machine goes away.
    Command,
    /// A program made of steps: it can be checkpointed after each and moved to another machine.
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

/// What every unit of a job needs of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// How the program is run.
    pub kind: Kind,
    /// Memory that the host must be able to reserve.
    pub memory_bytes_max: u64,
    /// The number of the determinism profile under which equal inputs give equal bytes.
    pub profile: u32,
}

/// What a host has to offer. It says so when it enrols, and again each time it connects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capabilities {
    /// Replicas that it can run side by side, at least 1; none of a host that is forgotten.
    pub slots: u16,
    /// Memory that it lends to one slot.
    pub memory_bytes: u64,
    /// Determinism profiles that its engine implements.
    pub profiles: BTreeSet<u32>,
    /// Instruction set, such as `x86_64`; audits may ask for another one.
    pub isa: String,
    /// Operating system, such as `linux`.
    pub os: String,
    /// Version of the worker program.
    pub version: String,
}

/// Why a host cannot run a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The unit wants more memory than the host lends.
    #[error("it needs {needed_bytes} bytes of memory and a slot has {offered_bytes}")]
    Memory {
        /// What the unit needs.
        needed_bytes: u64,
        /// What the host lends to one slot.
        offered_bytes: u64,
    },
    /// The host's engine does not implement the profile.
    #[error("it needs determinism profile {needed}, which this worker's version does not offer")]
    Profile {
        /// The profile that the unit needs.
        needed: u32,
    },
}

impl Capabilities {
    /// What is left of those of a host that is forgotten: with what it computed, and nothing that would get it work.
    pub(crate) fn forgotten(isa: String, version: String) -> Self {
        let (profiles, os) = (BTreeSet::new(), String::new());
        Self { slots: 0, memory_bytes: 0, profiles, isa, os, version }
    }
}

impl Requirement {
    /// Whether a host with these capabilities can run the unit.
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn fits(&self, host: &Capabilities) -> Result<(), Misfit> {
        if !host.profiles.contains(&self.profile) {
            return Err(Misfit::Profile { needed: self.profile });
        }
        if host.memory_bytes < self.memory_bytes_max {
            return Err(Misfit::Memory {
                needed_bytes: self.memory_bytes_max,
                offered_bytes: host.memory_bytes,
            });
        }
        Ok(())
    }
}
