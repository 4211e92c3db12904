//! The coordinator was away. Hosts of standing had chosen units themselves, and come back with their answers.

use manyhands_core::agent::selfchosen::{Commitment, Salt};
use manyhands_core::command::{Claim, Command, ReplicaReport, Report};
use manyhands_core::id::{HostId, JobId, ReplicaId, UnitId};
use manyhands_core::job::JobState;
use manyhands_core::policy::Policy;
use manyhands_core::query::{Answer, Query, Subject};
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::Class;
use manyhands_core::reply::{Claimed, Reply, Reported};
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};
use manyhands_core::work_unit::{Test, UnitState};

use crate::grid::{Grid, success};

/// As in `confidence.rs`: audits 4, probation 10, lead 2, founders 8.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };
const SALT: Salt = [9; 32];

fn policy() -> Policy {
    Policy { confidence: Some(CONFIDENCE), ..Policy::default() }
}

/// A grid of twelve hosts of standing, with a job that nobody has begun.
fn grid(units: i64) -> (Grid, Vec<HostId>, JobId) {
    let mut grid = Grid::new();
    let hosts = (0..12).map(|_| grid.host_of_standing(50)).collect();
    let job = grid.job(units, policy());
    (grid, hosts, job)
}

fn class(text: &str) -> Class {
    success(text).class().unwrap()
}

/// Asks for these units, with this answer to each.
fn claim(grid: &mut Grid, host: HostId, job: JobId, units: &[u32], text: &str) -> Reply {
    let (manifest, key) = (grid.job_row(job).manifest, grid.host_row(host).key);
    let seal = |unit| Commitment::new(manifest, unit, key, class(text), &SALT).sealed;
    let units = units.iter().map(|unit| (*unit, seal(*unit))).collect();
    grid.tell(Command::Claim(Claim { host, block: None, job, units }))
}

/// The same, where it is not refused.
fn claimed(
    grid: &mut Grid,
    host: HostId,
    job: JobId,
    units: &[u32],
    text: &str,
) -> (Vec<ReplicaId>, Vec<UnitId>) {
    match claim(grid, host, job, units, text) {
        Reply::Claimed(Claimed { leased, taken }) => {
            (leased.leases.iter().map(|lease| lease.replica).collect(), taken)
        }
        other => panic!("{other:?}"),
    }
}

fn report(grid: &mut Grid, host: HostId, replica: ReplicaId, text: &str, salt: Salt) -> Reported {
    let report = ReplicaReport::unsigned(replica, success(text));
    let reports = vec![ReplicaReport { salt: Some(Box::new(salt)), ..report }];
    match grid.tell(Command::Report(Report { host, reports })) {
        Reply::Reported(mut reported) => reported.pop().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The host that was drawn for the unit, once the lot has fallen.
fn drawn(grid: &mut Grid, unit: UnitId) -> HostId {
    grid.wait(Span(1));
    grid.unit_row(unit).turn.and_then(|turn| turn.host).unwrap()
}

#[test]
fn what_a_host_chose_it_gets_and_a_second_host_is_drawn_for_each() {
    let (mut grid, hosts, job) = grid(40);
    let (leases, taken) = claimed(&mut grid, hosts[0], job, &[7, 3, 7], "truth");
    assert_eq!(leases, [3, 7].map(|unit| job.unit(unit).replica(0)));
    assert_eq!(taken, []);
    for replica in leases {
        // Nobody else gets it meanwhile, who asks.
        assert_eq!(grid.unit_row(replica.unit).ready_at, None);
        assert_eq!(report(&mut grid, hosts[0], replica, "truth", SALT), Reported::Accepted);
        let unit = grid.unit_row(replica.unit);
        assert_eq!((unit.state, unit.test), (UnitState::Open, Test::Second));
        let second = drawn(&mut grid, replica.unit);
        assert_ne!(second, hosts[0]);
        let second_lease = grid.lease_one(second).replica;
        assert_eq!(second_lease.unit, replica.unit);
        grid.report(second, second_lease, success("truth"));
        let unit = grid.unit_row(replica.unit);
        assert_eq!(unit.state, UnitState::Validated { canonical: 0 });
        let why = grid.ask(&Query::Why(Subject::Unit(unit.id)));
        let Answer::Why(why) = why else { panic!("no why") };
        assert!(why.ends_with("; host 1 chose it itself, while the coordinator was away"), "{why}");
    }
    grid.assimilate();
    assert_eq!(grid.host_row(hosts[0]).counters.valid, 2);
}

/// The reply to a claim was lost on the way.
#[test]
fn a_claim_that_is_said_again_gets_the_same_leases_for_the_same_answers() {
    let (mut grid, hosts, job) = grid(40);
    let first = claim(&mut grid, hosts[0], job, &[3, 7], "truth");
    let counts = grid.job_row(job).counts;
    assert_eq!(claim(&mut grid, hosts[0], job, &[3, 7], "truth"), first);
    assert_eq!((grid.job_row(job).counts, grid.host_row(hosts[0]).leases.len()), (counts, 2));
    let other_answer = claimed(&mut grid, hosts[0], job, &[3], "lie");
    let other_host = claimed(&mut grid, hosts[1], job, &[3], "truth");
    let taken = (vec![], vec![job.unit(3)]);
    assert_eq!((other_answer, other_host), (taken.clone(), taken.clone()));

    report(&mut grid, hosts[0], job.unit(3).replica(0), "truth", SALT);
    assert_eq!(
        claimed(&mut grid, hosts[0], job, &[3], "truth"),
        taken,
        "there is nothing left to lease"
    );
}

#[test]
fn of_two_who_chose_the_same_unit_one_gets_it() {
    let (mut grid, hosts, job) = grid(40);
    let begun = grid.lease_one(hosts[2]).replica.unit;
    claimed(&mut grid, hosts[0], job, &[3], "lie");
    let units = [3, begun.index, 40];
    let (leases, taken) = claimed(&mut grid, hosts[1], job, &units, "lie");
    assert_eq!(leases, []);
    let mut expected = units.map(|unit| job.unit(unit));
    expected.sort_unstable();
    assert_eq!(taken, expected);
}

#[test]
fn the_order_passes_over_what_was_begun_ahead_of_it() {
    let (mut grid, hosts, job) = grid(60);
    let units: Vec<u32> = (0..60).step_by(3).collect();
    let (leases, _) = claimed(&mut grid, hosts[0], job, &units, "truth");
    assert_eq!((leases.len(), grid.job_row(job).counts.waiting), (20, 40));
    for replica in leases {
        report(&mut grid, hosts[0], replica, "truth", SALT);
    }
    for _ in 0..1_000 {
        if grid.job_row(job).state == JobState::Finished {
            break;
        }
        for host in &hosts {
            for replica in grid.lease(*host, 5) {
                grid.report(*host, replica, success("truth"));
            }
        }
        grid.assimilate();
        grid.wait(Span::minutes(1));
        grid.take_aborts();
    }
    let job = grid.job_row(job);
    assert_eq!((job.state, job.counts.done), (JobState::Finished, 60));
}

#[test]
fn an_answer_that_was_thought_better_of_is_refused() {
    let (mut grid, hosts, job) = grid(40);
    let (leases, _) = claimed(&mut grid, hosts[0], job, &[3], "truth");
    let refused = Reported::Refused(Refusal::NotAsSealed(leases[0]));
    assert_eq!(report(&mut grid, hosts[0], leases[0], "lie", SALT), refused);
    assert_eq!(report(&mut grid, hosts[0], leases[0], "truth", [8; 32]), refused);
    assert_eq!(grid.report(hosts[0], leases[0], success("truth")), refused);
    assert_eq!(report(&mut grid, hosts[0], leases[0], "truth", SALT), Reported::Accepted);
}

#[test]
fn who_is_not_believed_and_where_nobody_is_has_nothing_to_choose() {
    let (mut grid, hosts, job) = grid(40);
    let newcomer = grid.host();
    let refused = claim(&mut grid, newcomer, job, &[3], "truth");
    assert_eq!(refused, Reply::Refused(Refusal::NoStanding { host: newcomer, job }));
    let quorum = grid.job(40, Policy::default());
    let refused = claim(&mut grid, hosts[0], quorum, &[3], "truth");
    assert_eq!(refused, Reply::Refused(Refusal::NotSelfChosen(quorum)));
    let absurd: Vec<u32> = (0..10_001).collect();
    assert!(matches!(
        claim(&mut grid, hosts[0], job, &absurd, "truth"),
        Reply::Refused(Refusal::BatchSize { .. })
    ));
    let mut young = Grid::new();
    let hosts: Vec<HostId> = (0..4).map(|_| young.host_of_standing(50)).collect();
    let job = young.job(40, policy());
    assert!(hosts.len() < Plan::new(&CONFIDENCE).founders() as usize);
    let refused = claim(&mut young, hosts[0], job, &[3], "truth");
    assert_eq!(refused, Reply::Refused(Refusal::NoStanding { host: hosts[0], job }));
}

/// A lie on a unit of one's own choice is met with by whoever is drawn, each time.
#[test]
fn whoever_lies_on_a_unit_of_its_own_choice_is_caught() {
    let (mut grid, hosts, job) = grid(40);
    let (leases, _) = claimed(&mut grid, hosts[0], job, &[3], "lie");
    report(&mut grid, hosts[0], leases[0], "lie", SALT);
    for _ in 0..100 {
        if grid.unit_row(job.unit(3)).state != UnitState::Open {
            break;
        }
        grid.wait(Span::seconds(1));
        for host in &hosts[1..] {
            for replica in grid.lease(*host, 1) {
                grid.report(*host, replica, success("truth"));
            }
        }
    }
    let unit = grid.unit_row(job.unit(3));
    assert_eq!(unit.canonical().unwrap().class(), Some(class("truth")));
    assert!(!grid.host_row(hosts[0]).is_active());
    grid.assimilate();
    grid.take_aborts();
}

/// Somebody who comes back with the answer to a unit that was cancelled meanwhile.
#[test]
fn a_job_that_was_taken_back_gives_nothing() {
    let (mut grid, hosts, job) = grid(40);
    grid.cancel(job);
    let (leases, taken) = claimed(&mut grid, hosts[0], job, &[3, 4], "truth");
    assert_eq!((leases.len(), taken.len()), (0, 2));
}

/// The coordinator dies with leases of chosen units, and the host reports to the next one.
#[test]
fn what_was_given_survives_a_crash() {
    let (mut grid, hosts, job) = grid(40);
    let (leases, _) = claimed(&mut grid, hosts[0], job, &[3], "truth");
    grid.restart();
    assert_eq!(report(&mut grid, hosts[0], leases[0], "truth", SALT), Reported::Accepted);
    assert_eq!(report(&mut grid, hosts[0], leases[0], "truth", SALT), Reported::Duplicate);
}

/// Two hosts chose nearly all of a job: whoever asks finds the rest, if not with the first look.
#[test]
fn what_is_left_among_many_chosen_units_is_found() {
    let (mut grid, hosts, job) = grid(1_200);
    let (even, odd): (Vec<u32>, Vec<u32>) = (0..1_190).partition(|unit| unit % 2 == 0);
    claimed(&mut grid, hosts[0], job, &even, "truth");
    claimed(&mut grid, hosts[1], job, &odd, "truth");
    assert_eq!(grid.job_row(job).counts.waiting, 10);
    let mut looks = 0;
    while grid.job_row(job).counts.waiting > 0 {
        let leased = grid.lease(hosts[2], 10);
        assert!(leased.iter().all(|replica| replica.unit.index >= 1_190));
        looks += 1;
        assert!(looks < 4);
    }
}
