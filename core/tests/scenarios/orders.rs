//! Any order of any commands: random ones, with duplicates, late and false reports, unknown ids,
//! hosts that are forgotten, restarts. After each the whole store is checked; and when the faults stop, everything ends.

use std::collections::BTreeMap;

use manyhands_core::block::Block;
use manyhands_core::command::{
    Cancel, Command, Forget, Outcome, Renew, Renewal, ReplicaReport, Report,
};
use manyhands_core::id::{HostId, JobId, ReplicaId};
use manyhands_core::lease::Replay;
use manyhands_core::policy::Policy;
use manyhands_core::replica::{CheckpointRef, Usage};
use manyhands_core::reply::{Leased, Reply};
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};
use proptest::prelude::*;

use crate::grid::{Grid, SCIENTIST, app_error, checkpoint, host_error, success, success_with};

/// The least checks that there are: probation 10, audits 1, lead 2.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 100_000_000, hostile_ppm: 100_000, colluding_ppm: 20_000 };

/// One thing that may happen. Numbers are taken modulo what is there, so that every value means
/// something and shrinking keeps its meaning.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enrol { volunteer: u8 },
    Move { host: u8, to: u8 },
    Submit { units: u8, quorum: u8, tries: u8, priority: u8, is_sure: bool },
    Request { host: u8, count: u8 },
    Report { host: u8, lease: u8, outcome: u8, times: u8 },
    ReportAnything { host: u8, job: u8, unit: u8, replica: u8 },
    ReportAll { host: u8 },
    Renew { host: u8, lease: u8, step: u8 },
    Wait { seconds: u16 },
    Assimilate,
    Cancel { job: u8 },
    Forget { host: u8 },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<u8>().prop_map(|volunteer| Step::Enrol { volunteer }),
        1 => any::<(u8, u8)>().prop_map(|(host, to)| Step::Move { host, to }),
        2 => (1..12_u8, 1..4_u8, 0..4_u8, 0..2_u8, any::<bool>()).prop_map(
            |(units, quorum, tries, priority, is_sure)| {
                Step::Submit { units, quorum, tries, priority, is_sure }
            },
        ),
        12 => (any::<u8>(), 1..6_u8).prop_map(|(host, count)| Step::Request { host, count }),
        12 => (any::<u8>(), any::<u8>(), any::<u8>(), 1..3_u8).prop_map(
            |(host, lease, outcome, times)| Step::Report { host, lease, outcome, times }
        ),
        2 => (any::<u8>(), 0..4_u8, 0..12_u8, 0..6_u8).prop_map(|(host, job, unit, replica)| {
            Step::ReportAnything { host, job, unit, replica }
        }),
        3 => any::<u8>().prop_map(|host| Step::ReportAll { host }),
        4 => (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(host, lease, step)| {
            Step::Renew { host, lease, step }
        }),
        4 => (0..1_500_u16).prop_map(|seconds| Step::Wait { seconds }),
        3 => Just(Step::Assimilate),
        1 => any::<u8>().prop_map(|job| Step::Cancel { job }),
        1 => Just(Step::Restart),
    ]
}

/// The same among hosts of which some leave.
fn step_of_leavers() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => step(),
        1 => any::<u8>().prop_map(|host| Step::Forget { host }),
    ]
}

struct World {
    grid: Grid,
    hosts: Vec<HostId>,
    founders: usize,
    jobs: Vec<JobId>,
    /// Every lease that was ever given, so that late and repeated reports come too.
    leases: Vec<(HostId, ReplicaId)>,
    /// Those among them that only ask for a state.
    replays: BTreeMap<ReplicaId, Replay>,
}

impl World {
    /// Hosts are suspended after so many invalid answers; some have standing from the beginning.
    fn new(invalid_max: u32, founders: u32) -> Self {
        let settings = Settings { open_enrolment: true, invalid_max, ..Settings::default() };
        let mut grid = Grid::with(settings);
        let hosts: Vec<HostId> = (0..founders).map(|_| grid.host_of_standing(50)).collect();
        Self {
            grid,
            founders: hosts.len(),
            hosts,
            jobs: Vec::new(),
            leases: Vec::new(),
            replays: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Enrol { volunteer } => self.enrol(volunteer),
            Step::Move { host, to } => self.move_to(host, to),
            Step::Submit { units, quorum, tries, priority, is_sure } => {
                let replicas_max = quorum + tries;
                let confidence = is_sure.then_some(CONFIDENCE);
                let policy =
                    Policy { confidence, quorum, replicas_max, priority, ..Policy::default() };
                self.jobs.extend(self.grid.try_job(units.into(), policy));
            }
            Step::Request { host, count } => self.request(host, count.into()),
            Step::Report { host, lease, outcome, times } => {
                let leases = self.leases_of(host);
                let Some((host, replica)) = pick(&leases, lease) else { return };
                for _ in 0..times {
                    let outcome = self.outcome_of(outcome, replica);
                    self.report(host, replica, outcome);
                }
            }
            Step::ReportAnything { host, job, unit, replica } => {
                let replica = JobId(job.into()).unit(unit.into()).replica(replica.into());
                let host = HostId(host.into());
                let reports = vec![ReplicaReport::unsigned(replica, success("x"))];
                self.grid.tell(Command::Report(Report { host, reports }));
            }
            Step::ReportAll { host } => self.report_all(host),
            Step::Renew { host, lease, step } => {
                let leases = self.leases_of(host);
                let Some((host, replica)) = pick(&leases, lease) else { return };
                let checkpoint = (step > 50).then(|| checkpoint(step.into()));
                let renewals = vec![Renewal { replica, progress_ppm: 500_000, checkpoint }];
                self.grid.tell(Command::Renew(Renew { host, renewals }));
            }
            Step::Wait { seconds } => self.grid.wait(Span::seconds(seconds.into())),
            Step::Assimilate => drop(self.grid.assimilate()),
            Step::Cancel { job } => {
                let job = pick(&self.jobs, job).unwrap_or(JobId(9));
                self.grid.tell(Command::Cancel(Cancel { job, by: SCIENTIST }));
            }
            Step::Forget { host } => {
                let Some(host) = pick(&self.hosts, host) else { return };
                let key = self.grid.host_row(host).key;
                self.grid.tell(Command::Forget(Forget { key }));
            }
            Step::Restart => self.grid.restart(),
        }
    }

    /// What came of it does not matter: the host may be forgotten.
    fn report(&mut self, host: HostId, replica: ReplicaId, outcome: Outcome) {
        let reports = vec![ReplicaReport::unsigned(replica, outcome)];
        self.grid.tell(Command::Report(Report { host, reports }));
    }

    fn enrol(&mut self, volunteer: u8) {
        let host = match volunteer % 4 {
            0 => self.grid.host_of("alice"),
            1 => self.grid.host_of("bob"),
            _ => self.grid.host(),
        };
        self.hosts.push(host);
    }

    /// To an address block, or to an own network.
    fn move_to(&mut self, host: u8, to: u8) {
        let Some(host) = pick(&self.hosts, host) else { return };
        match to % 4 {
            0 => self.grid.blocks.remove(&host),
            block => self.grid.blocks.insert(host, Block::V4([203, 0, block])),
        };
    }

    fn request(&mut self, host: u8, count: u16) {
        let host = pick(&self.hosts, host).unwrap_or(HostId(99));
        if let Reply::Leased(leased) = self.grid.tell(self.grid.wish(host, count)) {
            self.note(host, &leased);
        }
    }

    fn note(&mut self, host: HostId, leased: &Leased) {
        self.leases.extend(leased.leases.iter().map(|lease| (host, lease.replica)));
        let replays = leased.leases.iter();
        self.replays.extend(replays.filter_map(|lease| Some((lease.replica, lease.replay?))));
    }

    /// What a host says of a lease: of a replay often a state, true or false, or its end.
    fn outcome_of(&self, number: u8, replica: ReplicaId) -> Outcome {
        match self.replays.get(&replica) {
            Some(replay) if !number.is_multiple_of(4) => {
                let is_lie = matches!(outcome_of(number, replica), Outcome::AppError { .. })
                    || outcome_of(number, replica) == lie();
                replayed(*replay, is_lie)
            }
            Some(_) | None => outcome_of(number, replica),
        }
    }

    /// One batch with everything that the host ever had, some of it twice.
    fn report_all(&mut self, host: u8) {
        let mut leases = self.leases_of(host);
        let Some((host, _)) = leases.first().copied() else { return };
        leases.extend_from_within(..leases.len() / 2);
        let reports =
            leases.iter().take(100).map(|(_, replica)| ReplicaReport::unsigned(*replica, truth()));
        self.grid.tell(Command::Report(Report { host, reports: reports.collect() }));
    }

    fn leases_of(&self, host: u8) -> Vec<(HostId, ReplicaId)> {
        let host = pick(&self.hosts, host);
        self.leases.iter().filter(|(of, _)| Some(*of) == host).copied().collect()
    }

    fn request_and_answer(&mut self, host: HostId) {
        let reply = self.grid.tell(self.grid.wish(host, 100));
        // Founders may have been suspended or forgotten.
        let Reply::Leased(leased) = reply else { return };
        for lease in leased.leases {
            let outcome = match lease.replay {
                Some(replay) if replay.until_step < STEPS => replayed(replay, false),
                Some(_) | None => truth(),
            };
            self.grid.report(host, lease.replica, outcome);
        }
    }

    /// From here on everybody is honest and quick: everything must end.
    fn finish(mut self) {
        let founders = self.hosts[..self.founders].iter().copied();
        let mut hosts: Vec<HostId> = founders.collect();
        hosts.extend((0..12).map(|_| self.grid.host()));
        for _ in 0..200 {
            self.grid.assimilate();
            if self.jobs.iter().all(|job| self.grid.job_row(*job).is_ended()) {
                self.grid.take_effects();
                return;
            }
            for host in &hosts {
                self.request_and_answer(*host);
            }
            self.grid.wait(Span::minutes(11));
        }
        let open = self.jobs.iter().find(|job| !self.grid.job_row(**job).is_ended());
        panic!("{open:?} never ends: {:?}", open.map(|job| self.grid.job_row(*job)));
    }
}

/// Calls of every program.
const STEPS: u64 = 100;

fn says(text: &str) -> Outcome {
    success_with(text, Usage { work: 1_000_000_000, steps: STEPS, ..Usage::default() })
}

fn truth() -> Outcome {
    says("truth")
}

fn lie() -> Outcome {
    says("lie")
}

/// The state that was asked for, or another one.
fn replayed(replay: Replay, is_lie: bool) -> Outcome {
    let state = checkpoint(replay.until_step + if is_lie { 1 << 20 } else { 0 });
    let state = CheckpointRef { step: replay.until_step, ..state };
    let state_hash = state.state_hash;
    Outcome::Replayed { state_hash, state: replay.keep_state.then_some(state) }
}

fn pick<T: Copy>(from: &[T], at: u8) -> Option<T> {
    from.get(usize::from(at) % from.len().max(1)).copied()
}

/// Mostly the truth; a host with an odd number may lie, and liars tell the same lie.
fn outcome_of(number: u8, replica: ReplicaId) -> Outcome {
    match number % 12 {
        0..=6 => truth(),
        7 | 8 => lie(),
        9 => says(&format!("lie of {replica}")),
        10 => app_error("it fails"),
        _ if number > 128 => host_error("disk full"),
        _ => Outcome::Aborted,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever happens, every invariant holds and every job ends.
    #[test]
    fn any_order_of_commands_is_survived(
        invalid_max in 1..4_u32,
        founders in prop_oneof![Just(0_u32), Just(Plan::new(&CONFIDENCE).founders() + 2)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new(invalid_max, founders);
        for step in steps {
            world.take(step);
        }
        world.finish();
    }

    /// Also among hosts that are forgotten, whatever they hold, and whatever they say after that.
    #[test]
    fn whoever_leaves_is_survived(
        invalid_max in 1..4_u32,
        founders in prop_oneof![Just(0_u32), Just(Plan::new(&CONFIDENCE).founders() + 2)],
        steps in prop::collection::vec(step_of_leavers(), 1..120),
    ) {
        let mut world = World::new(invalid_max, founders);
        for step in steps {
            world.take(step);
        }
        world.finish();
    }

    /// Nothing but the seed, the commands and the times decides.
    #[test]
    fn the_same_story_ends_the_same(steps in prop::collection::vec(step(), 1..60)) {
        let [one, other] = [(); 2].map(|()| {
            let mut world = World::new(1, 10);
            steps.iter().for_each(|step| world.take(*step));
            world.grid.take_effects();
            world.grid.store.clone()
        });
        prop_assert!(one == other);
    }
}
