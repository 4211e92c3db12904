//! Bounds of settings that hold whatever else is set.

use manyhands_core::agent::energy::Power;
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_core::time::Span;
use manyhands_proto::link::Endpoint;

use super::{Config, ConfigError, ProjectConfig};

/// Least memory of a slot: less holds no program.
const SLOT_MEMORY_BYTES_MIN: u64 = 1 << 20;

/// Longest wait for work of a worker that ends by itself.
const UNTIL_IDLE_MAX: Span = Span::hours(7 * 24);

/// Least cache: one large module and its inputs.
const CACHE_BYTES_MIN: u64 = 1 << 20;

impl Config {
    /// Refuses values outside their bounds.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
pub(super) fn name_within(key: &'static str, name: &str) -> Result<(), ConfigError> {
    let is_plain = name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control);
    within(key, is_plain, "at most 128 bytes, without control characters")
}

/// Refuses what is not within its bounds.
pub(super) fn within(key: &'static str, is_within: bool, reason: &str) -> Result<(), ConfigError> {
    if is_within {
        return Ok(());
    }
    Err(ConfigError::OutOfBounds { key, reason: reason.to_owned() })
}
