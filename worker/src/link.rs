//! The stream to the coordinator: found, enrolled, attached, and all of it again when it is lost.
//!
//! One task lives here. It tells the agent what happens as [`LinkEvent`]s and never decides
//! anything but when to dial again; that pause grows with each failure, begins the longer the more hosts
//! the coordinator has, and is jittered, so that they do not return at once when it was away. In the pauses
//! it looks for where the coordinator may be now.

mod finder;
mod nearby;
mod session;

use manyhands_core::agent::looking::Looking;
use manyhands_core::agent::retry::Retry;
use manyhands_core::time::Span;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Token;
use manyhands_proto::link::{Channel, Endpoint};
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message;
use tokio::sync::{mpsc, oneshot, watch};

use crate::cache::Origin;
use crate::clock;

pub(crate) use self::finder::{Finder, kept};
pub use self::session::SessionError;

/// Messages that wait to be sent. The agent holds back what does not fit.
const OUTGOING_MAX: usize = 16;

/// A session that lasted so long was no failure.
const SETTLED: Span = Span::minutes(1);

/// Bounds of a pause that the coordinator asked for.
const PUSHBACK_MIN: Span = Span::seconds(1);
const PUSHBACK_MAX: Span = Span::hours(24);

/// What the agent hears of the link.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    /// The host was enrolled, under this number.
    Enrolled(u64),
    /// The stream is about to open: what does this worker hold? Answered at once.
    Hello(oneshot::Sender<v1::Hello>),
    /// The stream is open.
    Attached(Attached),
    /// The coordinator said something.
    Message(Message),
    /// The stream is gone; the next one comes by itself.
    Detached(SessionError),
}

/// An open stream.
#[derive(Debug)]
pub(crate) struct Attached {
    /// The coordinator's terms.
    pub(crate) welcome: v1::Welcome,
    /// Where messages to it go. When the stream is lost, sending fails.
    pub(crate) outgoing: mpsc::Sender<v1::WorkerMessage>,
    /// The connection, for other calls.
    pub(crate) channel: Channel,
    /// Where it was dialled.
    pub(crate) endpoint: Endpoint,
}

impl Attached {
    /// This coordinator, as a source of blobs.
    pub(crate) fn origin(&self) -> Origin {
        let peer = match &self.endpoint {
            Endpoint::Pinned { address, key } if self.welcome.has_swarm => {
                Some((address.clone(), *key))
            }
            Endpoint::Pinned { .. } | Endpoint::Nearby(_) | Endpoint::Plain(_) => None,
        };
        Origin { channel: self.channel.clone(), peer }
    }
}

/// Who dials whom, and what it says of itself.
#[derive(Debug)]
pub(crate) struct Dialer {
    /// Knows where the coordinator may be.
    pub(crate) finder: Finder,
    /// What the invite says who sent this host, if it does.
    pub(crate) token: Option<Token>,
    /// This host.
    pub(crate) identity: Identity,
    /// What others see of it.
    pub(crate) nickname: String,
    /// What it offers.
    pub(crate) capabilities: v1::Capabilities,
    /// Where it is told whenever there is a coordinator.
    pub(crate) attached: watch::Sender<Option<Channel>>,
}

/// Keeps a stream open until nobody listens to `events` any more.
pub(crate) async fn run(mut dialer: Dialer, events: mpsc::Sender<LinkEvent>) {
    let mut rng = clock::seeded_rng();
    let mut retry = Retry::default();
    let mut looking = Looking::default();
    let mut enrolled = false;
    loop {
        let begun_at = clock::now();
        let Err(lost) = session::run(&mut dialer, &mut enrolled, &mut retry, &events).await else {
            return;
        };
        dialer.attached.send_replace(None);
        if lost.means_unknown() {
            enrolled = false;
        }
        if clock::now().since(begun_at) >= SETTLED {
            retry.worked();
            looking = Looking::default();
        }
        let may_have_moved = lost.may_mean_that_it_moved();
        let pause = match lost.pushback() {
            Some(pushback) => Span(pushback.0.clamp(PUSHBACK_MIN.0, PUSHBACK_MAX.0)),
            None => retry.failed(&mut rng),
        };
        tracing::info!(%pause, reason = %lost, "the coordinator is away");
        if events.send(LinkEvent::Detached(lost)).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(clock::duration(pause)) => {}
            () = events.closed() => return,
            () = dialer.finder.look(&mut looking, &mut rng), if may_have_moved => {
                let pause = retry.heard(&mut rng);
                tracing::info!(%pause, "the coordinator may be elsewhere");
                tokio::time::sleep(clock::duration(pause)).await;
            }
        }
    }
}
