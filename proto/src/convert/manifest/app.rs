//! The program of a manifest.

use manyhands_core::manifest::AppVersion;
use manyhands_core::requirement::Kind;

use crate::convert::error::{Fault, WireError};
use crate::convert::field::{digest, digest_bytes};
use crate::v1;

impl From<AppVersion> for v1::AppVersion {
    fn from(app: AppVersion) -> Self {
        Self {
            module: digest_bytes(&app.module),
            module_bytes: app.module_bytes,
            kind: v1::Kind::from(app.kind).into(),
            memory_bytes_max: app.memory_bytes_max,
            profile: app.profile,
        }
    }
}

impl TryFrom<v1::AppVersion> for AppVersion {
    type Error = WireError;

    fn try_from(wire: v1::AppVersion) -> Result<Self, WireError> {
        Ok(Self {
            kind: kind(wire.kind)?,
            module: digest("module", &wire.module)?,
            module_bytes: wire.module_bytes,
            memory_bytes_max: wire.memory_bytes_max,
            profile: wire.profile,
        })
    }
}

impl From<Kind> for v1::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Command => Self::Command,
            Kind::Step => Self::Step,
        }
    }
}

fn kind(wire: i32) -> Result<Kind, WireError> {
    match v1::Kind::try_from(wire) {
        Ok(v1::Kind::Command) => Ok(Kind::Command),
        Ok(v1::Kind::Step) => Ok(Kind::Step),
        Ok(v1::Kind::Unspecified) => Err(WireError::missing("kind")),
        Err(_) => Err(WireError::new("kind", Fault::Unknown(wire))),
    }
}
