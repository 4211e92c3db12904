//! Opening a stream to somebody who takes part in a blob's swarm.

use std::time::Duration;

use manyhands_core::peer::{Dial, Reach, Source};
use manyhands_core::swarm::Role;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Endpoint};
use manyhands_proto::v1::peers_client::PeersClient;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::link::outgoing;
use crate::task::{Newcomer, Note, Undialled};
use crate::wire::{self, MESSAGE_BYTES_MAX, Open};

/// Longest wait for the other side to take part.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// An origin may have to read all of a large blob first.
const ORIGIN_ANSWER_MAX: Duration = Duration::from_secs(60);

/// Somebody to dial.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) key: PublicKey,
    pub(crate) endpoint: Endpoint,
    pub(crate) role: Role,
    /// As the table chose it; an origin is not of the table.
    pub(crate) dial: Option<Dial>,
}

/// Dials, and hands the stream to the blob's task; or tells it that there is none.
pub(crate) async fn dial(
    target: Target,
    identity: Identity,
    open: Open,
    notes: mpsc::Sender<Note>,
) {
    let mut has_answered = false;
    let note = match join(&target, &identity, open, &mut has_answered).await {
        Ok(newcomer) => Note::Join(Box::new(newcomer)),
        Err(reason) => {
            tracing::debug!(endpoint = %target.endpoint, reason, "cannot reach a peer");
            Note::Undialled(Undialled { key: target.key, dial: target.dial, has_answered })
        }
    };
    // If the task is gone there is nobody to tell.
    drop(notes.send(note).await);
}

async fn join(
    target: &Target,
    identity: &Identity,
    open: Open,
    has_answered: &mut bool,
) -> Result<Newcomer, String> {
    let reach = reach(&target.endpoint).await;
    let channel = link::connect(&target.endpoint, identity).await.map_err(|e| e.to_string())?;
    *has_answered = true;
    let (outbox, outgoing) = outgoing();
    outbox.say(wire::open(open));
    let mut client = PeersClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let patience = if target.role == Role::Origin { ORIGIN_ANSWER_MAX } else { ANSWER_MAX };
    let answer = timeout(patience, client.exchange(outgoing)).await;
    let answer = answer.map_err(|late| late.to_string())?.map_err(|status| status.to_string())?;
    let incoming = answer.into_inner();
    let Target { key, role, dial, .. } = *target;
    let source = dial.map_or(Source::Coordinator, |dial| Source::Peer(dial.address.subnet()));
    Ok(Newcomer { key, role, reach, source, dial, is_ours: true, outbox, incoming })
}

/// How far away the other end is: of several addresses of a name, the farthest.
async fn reach(endpoint: &Endpoint) -> Reach {
    let Endpoint::Pinned { address, .. } = endpoint else { return Reach::Machine };
    let found = tokio::net::lookup_host((address.host(), address.port())).await;
    let far = found.ok().and_then(|found| found.map(|addr| Reach::of_link(addr.ip())).max());
    far.unwrap_or(Reach::World)
}
