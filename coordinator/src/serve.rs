//! From a configuration to a running coordinator, and back to rest.

mod open;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use manyhands_proto::DESCRIPTORS;
use manyhands_proto::identity::{KeyFileError, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::lan::{Announcement, Role};
use manyhands_proto::link::{AddressError, Incoming, NotLoopback};
use tonic::service::Routes;
use tonic::transport::Server;
use tower::layer::util::{Identity, Stack};

use crate::blobs::BlobError;
use crate::config::Config;
use crate::desk::{DeskThread, OpenDeskError};
use crate::folder::{Folder, FolderError};
use crate::layer::{RateLimitLayer, ShedLayer, TimeLimitLayer, TraceLayer};
use crate::project::ProjectError;
use crate::rpc::{self, Shared};
use crate::store::sqlite::{OpenError, TransactionError};
use crate::{sweeper, ticker};

/// How often a silent connection is asked for a sign of life, and how long it may take. A machine
/// that lost its network is noticed after both.
const SIGN_OF_LIFE: std::time::Duration = std::time::Duration::from_secs(20);

/// A coordinator that listens and is ready to serve. Dropped, it lets go of everything.
#[derive(Debug)]
pub struct Coordinator {
    shared: Arc<Shared>,
    desk: DeskThread,
    incoming: Incoming,
    address: SocketAddr,
    key: PublicKey,
    invite: Invite,
    /// The last to be let go of: while it is held, nobody else opens the data folder.
    folder: Folder,
}

/// Why a coordinator does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data folder is in use, or cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The identity cannot be read or made.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The coordinator record cannot be used.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The blob store cannot be used.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The engine cannot take up its work.
    #[error(transparent)]
    Desk(#[from] OpenDeskError),
    /// The operating system gives no randomness.
    #[error("the system gives no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Plain text was asked for on an address that others reach.
    #[error(transparent)]
    Plain(#[from] NotLoopback),
    /// The configured public address is none.
    #[error("key `public`: {0}")]
    Public(#[from] AddressError),
    /// The TLS stack refuses to work.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The description of the services is damaged.
    #[error("cannot describe the services: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Serve(#[from] tonic::transport::Error),
    /// The database could not be closed in order. Everything acknowledged is safe.
    #[error("the database was not closed in order: {0}")]
    Close(#[from] TransactionError),
}

/// Runs a coordinator until `shutdown`, then brings it to rest: no new connections, workers are
/// told to drain, calls in flight may end within the configured time, the database is closed.
///
/// # Errors
/// When it cannot start, or the database cannot be closed in order.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    Coordinator::start(config).await?.serve(shutdown).await
}

impl Coordinator {
    /// Takes the data folder, opens what is in it and listens. Nothing is served yet.
    ///
    /// # Errors
    /// When any of that fails; nothing was changed then but by completed migrations.
    pub async fn start(config: Config) -> Result<Self, RunError> {
        open::open(config).await
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its identity.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// What programs on this machine dial; it has no token.
    #[must_use]
    pub fn invite(&self) -> &Invite {
        &self.invite
    }

    /// Serves until `shutdown`, then comes to rest as described at [`run`].
    ///
    /// # Errors
    /// When the server fails or the database cannot be closed in order.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self { shared, desk, incoming, address, key, invite: _, folder } = self;
        let draining = shared.draining.clone();
        let background = Background::start(&shared, &folder);
        tracing::info!(%address, %key, "serving");
        let _announced = announce(&shared.config, address, key);
        let served = {
            let server = server(&shared).serve_with_incoming_shutdown(
                services(&shared)?,
                incoming,
                draining.clone().cancelled_owned(),
            );
            tokio::pin!(server);
            tokio::pin!(shutdown);
            tokio::select! {
                served = &mut server => served,
                () = &mut shutdown => {
                    tracing::info!("stopping");
                    draining.cancel();
                    if let Some(origin) = &shared.origin {
                        origin.close();
                    }
                    // What has not ended by then is cut off; nothing of it was acknowledged.
                    tokio::time::timeout(shared.config.drain, server).await.unwrap_or(Ok(()))
                }
            }
        };
        draining.cancel();
        background.stop().await;
        if let Some(origin) = &shared.origin {
            origin.shut_down().await;
        }
        shared.tasks.close();
        shared.tasks.wait().await;
        // With its last owner gone, the desk decides what is in its mailbox and ends.
        drop(shared);
        let closed = tokio::task::spawn_blocking(move || desk.join()).await;
        drop(folder);
        served?;
        closed.unwrap_or(Ok(()))?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Says on the local network who listens here, if that is wanted and of use to anybody.
fn announce(config: &Config, address: SocketAddr, key: PublicKey) -> Option<Announcement> {
    if !config.lan || config.plain || address.ip().is_loopback() {
        return None;
    }
    let announced = Announcement::new(key, Role::Coordinator, address.port());
    announced.inspect_err(|error| tracing::warn!(%error, "nobody will find this here")).ok()
}

/// Tasks that serve nobody in particular.
struct Background {
    tasks: tokio::task::JoinSet<()>,
}

impl Background {
    fn start(shared: &Arc<Shared>, folder: &Folder) -> Self {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(ticker::run(shared.desk.clone(), Arc::clone(&shared.hub)));
        let every = shared.config.blobs.sweep;
        tasks.spawn(sweeper::run(shared.blobs.clone(), folder.database(), every));
        Self { tasks }
    }

    async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

type Layers =
    Stack<TimeLimitLayer, Stack<RateLimitLayer, Stack<ShedLayer, Stack<TraceLayer, Identity>>>>;

/// The server with everything that a call passes before a service sees it, outermost first.
fn server(shared: &Shared) -> Server<Layers> {
    let limits = &shared.config.limits;
    let at_once = usize::try_from(limits.requests_max).unwrap_or(usize::MAX);
    Server::builder()
        .http2_keepalive_interval(Some(SIGN_OF_LIFE))
        .http2_keepalive_timeout(Some(SIGN_OF_LIFE))
        .layer(TraceLayer)
        .layer(ShedLayer::new(at_once.min(tokio::sync::Semaphore::MAX_PERMITS)))
        .layer(RateLimitLayer::new(limits.requests_per_s, limits.requests_burst))
        .layer(TimeLimitLayer::new(limits.request_time))
}

/// Our services, and those with which programs find out about them.
fn services(shared: &Arc<Shared>) -> Result<Routes, RunError> {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .build_v1()?;
    let (reporter, health) = tonic_health::server::health_reporter();
    // An unnamed service stands for all of them; it is serving from the start, and a stopping
    // coordinator takes no new calls at all.
    drop(reporter);
    Ok(rpc::routes(shared).add_service(health).add_service(reflection))
}
