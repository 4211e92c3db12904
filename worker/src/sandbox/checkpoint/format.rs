//! The header of a checkpoint: who it belongs to and what its state must hash to.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use manyhands_prepare::PROFILE;

use crate::sandbox::checkpoint::{CheckpointError, Identity};

/// The version of the format. The profile number changes when the meaning of a module does.
pub const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"MHSTATE\n";
/// Magic, version, profile, module, unit, step, length of the state, state hash.
pub(super) const HEADER_BYTES: usize = 8 + 4 + 4 + 32 + 32 + 8 + 8 + 32;

/// What the first bytes of a checkpoint say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) identity: Identity,
    pub(super) step: u64,
    /// Length of the canonical state, uncompressed.
    pub(super) state_bytes: u64,
    pub(super) state_hash: [u8; 32],
}

impl Header {
    /// Refuses a checkpoint of something else.
    pub(super) fn check(&self, identity: &Identity) -> Result<(), CheckpointError> {
        if self.identity.module != identity.module {
            return Err(CheckpointError::Foreign { what: "module" });
        }
        if self.identity.unit != identity.unit {
            return Err(CheckpointError::Foreign { what: "work unit" });
        }
        Ok(())
    }
}

/// Writes the header over the place that was kept for it.
pub(super) fn write_header(file: &mut File, header: &Header) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&PROFILE.to_le_bytes());
    bytes.extend_from_slice(&header.identity.module);
    bytes.extend_from_slice(&header.identity.unit);
    bytes.extend_from_slice(&header.step.to_le_bytes());
    bytes.extend_from_slice(&header.state_bytes.to_le_bytes());
    bytes.extend_from_slice(&header.state_hash);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)
}

/// Reads the header, and refuses other versions by name before anything else is believed.
pub(super) fn read_header(file: &mut impl Read) -> Result<Header, CheckpointError> {
    if field::<8>(file)? != MAGIC {
        return Err(CheckpointError::NotACheckpoint);
    }
    for (what, expected) in [("format", VERSION), ("profile", PROFILE)] {
        let found = u32::from_le_bytes(field(file)?);
        if found != expected {
            return Err(CheckpointError::Version { what, found, expected });
        }
    }
    Ok(Header {
        identity: Identity { module: field(file)?, unit: field(file)? },
        step: u64::from_le_bytes(field(file)?),
        state_bytes: u64::from_le_bytes(field(file)?),
        state_hash: field(file)?,
    })
}

fn field<const N: usize>(file: &mut impl Read) -> Result<[u8; N], CheckpointError> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(|_too_short| CheckpointError::NotACheckpoint)?;
    Ok(bytes)
}
