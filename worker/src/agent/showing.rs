//! Making snapshots: all that a worker shows of itself, while somebody watches.

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::id::ReplicaId;
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::v1;

use super::Agent;
use super::board::{Held as Lease, JobState, Phase};
use super::governing::Hold;
use crate::clock;
use crate::control::Snapshots;
use crate::control::snapshot::{
    Coordinator, Credit, DayShown, Governed, Held, Network, Sensor, Slot, SlotState, Snapshot,
    VERSION, Wished, Work,
};
use crate::diary::Diary;

/// Who watches, and what only they want to know.
#[derive(Debug)]
pub(super) struct Showing {
    snapshots: Snapshots,
    /// All credit of this host when the worker was started, in millionths.
    credit_before: u64,
    credit: Option<u64>,
}

impl Showing {
    pub(super) fn new(snapshots: Snapshots, diary: &Diary) -> Self {
        let credit = diary.read_credit();
        Self { snapshots, credit_before: credit.unwrap_or(0), credit }
    }

    /// Takes up how much credit this host has.
    pub(super) fn earned(&mut self, credit_micro: u64) {
        self.credit = Some(credit_micro);
    }

    /// Whether any answer of this host was ever found right.
    pub(super) fn has_earned(&self) -> bool {
        self.credit.is_some_and(|credit| credit > 0)
    }

    /// What was earned. Where credit was taken back, nothing came since the start.
    pub(super) fn credit(&self) -> Credit {
        let since_start_micro = self.credit.unwrap_or(0).saturating_sub(self.credit_before);
        Credit { total_micro: self.credit, since_start_micro }
    }
}

impl Agent {
    /// Shows how things are to whoever watches.
    pub(super) fn show(&self) {
        if self.showing.snapshots.receiver_count() > 0 {
            self.showing.snapshots.send_replace(self.snapshot_json().into());
        }
    }

    /// How things are, as JSON.
    pub(super) fn snapshot_json(&self) -> String {
        // A value of plain numbers and texts can always be written.
        serde_json::to_string(&self.snapshot()).unwrap_or_default()
    }

    /// How things are.
    pub(super) fn snapshot(&self) -> Snapshot {
        let governor = self.governing.governor();
        let (today_bytes, day_max_bytes) = governor.network_today();
        let sensors = governor.sensed().into_iter().map(|(name, value)| Sensor { name, value });
        Snapshot {
            version: VERSION,
            at_ms: clock::now().0,
            nickname: self.config.nickname.clone(),
            coordinator: Coordinator {
                place: match &self.coordinator {
                    Some(at) => at.endpoint.to_string(),
                    None => self.config.invite.endpoint().to_string(),
                },
                is_connected: self.coordinator.is_some(),
                refused: self.refused.clone(),
                away: self.away.clone(),
            },
            governor: self.governed(),
            slots: (0..self.seats.len()).map(|slot| self.shown_slot(slot)).collect(),
            held: self.shown_held(),
            sensors: sensors.collect(),
            blind: governor.blind(),
            network: Network { today_bytes, day_max_bytes },
            sharing: Some(
                self.peers.shown(governor.tally(), self.governing.decision.no_network.as_ref()),
            ),
            credit: self.showing.credit(),
            days: DayShown::history(governor.tally(), clock::local().day),
        }
    }

    fn governed(&self) -> Governed {
        let decision = &self.governing.decision;
        Governed {
            sentence: self.governing.governor().explain(),
            slots: decision.slots,
            cpu_percent: decision.cpu_percent,
            reason: decision.reason.as_ref().map(Into::into),
            no_network: decision.no_network.as_ref().map(Into::into),
            wish: match self.governing.wished() {
                Wish::Resume => Wished::Resume,
                Wish::Pause => Wished::Pause,
                Wish::Snooze(left) => Wished::Snooze { left_ms: left.0 },
                Wish::Finish => Wished::Finish,
            },
            is_draining: self.draining.is_some(),
        }
    }

    fn shown_held(&self) -> Held {
        let seated = self.seats.iter().flatten().count();
        let is_ready = |(_, held): &(ReplicaId, &Lease)| matches!(held.phase, Phase::Ready(_));
        Held {
            units: self.board.open().saturating_sub(seated),
            ready: self.board.leases().filter(is_ready).count(),
            reports: self.board.len().saturating_sub(self.board.open()),
            chosen: self.chosen.waiting(),
            reported: self.status.borrow().reported,
            computed_ms: self.computed_ms,
        }
    }

    fn shown_slot(&self, number: usize) -> Slot {
        let work = self.work(number);
        let state = match (&work, self.governing.holds(number)) {
            (None, _) => SlotState::Free,
            (Some(_), Hold::Runs) => SlotState::Running,
            (Some(_), Hold::Saving(_)) => SlotState::Saving,
            (Some(_), Hold::Stopped) => SlotState::Stopped,
            (Some(_), Hold::Emptied) => SlotState::Emptied,
        };
        Slot { number, state, work }
    }

    /// What a slot computes, for whom and why.
    fn work(&self, slot: usize) -> Option<Work> {
        let replica = self.seats[slot]?;
        let held = self.board.get(replica)?;
        let named = self.board.job(replica.unit.job)?;
        let JobState::Loaded(job) = &named.state else { return None };
        let draft = job.manifest.draft();
        Some(Work {
            replica: replica.to_string(),
            job: draft.name.clone(),
            description: draft.description.clone(),
            submitter: submitter(&named.leased),
            why: why(held),
            progress_ppm: held.progress_ppm,
            cpu_ms: held.cpu_ms,
        })
    }

    /// Goes by what the owner wrote into the settings since.
    pub(super) fn adopt(&mut self, owner: crate::config::Owner) {
        self.config.owner = owner;
        self.governing.adopt(&self.config);
        self.govern();
    }

    pub(super) fn write_credit(&self) {
        if let Some(credit) = self.showing.credit {
            self.governing.diary().write_credit(credit);
        }
    }
}

/// Who submitted a job: by the coordinator's word, or else by the key that signed it.
fn submitter(leased: &v1::LeasedJob) -> String {
    if !leased.submitter_name.is_empty() {
        return leased.submitter_name.chars().take(NAME_BYTES_MAX).collect();
    }
    match PublicKey::from_bytes(&leased.submitter) {
        Ok(key) => format!("key {:.8}", key.to_string()),
        Err(_none) => "nobody".to_owned(),
    }
}

/// Why a unit is computed here, as far as a host may know: which copies check others is kept from all.
fn why(held: &Lease) -> String {
    let unit = held.grant.replica.unit.index;
    if is_unnumbered(held.grant.replica) {
        return format!("unit {unit}, chosen by this machine while the coordinator is away");
    }
    let copy = held.grant.replica.number + 1;
    if let Some(replay) = held.grant.replay {
        let step = replay.until_step;
        return format!("to settle a dispute: how unit {unit} stands after step {step}");
    }
    match held.grant.resume_from {
        Some(checkpoint) => {
            let step = checkpoint.step;
            format!("copy {copy} of unit {unit}, which goes on from step {step}, saved elsewhere")
        }
        None => format!("copy {copy} of unit {unit}, chosen by the coordinator"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use manyhands_core::time::Timestamp;
    use tokio::sync::watch;

    use super::*;

    #[test]
    fn credit_since_the_start_is_what_came_after_what_an_earlier_process_knew() {
        let folder = tempfile::tempdir().unwrap();
        let diary = Diary::new(folder.path().to_owned());
        let snapshots: Snapshots = Arc::new(watch::channel(Arc::from("")).0);
        let mut showing = Showing::new(Arc::clone(&snapshots), &diary);
        let unknown = Credit { total_micro: None, since_start_micro: 0 };
        assert_eq!(showing.credit(), unknown);
        showing.earned(5);
        assert_eq!(showing.credit(), Credit { total_micro: Some(5), since_start_micro: 5 });
        diary.write_credit(5);
        let mut showing = Showing::new(snapshots, &diary);
        assert_eq!(showing.credit(), Credit { total_micro: Some(5), since_start_micro: 0 });
        showing.earned(12);
        assert_eq!(showing.credit(), Credit { total_micro: Some(12), since_start_micro: 7 });
        showing.earned(3);
        assert_eq!(showing.credit(), Credit { total_micro: Some(3), since_start_micro: 0 });
    }

    #[test]
    fn a_submitter_without_a_name_is_called_by_the_key() {
        let named = v1::LeasedJob { submitter_name: "ada".to_owned(), ..Default::default() };
        assert_eq!(submitter(&named), "ada");
        assert_eq!(submitter(&v1::LeasedJob::default()), "nobody");
    }

    #[test]
    fn the_reason_for_a_unit_says_no_more_than_a_host_may_know() {
        let replica = manyhands_core::id::JobId(1).unit(17).replica(1);
        let grant = manyhands_core::reply::LeaseGrant {
            replica,
            deadline_at: Timestamp(1),
            hard_deadline_at: Timestamp(2),
            resume_from: None,
            replay: None,
        };
        let held = Lease::new(grant, Phase::Waiting);
        assert_eq!(why(&held), "copy 2 of unit 17, chosen by the coordinator");
    }
}
