//! A bed for disputes: a host of standing answers truly, and whoever is drawn to check that lies.

use manyhands_core::command::Outcome;
use manyhands_core::digest::Digest;
use manyhands_core::dispute::{Dispute, Ended};
use manyhands_core::effect::Effect;
use manyhands_core::id::{HostId, JobId, UnitId};
use manyhands_core::lease::Replay;
use manyhands_core::limits::QUESTIONS_FROM;
use manyhands_core::policy::Policy;
use manyhands_core::query::{Answer, Query, Subject};
use manyhands_core::replica::{CheckpointRef, Usage};
use manyhands_core::reply::{LeaseGrant, Reported};
use manyhands_core::store::Store;
use manyhands_core::time::Span;
use manyhands_core::trust::Confidence;
use manyhands_core::work_unit::Test;

use crate::grid::{Grid, success_with};

/// Lead 2, and 8 founders.
pub(crate) const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

/// Calls of the program.
pub(crate) const STEPS: u64 = 1_000;

/// From this call on the liar's states are its own.
pub(crate) const WRONG_FROM: u64 = 637;

/// A grid in which two differ about the one unit of a job.
pub(crate) struct Quarrel {
    pub(crate) grid: Grid,
    pub(crate) job: JobId,
    pub(crate) honest: HostId,
    pub(crate) liar: HostId,
}

pub(crate) fn says(text: &str) -> Outcome {
    let work = 1_000_000_000;
    success_with(text, Usage { work, steps: STEPS, wall_ms: 1_000, ..Usage::default() })
}

/// What somebody says of a replay whose states are false from `wrong_from` on.
pub(crate) fn replayed(replay: Replay, wrong_from: u64, end: &str) -> Outcome {
    let Replay { until_step: step, keep_state } = replay;
    if step >= STEPS {
        return says(end);
    }
    let of = if step >= wrong_from { format!("false {step}") } else { format!("{step}") };
    let state_hash = Digest::of(of.as_bytes());
    let digest = Digest::of(format!("blob of {of}").as_bytes());
    let state = keep_state.then_some(CheckpointRef { digest, step, bytes: 100, state_hash });
    Outcome::Replayed { state_hash, state }
}

impl Quarrel {
    /// A host of standing answers truly; whoever is drawn to check that lies.
    pub(crate) fn begin() -> Self {
        Self::begin_with(Policy { confidence: Some(CONFIDENCE), ..Policy::default() })
    }

    pub(crate) fn begin_with(policy: Policy) -> Self {
        let mut grid = Grid::new();
        let hosts: Vec<HostId> = (0..12).map(|_| grid.host_of_standing(50)).collect();
        let job = grid.job(1, policy);
        let honest = hosts[0];
        let first = grid.lease_one(honest).replica;
        assert_eq!(grid.report(honest, first, says("truth")), Reported::Accepted);
        assert_eq!(grid.unit_row(job.unit(0)).test, Test::Sample);
        grid.wait(Span(1));
        let liar = grid.unit_row(job.unit(0)).turn.and_then(|turn| turn.host).unwrap();
        let second = grid.lease_one(liar).replica;
        grid.take_effects();
        assert_eq!(grid.report(liar, second, says("lie")), Reported::Accepted);
        Self { grid, job, honest, liar }
    }

    pub(crate) fn unit(&self) -> UnitId {
        self.job.unit(0)
    }

    pub(crate) fn dispute(&self) -> Dispute {
        self.grid.store.dispute(self.unit()).unwrap().unwrap()
    }

    pub(crate) fn ended(&self) -> Ended {
        self.dispute().ended.pop().expect("it has ended")
    }

    /// Who was called since this was asked last.
    pub(crate) fn called(&mut self) -> Vec<HostId> {
        let host = |effect| if let Effect::Turn { host } = effect { Some(host) } else { None };
        self.grid.take_effects().into_iter().filter_map(host).collect()
    }

    pub(crate) fn question(&mut self, host: HostId) -> (LeaseGrant, Replay) {
        let grant = self.grid.lease_one(host);
        assert!(grant.replica.number >= QUESTIONS_FROM, "{grant:?}");
        (grant, grant.replay.expect("it is a question"))
    }

    pub(crate) fn answer(&mut self, host: HostId, grant: LeaseGrant, outcome: Outcome) {
        assert_eq!(self.grid.report(host, grant.replica, outcome), Reported::Accepted);
    }

    pub(crate) fn answer_truly(&mut self, host: HostId) -> LeaseGrant {
        let (grant, replay) = self.question(host);
        self.answer(host, grant, replayed(replay, u64::MAX, "truth"));
        grant
    }

    pub(crate) fn lie(&mut self) -> LeaseGrant {
        let (grant, replay) = self.question(self.liar);
        self.answer(self.liar, grant, replayed(replay, WRONG_FROM, "lie"));
        grant
    }

    /// Both answer until judges are to be drawn.
    pub(crate) fn bisect(&mut self) {
        while self.dispute().under_way.is_some_and(|it| it.draw_at.is_none()) {
            self.answer_truly(self.honest);
            self.lie();
        }
    }

    /// The judges that are drawn now.
    pub(crate) fn judges(&mut self) -> Vec<HostId> {
        self.called();
        self.grid.wait(Span(1));
        self.called()
    }

    /// Another host of standing computes the unit, as it was to be.
    pub(crate) fn audit(&mut self) -> HostId {
        self.grid.wait(Span::seconds(1));
        self.grid.take_aborts();
        let auditor = self.grid.unit_row(self.unit()).turn.and_then(|turn| turn.host).unwrap();
        let replica = self.grid.lease_one(auditor).replica;
        assert!(replica.number < QUESTIONS_FROM);
        assert_eq!(self.grid.report(auditor, replica, says("truth")), Reported::Accepted);
        self.grid.assimilate();
        auditor
    }

    pub(crate) fn why(&self, subject: Subject) -> String {
        match self.grid.ask(&Query::Why(subject)) {
            Answer::Why(text) => text,
            other => panic!("{other:?}"),
        }
    }
}
