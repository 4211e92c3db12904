//! Opening a data folder: everything that must be in order before anybody is served.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::command::{Admit, Command};
use manyhands_core::digest::Digest;
use manyhands_core::engine::Engine;
use manyhands_core::invite;
use manyhands_core::key::Key;
use manyhands_core::settings::Settings;
use manyhands_core::store::Store as _;
use manyhands_core::time::{Span, Timestamp};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Address, Bounds, Endpoint, Incoming, LoopbackAddr, server_config};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Coordinator, RunError};
use crate::blobs::Blobs;
use crate::clock;
use crate::config::{Config, Suspension};
use crate::desk::{Desk, DeskError, Reader};
use crate::folder::{Folder, FolderError};
use crate::hub::Hub;
use crate::origin::Origin;
use crate::peers::Peers;
use crate::project;
use crate::rpc::{Callers, Shared};
use crate::secrets::Secrets;
use crate::store::sqlite::SqliteStore;

pub(super) async fn open(config: Config) -> Result<Coordinator, RunError> {
    let folder = Folder::take(&config.data_dir)?;
    let identity = Identity::load_or_create(&folder.key())?;
    let started_at = clock::now();
    let (given, kept) = (config.record.as_deref(), folder.coordinators());
    let record = project::take_up(given, &kept, identity.public_key(), started_at)?;
    let store = SqliteStore::open(&folder.database())?;
    let reader = Reader::open(SqliteStore::open_reader(&folder.database())?);
    let reader = reader.map_err(crate::desk::OpenDeskError::Thread)?;
    let policy = &config.blobs;
    let blobs = Blobs::open(&folder.blobs(), policy.size_bytes_max, policy.grace)?;

    let secrets = folder.secrets();
    let secrets = Secrets::open(secrets.clone())
        .map_err(|source| FolderError::Unusable { path: secrets, source })?;

    let hosts_max = usize::try_from(config.limits.hosts_max).unwrap_or(usize::MAX);
    let hub = Hub::new(hosts_max);
    let engine = Engine::new(settings(&config), clock::entropy_seed()?);
    let (desk, thread) = Desk::open(engine, store, Arc::clone(&hub))?;
    admit_operator(&desk, &reader, identity.public_key()).await;

    let (incoming, address) = listen(&config, &identity).await?;
    let invite = invite(&config, address, identity.public_key())?;
    let callers = Callers::new(identity.public_key(), reader.clone());
    let key = identity.public_key();
    let public = public_address(&config, &invite);
    let peers = Peers::new(&identity, public, record, hosts_max, started_at);
    let percent = config.peers.budget_percent;
    let has_swarm = config.peers.share && !config.plain;
    let origin = has_swarm.then(|| Origin::new(&identity, peers.known(), blobs.clone(), percent));
    let shared = Arc::new(Shared {
        config,
        identity,
        desk,
        reader,
        hub,
        blobs,
        secrets,
        callers,
        peers,
        origin,
        started_at,
        draining: CancellationToken::new(),
        tasks: TaskTracker::new(),
    });
    leave_address(&folder, &invite);
    Ok(Coordinator { shared, desk: thread, incoming, address, key, invite, folder })
}

/// What the engine is told of the configuration.
fn settings(config: &Config) -> Settings {
    let Suspension { answers, rest, rest_max } = config.suspension;
    let span = |time: Duration| Span(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Settings {
        open_enrolment: config.open_enrolment,
        invalid_max: answers,
        rest_base: span(rest),
        rest_max: span(rest_max),
        ..Settings::default()
    }
}

async fn listen(config: &Config, identity: &Identity) -> Result<(Incoming, SocketAddr), RunError> {
    let failed = |source| RunError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let bounds = Bounds::default();
    let incoming = if config.plain {
        Incoming::plain(listener, bounds).map_err(failed)?
    } else {
        let tls = server_config(identity).map_err(|error| RunError::Tls(error.to_string()))?;
        Incoming::tls(listener, tls, bounds)
    };
    Ok((incoming, address))
}

/// What programs on this machine dial, or whoever `public` is written for.
fn invite(config: &Config, bound: SocketAddr, key: PublicKey) -> Result<Invite, RunError> {
    let near = reachable(bound);
    if config.plain {
        return Ok(Invite::plain(LoopbackAddr::try_from(near)?));
    }
    let address: Address = match &config.public {
        None => near.to_string().parse()?,
        Some(host) => match host.parse() {
            Ok(address) => address,
            Err(_no_port) => format!("{host}:{}", bound.port()).parse()?,
        },
    };
    Ok(Invite::new(address, key, None))
}

/// Where others find this coordinator, if it knows: not if it listens everywhere and was not told.
fn public_address(config: &Config, invite: &Invite) -> Option<Address> {
    let is_known = config.public.is_some() || !config.listen.ip().is_unspecified();
    match invite.endpoint() {
        Endpoint::Pinned { address, .. } if is_known => Some(address.clone()),
        _ => None,
    }
}

/// "Every address" is none that can be dialled: this machine's own stands for it.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn leave_address(folder: &Folder, invite: &Invite) {
    let left: io::Result<()> = folder.leave_address(&invite.to_string());
    if let Err(error) = left {
        tracing::warn!(%error, "programs on this machine will not find this coordinator");
    }
}

/// Lets the operator submit jobs with the coordinator's own key, without an invite.
async fn admit_operator(desk: &Desk, reader: &Reader, operator: PublicKey) {
    if let Err(error) = try_admit(desk, reader, Key(*operator.as_bytes())).await {
        tracing::warn!(%error, "the coordinator's own key cannot submit jobs for now");
    }
}

async fn try_admit(desk: &Desk, reader: &Reader, key: Key) -> Result<(), DeskError> {
    if reader.read(move |store| store.account(&key)).await?.is_some() {
        return Ok(());
    }
    // The secret is used here and now, and is known to nobody else.
    let token = Digest::of(&[b"the operator's own invite", key.as_bytes().as_slice()].concat());
    let (role, expires_at) = (invite::Role::Scientist, Timestamp(u64::MAX));
    desk.ask(Command::Invite(invite::Invite { token, role, uses_left: 1, expires_at })).await?;
    let name = "operator".to_owned();
    desk.ask(Command::Admit(Admit { key, name, token })).await.map(drop)
}
