//! The configuration as meant: read from TOML, checked once, then only passed along.

mod network;
mod quantity;
mod written;

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use manyhands_core::block::Block;
pub use network::{Network, NetworkError};
use written::Written;

/// How a coordinator runs. `deploy/coordinator.toml` explains every key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `host` or `host:port` that invites name instead of the bound address.
    pub public: Option<String>,
    /// Folder of the key, the database and the blobs; made when missing.
    pub data_dir: PathBuf,
    /// Without TLS; `listen` is then a loopback address.
    pub plain: bool,
    /// Whether to announce key and port on the local network.
    pub lan: bool,
    /// A file with the project's record of its coordinators, to be taken up at the start.
    pub record: Option<PathBuf>,
    /// Whether any key may enrol as a host without an invite.
    pub open_enrolment: bool,
    /// Networks whose hosts count for themselves, also if their addresses are public.
    pub own_networks: Vec<Network>,
    /// How often workers renew their leases.
    pub heartbeat: Duration,
    /// How long calls in flight may take to end at a stop.
    pub drain: Duration,
    /// When hosts with wrong answers get no work, and for how long.
    pub suspension: Suspension,
    /// What is kept on disk by digest.
    pub blobs: BlobPolicy,
    /// How large blobs come to workers.
    pub peers: Sharing,
    /// Bounds that protect the coordinator.
    pub limits: Limits,
}

/// How large blobs come to workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// Whether they come in pieces, which workers pass on to each other. Never without TLS, which proves who is who.
    pub share: bool,
    /// How much of a blob the coordinator sends, in percent of its size. More gets only a worker for whom nobody else has
    /// anything.
    pub budget_percent: u32,
}

/// When hosts with wrong answers get no work, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// Wrong answers by a quorum after which a host is suspended; in a job with a confidence, the
    /// first one does it.
    pub answers: u32,
    /// How long a host that seems to be faulty is suspended the first time; doubled each time.
    pub rest: Duration,
    /// The longest such time.
    pub rest_max: Duration,
}

/// What the blob store accepts and when it forgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPolicy {
    /// How often blobs that nothing refers to are removed.
    pub sweep: Duration,
    /// How long such a blob is kept after it was last put or asked about.
    pub grace: Duration,
    /// Largest blob accepted.
    pub size_bytes_max: u64,
}

/// Bounds of calls and streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest message of a call.
    pub message_bytes_max: usize,
    /// Largest output that travels inside a report.
    pub inline_bytes_max: u64,
    /// Reports, renewals or leases in one message.
    pub batch_max: u32,
    /// Hosts connected at a time.
    pub hosts_max: u32,
    /// Calls in progress at a time.
    pub requests_max: u32,
    /// Calls of one key each second, in the long run.
    pub requests_per_s: u32,
    /// Calls of one key at once, after a quiet time.
    pub requests_burst: u32,
    /// How long a call may take that is not a stream.
    pub request_time: Duration,
}

/// The longest rest of a suspended host.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not TOML, names an unknown key, or has a value of the wrong form.
    #[error("{file}, line {line}: {message}")]
    Line {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The key and what is wrong with it.
        message: String,
    },
    /// A value is understood but cannot be used.
    #[error("{file}, key `{key}`: {reason}")]
    Value {
        /// The file.
        file: String,
        /// The key with its table, such as `limits.batch`.
        key: &'static str,
        /// What would do.
        reason: &'static str,
    },
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Names the file, the line or key, and what is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a configuration; `file` is how errors call it.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let written = toml::from_str(text).map_err(|error| line_error(&error, text, file))?;
        let config = mean(written);
        match config.flaw() {
            None => Ok(config),
            Some((key, reason)) => Err(ConfigError::Value { file: file.to_owned(), key, reason }),
        }
    }

    /// The defaults, with the given data folder.
    #[must_use]
    pub fn in_folder(data_dir: PathBuf) -> Self {
        Self { data_dir, ..mean(Written::default()) }
    }

    /// The public block of a remote address; none if it is on a network of the operator's own. All
    /// hosts of one block count as one volunteer.
    #[must_use]
    pub fn block(&self, address: IpAddr) -> Option<Block> {
        network::block(&self.own_networks, address)
    }

    /// The first key whose value cannot be used, and what would do.
    #[must_use]
    pub fn flaw(&self) -> Option<(&'static str, &'static str)> {
        let limits = &self.limits;
        let checks = [
            (
                self.plain && !self.listen.ip().is_loopback(),
                "plain",
                "only a loopback `listen` address may be served without TLS",
            ),
            (self.heartbeat < Duration::from_secs(1), "heartbeat", "must be 1 s or more"),
            (
                !(1..=1_000).contains(&self.suspension.answers),
                "suspension.answers",
                "must be from 1 to 1000",
            ),
            (
                self.suspension.rest < Duration::from_secs(1),
                "suspension.rest",
                "must be 1 s or more",
            ),
            (
                !(self.suspension.rest..=YEAR).contains(&self.suspension.rest_max),
                "suspension.rest_max",
                "must be from `suspension.rest` to 365 d",
            ),
            (self.blobs.sweep < Duration::from_secs(1), "blobs.sweep", "must be 1 s or more"),
            (self.blobs.grace < Duration::from_secs(60), "blobs.grace", "must be 1 min or more"),
            (
                !(64 << 10..=64 << 20).contains(&limits.message_bytes_max),
                "limits.message",
                "must be from 64 KiB to 64 MiB",
            ),
            (
                !(100..=10_000).contains(&self.peers.budget_percent),
                "peers.budget_percent",
                "must be from 100 to 10000",
            ),
            (limits.inline_bytes_max > 64 << 10, "limits.inline", "must be at most 64 KiB"),
            (!(1..=10_000).contains(&limits.batch_max), "limits.batch", "must be from 1 to 10000"),
            (limits.hosts_max == 0, "limits.hosts", "must be 1 or more"),
            (limits.requests_max == 0, "limits.requests", "must be 1 or more"),
            (limits.requests_per_s == 0, "limits.requests_per_s", "must be 1 or more"),
            (limits.requests_burst == 0, "limits.requests_burst", "must be 1 or more"),
            (limits.request_time.is_zero(), "limits.request_time", "must be longer than nothing"),
        ];
        checks.into_iter().find(|check| check.0).map(|(_, key, reason)| (key, reason))
    }
}

/// Fills in the defaults.
fn mean(written: Written) -> Config {
    let Written { suspension, blobs, peers, limits, .. } = written;
    let span = |given: Option<quantity::Span>, seconds| {
        given.map_or_else(|| Duration::from_secs(seconds), |span| span.0)
    };
    let message = limits.message.map_or(4 << 20, |size| size.0);
    Config {
        listen: written.listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 7654))),
        public: written.public,
        data_dir: written.data_dir.unwrap_or_else(|| PathBuf::from("manyhands-data")),
        plain: written.plain.unwrap_or(false),
        lan: written.lan.unwrap_or(true),
        record: written.record,
        open_enrolment: written.open_enrolment.unwrap_or(false),
        own_networks: written.own_networks,
        heartbeat: span(written.heartbeat, 30),
        drain: span(written.drain, 10),
        suspension: Suspension {
            answers: suspension.answers.unwrap_or(3),
            rest: span(suspension.rest, 86_400),
            rest_max: span(suspension.rest_max, 365 * 86_400),
        },
        blobs: BlobPolicy {
            sweep: span(blobs.sweep, 3_600),
            grace: span(blobs.grace, 86_400),
            size_bytes_max: blobs.size_max.map_or(4 << 30, |size| size.0),
        },
        peers: Sharing {
            share: peers.share.unwrap_or(true),
            budget_percent: peers.budget_percent.unwrap_or(106),
        },
        limits: Limits {
            message_bytes_max: usize::try_from(message).unwrap_or(usize::MAX),
            inline_bytes_max: limits.inline.map_or(16 << 10, |size| size.0),
            batch_max: limits.batch.unwrap_or(1_000),
            hosts_max: limits.hosts.unwrap_or(10_000),
            requests_max: limits.requests.unwrap_or(1_024),
            requests_per_s: limits.requests_per_s.unwrap_or(1_000),
            requests_burst: limits.requests_burst.unwrap_or(4_000),
            request_time: span(limits.request_time, 30),
        },
    }
}

/// Puts file, line and key in front of what the TOML reader said.
fn line_error(error: &toml::de::Error, text: &str, file: &str) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let key = text.lines().nth(line - 1).and_then(|l| l.split_once('=')).map(|(key, _)| key.trim());
    let message = match key {
        Some(key) if !error.message().contains(key) => format!("{key}: {}", error.message()),
        Some(_) | None => error.message().to_owned(),
    };
    ConfigError::Line { file: file.to_owned(), line, message }
}

#[cfg(test)]
mod tests;
