//! The dialling side: an endpoint becomes a gRPC channel to the one peer that was meant.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::service::interceptor::InterceptedService;
use tonic::transport;

use super::{Address, AssertKey, Connection, Endpoint, WrongKey, tls};
use crate::identity::{Identity, PublicKey};
use crate::lan::Search;

/// Longest that [`connect`] takes: name look-up, dialling and handshake together.
pub const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Silence after which a link is asked whether it still lives.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(20);

/// Longest wait for the answer to that, before the link counts as lost.
const KEEP_ALIVE_MAX: Duration = Duration::from_secs(10);

/// What generated clients are built on.
///
/// It is one connection: once that is lost every call fails with `Unavailable`, and whoever holds
/// the channel dials again, at a pace that only it can know.
pub type Channel = InterceptedService<transport::Channel, AssertKey>;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The name has no address, or nothing listens there.
    #[error("cannot reach {endpoint}: check the address, the network, and that it is running")]
    Unreachable {
        /// What was dialled, as host and port.
        endpoint: String,
        /// What the system said.
        source: io::Error,
    },
    /// Whoever holds the key has not been found.
    #[error("nobody with the key of the invite announces itself on the local network")]
    Unannounced,
    /// No link within the given time.
    #[error("{endpoint} did not answer within {within:?}: check the address, or try again later")]
    TimedOut {
        /// What was dialled, as host and port.
        endpoint: String,
        /// The time that was given.
        within: Duration,
    },
    /// Another key answered than the pinned one: another machine, or someone in between.
    #[error(
        "{endpoint} holds the key {}, not {} as the invite says: ask for a new invite",
        .keys.found, .keys.expected
    )]
    WrongKey {
        /// What was dialled, as host and port.
        endpoint: String,
        /// The key that was expected and the one that was found.
        keys: WrongKey,
    },
    /// Something answered that does not speak our TLS, or has no place for us.
    #[error("no handshake with {endpoint}: it is no manyhands server, or full: try again later")]
    Handshake {
        /// What was dialled, as host and port.
        endpoint: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The connection is there, but HTTP/2 would not start on it.
    #[error("cannot speak HTTP/2 with {endpoint}")]
    Http2 {
        /// What was dialled, as host and port.
        endpoint: String,
        /// What went wrong.
        source: transport::Error,
    },
    /// The TLS stack refuses our own key or configuration.
    #[error("cannot use this identity for TLS")]
    Config(#[from] rustls::Error),
}

/// Dials `endpoint` as `identity`, and returns once the other end has proved the pinned key.
///
/// A server may still refuse the client's own proof: then the first call fails.
///
/// # Errors
/// [`LinkError`], after at most [`CONNECT_MAX`].
pub async fn connect(endpoint: &Endpoint, identity: &Identity) -> Result<Channel, LinkError> {
    connect_within(CONNECT_MAX, endpoint, identity).await
}

/// Like [`connect`], with another limit than [`CONNECT_MAX`].
///
/// # Errors
/// As [`connect`].
pub async fn connect_within(
    within: Duration,
    endpoint: &Endpoint,
    identity: &Identity,
) -> Result<Channel, LinkError> {
    let late = |_elapsed| LinkError::TimedOut { endpoint: endpoint.to_string(), within };
    let (connection, words) = match endpoint {
        Endpoint::Pinned { address, key } => {
            let dial = dial_tls(address, *key, identity);
            (timeout(within, dial).await.map_err(late)??, AssertKey::nothing())
        }
        Endpoint::Nearby(key) => {
            let dial = async {
                let address = search(*key, within / 2).await.ok_or(LinkError::Unannounced)?;
                dial_tls(&address, *key, identity).await
            };
            (timeout(within, dial).await.map_err(late)??, AssertKey::nothing())
        }
        Endpoint::Plain(addr) => {
            let dial = dial_plain((*addr).into());
            (timeout(within, dial).await.map_err(late)??, AssertKey::of(identity.public_key()))
        }
    };
    let channel = start_http2(endpoint, connection).await?;
    Ok(InterceptedService::new(channel, words))
}

/// Where the coordinator with this key says that it is. Whoever answers there has to prove the key.
async fn search(key: PublicKey, within: Duration) -> Option<Address> {
    let found = Search::new().ok()?.coordinator([key].into(), within).await?;
    found.addresses.first().map(|at| Address::from(*at))
}

async fn dial_tls(
    address: &Address,
    key: PublicKey,
    identity: &Identity,
) -> Result<Connection, LinkError> {
    let config = tls::client_config(identity, key)?;
    let endpoint = || address.to_string();
    let socket = TcpStream::connect((address.host(), address.port()))
        .await
        .map_err(|source| LinkError::Unreachable { endpoint: endpoint(), source })?;
    let failed = |error| match wrong_key(&error) {
        Some(keys) => LinkError::WrongKey { endpoint: endpoint(), keys },
        None => LinkError::Handshake { endpoint: endpoint(), source: error },
    };
    Connection::connect_tls(config, socket).await.map_err(failed)
}

async fn dial_plain(addr: SocketAddr) -> Result<Connection, LinkError> {
    let dial = async { Connection::plain(TcpStream::connect(addr).await?, addr) };
    dial.await.map_err(|source| LinkError::Unreachable { endpoint: addr.to_string(), source })
}

/// Finds our verifier's refusal inside what the TLS stack made of it.
fn wrong_key(error: &io::Error) -> Option<WrongKey> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::Other(rustls::OtherError(cause)) => cause.downcast_ref().copied(),
        _ => None,
    }
}

async fn start_http2(
    endpoint: &Endpoint,
    connection: Connection,
) -> Result<transport::Channel, LinkError> {
    let failed = |source| LinkError::Http2 { endpoint: endpoint.to_string(), source };
    let mut connection = Some(TokioIo::new(connection));
    let once = tower::service_fn(move |_uri| {
        ready(connection.take().ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotConnected, "the link is lost: connect again")
        }))
    });
    // `http` because protection is our own matter, below what this library sees.
    transport::Endpoint::from_shared(format!("http://{endpoint}"))
        .map_err(failed)?
        .http2_keep_alive_interval(KEEP_ALIVE_AFTER)
        .keep_alive_timeout(KEEP_ALIVE_MAX)
        .keep_alive_while_idle(true)
        .connect_with_connector(once)
        .await
        .map_err(failed)
}
