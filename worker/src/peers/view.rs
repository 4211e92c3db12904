//! What a worker tells its owner of others.

use std::collections::BTreeMap;

use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::tally::{DayTally, Exchanged, Tally};
use manyhands_core::peer::table::{Acquaintance, Why};
use manyhands_core::peer::{Reach, Source};
use manyhands_core::swarm::Role;
use manyhands_proto::identity::PublicKey;
use manyhands_swarm::{Dealing, Swarm};
use serde::{Deserialize, Serialize};

use super::{Peers, Shared};
use crate::clock;
use crate::config::Mode;
use crate::control::snapshot::Sharing;

/// All that is known for one project, as it travels through the control socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeersView {
    /// What the owner calls the project.
    pub project: String,
    /// "off", "lan" or "full".
    pub mode: String,
    /// Where the coordinator, and so others, reach this worker; none if nobody does.
    pub reached_at: Option<String>,
    /// Bytes of blobs that the coordinator sent whole.
    pub whole_bytes: u64,
    /// What may be sent to other networks; none if nothing is.
    #[serde(default)]
    pub upload: Option<UploadView>,
    /// Blobs that are shared now.
    pub blobs: Vec<BlobView>,
    /// The coordinator, and other workers.
    pub peers: Vec<PeerView>,
}

/// What may be sent to other networks, in bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadView {
    /// Now: less than the most while others use the line.
    pub now: u64,
    /// At most; none while the line is being measured for the first time.
    pub most: Option<u64>,
    /// What the line was seen to carry; none if it was not measured.
    pub measured: Option<u64>,
}

/// One blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobView {
    /// Its name.
    pub digest: String,
    /// Pieces that are here.
    pub held: u32,
    /// Pieces in all.
    pub pieces: u32,
}

/// Somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerView {
    /// Who.
    pub key: String,
    /// "coordinator" or "worker".
    pub role: String,
    /// How it came to be known: "coordinator", "peer", "lan", "disk", "called" if it dialled this worker; "invite".
    pub known_from: String,
    /// How far away: "machine", "site" or "world".
    pub reach: String,
    /// Where it last answered, or is said to be.
    pub address: Option<String>,
    /// How long ago it answered this worker's dial, in milliseconds.
    pub answered_ms_ago: Option<u64>,
    /// Dials in vain since.
    pub failures: u32,
    /// Bytes of pieces that were sent to it.
    pub sent_bytes: u64,
    /// Bytes of pieces that it sent.
    pub received_bytes: u64,
    /// What it has of blobs in which it is a neighbour now.
    pub holds: Vec<BlobView>,
    /// Whether it sent bytes that do not match, and is shunned.
    pub is_blamed: bool,
}

impl Peers {
    /// What is known now for the project of that name. `whole_bytes` came from the coordinator in one piece.
    pub(crate) fn view(&self, project: String, whole_bytes: u64) -> PeersView {
        match &self.shared {
            Some(shared) => shared.view(project, whole_bytes),
            None => PeersView {
                project,
                mode: Mode::Off.word().to_owned(),
                reached_at: None,
                whole_bytes,
                upload: None,
                blobs: Vec::new(),
                peers: Vec::new(),
            },
        }
    }

    /// What was exchanged with other workers since this was asked last.
    pub(crate) fn take_exchanged(&self) -> Exchanged {
        let flow = self.swarm().map(Swarm::take_flow).unwrap_or_default();
        Exchanged { given_bytes: flow.given_bytes, taken_bytes: flow.taken_bytes }
    }

    /// What a snapshot says. Nothing is given while something is in the way of the network.
    pub(crate) fn shown(&self, tally: &Tally, no_network: Option<&Reason>) -> Sharing {
        let in_all = tally.exchanged().into();
        let today = tally.day(clock::local().day).map(DayTally::exchanged).unwrap_or_default();
        let today = today.into();
        let Some(shared) = &self.shared else {
            return Sharing { mode: Mode::Off, today, in_all, ..Sharing::default() };
        };
        Sharing {
            mode: shared.sharing.mode,
            linked: shared.swarm.linked(),
            today,
            in_all,
            upload_bytes_per_s_max: shared.upload().and_then(|upload| upload.most),
            paused: no_network.map(Into::into),
        }
    }
}

impl Shared {
    fn view(&self, project: String, whole_bytes: u64) -> PeersView {
        let mut dealings = self.swarm.dealings();
        let mut peers = Vec::new();
        for known in self.table().acquaintances() {
            let Ok(key) = PublicKey::from_bytes(known.name.key.as_bytes()) else { continue };
            peers.push(peer(&key, Some(&known), dealings.remove(&key).as_ref()));
        }
        peers.extend(dealings.iter().map(|(key, dealing)| peer(key, None, Some(dealing))));
        // Those with whom most was exchanged stand first.
        peers.sort_by_key(|peer| {
            std::cmp::Reverse(peer.sent_bytes.saturating_add(peer.received_bytes))
        });
        let mode = self.sharing.mode.word();
        let reached_at = self.reached.borrow().map(|at| at.to_string());
        let (mode, blobs, upload) = (mode.to_owned(), self.blobs(), self.upload());
        PeersView { project, mode, reached_at, whole_bytes, upload, blobs, peers }
    }

    fn upload(&self) -> Option<UploadView> {
        if self.sharing.mode != Mode::Full {
            return None;
        }
        let uplink = self.swarm.uplink()?;
        Some(UploadView {
            now: uplink.bytes_per_s,
            most: uplink.most_bytes_per_s,
            measured: uplink.measured_bytes_per_s,
        })
    }

    fn blobs(&self) -> Vec<BlobView> {
        let mut blobs = Vec::new();
        for digest in self.swarm.blobs() {
            if let Some(status) = self.swarm.status(digest) {
                let (held, pieces) = (status.held, status.pieces);
                blobs.push(BlobView { digest: digest.to_string(), held, pieces });
            }
        }
        blobs
    }
}

fn peer(of: &PublicKey, known: Option<&Acquaintance>, dealing: Option<&Dealing>) -> PeerView {
    let role = dealing.map_or(Role::Peer, |dealing| dealing.role);
    let reach = known.map(|it| it.name.reach).or_else(|| dealing.map(|it| it.reach));
    let now = clock::now();
    let holds = dealing.map_or_else(BTreeMap::new, |it| it.holds.clone());
    let hold = |(digest, (held, pieces)): (manyhands_core::digest::Digest, (u32, u32))| BlobView {
        digest: digest.to_string(),
        held,
        pieces,
    };
    PeerView {
        key: of.to_string(),
        role: if role == Role::Origin { "coordinator" } else { "worker" }.to_owned(),
        known_from: known_from(role, known).to_owned(),
        reach: reach_word(reach).to_owned(),
        address: known.and_then(|it| it.address).map(|at| at.to_string()),
        answered_ms_ago: known.and_then(|it| it.linked_at).map(|at| now.since(at).0),
        failures: known.map_or(0, |it| it.failures),
        sent_bytes: dealing.map_or(0, |it| it.sent_bytes),
        received_bytes: dealing.map_or(0, |it| it.received_bytes),
        holds: holds.into_iter().map(hold).collect(),
        is_blamed: dealing.is_some_and(|it| it.is_blamed),
    }
}

fn known_from(role: Role, known: Option<&Acquaintance>) -> &'static str {
    match (role, known.map(|it| it.why)) {
        (Role::Origin, _) => "invite",
        (Role::Peer, None) => "called",
        (Role::Peer, Some(Why::Remembered)) => "disk",
        (Role::Peer, Some(Why::Told(Source::Coordinator))) => "coordinator",
        (Role::Peer, Some(Why::Told(Source::Peer(_)))) => "peer",
        (Role::Peer, Some(Why::Told(Source::Lan))) => "lan",
    }
}

fn reach_word(reach: Option<Reach>) -> &'static str {
    match reach {
        Some(Reach::Machine) => "machine",
        Some(Reach::Site) => "site",
        Some(Reach::World) => "world",
        None => "unknown",
    }
}
