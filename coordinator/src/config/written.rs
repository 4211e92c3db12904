//! The configuration as it stands in the file. Every key is optional and every unknown key is
//! an error; these comments are the reference that `deploy/coordinator.toml` repeats.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::Network;
use super::quantity::{Size, Span};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    /// Address and port to listen on; port 0 takes a free one.
    pub(super) listen: Option<SocketAddr>,
    /// `host` or `host:port` that invites name, when others reach this machine by another
    /// address than `listen`.
    pub(super) public: Option<String>,
    /// Folder of the key, the database and the blobs.
    pub(super) data_dir: Option<PathBuf>,
    /// Speak without TLS. Only allowed when `listen` is a loopback address.
    pub(super) plain: Option<bool>,
    /// Announce key and port on the local network, by multicast DNS, so that `manyhands worker --join
    /// lan#KEY` finds this coordinator. Not done when `listen` is a loopback address.
    pub(super) lan: Option<bool>,
    /// The project's record of its coordinators, as `manyhands project sign` made it. It is taken up at the
    /// start, kept in the data folder, and given to every host.
    pub(super) record: Option<PathBuf>,
    /// Let any key enrol as a host without an invite.
    pub(super) open_enrolment: Option<bool>,
    /// Networks of the operator's own, such as a campus: their hosts count for themselves. All
    /// others of one public address block, a /24 or an IPv6 /48, count as one volunteer.
    pub(super) own_networks: Vec<Network>,
    /// How often workers renew their leases.
    pub(super) heartbeat: Option<Span>,
    /// How long calls in flight may take to end when the coordinator stops.
    pub(super) drain: Option<Span>,
    pub(super) suspension: Suspension,
    pub(super) blobs: Blobs,
    pub(super) peers: Peers,
    pub(super) limits: Limits,
}

/// The table `[suspension]`: what becomes of hosts that give wrong answers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Suspension {
    /// Wrong answers by a quorum after which a host gets no more work. In a job with a confidence,
    /// the first one does it.
    pub(super) answers: Option<u32>,
    /// How long a host that seems to be faulty rests the first time; doubled each time. Whoever
    /// gave the same wrong answer as another volunteer is out for good.
    pub(super) rest: Option<Span>,
    /// The longest such time.
    pub(super) rest_max: Option<Span>,
}

/// The table `[blobs]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Blobs {
    /// How often blobs that nothing refers to are removed.
    pub(super) sweep: Option<Span>,
    /// How long such a blob is kept after it was last put or asked about.
    pub(super) grace: Option<Span>,
    /// Largest blob accepted.
    pub(super) size_max: Option<Size>,
}

/// The table `[peers]`: large blobs come in pieces, which workers pass on to each other.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Peers {
    /// Whether they do. Never without TLS.
    pub(super) share: Option<bool>,
    /// How much of a blob the coordinator sends, in percent of its size. More gets only a worker for
    /// whom nobody else has anything.
    pub(super) budget_percent: Option<u32>,
}

/// The table `[limits]`: bounds that protect the coordinator.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    /// Largest message of a call.
    pub(super) message: Option<Size>,
    /// Largest output that travels inside a report; larger ones are put as blobs first.
    pub(super) inline: Option<Size>,
    /// Reports, renewals or leases in one message.
    pub(super) batch: Option<u32>,
    /// Hosts connected at a time.
    pub(super) hosts: Option<u32>,
    /// Calls in progress at a time; more are refused at once, to be repeated later.
    pub(super) requests: Option<u32>,
    /// Calls of one key each second, in the long run.
    pub(super) requests_per_s: Option<u32>,
    /// Calls of one key at once, after a quiet time.
    pub(super) requests_burst: Option<u32>,
    /// How long a call may take that is not a stream.
    pub(super) request_time: Option<Span>,
}
