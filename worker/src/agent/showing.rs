//! Making snapshots: all that a worker shows of itself, while somebody watches.

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::v1;

use super::Agent;
use super::board::{Held as Lease, JobState};
use super::governing::{Governing, Hold};
use super::machine::{Machine, Seat};
use super::project::{Project, ProjectIndex};
use crate::clock;
use crate::control::snapshot::{
    Coordinator, DayShown, Governed, Held, Network, ProjectShown, Sensor, Sharing, Slot, SlotState,
    Snapshot, VERSION, Wished, Work,
};

impl Agent {
    /// Shows how things are to whoever watches.
    pub(super) fn show(&self) {
        if self.machine.snapshots.receiver_count() > 0 {
            self.machine.snapshots.send_replace(self.snapshot_json().into());
        }
    }

    /// How things are, as JSON.
    pub(super) fn snapshot_json(&self) -> String {
        // A value of plain numbers and texts can always be written.
        serde_json::to_string(&self.snapshot()).unwrap_or_default()
    }

    /// How things are.
    pub(super) fn snapshot(&self) -> Snapshot {
        let governor = self.machine.governing.governor();
        let (today_bytes, day_max_bytes) = governor.network_today();
        let sensors = governor.sensed().into_iter().map(|(name, value)| Sensor { name, value });
        let projects: Vec<ProjectShown> = self.indices().map(|at| self.shown_project(at)).collect();
        let first = projects.first().cloned().unwrap_or_default();
        Snapshot {
            version: VERSION,
            at_ms: clock::now().0,
            nickname: self.machine.config.nickname.clone(),
            coordinator: first.coordinator,
            governor: self.governed(),
            slots: (0..self.machine.seats.len()).map(|slot| self.shown_slot(slot)).collect(),
            held: self.shown_held(),
            sensors: sensors.collect(),
            blind: governor.blind(),
            network: Network { today_bytes, day_max_bytes },
            sharing: Some(self.shown_sharing()),
            credit: projects.iter().map(|project| project.credit).sum(),
            projects,
            days: DayShown::history(governor.tally(), clock::local().day),
        }
    }

    fn shown_project(&self, at: ProjectIndex) -> ProjectShown {
        let project = &self.projects[at.0];
        let seats = self.machine.seats.iter().flatten();
        ProjectShown {
            name: project.name.clone(),
            share: project.share,
            coordinator: Coordinator {
                place: project.place(),
                is_connected: project.coordinator.is_some(),
                refused: project.refused.clone(),
                away: project.away.clone(),
            },
            slots: seats.filter(|seat| seat.project == at).count(),
            units: project.board.open(),
            computed_ms: project.computed_ms,
            credit: project.earnings.credit(),
        }
    }

    /// What is exchanged with workers of all projects.
    fn shown_sharing(&self) -> Sharing {
        let Governing { decision, .. } = &self.machine.governing;
        let tally = self.machine.governing.governor().tally();
        let of = |project: &Project| project.peers.shown(tally, decision.no_network.as_ref());
        let shown = self.projects.iter().map(of);
        shown.reduce(Sharing::and).unwrap_or_default()
    }

    fn governed(&self) -> Governed {
        let decision = &self.machine.governing.decision;
        Governed {
            sentence: self.machine.governing.governor().explain(),
            slots: decision.slots,
            cpu_percent: decision.cpu_percent,
            reason: decision.reason.as_ref().map(Into::into),
            no_network: decision.no_network.as_ref().map(Into::into),
            wish: match self.machine.governing.wished() {
                Wish::Resume => Wished::Resume,
                Wish::Pause => Wished::Pause,
                Wish::Snooze(left) => Wished::Snooze { left_ms: left.0 },
                Wish::Finish => Wished::Finish,
            },
            is_draining: self.machine.draining.is_some(),
        }
    }

    fn shown_held(&self) -> Held {
        let count = |of: fn(&Project) -> usize| self.projects.iter().map(of).sum::<usize>();
        Held {
            units: count(|project| project.board.open()).saturating_sub(self.machine.seated()),
            ready: count(|project| project.board.ready()),
            reports: count(|project| project.board.len().saturating_sub(project.board.open())),
            chosen: count(|project| project.chosen.waiting()),
            reported: self.machine.status.borrow().reported,
            computed_ms: self.projects.iter().map(|project| project.computed_ms).sum(),
        }
    }

    fn shown_slot(&self, number: usize) -> Slot {
        let work = self.work(number);
        let state = match (&work, self.machine.governing.holds(number)) {
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
        let Seat { project, replica, .. } = self.machine.seats[slot]?;
        let project = &self.projects[project.0];
        let held = project.board.get(replica)?;
        let named = project.board.job(replica.unit.job)?;
        let JobState::Loaded(job) = &named.state else { return None };
        let draft = job.manifest.draft();
        Some(Work {
            project: project.name.clone(),
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
        let Machine { config, governing, .. } = &mut self.machine;
        config.owner = owner;
        governing.adopt(config);
        self.govern();
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
    use manyhands_core::time::Timestamp;

    use super::*;

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
        let held = Lease::new(grant, crate::agent::board::Phase::Waiting);
        assert_eq!(why(&held), "copy 2 of unit 17, chosen by the coordinator");
    }
}
