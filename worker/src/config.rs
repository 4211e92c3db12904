//! The worker's settings: [`Written`] as a person writes them, [`Config`] as they are meant.

mod bounds;
mod error;
pub(crate) mod form;
mod owner;
mod project;
mod quantity;
mod sharing;
mod written;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use manyhands_core::agent::energy::{CORE_POWER, Power};
use manyhands_core::agent::selfchosen::AWAY_AFTER;
use manyhands_core::time::Span;
use serde::Deserialize;

use crate::probe;
use crate::slots::Priority;

pub use self::error::ConfigError;
pub use self::owner::{Owner, WrittenAllowance, WrittenLimits, WrittenRules};
pub use self::project::{PROJECTS_MAX, ProjectConfig, WrittenProject};
pub use self::quantity::{QuantityError, parse_size, parse_span, size_in_words};
pub use self::sharing::{Mode, Sharing, WrittenSharing};
pub use self::written::{Slots, Written, WrittenPage};

/// Taken for a machine that does not say how much memory it has.
const MEMORY_BYTES_GUESS: u64 = 1 << 30;

/// What a worker does, for whom, and within what limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// For whom to work; at least one, and no coordinator twice.
    pub projects: Vec<ProjectConfig>,
    /// Whether the data folder is for this one project only, since no more can be named where it was named: in `invite`.
    pub is_exclusive: bool,
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
    /// Whether to look for the coordinator on the local network when it is nowhere else.
    pub lan: bool,
    /// How long the coordinator is to be away until units are chosen here; never, if there is none.
    pub choose_after: Option<Span>,
    /// Without anything to compute until the worker ends by itself.
    pub until_idle: Option<Span>,
    /// When the machine may be used, and how much of it.
    pub owner: Owner,
    /// Whether the person and other programs are out of account.
    pub always: bool,
    /// Of the machine, or what it is taken to have.
    pub memory_bytes: u64,
    /// What a core draws more when it is busy.
    pub core_power: Power,
    /// Where the page listens from the start.
    pub page: Option<SocketAddr>,
    /// The settings file that the page writes.
    pub settings: PathBuf,
    /// What is exchanged with other workers.
    pub sharing: Sharing,
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
        let memory_bytes = probe::memory_bytes().unwrap_or(MEMORY_BYTES_GUESS);
        let slot_memory_bytes =
            written.slot_memory.unwrap_or_else(|| memory_bytes / 2 / u64::from(slots.get()));
        let memory_bytes = memory_bytes.max(2 * slot_memory_bytes * u64::from(slots.get()));
        let owner = Owner::new(&written, memory_bytes)?;
        let always = written.is_always();
        let is_exclusive = written.invite.is_some();
        let projects = project::read(written.invite, written.project)?;
        let data_dir = written.data_dir.ok_or(ConfigError::Missing {
            key: "data_dir",
            hint: "name a folder for the worker's data, in the settings or with --data",
        })?;
        let settings = written.settings.unwrap_or_else(|| data_dir.join("settings.toml"));
        let config = Self {
            projects,
            is_exclusive,
            data_dir,
            nickname: written.nickname.unwrap_or_default(),
            slots,
            priority: written.priority.unwrap_or_else(|| match written.until_idle {
                Some(_) => Priority::Inherited,
                None => Priority::default(),
            }),
            slot_memory_bytes,
            cache_bytes_max: written.cache_max.unwrap_or(4 << 30),
            checkpoint_interval: written.checkpoint_interval.unwrap_or(Span::seconds(30)),
            checkpoint_upload_bytes_max: written.checkpoint_upload_max.unwrap_or(16 << 20),
            drain_grace: written.drain_grace.unwrap_or(Span::seconds(20)),
            lan: written.lan.unwrap_or(true),
            choose_after: (written.chooses != Some(false))
                .then(|| written.choose_after.unwrap_or(AWAY_AFTER)),
            until_idle: written.until_idle,
            owner,
            always,
            memory_bytes,
            core_power: written.core_watts.map_or(CORE_POWER, Power::watts),
            page: written.page.listen,
            settings,
            sharing: Sharing::new(written.peers)?,
            fault: written.fault,
        };
        config.check().map(|()| config)
    }

    /// What the owner allows by another text of the settings, if a worker would start with it; what was said on the command
    /// line stays.
    ///
    /// # Errors
    /// [`ConfigError::OutOfBounds`].
    pub(crate) fn owner_of(&self, mut written: Written) -> Result<Owner, ConfigError> {
        written.always = Some(self.always);
        written.invite = None;
        written.project = self.projects.iter().cloned().map(Into::into).collect();
        written.data_dir = Some(self.data_dir.clone());
        Self::new(written.clone())?;
        let faked = written.sensors_from.take().or_else(|| self.owner.faked_sensors.clone());
        Ok(Owner { faked_sensors: faked, ..Owner::new(&written, self.memory_bytes)? })
    }

    /// What a project exchanges with other workers: one port is for one project, the first.
    pub(crate) fn sharing_of(&self, project: &ProjectConfig) -> Sharing {
        let is_first = self.projects.first() == Some(project);
        Sharing { listen: self.sharing.listen.filter(|_| is_first), ..self.sharing }
    }
}

#[cfg(test)]
mod tests;
