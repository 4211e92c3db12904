//! What is kept of a host, told and forgotten. Whoever asks has proved the host's key, and hears of no other.

use manyhands_core::command::{Command, Forget};
use manyhands_core::query::{Answer, Query};
use manyhands_core::reply::Reply;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::v1;
use tonic::Status;

use crate::rpc::callers::engine_key;
use crate::rpc::{Shared, status};

/// What is kept of the host with this key.
pub(super) async fn kept(shared: &Shared, key: PublicKey) -> Result<v1::KeptReply, Status> {
    let query = Query::Kept(engine_key(key));
    let kept = match shared.reader.ask(query).await.map_err(status::desk)? {
        Answer::Kept(kept) => *kept,
        Answer::Refused(refusal) => return Err(status::refused(&refusal)),
        _ => return Err(status::confused()),
    };
    let connected = shared.hub.is_connected(kept.host.id);
    let mut reply = v1::KeptReply { addresses: shared.peers.addresses(key), ..kept.into() };
    if let Some(host) = &mut reply.host {
        host.connected = connected;
    }
    Ok(reply)
}

/// Forgets the host with this key, and what is known of it in memory only.
pub(super) async fn forget(shared: &Shared, key: PublicKey) -> Result<v1::ForgetReply, Status> {
    let forget = Command::Forget(Forget { key: engine_key(key) });
    match shared.desk.ask(forget).await.map_err(status::desk)? {
        Reply::Forgotten { host, is_new } => {
            shared.callers.forget(key);
            shared.peers.leave(key);
            if is_new {
                tracing::info!(%host, "a host is forgotten, as its owner asked");
            }
            Ok(v1::ForgetReply { host: host.0, was_forgotten: !is_new })
        }
        Reply::Refused(refusal) => Err(status::refused(&refusal)),
        _ => Err(status::confused()),
    }
}
