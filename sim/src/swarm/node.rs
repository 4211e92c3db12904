//! One virtual host of a swarm.

use std::collections::BTreeMap;

use manyhands_core::swarm::{Exchange, PeerId};

use super::agenda::{At, LinkAt};
use super::line::Line;
use crate::chance::Chance;

/// What a host is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// The coordinator.
    Origin,
    /// It wants the blob, and gives what it has.
    Honest,
    /// It wants the blob, and leaves before it may have it.
    Leaving,
    /// It passes on bytes that do not match, and says from the start that it has everything.
    Boaster,
    /// It takes part like others, but what it passes on does not match.
    Sleeper,
}

/// A host.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) nature: Nature,
    pub(super) exchange: Exchange,
    pub(super) chance: Chance,
    pub(super) line: Line,
    /// Whether others can dial it.
    pub(super) is_reachable: bool,
    pub(super) is_here: bool,
    pub(super) finished_at_us: Option<u64>,
    /// Parts of pieces that have come, in order, not complete yet.
    pub(super) parts: BTreeMap<(PeerId, u32), u32>,
    /// Who sent bytes that did not match: never dialled again.
    pub(super) banned: Vec<At>,
    /// The links it has, and to whom.
    pub(super) links: BTreeMap<LinkAt, At>,
    /// Bytes that came and were of no use.
    pub(super) wasted_bytes: u64,
}

impl Node {
    pub(super) fn new(nature: Nature, exchange: Exchange, line: Line, chance: Chance) -> Self {
        Self {
            nature,
            exchange,
            chance,
            line,
            is_reachable: true,
            is_here: false,
            finished_at_us: None,
            parts: BTreeMap::new(),
            banned: Vec::new(),
            links: BTreeMap::new(),
            wasted_bytes: 0,
        }
    }

    pub(super) fn is_hostile(&self) -> bool {
        matches!(self.nature, Nature::Boaster | Nature::Sleeper)
    }

    pub(super) fn knows(&self, other: At) -> bool {
        self.banned.contains(&other) || self.links.values().any(|at| *at == other)
    }
}
