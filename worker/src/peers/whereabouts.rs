//! Where the coordinators are: peers ask each other when they cannot reach one. The project's key has signed what they tell.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::key::Key;
use manyhands_core::peer::{Dial, Name, Reach, SignedCoordinators, Visit};
use manyhands_proto::convert::key;
use manyhands_proto::document::coordinators::COORDINATORS_BYTES_MAX;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::{self, Channel, Endpoint, Peer};
use manyhands_proto::peer;
use manyhands_proto::v1::whereabouts_client::WhereaboutsClient;
use manyhands_proto::v1::whereabouts_server::{Whereabouts, WhereaboutsServer};
use manyhands_proto::v1::{CoordinatorsReply, CoordinatorsRequest};
use rand_core::Rng;
use tokio::time::timeout;
use tonic::{Request, Response, Status};

use super::{Peers, Shared};
use crate::clock;

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Largest question: a key and a number.
const QUESTION_BYTES_MAX: usize = 256;

/// A record that a peer carries. Its signature is right; whether it counts is to be decided.
pub(crate) struct Carried {
    /// Who told.
    pub(crate) by: Key,
    /// What.
    pub(crate) record: SignedCoordinators,
}

impl Peers {
    /// Asks one of those whom this worker knows and may dial now, other than who was `asked`, for a record of the project
    /// with a higher number than `seq`.
    pub(crate) async fn ask_where(
        &self,
        (project, seq): (Key, u64),
        asked: &mut BTreeSet<Key>,
        rng: &mut impl Rng,
    ) -> Option<Carried> {
        let shared = self.shared.as_ref()?;
        let (dial, channel) = shared.dial_another(asked, rng).await?;
        match ask(channel?, project, seq).await {
            Ok(record) => Some(Carried { by: dial.name.key, record: record? }),
            Err(error) => {
                tracing::debug!(at = %dial.address, %error, "a peer does not say where coordinators are");
                None
            }
        }
    }
}

impl Shared {
    /// Dials one of those whom this worker knows and may dial now, other than who was `asked`; without a channel, if it is
    /// not there. `None` if there is nobody left.
    pub(super) async fn dial_another(
        &self,
        asked: &mut BTreeSet<Key>,
        rng: &mut impl Rng,
    ) -> Option<(Dial, Option<Channel>)> {
        let wanted = |name: &Name| name.reach <= self.farthest() && !asked.contains(&name.key);
        let dial = self.table().next_dial_to(wanted, clock::now(), rng)?;
        asked.insert(dial.name.key);
        let channel = self.dial(&dial).await;
        match channel {
            Some(_) => self.answered(&dial),
            None => self.table().failed(&dial, clock::now(), rng),
        }
        Some((dial, channel))
    }

    /// Who asks, if others that are so far away may.
    pub(super) fn caller<T>(&self, request: &Request<T>) -> Result<Peer, Status> {
        let caller = link::peer(request)?;
        if Reach::of_link(caller.addr.ip()) > self.farthest() {
            return Err(Status::permission_denied("this worker speaks with its own network only"));
        }
        Ok(caller)
    }

    async fn dial(&self, dial: &Dial) -> Option<Channel> {
        let key = PublicKey::from_bytes(dial.name.key.as_bytes()).ok()?;
        let endpoint = Endpoint::Pinned { address: dial.address.socket_addr().into(), key };
        link::connect(&endpoint, &self.identity).await.ok()
    }

    /// The peer was there, and this worker says so to others from now on.
    fn answered(&self, dial: &Dial) {
        let (mut table, seen_at) = (self.table(), clock::now());
        table.linked(dial, seen_at);
        let (key, address, project) = (dial.name.key, dial.address, table.project());
        let visit = Visit { project, key, address, seen_at };
        table.witness(&dial.name, peer::witness(&self.identity, &visit), seen_at);
    }
}

async fn ask(
    channel: Channel,
    project: Key,
    seq: u64,
) -> Result<Option<SignedCoordinators>, Status> {
    let mut client =
        WhereaboutsClient::new(channel).max_decoding_message_size(COORDINATORS_BYTES_MAX);
    let request = CoordinatorsRequest { project: project.0.to_vec().into(), seq };
    let late = |_late| Status::deadline_exceeded("no answer in time");
    let reply = timeout(ANSWER_MAX, client.coordinators(request)).await.map_err(late)??;
    let record = reply.into_inner().record.map(peer::open_coordinators).transpose();
    record.map_err(|error| Status::invalid_argument(error.to_string()))
}

/// What others ask.
pub(super) fn service(shared: Arc<Shared>) -> WhereaboutsServer<Answering> {
    WhereaboutsServer::new(Answering(shared)).max_decoding_message_size(QUESTION_BYTES_MAX)
}

pub(super) struct Answering(Arc<Shared>);

#[tonic::async_trait]
impl Whereabouts for Answering {
    async fn coordinators(
        &self,
        request: Request<CoordinatorsRequest>,
    ) -> Result<Response<CoordinatorsReply>, Status> {
        let Self(shared) = self;
        shared.caller(&request)?;
        let CoordinatorsRequest { project, seq } = request.into_inner();
        let project = key("project", &project);
        let project = project.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let known = shared.coordinators();
        let newer = known.as_ref().and_then(|known| known.newer(&project, seq, clock::now()));
        Ok(Response::new(CoordinatorsReply { record: newer.cloned().map(Into::into) }))
    }
}

#[cfg(test)]
mod tests;
