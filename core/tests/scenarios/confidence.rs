//! Jobs with a confidence: who is believed, who is compared, who audits whom, and what follows from
//! a lie.

use manyhands_core::command::{Command, ReplicaReport, Report};
use manyhands_core::effect::Effect;
use manyhands_core::host::HostState;
use manyhands_core::id::{HostId, JobId, ReplicaId, UnitId};
use manyhands_core::job::JobState;
use manyhands_core::policy::Policy;
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::{ReplicaState, Verdict};
use manyhands_core::reply::{Idle, LeaseGrant, Reply, Reported};
use manyhands_core::store::Store;
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};
use manyhands_core::work_unit::{Test, UnitState};

use crate::grid::{Grid, draft, submission, success};

/// One wrong answer in a hundred, against a tenth of the work in hostile hands, half of them of one
/// ring: audits 4, probation 10, lead 2, founders 8.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

fn policy() -> Policy {
    Policy { confidence: Some(CONFIDENCE), ..Policy::default() }
}

fn plan() -> Plan {
    Plan::new(&CONFIDENCE)
}

/// What hosts say: the truth, unless they are among the liars.
struct Crowd {
    hosts: Vec<HostId>,
    liars: Vec<HostId>,
}

impl Crowd {
    fn of(grid: &mut Grid, count: usize) -> Self {
        Self { hosts: (0..count).map(|_| grid.host()).collect(), liars: Vec::new() }
    }

    /// A crowd all of whom have standing.
    fn founded(grid: &mut Grid) -> Self {
        let crowd = Self::of(grid, plan().founders() as usize + 4);
        let job = grid.job(80, policy());
        crowd.work_until_done(grid, job, 4);
        let of_standing = |host: &&HostId| grid.host_row(**host).has_standing(plan().probation);
        assert!(crowd.hosts.iter().filter(of_standing).count() >= plan().founders() as usize);
        crowd
    }

    fn answer(&self, grid: &mut Grid, host: HostId, replica: ReplicaId) -> Reported {
        grid.report(host, replica, success(self.text(host)))
    }

    fn text(&self, host: HostId) -> &'static str {
        if self.liars.contains(&host) { "lie" } else { "truth" }
    }

    /// Everybody takes and answers up to `count` units, once.
    fn work(&self, grid: &mut Grid, count: u16) -> usize {
        let mut answered = 0;
        for host in &self.hosts {
            let reply = grid.tell(grid.wish(*host, count));
            let Reply::Leased(leased) = reply else { continue };
            if leased.leases.is_empty() {
                continue;
            }
            answered += leased.leases.len();
            let report = |lease: &LeaseGrant| ReplicaReport {
                replica: lease.replica,
                outcome: success(self.text(*host)),
                signed: None,
                salt: None,
            };
            let reports = leased.leases.iter().map(report).collect();
            grid.tell(Command::Report(Report { host: *host, reports }));
        }
        grid.assimilate();
        grid.wait(Span::seconds(1));
        grid.take_aborts();
        answered
    }

    fn work_until_done(&self, grid: &mut Grid, job: JobId, count: u16) {
        for _ in 0..1_000 {
            if grid.job_row(job).state == JobState::Finished {
                return;
            }
            if self.work(grid, count) == 0 {
                // Somebody is waited for who does not come.
                grid.wait(Span::minutes(1));
                grid.take_aborts();
            }
        }
        panic!("{:?}", grid.job_row(job));
    }
}

fn turn_of(grid: &Grid, unit: UnitId) -> Option<HostId> {
    grid.unit_row(unit).turn.and_then(|turn| turn.host)
}

/// Whoever answers first is not believed while nobody has standing.
#[test]
fn at_the_beginning_an_answer_must_lead() {
    let mut grid = Grid::new();
    let crowd = Crowd::of(&mut grid, 4);
    let job = grid.job(1, policy());
    for (count, host) in crowd.hosts.iter().take(2).enumerate() {
        let replica = grid.lease_one(*host).replica;
        assert_eq!(grid.unit_row(replica.unit).state, UnitState::Open, "after {count}");
        crowd.answer(&mut grid, *host, replica);
    }
    let unit = grid.unit_row(job.unit(0));
    assert_eq!((unit.test, unit.replicas.len()), (Test::Vote, 2));
    assert_eq!(unit.state, UnitState::Validated { canonical: 0 });
    assert_eq!(grid.host_row(crowd.hosts[0]).standing.compared, 1);
    grid.assimilate();
    assert_eq!(grid.lease(crowd.hosts[2], 1), []);
}

/// With standing, one copy is enough for most units, and every host is audited as often as the plan
/// says; the job ends when no audit is owed.
#[test]
fn hosts_of_standing_are_believed_and_audited() {
    let mut grid = Grid::new();
    let crowd = Crowd::founded(&mut grid);
    let job = grid.job(120, policy());
    crowd.work_until_done(&mut grid, job, 4);
    let row = grid.job_row(job);
    assert_eq!((row.counts.done, row.tally.invalid, row.tally.reopened), (120, 0, 0));
    let parts = grid.store.parts(job, HostId(0), 99).unwrap();
    assert!(parts.iter().all(|part| plan().audits_owed(part) == 0), "{parts:?}");
    assert!(parts.iter().all(|part| part.audited > 0), "{parts:?}");
    let copies = row.tally.leased;
    assert!((120 + 12 * 4..=120 + 12 * 4 * 2).contains(&copies), "{copies} copies");
}

/// Nobody learns from what is checked on the way whether a lie will be found: the audits that are owed are drawn
/// when there is nothing left to begin anew with.
#[test]
fn no_audit_is_drawn_while_the_job_lacks_answers() {
    let mut grid = Grid::new();
    let crowd = Crowd::founded(&mut grid);
    let job = grid.job(300, policy());
    let answered = |grid: &Grid| grid.store.parts(job, HostId(0), 99).unwrap();
    while grid.job_row(job).counts.waiting > 0 {
        crowd.work(&mut grid, 4);
        assert!(answered(&grid).iter().all(|part| part.audited == 0), "{:?}", answered(&grid));
    }
    let sampled: u32 = answered(&grid).iter().map(|part| part.sampled).sum();
    crowd.work_until_done(&mut grid, job, 4);
    let parts = answered(&grid);
    let audited: u32 = parts.iter().map(|part| part.audited).sum();
    assert_eq!(audited, plan().audits * u32::try_from(parts.len()).unwrap());
    assert!((audited / 8..audited).contains(&sampled), "{sampled} sampled, {audited} audited");
}

/// Which answer is checked cannot be seen in advance, and the auditor is drawn: nobody else gets
/// the unit, however often they ask, and the lot falls again if the auditor does not come.
#[test]
fn auditors_are_drawn_by_lot() {
    let mut grid = Grid::new();
    let crowd = Crowd::founded(&mut grid);
    let job = grid.job(120, policy());
    let mut audited = None;
    while audited.is_none() {
        let host = crowd.hosts[0];
        let replica = grid.lease_one(host).replica;
        assert_eq!(grid.unit_row(replica.unit).test, Test::None);
        crowd.answer(&mut grid, host, replica);
        let unit = grid.unit_row(replica.unit);
        audited = (unit.state == UnitState::Open).then_some(unit);
        grid.assimilate();
    }
    let unit = audited.unwrap();
    assert_eq!(unit.test, Test::Sample);
    assert_eq!((unit.ready_at, unit.turn.map(|turn| turn.host)), (None, Some(None)));
    // Those who ask before the lot has fallen get something else.
    for host in &crowd.hosts {
        assert!(grid.lease(*host, 5).iter().all(|replica| replica.unit != unit.id));
    }
    grid.wait(Span(1));
    let drawn = turn_of(&grid, unit.id).unwrap();
    assert!(grid.take_effects().contains(&Effect::Turn { host: drawn }));
    assert_ne!(drawn, crowd.hosts[0]);
    for host in crowd.hosts.iter().filter(|host| **host != drawn) {
        assert!(grid.lease(*host, 5).iter().all(|replica| replica.unit != unit.id));
    }
    grid.wait(Span::minutes(11));
    let next = turn_of(&grid, unit.id);
    assert_ne!(next, Some(drawn), "the lot fell again");
    let next = next.expect("hosts that asked lately");
    assert!(grid.lease(next, 1).contains(&unit.id.replica(1)), "the turn comes first");
    crowd.answer(&mut grid, next, unit.id.replica(1));
    assert_eq!(grid.unit_row(unit.id).state, UnitState::Validated { canonical: 0 });
    grid.assimilate();
    grid.cancel(job);
    grid.wait(Span::minutes(30));
    grid.take_aborts();
}

/// A newcomer computes what others have answered, in the dark about it, until ten answers agreed.
#[test]
fn newcomers_are_compared_and_not_believed() {
    let mut grid = Grid::new();
    let mut crowd = Crowd::founded(&mut grid);
    let newcomer = grid.host();
    let job = grid.job(150, policy());
    let leased = grid.request(newcomer, 5);
    assert_eq!((leased.leases.len(), leased.idle), (0, Some(Idle::OnProbation)));
    for _ in 0..3 {
        crowd.work(&mut grid, 4);
    }
    let compared: Vec<ReplicaId> = grid.lease(newcomer, 5);
    assert!(!compared.is_empty());
    for replica in &compared {
        let unit = grid.unit_row(replica.unit);
        assert!(unit.canonical().is_some() && unit.test != Test::Second);
        assert_eq!(crowd.answer(&mut grid, newcomer, *replica), Reported::Accepted);
        let unit = grid.unit_row(replica.unit);
        let own = unit.replica(replica.number).unwrap();
        assert_eq!((own.is_voice, own.verdict()), (false, Some(Verdict::Valid)));
        assert!(own.is_paid);
    }
    assert_eq!(grid.host_row(newcomer).standing.compared as usize, compared.len());
    crowd.hosts.push(newcomer);
    crowd.work_until_done(&mut grid, job, 4);
    assert!(grid.host_row(newcomer).has_standing(plan().probation));
    let row = grid.job_row(job);
    assert!(row.tally.compared * 10 <= row.tally.leased + 10 * 16, "{:?}", row.tally);
}

/// A liar of standing is caught by an audit: nothing rests on the liar's word any more, and the host
/// may begin anew after a rest.
#[test]
fn a_lone_lie_costs_all_standing() {
    let mut grid = Grid::new();
    let mut crowd = Crowd::founded(&mut grid);
    let liar = crowd.hosts[3];
    crowd.liars.push(liar);
    let job = grid.job(120, policy());
    crowd.work_until_done(&mut grid, job, 4);
    let row = grid.host_row(liar);
    assert_eq!((row.standing.life, row.standing.compared), (1, 0));
    assert!(!row.is_active());
    for index in 0..120 {
        let unit = grid.unit_row(job.unit(index));
        assert_eq!(unit.canonical().unwrap().outputs()[0].inline, Some(b"truth".to_vec()));
    }
    assert!(grid.job_row(job).tally.reopened > 0);
    let Reply::Refused(Refusal::HostSuspended { rest, .. }) = grid.tell(grid.wish(liar, 1)) else {
        panic!("a suspended host got work")
    };
    assert!(rest.is_some_and(|rest| rest <= Span::hours(24)));
    grid.wait(Span::hours(24));
    assert_eq!(grid.host_row(liar).state, HostState::Active);
    grid.job(5, policy());
    assert_eq!(grid.request(liar, 1).idle, Some(Idle::OnProbation));
}

/// Two who tell the same lie are no faults: they are out for good.
#[test]
fn liars_who_agree_are_banned() {
    let mut grid = Grid::new();
    let mut crowd = Crowd::of(&mut grid, 6);
    crowd.liars = vec![crowd.hosts[0], crowd.hosts[2]];
    let job = grid.job(1, policy());
    for host in crowd.hosts.clone() {
        let replica = grid.lease_one(host).replica;
        crowd.answer(&mut grid, host, replica);
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    for liar in &crowd.liars {
        let state = grid.host_row(*liar).state;
        assert!(matches!(state, HostState::Suspended { until: None, .. }), "{state:?}");
    }
    grid.wait(Span::hours(24 * 365));
    assert!(!grid.host_row(crowd.liars[0]).is_active());
}

/// An honest newcomer who denies a lie that was believed has it tested, and is not blamed.
#[test]
fn a_newcomer_uncovers_a_lie() {
    let mut grid = Grid::new();
    let mut crowd = Crowd::founded(&mut grid);
    let liar = crowd.hosts[0];
    crowd.liars.push(liar);
    let job = grid.job(120, policy());
    // The liar answers until one answer is believed.
    let mut told = None;
    while told.is_none() {
        let replica = grid.lease_one(liar).replica;
        crowd.answer(&mut grid, liar, replica);
        told = (grid.unit_row(replica.unit).state != UnitState::Open).then_some(replica.unit);
        grid.assimilate();
    }
    let told = told.unwrap();
    let newcomer = grid.host();
    let met = (0..200).find_map(|_| {
        let leased = grid.lease(newcomer, 5);
        leased.into_iter().find(|replica| replica.unit == told)
    });
    let Some(replica) = met else {
        grid.cancel(job);
        return assert_eq!(grid.job_row(job).tally.compared, 0, "it was the only one to be had");
    };
    crowd.answer(&mut grid, newcomer, replica);
    let unit = grid.unit_row(told);
    assert_eq!((unit.state.clone(), unit.test), (UnitState::Open, Test::Second));
    assert!(grid.host_row(newcomer).is_active());
    crowd.hosts.push(newcomer);
    crowd.work_until_done(&mut grid, job, 4);
    let verdicts = grid.unit_row(told);
    assert_eq!(verdicts.replica(replica.number).unwrap().verdict(), Some(Verdict::Valid));
    assert_eq!(grid.host_row(liar).standing.life, 1);
    assert_eq!(grid.host_row(newcomer).standing.life, 0);
}

/// A ring that owns a vote has an honest host suspended. When the ring is caught, the honest one is
/// let on.
#[test]
fn whoever_was_outvoted_by_liars_is_let_on() {
    let mut grid = Grid::new();
    let ring = Crowd::of(&mut grid, 3);
    let ring = Crowd { liars: ring.hosts.clone(), ..ring };
    let honest = Crowd::of(&mut grid, 9);
    let job = grid.job(1, policy());
    let alice = honest.hosts[0];
    let replica = grid.lease_one(alice).replica;
    honest.answer(&mut grid, alice, replica);
    for liar in &ring.hosts {
        let replica = grid.lease_one(*liar).replica;
        ring.answer(&mut grid, *liar, replica);
    }
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Validated { canonical: 1 });
    assert!(!grid.host_row(alice).is_active());
    grid.assimilate();
    // Elsewhere the ring is outvoted.
    let other = grid.job(1, policy());
    let truth = grid.lease_one(honest.hosts[1]).replica;
    honest.answer(&mut grid, honest.hosts[1], truth);
    for liar in &ring.hosts[..2] {
        let lie = grid.lease_one(*liar).replica;
        ring.answer(&mut grid, *liar, lie);
    }
    for _ in 0..3 {
        honest.work(&mut grid, 1);
    }
    assert_eq!(grid.job_row(other).state, JobState::Finished);
    let everybody = Crowd { hosts: [honest.hosts.clone(), ring.hosts.clone()].concat(), ..ring };
    everybody.work_until_done(&mut grid, job, 1);
    let said = grid.unit_row(job.unit(0)).canonical().unwrap().outputs()[0].inline.clone();
    assert_eq!(said, Some(b"truth".to_vec()), "Alice was right");
    assert_eq!(grid.host_row(alice).state, HostState::Active);
}

/// What cannot be given is said at once, and changes nothing.
#[test]
fn a_confidence_that_the_hosts_cannot_give_is_refused() {
    let mut grid = Grid::new();
    Crowd::of(&mut grid, 1);
    let refused = grid.tell(submission(draft("too sure", 5, policy())));
    let refusal = Refusal::TooFewVolunteers { needed: 2, present: 1, volunteers: 1 };
    assert_eq!(refused, Reply::Refused(refusal));
    Crowd::of(&mut grid, 1);
    grid.job(5, policy());
}

/// A crash between the answers and the audits loses none of both.
#[test]
fn audits_that_are_owed_survive_a_restart() {
    let mut grid = Grid::new();
    let crowd = Crowd::founded(&mut grid);
    let job = grid.job(60, policy());
    for _ in 0..1_000 {
        if grid.job_row(job).state == JobState::Finished {
            break;
        }
        crowd.work(&mut grid, 3);
        grid.restart();
    }
    assert_eq!(grid.job_row(job).counts.done, 60);
    let leased = |state: &ReplicaState| *state == ReplicaState::Leased;
    let units = grid.store.units(job, 0, 999).unwrap();
    assert!(units.iter().all(|unit| !unit.replicas.iter().any(|r| leased(&r.state))));
}
