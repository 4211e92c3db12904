//! How a run ended.

use std::path::PathBuf;

use bytes::Bytes;

use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::failure::{AppError, HostError};

/// A finished run: how it ended and what it took.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// How it ended.
    pub outcome: Outcome,
    /// What it took.
    pub usage: Usage,
    /// Hash of the final state of a step program, if it was asked for.
    pub state_hash: Option<[u8; 32]>,
    /// Head and tail of what the guest wrote to standard error.
    pub log: String,
}

/// The ways in which a run ends.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The program ended well; these are its outputs, sorted by name.
    Success(Vec<Output>),
    /// The program failed, and would fail in the same way on any machine.
    AppError(AppError),
    /// This machine could not run it; another might.
    HostError(HostError),
    /// The run was asked to stop, and can go on from this checkpoint anywhere.
    Drained(Checkpointed),
    /// The run got to the step at which it was to halt.
    Halted(Halted),
}

/// A run that halted between two steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halted {
    /// Steps done.
    pub step: u64,
    /// BLAKE3 of the canonical state.
    pub state_hash: [u8; 32],
    /// The state, if it was asked for.
    pub checkpoint: Option<Checkpointed>,
}

/// One output of a work unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// `stdout`, or `out/` and the path below `/out`.
    pub name: String,
    /// BLAKE3 of the content.
    pub digest: [u8; 32],
    /// Size of the content.
    pub size_bytes: u64,
    /// The content.
    pub content: Content,
}

/// Where an output's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Here.
    Inline(Bytes),
    /// In a file that now belongs to the reader of the outcome.
    File(PathBuf),
}

impl Output {
    /// An output held in memory.
    #[must_use]
    pub fn inline(name: String, bytes: Bytes) -> Self {
        let digest = blake3::hash(&bytes).into();
        Self { name, digest, size_bytes: bytes.len() as u64, content: Content::Inline(bytes) }
    }
}

/// What a run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of the guest, in milliseconds.
    pub cpu_ms: u64,
    /// Time on the wall, in milliseconds; includes pauses.
    pub wall_ms: u64,
    /// Largest size of linear memory, in bytes.
    pub memory_bytes_peak: u64,
    /// Steps done since the beginning of the unit, those before a resume included.
    pub steps: u64,
    /// Work that the guest counted since the beginning of the unit: a function of the unit, which is
    /// compared between replicas. 0 if it was never called, or was killed.
    pub work: u64,
}
