//! `[peers]`: what this machine exchanges with other workers.

use std::net::SocketAddr;
use std::num::NonZeroU64;

use manyhands_core::swarm::UploadLimit;
use serde::{Deserialize, Deserializer, Serialize};

use super::ConfigError;
use super::bounds::within;
use super::quantity::{self, QuantityError, Text};

/// A part goes at once, and whoever waits for one longer than fifteen seconds gives up: with less, several at once would.
const UPLOAD_BYTES_PER_S_MIN: u64 = 64 << 10;

/// With whom blobs are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// With nobody: every worker fetches everything from the coordinator.
    Off,
    /// With workers of this network only: nobody outside can dial this machine, and it sends nothing out.
    #[default]
    Lan,
    /// With all workers of the project.
    Full,
}

/// The table as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenSharing {
    /// `mode`: "off", "lan" (default) or "full".
    pub mode: Option<Mode>,
    /// `listen`: where other workers dial this one. Default: all addresses, or loopback if the coordinator is there, and
    /// any free port.
    pub listen: Option<SocketAddr>,
    /// `upload_max`: most bytes sent to other networks in a second, all peers together. Default "half" of what the line
    /// was seen to carry.
    #[serde(default, deserialize_with = "written_limit")]
    pub upload_max: Option<UploadLimit>,
}

/// The table as meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// With whom.
    pub mode: Mode,
    /// Where others dial this worker; none for all addresses, or loopback if the coordinator is there, and any free port.
    pub listen: Option<SocketAddr>,
    /// How much is sent to other networks.
    pub upload_limit: UploadLimit,
}

impl Mode {
    /// As it stands in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Lan => "lan",
            Self::Full => "full",
        }
    }

    /// With whom, in words: "workers of this network".
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Off => "nobody",
            Self::Lan => "workers of this network",
            Self::Full => "all workers of the project",
        }
    }
}

impl Sharing {
    /// The limit of what is sent to other networks, as it stands in the file: "half", or "256 KiB".
    pub(crate) fn upload_in_words(&self) -> String {
        match self.upload_limit {
            UploadLimit::Fixed(most) => quantity::size_in_words(most.get()),
            UploadLimit::HalfOfMeasured => "half".to_owned(),
        }
    }

    /// Fills the gaps.
    ///
    /// # Errors
    /// [`ConfigError::OutOfBounds`].
    pub(super) fn new(written: WrittenSharing) -> Result<Self, ConfigError> {
        let port = written.listen.map_or(0, |listen| listen.port());
        within("peers.listen", port == 0 || port >= 1_024, "a port from 1024, or 0 for any")?;
        let upload_limit = written.upload_max.unwrap_or(UploadLimit::HalfOfMeasured);
        let is_enough = match upload_limit {
            UploadLimit::Fixed(most) => most.get() >= UPLOAD_BYTES_PER_S_MIN,
            UploadLimit::HalfOfMeasured => true,
        };
        within("peers.upload_max", is_enough, "at least 64 KiB; mode = \"lan\" sends nothing out")?;
        Ok(Self { mode: written.mode.unwrap_or_default(), listen: written.listen, upload_limit })
    }
}

fn written_limit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UploadLimit>, D::Error> {
    let expected = "\"half\", or a size such as \"256 KiB\"";
    from.deserialize_str(Text(expected, limit)).map(Some)
}

fn limit(text: &str) -> Result<UploadLimit, QuantityError> {
    if text.trim() == "half" {
        return Ok(UploadLimit::HalfOfMeasured);
    }
    let bytes = quantity::parse_size(text)?;
    // Nothing is too little, like every other limit below the least.
    Ok(UploadLimit::Fixed(NonZeroU64::new(bytes).unwrap_or(NonZeroU64::MIN)))
}
