//! Checkpoints and usage.

use manyhands_core::replica::{CheckpointRef, Usage};

use crate::convert::error::WireError;
use crate::convert::field::{digest, digest_bytes};
use crate::v1;

impl From<CheckpointRef> for v1::Checkpoint {
    fn from(checkpoint: CheckpointRef) -> Self {
        Self {
            digest: digest_bytes(&checkpoint.digest),
            size_bytes: checkpoint.bytes,
            step: checkpoint.step,
            state_hash: digest_bytes(&checkpoint.state_hash),
        }
    }
}

impl TryFrom<v1::Checkpoint> for CheckpointRef {
    type Error = WireError;

    fn try_from(wire: v1::Checkpoint) -> Result<Self, WireError> {
        Ok(Self {
            digest: digest("digest", &wire.digest)?,
            step: wire.step,
            bytes: wire.size_bytes,
            state_hash: digest("state_hash", &wire.state_hash)?,
        })
    }
}

impl From<Usage> for v1::Usage {
    fn from(usage: Usage) -> Self {
        Self {
            cpu_ms: usage.cpu_ms,
            wall_ms: usage.wall_ms,
            memory_peak_bytes: usage.memory_bytes_peak,
            steps: usage.steps,
            work: usage.work,
        }
    }
}

impl From<v1::Usage> for Usage {
    fn from(wire: v1::Usage) -> Self {
        Self {
            cpu_ms: wire.cpu_ms,
            wall_ms: wire.wall_ms,
            memory_bytes_peak: wire.memory_peak_bytes,
            work: wire.work,
            steps: wire.steps,
        }
    }
}
