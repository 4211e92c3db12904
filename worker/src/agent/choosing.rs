//! Units of this worker's own choice: when nothing is left to do and no coordinator is there to ask, it goes on with
//! units that it chooses, and claims them when one is back. `core/src/agent/selfchosen/SELFCHOSEN.md` says
//! what that is worth.
//!
//! Until then they are leases without a number of the coordinator's: they take slots, checkpoints and
//! the spool like all others, and only what is said to the coordinator leaves them out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::selfchosen::{
    Choosing, Commitment, Offer, Salt, is_unnumbered, unnumbered,
};
use manyhands_core::command::ReplicaReport;
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::key::Key;
use manyhands_core::manifest::Source;
use manyhands_core::replica::Class;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::time::Timestamp;
use manyhands_proto::v1::worker_message::Message;
use manyhands_proto::{convert, v1};
use tokio::time::Instant;

use super::board::{Held, Named, Phase};
use super::ending::{self, Ending};
use super::job::Job;
use super::{Awaiting, Turn};
use crate::WorkerError;
use crate::clock;
use crate::spool::Change;

/// What there is of this worker's own choice.
#[derive(Debug)]
pub(super) struct Chosen {
    choosing: Choosing,
    /// Since when there is no coordinator.
    away_since: Instant,
    /// Computed, and not granted yet.
    ended: BTreeMap<ReplicaId, Ending>,
    /// Those of them that were claimed in this stream,
    claimed: BTreeSet<ReplicaId>,
    /// and those that peers are told of while there is none.
    told: BTreeSet<ReplicaId>,
}

impl Chosen {
    pub(super) fn new() -> Self {
        Self {
            choosing: Choosing::default(),
            away_since: Instant::now(),
            ended: BTreeMap::new(),
            claimed: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    /// A coordinator is there: it may know of more, and soon others will. Peers need not be told any more.
    pub(super) fn attached(&mut self) {
        self.choosing.begins_anew();
        self.told.clear();
    }

    /// The coordinator is gone, and with it whatever it was about to answer.
    pub(super) fn detached(&mut self) {
        self.away_since = Instant::now();
        self.claimed.clear();
    }

    /// There is another job to choose from, or a choice came to nothing.
    pub(super) fn begins_anew(&mut self) {
        self.choosing.begins_anew();
    }

    /// How many answers wait for a coordinator.
    pub(super) fn waiting(&self) -> usize {
        self.ended.len()
    }

    /// A chosen unit has its answer, which is on disk.
    pub(super) fn ended(&mut self, replica: ReplicaId, ending: Ending) {
        self.ended.insert(replica, ending);
    }
}

impl Turn<'_> {
    /// Chooses units for idle slots, if there is nobody to ask for others.
    pub(super) async fn choose(&mut self) -> Result<(), WorkerError> {
        self.tell_peers();
        let room = self.room_for_choice();
        if room == 0 {
            return Ok(());
        }
        let chosen = self.choice(room);
        self.project.chosen.choosing.found(chosen.len(), room);
        for replica in chosen {
            tracing::info!(%replica, "the coordinator is away: a unit of this worker's own choice");
            let (never, resume_from, replay) = (Timestamp(u64::MAX), None, None);
            let (deadline_at, hard_deadline_at) = (never, never);
            let grant = LeaseGrant { replica, deadline_at, hard_deadline_at, resume_from, replay };
            if self.project.board.grant(grant, Vec::new()) {
                self.spool_job(replica.unit.job).await?;
                self.append(Change::Leased(replica, grant.into())).await?;
            }
        }
        Ok(())
    }

    /// Whether there has been no coordinator for so long that this worker chooses itself.
    fn is_left_alone(&self) -> bool {
        let Some(after) = self.machine.config.choose_after.map(clock::duration) else {
            return false;
        };
        self.project.coordinator.is_none() && self.project.chosen.away_since.elapsed() >= after
    }

    /// Lets peers know what came of this worker's own choice, so that they choose other units.
    fn tell_peers(&mut self) {
        let jobs: BTreeSet<Digest> = match self.is_left_alone() {
            true => self.choosable().map(|(.., job)| job.digest).collect(),
            false => BTreeSet::new(),
        };
        self.project.peers.choose_from(&jobs);
        if jobs.is_empty() {
            return;
        }
        let ended: Vec<ReplicaId> = self.project.chosen.ended.keys().copied().collect();
        for replica in ended {
            if self.project.chosen.told.insert(replica)
                && let Some(made) = self.commitment(replica)
            {
                self.project.peers.commit(made);
            }
        }
    }

    /// The answer to a unit of this worker's own choice, sealed.
    fn commitment(&self, replica: ReplicaId) -> Option<Commitment> {
        let (manifest, class) = answer(&self.project.chosen.ended.get(&replica)?.report)?;
        let index = replica.unit.index;
        let salt = self.salt(&manifest, index);
        Some(Commitment::new(manifest, index, self.key(), class, &salt))
    }

    /// Jobs of which units may be chosen.
    fn choosable(&self) -> impl Iterator<Item = (JobId, &Named, &Arc<Job>)> {
        let open = self.project.board.loaded().filter(|(_, named, _)| named.is_open());
        open.filter(|(_, _, job)| may_be_chosen_from(job))
    }

    /// How many units to choose now.
    fn room_for_choice(&self) -> usize {
        // Who has earned nothing yet is not believed, and its choice would be for nothing.
        if !self.is_left_alone() || !self.project.earnings.has_earned() {
            return 0;
        }
        if self.machine.draining.is_some() || self.machine.governing.wished() == Wish::Finish {
            return 0;
        }
        // What waits for the coordinator's blobs takes no slot meanwhile.
        let takes_slot = |(replica, held): &(ReplicaId, &Held)| match held.phase {
            Phase::Fetching | Phase::Ready(_) | Phase::Running(_) => true,
            Phase::Waiting => is_unnumbered(*replica),
            Phase::Ended => false,
        };
        let busy = self.project.board.leases().filter(takes_slot).count();
        let idle = (self.machine.governing.decision.slots as usize).saturating_sub(busy);
        let chosen =
            self.project.board.leases().filter(|(replica, _)| is_unnumbered(*replica)).count();
        self.project.chosen.choosing.room(idle, chosen)
    }

    /// At most `room` units of jobs that can be computed with what is here.
    fn choice(&self, room: usize) -> Vec<ReplicaId> {
        let (own, peers) = (self.key(), self.project.peers.met());
        let mut chosen = Vec::new();
        for (id, named, job) in self.choosable() {
            let units_total = job.manifest.units_total();
            let offer = Offer { manifest: &job.digest, units_total, own: &own, peers: &peers };
            let is_done =
                |index| named.has_seen(index) || self.project.peers.have_done(&job.digest, index);
            let units = offer.choose(room - chosen.len(), is_done);
            chosen.extend(units.into_iter().map(|index| unnumbered(id.unit(index))));
        }
        chosen
    }

    fn key(&self) -> Key {
        Key(*self.project.identity.public_key().as_bytes())
    }

    /// What of this worker's own choice is to be claimed in a greeting, all of it.
    pub(super) fn claims(&mut self) -> Vec<v1::Claim> {
        self.project.chosen.claimed.clear();
        self.new_claims()
    }

    /// Claims what was not claimed in this stream.
    pub(super) fn send_claims(&mut self) {
        if self.project.chosen.claimed.len() == self.project.chosen.ended.len() || !self.can_say() {
            return;
        }
        for claim in self.new_claims() {
            if !self.say(Message::Claim(claim)) {
                // It is said with the next greeting at the latest.
                self.project.held_back = true;
            }
        }
    }

    fn new_claims(&mut self) -> Vec<v1::Claim> {
        let mut claims: BTreeMap<JobId, Vec<(u32, Digest)>> = BTreeMap::new();
        let ended: Vec<ReplicaId> = self.project.chosen.ended.keys().copied().collect();
        for replica in ended {
            let Some(made) = self.commitment(replica) else { continue };
            if self.project.chosen.claimed.insert(replica) {
                claims.entry(replica.unit.job).or_default().push((made.unit, made.sealed));
            }
        }
        claims.into_iter().map(|(job, units)| convert::claim_message(job, &units)).collect()
    }

    fn salt(&self, manifest: &Digest, unit: u32) -> Salt {
        self.project.identity.seal_salt(manifest, unit)
    }

    /// What was granted is reported as any other lease is, and the rest was for nothing.
    pub(super) async fn on_claimed(&mut self, claimed: v1::Claimed) -> Result<(), WorkerError> {
        for lease in claimed.leases {
            let Ok(grant) = LeaseGrant::try_from(lease) else { continue };
            self.on_granted(grant).await?;
        }
        for index in claimed.taken {
            let replica = unnumbered(JobId(claimed.job).unit(index));
            if self.project.chosen.ended.remove(&replica).is_some() {
                tracing::info!(%replica, "others have the unit that was chosen");
                self.project.chosen.claimed.remove(&replica);
                self.settle(replica).await?;
            }
        }
        Ok(())
    }

    async fn on_granted(&mut self, grant: LeaseGrant) -> Result<(), WorkerError> {
        let replica = grant.replica;
        let before = unnumbered(replica.unit);
        if self.project.board.get(replica).is_some() {
            return Ok(());
        }
        let Some(mut ending) = self.project.chosen.ended.remove(&before) else {
            self.project.outbox.push(replica, ending::aborted(replica));
            return Ok(());
        };
        self.project.chosen.claimed.remove(&before);
        ending.report.replica = Some(replica.into());
        // What was stated of it is of a replica without a number.
        self.state(replica, &mut ending.report);
        if let Some((manifest, _)) = answer(&ending.report) {
            ending.report.salt = self.salt(&manifest, replica.unit.index).to_vec().into();
        }
        self.project.board.ended_before(grant);
        // First the new one: if this process ends between the two, both are claimed and granted again.
        let written = self.append(Change::Finished(replica, ending.report.clone())).await?;
        self.project.awaiting.push_back((written, Awaiting::Report(replica, Box::new(ending))));
        self.settle(before).await
    }

    /// What a chosen unit came to is kept, unless it is no answer.
    pub(super) fn is_worth_claiming(report: &v1::Report) -> bool {
        matches!(
            report.outcome,
            Some(v1::report::Outcome::Success(_) | v1::report::Outcome::AppError(_))
        )
    }
}

/// Whether units of a job may be chosen, and can be computed with what is here: a job that has every such answer
/// checked, and whose units read nothing but what all of them do, and that in the clear.
fn may_be_chosen_from(job: &Job) -> bool {
    let draft = job.manifest.draft();
    let sources = draft.inputs.iter().map(|input| &input.source).chain(&draft.stdin);
    let reads_own = sources.into_iter().any(|source| matches!(source, Source::Axis(_)));
    draft.policy.confidence.is_some() && draft.secret.is_none() && !reads_own
}

/// The manifest that a report is about, and the answer that it gives.
fn answer(report: &v1::Report) -> Option<(Digest, Class)> {
    let manifest = convert::digest("manifest", &report.manifest).ok()?;
    let class = ReplicaReport::try_from(report.clone()).ok()?.outcome.class()?;
    Some((manifest, class))
}
