//! What happens in a swarm.

use manyhands_core::swarm::Message;

use crate::timeline::Timeline;

/// A host, by its place; the origin is 0.
pub(super) type At = u32;

/// A link between two hosts, by its place.
pub(super) type LinkAt = u32;

/// Something that happens to a host.
#[derive(Debug)]
pub(super) enum Event {
    /// It arrives.
    Arrive,
    /// It goes away without a word.
    Leave,
    /// A second has passed.
    Tick,
    /// Its uplink has sent a part.
    LineFree,
    /// A link is there.
    Linked(LinkAt),
    /// A link is gone.
    Unlinked(LinkAt),
    /// Something was said.
    Said(LinkAt, Box<Message>),
    /// A part of a piece has come.
    Part(LinkAt, Arrival),
    /// A host says of another one that it sends bytes that do not match.
    Accused {
        /// Who says so.
        by: At,
        /// Of whom.
        host: At,
    },
}

/// A part of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) piece: u32,
    /// Its place in the piece.
    pub(super) part: u32,
    pub(super) is_last: bool,
    /// It does not match.
    pub(super) is_bad: bool,
}

/// Everything that is going to happen, in microseconds, and to which host.
pub(super) type Agenda = Timeline<u64, (At, Event)>;
