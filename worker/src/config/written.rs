//! The worker's settings as written, in TOML. The comments on the fields are their reference.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use manyhands_core::time::Span;
use manyhands_proto::invite::Invite;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::owner::{WrittenLimits, WrittenRules};
use super::project::{self, WrittenProject};
use super::quantity;
use super::sharing::WrittenSharing;
use super::{ConfigError, Fault};
use crate::slots::Priority;

/// What a settings file may say. Every key may be left out; an unknown one is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// `invite`: which coordinator to work for, as its operator gave it. It carries the
    /// coordinator's key, and a secret when joining is by invitation only.
    #[serde(default, deserialize_with = "invite")]
    pub invite: Option<Invite>,
    /// `[[project]]`: several coordinators to work for, in the place of `invite`, and how much for each.
    #[serde(default)]
    pub project: Vec<WrittenProject>,
    /// `data_dir`: folder for the key, unreported results and cached blobs. One worker to a folder.
    pub data_dir: Option<PathBuf>,
    /// `nickname`: what others see of this machine, at most 128 bytes. Default: `host-` and the
    /// beginning of its key.
    pub nickname: Option<String>,
    /// `slots`: programs at once: a number, or "auto" (default) for one on each core that the worker may use: those
    /// that it is bound to, its control groups leave it, and Slurm or HTCondor gave it.
    pub slots: Option<Slots>,
    /// `priority`: what programs take of a busy machine: "lowest" (default) is what nobody else
    /// wants; "inherited" as much as the worker itself, for machines that a scheduler shares out.
    pub priority: Option<Priority>,
    /// `slot_memory`: memory that one program may have. Default: half of the machine's, shared
    /// among the slots.
    #[serde(default, deserialize_with = "quantity::size")]
    pub slot_memory: Option<u64>,
    /// `cache_max`: disk for downloaded blobs; the longest unused go first. Default "4 GiB".
    #[serde(default, deserialize_with = "quantity::size")]
    pub cache_max: Option<u64>,
    /// `checkpoint_interval`: how often running programs are saved, so that no more work than
    /// this is lost to a crash. Default "30 s".
    #[serde(default, deserialize_with = "quantity::span")]
    pub checkpoint_interval: Option<Span>,
    /// `checkpoint_upload_max`: larger checkpoints stay on this machine. Default "16 MiB".
    #[serde(default, deserialize_with = "quantity::size")]
    pub checkpoint_upload_max: Option<u64>,
    /// `lan`: when the coordinator answers at no known place, ask on the local network whether it is there; whoever listens
    /// there then hears that somebody looks for a grid, and not for which one. Default true.
    pub lan: Option<bool>,
    /// `chooses`: when the coordinator is away and nothing is left to do, compute units of the same jobs that this worker
    /// chooses itself, and hand them in later. Only of jobs that check every such answer. Default true.
    pub chooses: Option<bool>,
    /// `choose_after`: how long the coordinator is to be away for that. Default "5 min".
    #[serde(default, deserialize_with = "quantity::span")]
    pub choose_after: Option<Span>,
    /// `drain_grace`: how long a worker that is told to stop may take to save programs and hand
    /// in reports. Default "20 s".
    #[serde(default, deserialize_with = "quantity::span")]
    pub drain_grace: Option<Span>,
    /// `until_idle`: end after so long without anything to compute. Such a worker is a pilot: a cluster's scheduler
    /// gave it the machine for a while, so `always` is true and `priority` "inherited" unless they are said.
    /// Default: never.
    #[serde(default, deserialize_with = "quantity::span")]
    pub until_idle: Option<Span>,
    /// `always`: compute whatever the person, the battery and other programs do. Only what `[limits]` and
    /// `[rules]` say themselves still holds. For machines that are there for nothing else. Default false.
    pub always: Option<bool>,
    /// `core_watts`: what a core draws more when it is busy, to estimate what was taken from the socket where the
    /// processor's own meter cannot be read; 1 to 100. Default 5.
    pub core_watts: Option<u32>,
    /// `sensors_from`: a file that pretends all sensors of the machine, to try out rules.
    pub sensors_from: Option<PathBuf>,
    /// `[limits]`: how much of the machine may be used.
    #[serde(default)]
    pub limits: WrittenLimits,
    /// `[sensors]`: files with a number in them, which rules may ask for by name.
    #[serde(default)]
    pub sensors: BTreeMap<String, PathBuf>,
    /// `[peers]`: what is exchanged with other workers.
    #[serde(default)]
    pub peers: WrittenSharing,
    /// `[rules]`: what is forbidden, and when. A default rule is replaced by one of its name, and taken
    /// away by an empty one.
    #[serde(default)]
    pub rules: WrittenRules,
    /// `[page]`: the worker's page for its owner.
    #[serde(default)]
    pub page: WrittenPage,
    /// A test device, see [`Fault`].
    pub fault: Option<Fault>,
    /// The settings file that the owner's page writes, not part of it. Default: `settings.toml` in the data folder.
    #[serde(skip)]
    pub settings: Option<PathBuf>,
}

/// `[page]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPage {
    /// `listen`: the page is opened there as soon as the worker starts, on an address of this machine's own, such as
    /// "127.0.0.1:7655". Default: only when `manyhands worker page` asks for it, on a port that is free.
    pub listen: Option<SocketAddr>,
}

/// How many programs run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// One on each core.
    Auto,
    /// So many.
    Count(NonZeroU32),
}

/// More slots than this are a typing error.
const SLOTS_MAX: u32 = 1024;

impl Written {
    /// Reads a settings file.
    ///
    /// # Errors
    /// [`ConfigError`], naming file, line and key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// All invites.
    #[must_use]
    pub fn invites(&self) -> Vec<Invite> {
        let several = self.project.iter().map(|project| &project.invite);
        self.invite.iter().chain(several).cloned().collect()
    }

    /// Takes up invites that somebody gives beside the file. In the place of a single one they are all that counts; of
    /// several projects, those that are named again get another invite, and the others are added.
    pub fn join(&mut self, given: Vec<Invite>) {
        project::join(&mut self.invite, &mut self.project, given);
    }

    /// Whether the person and other programs are out of account.
    pub(super) fn is_always(&self) -> bool {
        self.always.unwrap_or_else(|| self.until_idle.is_some())
    }

    /// Reads settings from `text`; `path` only names them in errors.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], naming file, line and key.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut written: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            let key = text[line_start..].lines().next().and_then(|line| line.split_once('='));
            ConfigError::Invalid {
                path: path.to_owned(),
                line: text[..start].matches('\n').count() + 1,
                key: key.map_or_else(String::new, |(key, _)| format!("{}: ", key.trim())),
                // The parser's message may have more lines, which repeat the text.
                reason: error.message().lines().next().unwrap_or_default().to_owned(),
            }
        })?;
        written.rules.read(&written.sensors, text, path)?;
        Ok(written)
    }
}

fn invite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Invite>, D::Error> {
    project::invite(deserializer).map(Some)
}

impl FromStr for Slots {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse()
            .ok()
            .filter(|count: &NonZeroU32| count.get() <= SLOTS_MAX)
            .map(Self::Count)
            .ok_or_else(|| format!("`{text}` is neither \"auto\" nor 1 to {SLOTS_MAX}"))
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Slots;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of slots or \"auto\"")
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Slots, E> {
                count.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Slots, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
