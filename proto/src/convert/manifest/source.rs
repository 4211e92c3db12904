//! The blobs that a manifest names.

use bytes::Bytes;
use manyhands_core::limits::{AXIS_VALUE_BYTES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX};
use manyhands_core::manifest::{Artefact, Input, Source};
use manyhands_core::private::Salt;

use crate::convert::error::{Fault, WireError};
use crate::convert::field::{array, bounded, digest, digest_bytes, if_any, nested, required};
use crate::v1::{self, source};

impl From<Artefact> for v1::Artefact {
    fn from(artefact: Artefact) -> Self {
        Self {
            name: artefact.name,
            digest: digest_bytes(&artefact.digest),
            size_bytes: artefact.bytes,
            inline: None,
            salt: artefact.salt.map_or_else(Bytes::new, |salt| Bytes::copy_from_slice(&salt.0)),
        }
    }
}

impl TryFrom<v1::Artefact> for Artefact {
    type Error = WireError;

    fn try_from(wire: v1::Artefact) -> Result<Self, WireError> {
        if let Some(bytes) = wire.inline {
            // A manifest names blobs. One that also carried them would have two encodings.
            let actual = bytes.len();
            return Err(WireError::new("inline", Fault::TooLong { max: 0, actual }));
        }
        Ok(Self {
            name: bounded("name", AXIS_VALUE_BYTES_MAX, wire.name)?,
            digest: digest("digest", &wire.digest)?,
            bytes: wire.size_bytes,
            salt: if_any(&wire.salt, |bytes| array("salt", bytes).map(Salt))?,
        })
    }
}

impl From<Input> for v1::Input {
    fn from(input: Input) -> Self {
        Self { path: input.path, source: Some(input.source.into()) }
    }
}

impl TryFrom<v1::Input> for Input {
    type Error = WireError;

    fn try_from(wire: v1::Input) -> Result<Self, WireError> {
        Ok(Self {
            path: bounded("path", PATH_BYTES_MAX, wire.path)?,
            source: nested("source", wire.source)?,
        })
    }
}

impl From<Source> for v1::Source {
    fn from(source: Source) -> Self {
        let source = match source {
            Source::Fixed(artefact) => source::Source::Fixed(artefact.into()),
            Source::Axis(name) => source::Source::Axis(name),
        };
        Self { source: Some(source) }
    }
}

impl TryFrom<v1::Source> for Source {
    type Error = WireError;

    fn try_from(wire: v1::Source) -> Result<Self, WireError> {
        match required("source", wire.source)? {
            source::Source::Fixed(artefact) => {
                let artefact = Artefact::try_from(artefact);
                artefact.map(Self::Fixed).map_err(|error| error.within("fixed"))
            }
            source::Source::Axis(name) => bounded("axis", NAME_BYTES_MAX, name).map(Self::Axis),
        }
    }
}
