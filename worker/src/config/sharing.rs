//! `[peers]`: what this machine exchanges with other workers.

use std::net::SocketAddr;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::{ConfigError, quantity, within};

/// A part goes at once, and whoever waits for one longer than fifteen seconds gives up: with less, several at once would.
const UPLOAD_BYTES_PER_S_MIN: u64 = 64 << 10;

/// A line that nobody has measured: what most have to spare, and a person does not feel.
const UPLOAD_BYTES_PER_S: u64 = 256 << 10;

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
    /// `upload_max`: most bytes sent to other networks in a second, all peers together. Default "256 KiB".
    #[serde(default, deserialize_with = "quantity::size")]
    pub upload_max: Option<u64>,
}

/// The table as meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// With whom.
    pub mode: Mode,
    /// Where others dial this worker; none for all addresses, or loopback if the coordinator is there, and any free port.
    pub listen: Option<SocketAddr>,
    /// Most bytes that are sent to other networks in a second.
    pub upload_bytes_per_s: NonZeroU64,
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
    /// The bound on what is sent to other networks, whatever the mode: "256 KiB".
    pub(crate) fn upload_in_words(&self) -> String {
        quantity::size_in_words(self.upload_bytes_per_s.get())
    }

    /// Most bytes that are sent to other networks in a second; none where nothing is, or where that is not limited.
    pub(crate) fn upload_max(&self) -> Option<u64> {
        (self.mode == Mode::Full).then(|| self.upload_bytes_per_s.get())
    }

    /// Fills the gaps.
    ///
    /// # Errors
    /// [`ConfigError::OutOfBounds`].
    pub(super) fn new(written: WrittenSharing) -> Result<Self, ConfigError> {
        let bytes_per_s = written.upload_max.unwrap_or(UPLOAD_BYTES_PER_S);
        let port = written.listen.map_or(0, |listen| listen.port());
        within("peers.listen", port == 0 || port >= 1_024, "a port from 1024, or 0 for any")?;
        let is_enough = bytes_per_s >= UPLOAD_BYTES_PER_S_MIN;
        within("peers.upload_max", is_enough, "at least 64 KiB; mode = \"lan\" sends nothing out")?;
        Ok(Self {
            mode: written.mode.unwrap_or_default(),
            listen: written.listen,
            upload_bytes_per_s: NonZeroU64::new(bytes_per_s).unwrap_or(NonZeroU64::MAX),
        })
    }
}
