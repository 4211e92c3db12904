//! The worker's settings: [`Written`] as a person writes them, [`Config`] as they are meant.

mod quantity;
mod written;

use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;

use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_core::time::Span;
use manyhands_proto::invite::Invite;
use serde::Deserialize;

use crate::probe;
use crate::slots::Priority;

pub use self::quantity::{QuantityError, parse_size, parse_span};
pub use self::written::{Slots, Written};

/// Least memory of a slot: less holds no program.
const SLOT_MEMORY_BYTES_MIN: u64 = 1 << 20;

/// Taken for a machine that does not say how much memory it has.
const MEMORY_BYTES_GUESS: u64 = 1 << 30;

/// Least cache: one large module and its inputs.
const CACHE_BYTES_MIN: u64 = 1 << 20;

/// What a worker does, for whom, and within what limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The coordinator to work for.
    pub invite: Invite,
    /// Folder for the key, the spool and the cache.
    pub data_dir: PathBuf,
    /// What others see of this machine; if empty, `host-` and the beginning of its key.
    pub nickname: String,
    /// Programs at once.
    pub slots: NonZeroU32,
    /// What programs take of a busy machine.
    pub priority: Priority,
    /// Memory that one program may have.
    pub slot_memory_bytes: u64,
    /// Disk for cached blobs.
    pub cache_bytes_max: u64,
    /// Between two checkpoints of a running program.
    pub checkpoint_interval: Span,
    /// Larger checkpoints are not uploaded.
    pub checkpoint_upload_bytes_max: u64,
    /// From being told to stop to stopping, at most.
    pub drain_grace: Span,
    /// A test device.
    pub fault: Option<Fault>,
}

/// Test devices: how a worker can be made to misbehave, so that tests and the demo can show that
/// the grid notices. Never set on a real machine: what such a host computes is refuted, and the
/// host with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Flips a bit in each output before it is reported.
    Lie,
    /// `{ collude = "FILE" }`: does so now and then, and wherever another worker did that shares
    /// the file.
    Collude(PathBuf),
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read the settings in {}: {source}", path.display())]
    Read {
        /// The settings file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file's text is wrong.
    #[error("{}:{line}: {key}{reason}", path.display())]
    Invalid {
        /// The settings file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key and `: `, or nothing where the line has none.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A needed key is nowhere.
    #[error("`{key}` is not set: {hint}")]
    Missing {
        /// The key.
        key: &'static str,
        /// Where to set it.
        hint: &'static str,
    },
    /// A value is outside its bounds.
    #[error("{key}: {reason}")]
    OutOfBounds {
        /// The key.
        key: &'static str,
        /// The bound.
        reason: String,
    },
}

impl Config {
    /// Fills the gaps of `written` with defaults that suit this machine.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] without an invite or data folder, [`ConfigError::OutOfBounds`].
    pub fn new(written: Written) -> Result<Self, ConfigError> {
        let slots = match written.slots.unwrap_or(Slots::Auto) {
            Slots::Auto => probe::cores(),
            Slots::Count(count) => count,
        };
        let half = || probe::memory_bytes().unwrap_or(MEMORY_BYTES_GUESS) / 2;
        let slot_memory_bytes =
            written.slot_memory.unwrap_or_else(|| half() / u64::from(slots.get()));
        let config = Self {
            invite: written.invite.ok_or(ConfigError::Missing {
                key: "invite",
                hint: "give the invite of a coordinator, in the settings or with --join",
            })?,
            data_dir: written.data_dir.ok_or(ConfigError::Missing {
                key: "data_dir",
                hint: "name a folder for the worker's data, in the settings or with --data",
            })?,
            nickname: written.nickname.unwrap_or_default(),
            slots,
            priority: written.priority.unwrap_or_default(),
            slot_memory_bytes,
            cache_bytes_max: written.cache_max.unwrap_or(4 << 30),
            checkpoint_interval: written.checkpoint_interval.unwrap_or(Span::seconds(30)),
            checkpoint_upload_bytes_max: written.checkpoint_upload_max.unwrap_or(16 << 20),
            drain_grace: written.drain_grace.unwrap_or(Span::seconds(20)),
            fault: written.fault,
        };
        config.check().map(|()| config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let bound = |key, ok: bool, reason: &str| {
            if ok {
                Ok(())
            } else {
                Err(ConfigError::OutOfBounds { key, reason: reason.to_owned() })
            }
        };
        let short = self.nickname.len() <= NAME_BYTES_MAX;
        let plain = !self.nickname.chars().any(char::is_control);
        bound("nickname", short && plain, "at most 128 bytes, without control characters")?;
        let memory = self.slot_memory_bytes >= SLOT_MEMORY_BYTES_MIN;
        bound("slot_memory", memory, "at least 1 MiB")?;
        bound("cache_max", self.cache_bytes_max >= CACHE_BYTES_MIN, "at least 1 MiB")?;
        let interval = (Span::seconds(1)..=Span::hours(24)).contains(&self.checkpoint_interval);
        bound("checkpoint_interval", interval, "from 1 s to 24 h")?;
        bound("drain_grace", self.drain_grace <= Span::hours(1), "at most 1 h")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const INVITE: &str = "manyhands+plain://127.0.0.1:7654/";

    fn written(text: &str) -> Result<Written, ConfigError> {
        Written::parse(text, Path::new("worker.toml"))
    }

    #[test]
    fn defaults_fill_what_is_left_out() {
        let text = format!("invite = \"{INVITE}\"\ndata_dir = \"/tmp/w\"\n");
        let config = Config::new(written(&text).unwrap()).unwrap();
        assert_eq!(config.invite.to_string(), INVITE);
        assert_eq!(config.slots, probe::cores());
        assert_eq!(config.checkpoint_interval, Span::seconds(30));
        assert_eq!(config.checkpoint_upload_bytes_max, 16 << 20);
        assert_eq!(config.fault, None);
    }

    #[test]
    fn every_key_is_understood() {
        let text = format!(
            "invite = \"{INVITE}\"\ndata_dir = \"d\"\nnickname = \"attic\"\nslots = 3\n\
             priority = \"inherited\"\nslot_memory = \"256 MiB\"\ncache_max = \"1 GiB\"\ncheckpoint_interval = \"5 s\"\n\
             checkpoint_upload_max = \"1 MiB\"\ndrain_grace = \"2 s\"\nfault = \"lie\"\n"
        );
        let config = Config::new(written(&text).unwrap()).unwrap();
        let expect = Config {
            invite: INVITE.parse().unwrap(),
            data_dir: "d".into(),
            nickname: "attic".into(),
            slots: NonZeroU32::new(3).unwrap(),
            priority: Priority::Inherited,
            slot_memory_bytes: 256 << 20,
            cache_bytes_max: 1 << 30,
            checkpoint_interval: Span::seconds(5),
            checkpoint_upload_bytes_max: 1 << 20,
            drain_grace: Span::seconds(2),
            fault: Some(Fault::Lie),
        };
        assert_eq!(config, expect);
    }

    #[test]
    fn the_sample_is_valid_with_and_without_its_comments() {
        const SAMPLE: &str = include_str!("../../deploy/worker.toml");
        let config = Config::new(written(SAMPLE).unwrap()).unwrap();
        // What it shows in comments are the defaults, but for the memory.
        let shown: String = SAMPLE
            .lines()
            .map(|line| match line.strip_prefix("# ").filter(|rest| rest.contains(" = ")) {
                Some(setting) => format!("{setting}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        let all = Config::new(written(&shown).unwrap()).unwrap();
        assert_eq!(Config { slot_memory_bytes: config.slot_memory_bytes, ..all }, config);
        assert!(shown.contains("\nslot_memory"));
    }

    #[test]
    fn errors_name_file_line_and_key() {
        let check = |text: &str, expect: &str| {
            let shown = written(text).unwrap_err().to_string();
            assert!(shown.starts_with(expect), "{shown}");
        };
        check("\nslots = 0", "worker.toml:2: slots: `0` is neither \"auto\" nor 1 to 1024");
        check("slots = \"many\"", "worker.toml:1: slots: `many` is neither");
        check("#\n\ncache_max = 5", "worker.toml:3: cache_max: ");
        check("cache_max = \"5 GB\"", "worker.toml:1: cache_max: `5 GB` is not a size");
        check("invite = \"http://x\"", "worker.toml:1: invite: an invite starts with");
        check("fault = \"x\"", "worker.toml:1: fault: ");
        check("fault = \"collude\"", "worker.toml:1: fault: ");
        check("slotz = 1", "worker.toml:1: slotz: unknown field");
        check("slots = ", "worker.toml:1: slots: ");
        check("slots", "worker.toml:1: ");
    }

    #[test]
    fn values_have_bounds() {
        let check = |line: &str, expect: &str| {
            let text = format!("invite = \"{INVITE}\"\ndata_dir = \"d\"\n{line}\n");
            let error = Config::new(written(&text).unwrap()).unwrap_err();
            assert!(
                matches!(error, ConfigError::OutOfBounds { key, .. } if key == expect),
                "{line}"
            );
        };
        check(&format!("nickname = \"{}\"", "x".repeat(129)), "nickname");
        check("nickname = \"a\\u0007\"", "nickname");
        check("slot_memory = \"1 KiB\"", "slot_memory");
        check("cache_max = \"0 B\"", "cache_max");
        check("checkpoint_interval = \"0 s\"", "checkpoint_interval");
        check("drain_grace = \"2 h\"", "drain_grace");
    }

    #[test]
    fn invite_and_folder_are_needed() {
        let error = Config::new(Written::default()).unwrap_err();
        assert!(matches!(error, ConfigError::Missing { key: "invite", .. }));
    }
}
