//! The listening side: a socket becomes a stream of connections whose handshakes are done.
//!
//! Nothing that a stranger does ends the stream, blocks it, or costs more than the [`Bounds`].
//! There is no task to stop: dropping the stream closes the socket and all unfinished handshakes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Sleep, sleep, timeout};
use tokio_stream::Stream;

use super::Connection;
use super::endpoint::{LoopbackAddr, NotLoopback};
use super::tls::ServerTls;

/// Rest after the system refuses to accept (mostly: no file descriptor is left), so that waiting
/// for one to be freed does not burn a core.
const REFUSED_REST: Duration = Duration::from_millis(100);

/// How much strangers may cost a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Handshakes at once; at least 1. A newcomer above this ends the oldest one: honest
    /// handshakes take milliseconds, so those that only hold places go first.
    pub handshakes_max: usize,
    /// Longest handshake.
    pub handshake_max: Duration,
    /// Connections at once, handshakes included. Newcomers above this are closed unheard.
    pub connections_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            handshakes_max: 256,
            handshake_max: Duration::from_secs(10),
            connections_max: 16_384,
        }
    }
}

/// The connections that arrive at a socket, for
/// [`serve_with_incoming_shutdown`](tonic::transport::Server::serve_with_incoming_shutdown).
///
/// It never ends and never fails.
pub struct Incoming {
    listener: TcpListener,
    /// `None`: plain text.
    tls: Option<ServerTls>,
    bounds: Bounds,
    places: Arc<Semaphore>,
    handshakes: JoinSet<Option<Connection>>,
    /// Oldest first; may hold some that are finished.
    ages: VecDeque<AbortHandle>,
    rest: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    /// Serves proven keys only; `config` comes from [`super::server_config`].
    #[must_use]
    pub fn tls(listener: TcpListener, config: ServerTls, bounds: Bounds) -> Self {
        Self::new(listener, Some(config), bounds)
    }

    /// Serves plain text within this machine.
    ///
    /// # Errors
    /// If `listener` can be reached from elsewhere, or does not know its own address.
    pub fn plain(listener: TcpListener, bounds: Bounds) -> io::Result<Self> {
        let refuse = |error: NotLoopback| io::Error::new(io::ErrorKind::InvalidInput, error);
        LoopbackAddr::try_from(listener.local_addr()?).map_err(refuse)?;
        Ok(Self::new(listener, None, bounds))
    }

    fn new(listener: TcpListener, tls: Option<ServerTls>, bounds: Bounds) -> Self {
        Self {
            listener,
            tls,
            bounds,
            places: Arc::new(Semaphore::new(bounds.connections_max)),
            handshakes: JoinSet::new(),
            ages: VecDeque::new(),
            rest: None,
        }
    }

    /// Starts a handshake with a newcomer, if there is a place.
    fn greet(&mut self, socket: TcpStream, addr: SocketAddr) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            // Not louder: a flood of connections must not become a flood of logs.
            tracing::debug!(%addr, max = self.bounds.connections_max, "no place for a connection");
            return;
        };
        self.make_room();
        let handshake = handshake(self.tls.clone(), socket, addr, self.bounds.handshake_max);
        let handshake = async move { Some(handshake.await?.occupying(place)) };
        self.ages.push_back(self.handshakes.spawn(handshake));
    }

    /// Ends the oldest handshake if there are as many as there may be.
    fn make_room(&mut self) {
        if self.ages.len() >= self.bounds.handshakes_max {
            self.ages.retain(|handshake| !handshake.is_finished());
        }
        if self.ages.len() >= self.bounds.handshakes_max
            && let Some(oldest) = self.ages.pop_front()
        {
            oldest.abort();
        }
    }

    fn poll_newcomer(&mut self, cx: &mut Context<'_>) -> Poll<(TcpStream, SocketAddr)> {
        loop {
            if let Some(rest) = &mut self.rest {
                ready!(rest.as_mut().poll(cx));
                self.rest = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok(newcomer) => return Poll::Ready(newcomer),
                Err(error) if is_about_newcomer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for now");
                    self.rest = Some(Box::pin(sleep(REFUSED_REST)));
                }
            }
        }
    }
}

/// Whether only this newcomer is lost, and the next can be accepted at once.
fn is_about_newcomer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

async fn handshake(
    tls: Option<ServerTls>,
    socket: TcpStream,
    addr: SocketAddr,
    within: Duration,
) -> Option<Connection> {
    let established = match tls {
        Some(tls) => timeout(within, Connection::accept_tls(tls, socket, addr)).await,
        None => Ok(Connection::plain(socket, addr)),
    };
    established
        .unwrap_or_else(|late| Err(late.into()))
        .inspect_err(|error| tracing::debug!(%addr, %error, "handshake failed"))
        .ok()
}

impl Stream for Incoming {
    type Item = Result<Connection, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // Both polls spend the task's budget, so that this loop yields under any flood.
        loop {
            if let Poll::Ready(Some(finished)) = this.handshakes.poll_join_next(cx) {
                // Neither a failed handshake nor one that was ended for a newcomer is news.
                if let Ok(Some(connection)) = finished {
                    return Poll::Ready(Some(Ok(connection)));
                }
                continue;
            }
            let (socket, addr) = ready!(this.poll_newcomer(cx));
            this.greet(socket, addr);
        }
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let security = if self.tls.is_some() { "tls" } else { "plain" };
        f.debug_struct("Incoming")
            .field("listener", &self.listener)
            .field("security", &security)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
