//! The worker's settings: [`Written`] as a person writes them, [`Config`] as they are meant.

pub(crate) mod form;
mod owner;
mod project;
mod quantity;
mod sharing;
mod written;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use manyhands_core::agent::energy::{CORE_POWER, Power};
use manyhands_core::agent::selfchosen::AWAY_AFTER;
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_core::time::Span;
use manyhands_proto::link::Endpoint;
use serde::Deserialize;

use crate::probe;
use crate::slots::Priority;

pub use self::owner::{Owner, WrittenAllowance, WrittenLimits, WrittenRules};
pub use self::project::{PROJECTS_MAX, ProjectConfig, WrittenProject};
pub use self::quantity::{QuantityError, parse_size, parse_span, size_in_words};
pub use self::sharing::{Mode, Sharing, WrittenSharing};
pub use self::written::{Slots, Written, WrittenPage};

/// Least memory of a slot: less holds no program.
const SLOT_MEMORY_BYTES_MIN: u64 = 1 << 20;

/// Taken for a machine that does not say how much memory it has.
const MEMORY_BYTES_GUESS: u64 = 1 << 30;

/// Longest wait for work of a worker that ends by itself.
const UNTIL_IDLE_MAX: Span = Span::hours(7 * 24);

/// Least cache: one large module and its inputs.
const CACHE_BYTES_MIN: u64 = 1 << 20;

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
    /// A rule makes no sense.
    #[error("{}:{line}:{column}: the rule `{rule}`: {reason}", path.display())]
    Rule {
        /// The settings file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// Its name.
        rule: String,
        /// What is wrong there.
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

    fn check(&self) -> Result<(), ConfigError> {
        name_within("nickname", &self.nickname)?;
        let is_nearby = |it: &ProjectConfig| matches!(it.invite.endpoint(), Endpoint::Nearby(_));
        within(
            "lan",
            self.lan || !self.projects.iter().any(is_nearby),
            "not false with an invite to the local network (lan#KEY)",
        )?;
        let memory = self.slot_memory_bytes >= SLOT_MEMORY_BYTES_MIN;
        within("slot_memory", memory, "at least 1 MiB")?;
        let each = self.cache_bytes_max / self.projects.len() as u64;
        within("cache_max", each >= CACHE_BYTES_MIN, "at least 1 MiB for each project")?;
        let interval = (Span::seconds(1)..=Span::hours(24)).contains(&self.checkpoint_interval);
        within("checkpoint_interval", interval, "from 1 s to 24 h")?;
        let watts = (Power::watts(1)..=Power::watts(100)).contains(&self.core_power);
        within("core_watts", watts, "from 1 to 100")?;
        let is_own = self.page.is_none_or(|listen| listen.ip().is_loopback());
        within("page.listen", is_own, "an address of this machine's own, such as 127.0.0.1:7655")?;
        within("drain_grace", self.drain_grace <= Span::hours(1), "at most 1 h")?;
        let idle =
            self.until_idle.is_none_or(|it| (Span::seconds(1)..=UNTIL_IDLE_MAX).contains(&it));
        within("until_idle", idle, "from 1 s to 168 h")
    }
}

/// Refuses a name that is too long, or would steer a terminal.
fn name_within(key: &'static str, name: &str) -> Result<(), ConfigError> {
    let is_plain = name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control);
    within(key, is_plain, "at most 128 bytes, without control characters")
}

/// Refuses what is not within its bounds.
fn within(key: &'static str, is_within: bool, reason: &str) -> Result<(), ConfigError> {
    if is_within {
        return Ok(());
    }
    Err(ConfigError::OutOfBounds { key, reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use manyhands_core::swarm::UploadLimit;
    use std::num::NonZeroU64;
    use std::path::Path;

    use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
    use manyhands_core::agent::governor::limits::Cores;

    use super::*;

    const INVITE: &str = "manyhands+plain://127.0.0.1:7654/";

    fn written(text: &str) -> Result<Written, ConfigError> {
        Written::parse(text, Path::new("worker.toml"))
    }

    #[test]
    fn defaults_fill_what_is_left_out() {
        let text = format!("invite = \"{INVITE}\"\ndata_dir = \"/tmp/w\"\n");
        let config = Config::new(written(&text).unwrap()).unwrap();
        assert_eq!(config.projects[0].invite.to_string(), INVITE);
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
             checkpoint_upload_max = \"1 MiB\"\ndrain_grace = \"2 s\"\ncore_watts = 9\nlan = false\nchoose_after = \"7 min\"\nuntil_idle = \"5 min\"\nfault = \"lie\"\n\
             [page]\nlisten = \"127.0.0.1:7655\"\n\
             [peers]\nmode = \"full\"\nlisten = \"0.0.0.0:7655\"\nupload_max = \"1 MiB\"\n"
        );
        let config = Config::new(written(&text).unwrap()).unwrap();
        let expect = Config {
            projects: vec![ProjectConfig {
                invite: INVITE.parse().unwrap(),
                share: 1,
                name: String::new(),
            }],
            is_exclusive: true,
            data_dir: "d".into(),
            nickname: "attic".into(),
            slots: NonZeroU32::new(3).unwrap(),
            priority: Priority::Inherited,
            slot_memory_bytes: 256 << 20,
            cache_bytes_max: 1 << 30,
            checkpoint_interval: Span::seconds(5),
            checkpoint_upload_bytes_max: 1 << 20,
            drain_grace: Span::seconds(2),
            lan: false,
            choose_after: Some(Span::minutes(7)),
            until_idle: Some(Span::minutes(5)),
            owner: config.owner.clone(),
            always: true,
            memory_bytes: config.memory_bytes,
            core_power: Power::watts(9),
            page: Some("127.0.0.1:7655".parse().unwrap()),
            settings: "d/settings.toml".into(),
            sharing: Sharing {
                mode: Mode::Full,
                listen: Some("0.0.0.0:7655".parse().unwrap()),
                upload_limit: UploadLimit::Fixed(NonZeroU64::new(1 << 20).unwrap()),
            },
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
        check("[peers]\nupload_max = \"much\"", "worker.toml:2: upload_max: `much` is not a size");
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
    fn owners_say_when_and_how_much() {
        let text = format!(
            "invite = \"{INVITE}\"\ndata_dir = \"d\"\n[limits]\nidle_after = \"10 min\"\n\
             network_per_day = \"2 GiB\"\ndisk_per_day = \"9 GiB\"\n[limits.in_use]\ncores = 1\ncpu = 30\n\
             [limits.idle]\ncores = \"50 %\"\nmemory = \"1 GiB\"\n\
             [sensors]\nprice = \"/run/price\"\n\
             [rules]\ncall = \"\"\nbattery = 'when battery < 50 pause'\n\
             dear = 'when sensor \"price\" > 1 pause'\n"
        );
        let owner = Config::new(written(&text).unwrap()).unwrap().owner;
        let limits = owner.limits;
        assert_eq!(limits.idle_after, Span::minutes(10));
        assert_eq!(limits.network_day_bytes, Some(2 << 30));
        assert_eq!(limits.disk_day_bytes, Some(9 << 30));
        assert_eq!((limits.in_use.cores, limits.in_use.cpu_percent), (Cores::Count(1), 30));
        assert_eq!((limits.idle.cores, limits.idle.memory_bytes), (Cores::Percent(50), 1 << 30));
        let rules: Vec<String> =
            owner.rules.iter().map(|rule| format!("{}: {rule}", rule.name())).collect();
        assert_eq!(rules.len(), DEFAULT_RULES.len(), "one less and one more");
        assert!(rules.contains(&"battery: when battery < 50 pause".to_owned()), "{rules:?}");
        assert!(!rules.iter().any(|rule| rule.starts_with("call")), "{rules:?}");
        assert_eq!(owner.sensors, [("price".into(), "/run/price".into())].into());
    }

    #[test]
    fn a_machine_that_is_there_for_nothing_else_has_only_the_rules_that_are_written() {
        let text = format!(
            "invite = \"{INVITE}\"\ndata_dir = \"d\"\nalways = true\n\
             [rules]\nheat = \"when temperature > 90 pause\"\n"
        );
        let owner = Config::new(written(&text).unwrap()).unwrap().owner;
        assert_eq!(owner.limits.in_use, owner.limits.idle);
        assert!(!owner.limits.yields);
        assert_eq!(owner.rules.iter().map(|rule| &**rule.name()).collect::<Vec<_>>(), ["heat"]);
    }

    #[test]
    fn a_pilot_has_the_machine_for_itself_unless_its_settings_say_otherwise() {
        let read = |more: &str| {
            let text = format!("invite = \"{INVITE}\"\ndata_dir = \"d\"\n{more}");
            let config = Config::new(written(&text).unwrap()).unwrap();
            (config.priority, config.owner.limits.yields, config.owner.rules.is_empty())
        };
        assert_eq!(read(""), (Priority::Lowest, true, false));
        assert_eq!(read("until_idle = \"10 min\""), (Priority::Inherited, false, true));
        let said = "until_idle = \"10 min\"\nalways = false\npriority = \"lowest\"";
        assert_eq!(read(said), (Priority::Lowest, true, false));
    }

    #[test]
    fn a_wrong_rule_is_told_its_place_in_the_file() {
        let check = |text: &str, expect: &str| {
            let shown = written(text).unwrap_err().to_string();
            assert!(shown.starts_with(expect), "{shown}");
        };
        check(
            "slots = 1\n[rules]\nheat = \"when temprature > 80 pause\"\n",
            "worker.toml:3:14: the rule `heat`: `temprature` is neither a sensor",
        );
        check(
            "[rules]\nheat = 'when temperature > 80 pause until < 90'\n",
            "worker.toml:2:43: the rule `heat`: `until` is on the wrong side",
        );
        check(
            "[rules]\nlong = \"\"\"\n  when on battery\n    or else pause\"\"\"\n",
            "worker.toml:4:8: the rule `long`: `else` where `unknown` belongs",
        );
        check(
            "[rules]\na = '''when 25:00-26:00 pause'''\n",
            "worker.toml:2:13: the rule `a`: `25:00` is no time of day",
        );
        check(
            "[rules]\na = 'when sensor \"price\" > 3 pause'\n",
            "worker.toml:2:18: the rule `a`: no sensor \"price\" is provided",
        );
        check("[rules]\nheat = 5\n", "worker.toml:2: heat: ");
        check("[limits.idle]\ncores = \"101 %\"\n", "worker.toml:2: cores: `101 %` is no share");
        check("[limits.idle]\ncores = -1\n", "worker.toml:2: cores: `-1` is not 0 to 4096");
        check("[limits.idle]\ncors = 1\n", "worker.toml:2: cors: unknown field");
    }

    #[test]
    fn values_have_bounds() {
        let check = |line: &str, expect: &str| {
            let text = format!("invite = \"{INVITE}\"\ndata_dir = \"d\"\n{line}\n");
            let error = written(&text).and_then(Config::new).unwrap_err();
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
        check("core_watts = 0", "core_watts");
        check("[page]\nlisten = \"0.0.0.0:7655\"", "page.listen");
        check("until_idle = \"0 s\"", "until_idle");
        check("until_idle = \"169 h\"", "until_idle");
        check("[limits]\nidle_after = \"25 h\"", "limits.idle_after");
        check("[limits.idle]\ncpu = 0", "limits.idle.cpu");
        check("[limits.in_use]\ncpu = 101", "limits.in_use.cpu");
        check("[peers]\nlisten = \"0.0.0.0:80\"", "peers.listen");
        check("[peers]\nupload_max = \"1 KiB\"", "peers.upload_max");
        check("[peers]\nupload_max = \"0 B\"", "peers.upload_max");
        check("[rules]\n\"\" = \"when in call pause\"", "rules and sensors");
    }

    #[test]
    fn invite_and_folder_are_needed() {
        let error = Config::new(Written::default()).unwrap_err();
        assert!(matches!(error, ConfigError::Missing { key: "invite", .. }));
    }
}
