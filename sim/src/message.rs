//! What hosts and the coordinator say to each other: the messages of the wire, without its bytes.

use manyhands_core::command::{Renewal, ReplicaReport};
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, ReplicaId, UnitId};
use manyhands_core::key::Key;
use manyhands_core::outlook::Outlook;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::time::Span;

/// A message on its way. It is lost if the coordinator dies before it arrives, and ignored if the
/// connection to which it belongs has ended.
#[derive(Clone, Debug)]
pub struct Envelope<Message> {
    /// The coordinator's life in which it was sent.
    pub boot: u32,
    /// The host from or to which it goes, by its place.
    pub host: u32,
    /// Which of the host's connections.
    pub connection: u32,
    /// The message.
    pub message: Message,
}

/// From a host to the coordinator.
#[derive(Clone, Debug)]
pub enum Uplink {
    /// Opens a connection.
    Hello {
        /// Who says so.
        key: Key,
        /// What it still holds.
        held: Vec<ReplicaId>,
    },
    /// A standing wish for so many leases, of a machine that expects this of itself.
    Want(u16, Outlook),
    /// It still computes these.
    Renew(Vec<Renewal>),
    /// It has computed these units of a job unasked, and asks for them; each with its answer, sealed.
    Claim {
        /// Of which job.
        job: JobId,
        /// Which.
        units: Vec<(u32, Digest)>,
    },
    /// It ends these leases.
    Reports(Vec<ReplicaReport>),
    /// Closes the connection.
    Bye,
}

/// From the coordinator to a host.
#[derive(Clone, Debug)]
pub enum Downlink {
    /// The connection is open.
    Welcome(HostId),
    /// What the host got.
    Leases(Vec<LeaseGrant>),
    /// What it gets of the units that it asked for, and which others have.
    Claimed {
        /// Leases.
        grants: Vec<LeaseGrant>,
        /// Units that it does not get.
        taken: Vec<UnitId>,
    },
    /// These reports need not be kept any longer.
    Acknowledged(Vec<Acknowledged>),
    /// Stop these.
    Abort(Vec<ReplicaId>),
    /// The connection has ended.
    Closed {
        /// Why.
        why: Ending,
    },
}

/// Why a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It broke; the host may dial again.
    Lost,
    /// The host is suspended.
    Suspended {
        /// For how long; for good if `None`.
        rest: Option<Span>,
    },
}

/// What became of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Of what.
    pub replica: ReplicaId,
    /// Whether it counts, now or since it was first told.
    pub counts: bool,
}
