//! The services: decode a call, ask the desk, encode the answer. Nothing is decided here.

mod admin;
mod blobs;
mod callers;
mod discovery;
mod jobs;
mod ledger;
mod peers;
mod status;
mod work;

use std::sync::Arc;

use manyhands_core::peer::SignedCoordinators;
use manyhands_core::time::Timestamp;
use manyhands_proto::identity::Identity;
use manyhands_proto::v1::admin_server::AdminServer;
use manyhands_proto::v1::blobs_server::BlobsServer;
use manyhands_proto::v1::jobs_server::JobsServer;
use manyhands_proto::v1::ledger_server::LedgerServer;
use manyhands_proto::v1::peers_server::PeersServer;
use manyhands_proto::v1::tracker_server::TrackerServer;
use manyhands_proto::v1::whereabouts_server::WhereaboutsServer;
use manyhands_proto::v1::work_server::WorkServer;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use crate::blobs::Blobs;
use crate::clock;
use crate::config::Config;
use crate::desk::{Desk, Reader};
use crate::hub::Hub;
use crate::origin::Origin;
use crate::peers::Peers;
use crate::secrets::Secrets;
pub(crate) use callers::Callers;
pub(crate) use jobs::named;

/// What all services share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The coordinator's own key: it signs what others keep.
    pub(crate) identity: Identity,
    pub(crate) desk: Desk,
    pub(crate) reader: Reader,
    pub(crate) hub: Arc<Hub>,
    pub(crate) blobs: Blobs,
    pub(crate) secrets: Secrets,
    pub(crate) callers: Callers,
    pub(crate) peers: Peers,
    /// None if blobs only come whole.
    pub(crate) origin: Option<Origin>,
    pub(crate) started_at: Timestamp,
    /// Cancelled when the coordinator is about to stop.
    pub(crate) draining: CancellationToken,
    /// Tasks that outlive the call which began them.
    pub(crate) tasks: TaskTracker,
}

impl Shared {
    /// Where the coordinators of the project are, as hosts are told.
    pub(crate) fn coordinators(&self) -> Option<SignedCoordinators> {
        self.peers.coordinators(&self.identity, clock::now())
    }
}

/// All services, with their bound on messages.
pub(crate) fn routes(shared: &Arc<Shared>) -> Routes {
    let max = shared.config.limits.message_bytes_max;
    let share = || Arc::clone(shared);
    let discovery = discovery::Discovery(share());
    Routes::new(WorkServer::new(work::Work(share())).max_decoding_message_size(max))
        .add_service(JobsServer::new(jobs::Jobs(share())).max_decoding_message_size(max))
        .add_service(BlobsServer::new(blobs::BlobService(share())).max_decoding_message_size(max))
        .add_service(LedgerServer::new(ledger::Ledger(share())).max_decoding_message_size(max))
        .add_service(TrackerServer::new(discovery.clone()).max_decoding_message_size(max))
        .add_service(WhereaboutsServer::new(discovery).max_decoding_message_size(max))
        .add_service(
            PeersServer::new(peers::PeerService(share()))
                .max_decoding_message_size(manyhands_swarm::MESSAGE_BYTES_MAX),
        )
        .add_service(AdminServer::new(admin::Admin(share())).max_decoding_message_size(max))
}
