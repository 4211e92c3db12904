//! The beginning of a worker's stream: who it is, and what both sides think that it holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::agent::retry::return_within;
use manyhands_core::block::Block;
use manyhands_core::command::{Command, Enrol, Outcome, Renewal, ReplicaReport, Report};
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::key::Key;
use manyhands_core::limits::LEASES_PER_HOST_MAX;
use manyhands_core::reply::Reply;
use manyhands_core::store::Store as _;
use manyhands_core::time::Span;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use tonic::Status;

use super::claims;
use super::session::Session;
use crate::hub::Seat;
use crate::rpc::{Shared, status};

/// How long an older stream of the same host may take to let go.
const LET_GO: Duration = Duration::from_secs(5);

/// Gives an enrolled host its seat, and tells the engine what it offers now. The row that is
/// returned holds every lease that an older stream ever got.
pub(super) async fn seat(
    shared: &Shared,
    key: Key,
    block: Option<Block>,
    capabilities: Option<v1::Capabilities>,
) -> Result<(Host, Seat), Status> {
    let host = stored(shared, key).await?;
    let mut seat =
        shared.hub.sit(host.id).map_err(|full| Status::resource_exhausted(full.to_string()))?;
    if let Some(predecessor) = seat.predecessor.take() {
        let let_go = tokio::time::timeout(LET_GO, predecessor.cancelled()).await;
        let_go.map_err(|_late| Status::aborted("an older stream is still ending: try again"))?;
    }
    let capabilities =
        super::offered(capabilities)?.unwrap_or_else(|| Arc::unwrap_or_clone(host.capabilities));
    // This command is decided after all that the older stream may have handed in.
    let enrol = Enrol { key, nickname: host.nickname, block, capabilities, token: None };
    match shared.desk.ask(Command::Enrol(enrol)).await.map_err(status::desk)? {
        Reply::Enrolled { .. } => Ok((stored(shared, key).await?, seat)),
        Reply::Refused(refusal) => Err(status::refused(&refusal)),
        _ => Err(status::confused()),
    }
}

async fn stored(shared: &Shared, key: Key) -> Result<Host, Status> {
    let host = shared.reader.read(move |store| store.host_by_key(&key)).await;
    host.map_err(status::desk)?
        .ok_or_else(|| Status::failed_precondition("this key is not enrolled: enrol first"))
}

/// Welcomes the worker, takes up what it chose itself and what it holds, and gives away what it does not.
pub(super) async fn welcome(
    session: &mut Session,
    host: &Host,
    held: Vec<v1::ReplicaId>,
    claims: Vec<v1::Claim>,
) -> Result<(), Status> {
    if held.len() > LEASES_PER_HOST_MAX {
        let many = format!("held: has {} items, at most {LEASES_PER_HOST_MAX}", held.len());
        return Err(Status::invalid_argument(many));
    }
    let held: Result<BTreeSet<_>, _> = held.into_iter().map(ReplicaId::try_from).collect();
    let mut held = held.map_err(status::wire)?;
    let limits = &session.shared.config.limits;
    let heartbeat = session.shared.config.heartbeat.as_millis();
    let heartbeat = Span(u64::try_from(heartbeat).unwrap_or(u64::MAX));
    // Those who are not connected now may be when this coordinator goes away, most of all after a start.
    let last = session.shared.reader.read(|store| store.last_ids()).await.map_err(status::desk)?;
    let welcome = v1::Welcome {
        host: host.id.0,
        heartbeat_ms: heartbeat.0,
        inline_bytes_max: limits.inline_bytes_max,
        batch_max: limits.batch_max,
        return_ms: return_within(last.host, heartbeat).0,
        has_swarm: session.shared.origin.is_some(),
        coordinators: session.shared.coordinators().map(Into::into),
    };
    session.send(Out::Welcome(welcome)).await?;
    claims::greet(session, claims, &mut held).await?;
    reconcile(session, host, &held).await
}

/// Whether the host was called for a question of a dispute while it was away: it may have no wish, and is
/// distrusted if it does not come.
pub(super) async fn is_called(shared: &Shared, host: HostId) -> Result<bool, Status> {
    let calling = shared.reader.read(move |store| store.disputes_calling(host, 1)).await;
    calling.map(|units| !units.is_empty()).map_err(status::desk)
}

async fn reconcile(
    session: &mut Session,
    host: &Host,
    held: &BTreeSet<ReplicaId>,
) -> Result<(), Status> {
    let forgotten = host.leases.iter().filter(|lease| !held.contains(&lease.replica));
    let given_back: Vec<_> =
        forgotten.map(|lease| ReplicaReport::unsigned(lease.replica, Outcome::Aborted)).collect();
    if !given_back.is_empty() {
        let report = Report { host: host.id, reports: given_back };
        session.shared.desk.ask(Command::Report(report)).await.map_err(status::desk)?;
    }
    // Renewing answers for each whether it is still this host's to compute.
    let progress = |replica| host.lease(replica).map_or(0, |lease| lease.progress_ppm);
    let renewals = held.iter().map(|replica| Renewal {
        replica: *replica,
        progress_ppm: progress(*replica),
        checkpoint: None,
    });
    session.renew(renewals.collect()).await
}
