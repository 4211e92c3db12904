//! Opening a stream to somebody who takes part in a blob's swarm.

use std::time::Duration;

use manyhands_core::swarm::Role;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Endpoint};
use manyhands_proto::v1::peers_client::PeersClient;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::link::outgoing;
use crate::task::{Newcomer, Note};
use crate::wire::{self, MESSAGE_BYTES_MAX, Open};

/// Longest wait for the other side to take part.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Somebody to dial.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) key: PublicKey,
    pub(crate) endpoint: Endpoint,
    pub(crate) role: Role,
}

/// Dials, and hands the stream to the blob's task; or tells it that there is none.
pub(crate) async fn dial(
    target: Target,
    identity: Identity,
    open: Open,
    notes: mpsc::Sender<Note>,
) {
    let note = match join(&target, &identity, open).await {
        Ok(newcomer) => Note::Join(Box::new(newcomer)),
        Err(reason) => {
            tracing::debug!(endpoint = %target.endpoint, reason, "cannot reach a peer");
            Note::Undialled(target.key)
        }
    };
    // If the task is gone there is nobody to tell.
    drop(notes.send(note).await);
}

async fn join(target: &Target, identity: &Identity, open: Open) -> Result<Newcomer, String> {
    let channel = link::connect(&target.endpoint, identity).await.map_err(|e| e.to_string())?;
    let (outbox, outgoing) = outgoing();
    outbox.say(wire::open(open));
    let mut client = PeersClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let answer = timeout(ANSWER_MAX, client.exchange(outgoing)).await;
    let answer = answer.map_err(|late| late.to_string())?.map_err(|status| status.to_string())?;
    let address = match &target.endpoint {
        Endpoint::Pinned { address, .. } => Some(address.clone()),
        Endpoint::Plain(_) => None,
    };
    let incoming = answer.into_inner();
    Ok(Newcomer { key: target.key, role: target.role, address, outbox, incoming })
}
