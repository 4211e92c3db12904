//! Outputs of replicas.

use bytes::Bytes;
use manyhands_core::limits::{INLINE_BYTES_MAX, PATH_BYTES_MAX};
use manyhands_core::replica::Output;

use crate::convert::error::WireError;
use crate::convert::field::{bounded, digest, digest_bytes};
use crate::v1;

impl From<Output> for v1::Artefact {
    fn from(output: Output) -> Self {
        Self {
            name: output.name,
            digest: digest_bytes(&output.digest),
            size_bytes: output.bytes,
            inline: output.inline.map(Into::into),
            salt: Bytes::new(),
        }
    }
}

impl TryFrom<v1::Artefact> for Output {
    type Error = WireError;

    /// The name is a safe path, and inline bytes are those that the digest names.
    fn try_from(wire: v1::Artefact) -> Result<Self, WireError> {
        bounded("salt", 0, &wire.salt)?;
        let inline = wire.inline.map(|bytes| bounded("inline", INLINE_BYTES_MAX, bytes));
        let output = Self {
            name: bounded("name", PATH_BYTES_MAX, wire.name)?,
            digest: digest("digest", &wire.digest)?,
            bytes: wire.size_bytes,
            inline: inline.transpose()?.map(Into::into),
        };
        output.check().map_err(|error| WireError::domain("artefact", &error))?;
        Ok(output)
    }
}
