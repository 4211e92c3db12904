//! One project: its coordinator, and everything that is held, fetched and told for it. What it shares with
//! other projects is the [`Machine`](super::machine::Machine).

use std::collections::VecDeque;

use manyhands_core::agent::fetch::RunTime;
use manyhands_core::id::ReplicaId;
use manyhands_core::limits::{BATCH_MAX, INLINE_BYTES_MAX};
use manyhands_core::outlook::Outlook;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::v1;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::board::Board;
use super::choosing::Chosen;
use super::earnings::Earnings;
use super::ending::{Ending, Terms};
use super::outbox::Outbox;
use super::{Awaiting, Done, HEARTBEAT_MS, feeding, finishing, heartbeat};
use crate::cache::Cache;
use crate::link::{Attached, LinkEvent};
use crate::peers::Peers;
use crate::spool::{Restored, Spool};

/// Which project, by its place in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProjectIndex(pub(super) usize);

/// See the module.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) invite: Invite,
    /// What the machine's owner calls it.
    pub(super) name: String,
    /// What it gets of the machine, beside the others' shares.
    pub(super) share: u32,
    /// What the coordinator is offered.
    pub(super) capabilities: v1::Capabilities,
    /// With which reports are signed.
    pub(super) identity: Identity,
    pub(super) board: Board,
    pub(super) outbox: Outbox,
    pub(super) chosen: Chosen,
    pub(super) cache: Cache,
    pub(super) peers: Peers,
    pub(super) spool: Spool,
    pub(super) durable: watch::Receiver<u64>,
    /// In the order of their changes' numbers.
    pub(super) awaiting: VecDeque<(u64, Awaiting)>,
    /// Reports whose blobs are to be uploaded.
    pub(super) uploads: VecDeque<(ReplicaId, Ending)>,
    pub(super) tasks: JoinSet<Done>,
    pub(super) fetching: feeding::Fetching,
    pub(super) run_time: RunTime,
    /// Processor time of guests whose runs have ended, in milliseconds.
    pub(super) computed_ms: u64,
    pub(super) uploading: finishing::Uploading,
    pub(super) coordinator: Option<Attached>,
    /// Items of one message that the coordinator takes.
    pub(super) batch_max: usize,
    /// Leases that the coordinator was asked for and did not grant yet.
    pub(super) wished: u32,
    /// What it expected of this machine when it was asked.
    pub(super) told_outlook: Outlook,
    /// Why the coordinator gives this host no work for a while, in its own words.
    pub(super) refused: Option<String>,
    /// Why there is no coordinator now, otherwise.
    pub(super) away: Option<String>,
    /// Something could not be said because the coordinator reads slowly.
    pub(super) held_back: bool,
    pub(super) terms: Terms,
    /// Whether this host was ever enrolled.
    pub(super) enrolled: bool,
    pub(super) heartbeat: tokio::time::Interval,
    pub(super) earnings: Earnings,
    /// What is heard of the coordinator.
    link: mpsc::Receiver<LinkEvent>,
}

/// What a project is made of.
#[derive(Debug)]
pub(crate) struct ProjectParts {
    pub(crate) invite: Invite,
    pub(crate) name: String,
    pub(crate) share: u32,
    /// What the coordinator is offered.
    pub(crate) capabilities: v1::Capabilities,
    pub(crate) identity: Identity,
    pub(crate) cache: Cache,
    pub(crate) peers: Peers,
    pub(crate) spool: Spool,
    /// What an earlier process left in the spool.
    pub(crate) restored: Restored,
    pub(crate) earnings: Earnings,
    /// What is heard of the coordinator.
    pub(crate) link: mpsc::Receiver<LinkEvent>,
}

/// What happens to a project.
#[derive(Debug)]
pub(super) enum Event {
    Link(LinkEvent),
    Done(Done),
    /// Changes are on disk.
    Durable,
    /// The spool's thread is gone.
    SpoolStopped,
    /// The coordinator is to hear that all is well.
    Beat,
    /// There is room for a message again.
    Room,
}

impl Project {
    pub(super) fn new(parts: ProjectParts, checkpoint_bytes_max: u64) -> (Self, Restored) {
        let ProjectParts { invite, name, share, capabilities, identity, cache, peers, .. } = parts;
        let ProjectParts { spool, restored, earnings, link, .. } = parts;
        let inline_bytes_max = INLINE_BYTES_MAX as u64;
        let project = Self {
            invite,
            name,
            share,
            capabilities,
            identity,
            board: Board::default(),
            outbox: Outbox::new(),
            chosen: Chosen::new(),
            cache,
            peers,
            durable: spool.durable(),
            spool,
            awaiting: VecDeque::new(),
            uploads: VecDeque::new(),
            tasks: JoinSet::new(),
            fetching: feeding::Fetching::new(),
            run_time: RunTime::default(),
            computed_ms: 0,
            uploading: finishing::Uploading::new(),
            coordinator: None,
            batch_max: BATCH_MAX,
            wished: 0,
            told_outlook: Outlook::ALWAYS,
            refused: None,
            away: None,
            held_back: false,
            terms: Terms { inline_bytes_max, checkpoint_bytes_max, lies: false },
            enrolled: restored.enrolment.is_some(),
            heartbeat: heartbeat(HEARTBEAT_MS),
            earnings,
            link,
        };
        (project, restored)
    }

    /// The next thing that happens. Whoever stops waiting has missed nothing.
    pub(super) async fn next(&mut self) -> Event {
        let room = room(self.coordinator.as_ref().filter(|_| self.held_back));
        tokio::select! {
            Some(event) = self.link.recv() => Event::Link(event),
            Some(done) = self.tasks.join_next() => match done {
                Ok(done) => Event::Done(done),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            changed = self.durable.changed() => match changed {
                Ok(()) => Event::Durable,
                Err(_closed) => Event::SpoolStopped,
            },
            _ = self.heartbeat.tick(), if self.coordinator.is_some() => Event::Beat,
            () = room => Event::Room,
        }
    }

    /// Whether anything is here that was not computed to its end.
    pub(super) fn has_work(&self) -> bool {
        self.board.open() > 0
    }

    /// Whether nothing is left to do or say.
    pub(super) fn is_empty(&self) -> bool {
        self.board.len() == 0 && self.outbox.is_empty()
    }

    /// Where the coordinator is, or is looked for.
    pub(super) fn place(&self) -> String {
        match &self.coordinator {
            Some(at) => at.endpoint.to_string(),
            None => self.invite.endpoint().to_string(),
        }
    }
}

/// Until there is room for a message; for ever if that is not waited for.
fn room(coordinator: Option<&Attached>) -> impl Future<Output = ()> + use<> {
    let outgoing = coordinator.map(|attached| attached.outgoing.clone());
    async move {
        match outgoing {
            // An error means that the stream is lost, and the link will say so.
            Some(outgoing) => drop(outgoing.reserve().await),
            None => std::future::pending().await,
        }
    }
}
