//! Saying to the coordinator where this worker takes calls, whenever it is there, and now and then.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::peer::{PeerAddress, Record};
use manyhands_core::time::Span;
use manyhands_proto::link::Channel;
use manyhands_proto::peer;
use manyhands_proto::v1;
use manyhands_proto::v1::tracker_client::TrackerClient;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::Status;

use super::{Shared, key};
use crate::clock;

/// A record is signed anew so often, long before it ends,
const EVERY: Duration = Duration::from_secs(60 * 60);
/// and again after so long if that failed.
const AGAIN: Duration = Duration::from_secs(5 * 60);
/// How long it counts.
const LIFE: Span = Span::hours(12);

/// Longest wait for an answer. The coordinator dials back first.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Largest answer: two records.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Runs until there is no coordinator any more.
pub(super) async fn run(
    shared: Arc<Shared>,
    listening: SocketAddr,
    mut coordinator: watch::Receiver<Option<Channel>>,
) {
    loop {
        let channel = coordinator.borrow_and_update().clone();
        let rest = match channel {
            None => Duration::MAX,
            Some(channel) => match register(&shared, listening, channel).await {
                Ok(reached) => {
                    shared.reached.send_replace(reached);
                    EVERY
                }
                Err(error) => {
                    tracing::info!(%error, "the coordinator does not say where this worker is");
                    AGAIN
                }
            },
        };
        // A coordinator that comes back may have forgotten.
        if let Ok(Err(_gone)) = timeout(rest, coordinator.changed()).await {
            return;
        }
    }
}

/// Asks from where the calls of this worker come, and says that it takes calls there. The address, if the coordinator was
/// answered there.
async fn register(
    shared: &Shared,
    listening: SocketAddr,
    channel: Channel,
) -> Result<Option<SocketAddr>, Status> {
    let mut tracker = TrackerClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut ask = async |record| {
        let late = |_late| Status::deadline_exceeded("no answer in time");
        let request = v1::RegisterRequest { record };
        Ok::<_, Status>(
            timeout(ANSWER_MAX, tracker.register(request)).await.map_err(late)??.into_inner(),
        )
    };
    let seen = ask(None).await?;
    let Some(record) = own_record(shared, listening, &seen.ip) else { return Ok(None) };
    let registered = ask(Some(record)).await?.record;
    let registered = registered.and_then(|record| peer::open(record).ok());
    let witness = registered.and_then(|record| record.witnesses().first().copied());
    Ok(witness.map(|witness| witness.address.socket_addr()))
}

/// The record of this worker at an address that it takes calls at, and that others may know.
fn own_record(shared: &Shared, listening: SocketAddr, ip: &[u8]) -> Option<v1::PeerRecord> {
    let v4 = <[u8; 4]>::try_from(ip).map(IpAddr::from);
    let ip = v4.or_else(|_| <[u8; 16]>::try_from(ip).map(IpAddr::from)).ok()?;
    let is_here = listening.ip().is_unspecified() || listening.ip().to_canonical() == ip;
    let address = PeerAddress::new(ip, listening.port()).ok()?;
    if !is_here || !shared.is_told(address.reach()) {
        return None;
    }
    let now = clock::now();
    let own = key(&shared.identity.public_key());
    // A later record has a higher number, also after a restart.
    let project = shared.table().project();
    let record = Record::new(project, own, vec![address], now.0, now.plus(LIFE)).ok()?;
    Some(peer::sign(&shared.identity, record)?.into())
}
