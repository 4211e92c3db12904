//! A worker's stream, from its Hello to its end.
//!
//! Each of the worker's messages becomes a command that is handed to the desk at once; answers
//! come back in the same order. So a worker may send reports and its next wish together, and both
//! are made durable by the same flush.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use manyhands_core::block::Block;
use manyhands_core::command::{Command, Renewal, Request};
use manyhands_core::id::{HostId, JobId, ReplicaId};
use manyhands_core::outlook::Outlook;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Reply, Reported};
use manyhands_core::unseen;
use manyhands_proto::convert;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::worker_message::Message as In;
use tokio::sync::{broadcast, mpsc};
use tonic::{Status, Streaming};

use super::reports::{Batch, Credit};
use super::wishes::Wishes;
use super::{claims, hello, reports};
use crate::desk::{DeskError, Pending};
use crate::hub::{Offer, Seat};
use crate::rpc::callers::engine_key;
use crate::rpc::{Shared, status};

/// Commands of one stream that may wait for their answers; then it is not read further.
const IN_FLIGHT_MAX: usize = 8;

/// A stream that was told to drain ends when nothing was said for so long.
const QUIET: Duration = Duration::from_millis(300);

type Outbound = mpsc::Sender<Result<v1::CoordinatorMessage, Status>>;

/// What an answer will be the answer to.
pub(super) enum Asked {
    /// A wish, with the mark of when it was made.
    Work {
        epoch: u64,
    },
    /// Nothing the worker said: it was its turn.
    Turn,
    Renew(Vec<Renewal>),
    Report(Batch),
    Claim(v1::Claim),
}

/// One worker's stream.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) host: HostId,
    /// With which it signs.
    pub(super) key: PublicKey,
    /// From which public block its stream comes.
    pub(super) block: Option<Block>,
    /// What its machine expects of itself.
    outlook: Outlook,
    pub(super) seat: Seat,
    credit: Credit,
    outbound: Outbound,
    in_flight: FuturesOrdered<InFlight>,
    wishes: Wishes,
    /// Jobs that were named to the worker, and have not ended since.
    pub(super) named: BTreeSet<JobId>,
    ended: broadcast::Receiver<JobId>,
}

type InFlight =
    std::pin::Pin<Box<dyn Future<Output = (Asked, Result<Option<Reply>, DeskError>)> + Send>>;

/// Serves a stream to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    (key, block): (PublicKey, Option<Block>),
    mut inbound: Streaming<v1::WorkerMessage>,
    outbound: Outbound,
) -> Result<(), Status> {
    let patience = shared.config.limits.request_time;
    let first = tokio::time::timeout(patience, inbound.message()).await;
    let first = first.map_err(|_late| Status::deadline_exceeded("hello: never came"))??;
    let Some(In::Hello(greeting)) = first.and_then(|first| first.message) else {
        return Err(Status::failed_precondition("hello: must be the first message"));
    };
    let (host, seat) = hello::seat(&shared, engine_key(key), block, greeting.capabilities).await?;
    let ended = shared.hub.ended();
    let mut session = Session {
        shared,
        host: host.id,
        key,
        block,
        outlook: Outlook::ALWAYS,
        credit: Credit::of(&host),
        seat,
        outbound,
        in_flight: FuturesOrdered::new(),
        wishes: Wishes::default(),
        named: BTreeSet::new(),
        ended,
    };
    hello::welcome(&mut session, &host, greeting.held, greeting.claims).await?;
    if hello::is_called(&session.shared, session.host).await? {
        session.take_turn().await?;
    }
    session.run(inbound).await
}

impl Session {
    async fn run(mut self, mut inbound: Streaming<v1::WorkerMessage>) -> Result<(), Status> {
        let draining = self.shared.draining.clone();
        let superseded = self.seat.superseded.clone();
        let dismissed = self.seat.dismissed.clone();
        let forgotten = Refusal::HostForgotten(self.host);
        let mut is_drained = false;
        loop {
            let has_room = self.in_flight.len() < IN_FLIGHT_MAX;
            let is_idle = self.in_flight.is_empty();
            tokio::select! {
                () = superseded.cancelled() => return Err(superseded_status()),
                () = dismissed.cancelled() => return Err(status::refused(&forgotten)),
                message = inbound.message(), if has_room => match message? {
                    Some(message) => self.take(message).await?,
                    None => break,
                },
                Some((asked, answer)) = self.in_flight.next() => self.answered(asked, answer).await?,
                Some(offer) = self.seat.offers.recv() => self.offered(offer).await?,
                Some(()) = self.seat.turns.recv(), if has_room => self.take_turn().await?,
                // Of those that it missed it is not told: it is a hint.
                Ok(job) = self.ended.recv() => self.job_ended(job).await?,
                Some(replicas) = self.seat.aborts.recv() => self.abort(replicas).await?,
                () = self.wishes.another_look() => self.ask().await?,
                () = draining.cancelled(), if !is_drained => {
                    is_drained = true;
                    self.wish(0).await?;
                    self.send(Out::Drain(v1::Drain {})).await?;
                }
                () = tokio::time::sleep(QUIET), if is_drained && is_idle => return Ok(()),
            }
        }
        // The worker has nothing more to say, but may wait for answers.
        while let Some((asked, answer)) = self.in_flight.next().await {
            self.answered(asked, answer).await?;
        }
        Ok(())
    }

    async fn take(&mut self, message: v1::WorkerMessage) -> Result<(), Status> {
        match message.message {
            Some(In::Want(want)) => {
                self.outlook = convert::outlook(want.outlook).map_err(status::wire)?;
                self.wish(want.leases).await
            }
            Some(In::Renew(renew)) => {
                self.bounded("renew.renewals", renew.renewals.len())?;
                let renewals = convert::renewals(renew).map_err(status::wire)?;
                let renewals = reports::held_checkpoints(&self.shared, renewals).await?;
                self.renew(renewals).await
            }
            Some(In::Reports(batch)) => {
                self.bounded("reports.reports", batch.reports.len())?;
                reports::take(self, batch).await
            }
            Some(In::Claim(claim)) => self.take_claim(claim).await,
            Some(In::Hello(_)) => Err(Status::failed_precondition("hello: came twice")),
            None => Err(Status::invalid_argument("message: is missing or not known here")),
        }
    }

    async fn answered(
        &mut self,
        asked: Asked,
        answer: Result<Option<Reply>, DeskError>,
    ) -> Result<(), Status> {
        let reply = match (&asked, answer.map_err(status::desk)?) {
            // It is as if others had all of its units.
            (Asked::Claim(_), reply) => reply,
            (_, Some(Reply::Refused(refusal))) => return Err(status::refused(&refusal)),
            (_, reply) => reply,
        };
        match (asked, reply) {
            (Asked::Work { epoch }, Some(Reply::Leased(leased))) => {
                let granted = u32::try_from(leased.leases.len()).unwrap_or(u32::MAX);
                let has_unseen = unseen::is_some_left(leased.idle);
                self.wishes.granted(&self.seat, granted);
                self.send_leases(leased).await?;
                if granted > 0 { self.ask().await } else { self.wait(epoch, has_unseen).await }
            }
            (Asked::Turn, Some(Reply::Leased(leased))) => {
                let is_granted = !leased.leases.is_empty();
                self.send_leases(leased).await?;
                // It may be its turn for more than one unit.
                if is_granted { self.ask().await } else { Ok(()) }
            }
            (Asked::Renew(renewals), Some(Reply::Renewed(answers))) => {
                let (renewed, abort) = convert::renewed(&renewals, answers);
                self.send(Out::Renewed(renewed)).await?;
                if abort.replicas.is_empty() {
                    return Ok(());
                }
                self.send(Out::Abort(abort)).await
            }
            (Asked::Claim(claim), Some(reply)) => {
                let claimed = claims::claimed(reply, &claim)?;
                self.send_claimed(claim.job, claimed).await
            }
            (Asked::Report(batch), None) => self.acknowledge(batch, Vec::new()).await,
            (Asked::Report(batch), Some(Reply::Reported(outcomes))) => {
                self.acknowledge(batch, outcomes).await
            }
            _ => Err(status::confused()),
        }
    }

    async fn acknowledge(&mut self, batch: Batch, outcomes: Vec<Reported>) -> Result<(), Status> {
        let credit_micro = self.credit.micro(&self.shared, self.host).await?;
        self.send(batch.acknowledged(outcomes, credit_micro)).await
    }

    /// The worker would take so many leases from now on.
    async fn wish(&mut self, want: u32) -> Result<(), Status> {
        let most = self.shared.config.limits.batch_max;
        self.wishes.want = if self.shared.draining.is_cancelled() { 0 } else { want.min(most) };
        if self.wishes.want == 0 {
            self.seat.unpark();
        }
        self.ask().await
    }

    /// Asks the desk for what is wished, unless that is done already.
    async fn ask(&mut self) -> Result<(), Status> {
        let Some(count) = self.wishes.ask() else { return Ok(()) };
        let epoch = self.seat.epoch();
        let request = self.request(count);
        self.hand_in(request, Asked::Work { epoch }).await
    }

    /// There was no work at `epoch`: waits in line, or asks again if there is some since, or may be.
    async fn wait(&mut self, epoch: u64, has_unseen: bool) -> Result<(), Status> {
        if self.wishes.wait(&self.seat, epoch, has_unseen) { self.ask().await } else { Ok(()) }
    }

    async fn offered(&mut self, offer: Offer) -> Result<(), Status> {
        self.wishes.take_up(&self.seat, offer);
        self.ask().await
    }

    /// This host was drawn: it gets that unit now, before all that it wishes for, and also if it
    /// wishes for nothing, or it could choose what it is asked.
    async fn take_turn(&mut self) -> Result<(), Status> {
        if self.shared.draining.is_cancelled() {
            return Ok(());
        }
        if self.wishes.may_ask() {
            return self.ask().await;
        }
        let request = self.request(1);
        self.hand_in(request, Asked::Turn).await
    }

    fn request(&self, count: u16) -> Command {
        let Self { host, block, outlook, .. } = *self;
        Command::Request(Request { host, count, block, outlook })
    }

    pub(super) async fn renew(&mut self, renewals: Vec<Renewal>) -> Result<(), Status> {
        if renewals.is_empty() {
            return Ok(());
        }
        let renew = manyhands_core::command::Renew { host: self.host, renewals: renewals.clone() };
        self.hand_in(Command::Renew(renew), Asked::Renew(renewals)).await
    }

    pub(super) async fn hand_in(&mut self, command: Command, asked: Asked) -> Result<(), Status> {
        let pending: Pending = self.shared.desk.send(command).await.map_err(status::desk)?;
        let answer = async move { (asked, pending.answer().await.map(Some)) };
        self.in_flight.push_back(Box::pin(answer));
        Ok(())
    }

    /// Puts an answer that needs no decision in line with the others.
    pub(super) fn answer_in_turn(&mut self, asked: Asked) {
        self.in_flight.push_back(Box::pin(async move { (asked, Ok(None)) }));
    }

    async fn abort(&mut self, replicas: Vec<ReplicaId>) -> Result<(), Status> {
        let replicas = replicas.into_iter().map(Into::into).collect();
        self.send(Out::Abort(v1::Abort { replicas })).await
    }

    async fn job_ended(&mut self, job: JobId) -> Result<(), Status> {
        if !self.named.remove(&job) {
            return Ok(());
        }
        self.send(Out::Ended(v1::JobEnded { job: job.0 })).await
    }

    /// Sends to the worker, waiting while it is slow.
    pub(super) async fn send(&mut self, message: Out) -> Result<(), Status> {
        let message = v1::CoordinatorMessage { message: Some(message) };
        let gone = |_unsent| Status::cancelled("the worker is gone");
        self.outbound.send(Ok(message)).await.map_err(gone)
    }

    fn bounded(&self, field: &str, items: usize) -> Result<(), Status> {
        let max = self.shared.config.limits.batch_max;
        if usize::try_from(max).is_ok_and(|max| items <= max) {
            return Ok(());
        }
        let many = format!("{field}: has {items} items where at most {max} are allowed");
        Err(Status::invalid_argument(many))
    }
}

fn superseded_status() -> Status {
    Status::aborted("a newer stream of this host has taken over")
}

impl Drop for Session {
    fn drop(&mut self) {
        self.wishes.give_up(&self.seat);
    }
}
