//! What goes into an exchange, and what comes out.

use super::message::Message;

/// A neighbour: one link to one peer, numbered by the shell, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// What a neighbour is, as its key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A host like others.
    Peer,
    /// The coordinator, which had the blob first. It sends pieces that nobody asked for.
    Origin,
}

/// Something that happened to the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a link to a peer that takes part in this blob's swarm.
    Joined {
        /// The new neighbour.
        peer: PeerId,
        /// What it is.
        role: Role,
    },
    /// A link has ended.
    Left(PeerId),
    /// A neighbour has said something.
    Heard {
        /// Who.
        peer: PeerId,
        /// What.
        message: Message,
    },
    /// A part of a piece has come, not verified. Keep it only if
    /// [`Exchange::expects`](super::Exchange::expects) it now.
    Part {
        /// From whom.
        from: PeerId,
        /// Of which piece.
        piece: u32,
        /// Whether it is the piece's beginning.
        is_first: bool,
    },
    /// A piece is complete, verified against the blob's digest, and stored.
    Arrived {
        /// From whom.
        from: PeerId,
        /// Which.
        piece: u32,
    },
    /// A piece did not match the blob's digest.
    Corrupt {
        /// From whom: all of it, so there is no doubt.
        from: PeerId,
        /// Which.
        piece: u32,
    },
    /// The transport took a part of a piece that is being uploaded.
    Sent {
        /// To whom.
        to: PeerId,
        /// Of which piece.
        piece: u32,
    },
    /// A neighbour says that another one sends bytes that do not match. That may be a lie.
    Accused {
        /// Who says so.
        by: PeerId,
        /// Of whom.
        peer: PeerId,
    },
    /// Time has passed: once each [`TICK`](super::TICK).
    Tick,
}

/// Something for the shell to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Say something to a neighbour.
    Tell {
        /// To whom.
        peer: PeerId,
        /// What.
        message: Message,
    },
    /// Send a piece, in parts, after what is already under way.
    Upload {
        /// To whom.
        to: PeerId,
        /// Which.
        piece: u32,
    },
    /// Send no more of this piece.
    Stop {
        /// To whom.
        to: PeerId,
        /// Which.
        piece: u32,
    },
    /// End the link. The neighbour is already forgotten here.
    Drop {
        /// To whom.
        peer: PeerId,
        /// Why.
        fault: Fault,
    },
    /// Look for more neighbours.
    Seek,
    /// All pieces are here.
    Finished,
}

/// Why a link was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// It sent bytes that do not match the blob's digest.
    #[error("piece {piece} does not match the digest")]
    Corrupt {
        /// The piece.
        piece: u32,
    },
    /// It said what no honest peer says.
    #[error("it said what makes no sense")]
    Nonsense,
    /// It said too much that helps nobody.
    #[error("it said too much")]
    Flood,
    /// It moved no byte for too long.
    #[error("it stalled")]
    Stalled,
    /// There are as many neighbours as there may be; this one did nothing wrong.
    #[error("there is no place")]
    Full,
}

impl Fault {
    /// Whether the peer is to be named to the coordinator, and not dialled again.
    #[must_use]
    pub fn is_blamed(self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::Nonsense | Self::Flood => true,
            Self::Stalled | Self::Full => false,
        }
    }
}
