//! A liar is suspended: what rested on the liar's word is computed again.

use manyhands_core::command::{Command, Outcome, ReplicaReport, Report};
use manyhands_core::id::{HostId, JobId};
use manyhands_core::job::JobState;
use manyhands_core::ledger::{Kind, LedgerRow};
use manyhands_core::policy::Policy;
use manyhands_core::query::{Answer, Query};
use manyhands_core::replica::Verdict;
use manyhands_core::reply::{Reply, Reported};
use manyhands_core::time::Span;
use manyhands_core::work_unit::{FailReason, UnitState};

use crate::grid::{Grid, app_error, checkpoint, quorum_of, success};

/// Two colluders own a whole quorum, and the job is finished with their lies. Later one of them is
/// caught elsewhere: the job opens again, and ends with the truth.
#[test]
fn a_catch_opens_finished_jobs_again() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let (mallory, eve, alice, bob) = (grid.host(), grid.host(), grid.host(), grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &success("lie"));
    assert_eq!(grid.assimilate().len(), 2);
    assert_eq!(grid.job_row(job).state, JobState::Finished);

    catch(&mut grid, mallory, [alice, bob]);
    let row = grid.job_row(job);
    assert_eq!((row.state, row.ended_at, row.tally.reopened), (JobState::Open, None, 2));
    assert_eq!((row.counts.open, row.counts.done), (2, 0));

    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0), job.unit(1)]);
    assert_eq!(grid.job_row(job).state, JobState::Finished);
    assert_eq!(said(&grid, job, 0), b"truth");
    let verdicts: Vec<_> =
        grid.unit_row(job.unit(0)).replicas.iter().filter_map(|r| r.verdict()).collect();
    assert_eq!(verdicts, [Verdict::Inconclusive, Verdict::Invalid, Verdict::Valid, Verdict::Valid]);
    let counters = grid.host_row(eve).counters;
    // Her second lie came to light when she was out for the first.
    assert_eq!((counters.valid, counters.invalid), (0, 1));

    let Answer::Receipt(receipt) = grid.ask(&Query::Receipt(job)) else { panic!("no receipt") };
    let line = receipt.to_string();
    assert!(line.contains("2 units computed again"), "{line}");
    assert!(receipt.vouchers.iter().all(|voucher| voucher.host != mallory), "{line}");
}

/// What the liar was paid for units that rested on the lie is taken back at once and only once; what
/// the partner was paid, when others deny the lie. Nobody else pays.
#[test]
fn pay_for_lies_is_taken_back() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let [mallory, eve, alice, bob] = [(); 4].map(|()| grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &success("lie"));
    assert_eq!(grid.assimilate().len(), 2);
    assert_eq!(credit(&grid, [mallory, eve]), [2_000, 2_000]);

    catch(&mut grid, mallory, [alice, bob]);
    assert_eq!(credit(&grid, [mallory, eve]), [0, 2_000]);
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert_eq!(grid.assimilate().len(), 2);
    assert_eq!(credit(&grid, [mallory, eve, alice, bob]), [0, 0, 5_000, 5_000]);

    let rows = ledger(&grid);
    let taken: Vec<_> = rows.iter().filter(|row| row.entry.kind == Kind::TakeBack).collect();
    let whose: Vec<_> = taken.iter().map(|row| row.entry.host).collect();
    assert_eq!(whose, [mallory, mallory, eve, eve]);
    let Answer::Receipt(receipt) = grid.ask(&Query::Receipt(job)) else { panic!("no receipt") };
    let vouchers: Vec<_> = receipt.vouchers.iter().map(|voucher| voucher.host).collect();
    assert_eq!(vouchers, [alice, bob]);
}

/// A unit is open again because of one liar when the other one is caught elsewhere: that one's pay
/// is taken back too, although nobody will ever compare the answer.
#[test]
fn pay_is_taken_back_from_a_unit_that_is_open_already() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let [mallory, eve, alice, bob] = [(); 4].map(|()| grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &success("lie"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    // Both lie elsewhere before anybody looks at the first job again.
    let other = grid.job(3, quorum_of(2));
    for (liar, text) in [(mallory, "a lie"), (eve, "another lie")] {
        everybody_answers(&mut grid, &[liar], &success(text));
    }
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    grid.wait(Span(1));
    grid.take_aborts();
    assert_eq!(grid.assimilate().len(), 3);
    assert!(![mallory, eve].iter().any(|host| grid.host_row(*host).is_active()));
    assert_eq!(
        (grid.job_row(other).state, grid.job_row(job).state),
        (JobState::Finished, JobState::Open)
    );
    assert_eq!(credit(&grid, [mallory, eve]), [0, 0]);
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(credit(&grid, [mallory, eve, alice, bob]), [0, 0, 4_000, 4_000]);
}

/// The answers of a cancelled job are left as they are, but not the pay for them.
#[test]
fn pay_for_a_cancelled_job_is_taken_back() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let [mallory, eve, alice, bob] = [(); 4].map(|()| grid.host());
    for host in [mallory, eve] {
        let replica = grid.lease_one(host).replica;
        grid.answer(host, replica, "lie");
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    grid.cancel(job);
    grid.wait(Span(1));
    catch(&mut grid, mallory, [alice, bob]);
    assert_eq!(said(&grid, job, 0), b"lie");
    assert_eq!(credit(&grid, [mallory, eve]), [0, 1_000]);
}

/// Whoever agreed with the liar in good faith keeps their voice and what they earned, and is not
/// paid again; one more replica is enough.
#[test]
fn honest_partners_lose_nothing() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (mallory, alice, bob, carol) = (grid.host(), grid.host(), grid.host(), grid.host());
    everybody_answers(&mut grid, &[mallory, alice], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let earned = grid.host_row(alice).credit;

    catch(&mut grid, mallory, [bob, carol]);
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Open);
    assert_eq!(grid.host_row(alice).counters.valid, 0);
    everybody_answers(&mut grid, &[bob], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(grid.host_row(alice).credit, earned);
    assert_eq!(grid.host_row(alice).counters.valid, 1);
    assert_eq!(grid.unit_row(job.unit(0)).replicas.len(), 3);
    // Only Mallory's replica had kept the bytes.
    assert_eq!(said(&grid, job, 0), b"truth");
}

/// One lies, is caught, and so the partner is, who then takes down what they vouched for with
/// others.
#[test]
fn a_catch_leads_to_the_next() {
    let mut grid = Grid::new();
    let first = grid.job(3, quorum_of(2));
    let [mallory, eve, trent, alice, bob, carol] = [(); 6].map(|()| grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &success("lie"));
    let second = grid.job(1, quorum_of(2));
    everybody_answers(&mut grid, &[eve, trent], &success("lie"));
    assert_eq!(grid.assimilate().len(), 4);

    catch(&mut grid, mallory, [alice, bob]);
    assert_eq!(grid.job_row(second).state, JobState::Finished);
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert!(!grid.host_row(eve).is_active(), "three lies of the first job are known now");
    grid.wait(Span(1));
    assert_eq!(grid.job_row(second).state, JobState::Open);
    everybody_answers(&mut grid, &[alice, carol], &success("truth"));
    assert_eq!(grid.assimilate().len(), 4);
    assert_eq!(
        (said(&grid, first, 2), said(&grid, second, 0)),
        (b"truth".to_vec(), b"truth".to_vec())
    );
}

/// A failure that two claimed is an answer like any other.
#[test]
fn a_failure_that_liars_agreed_on_is_taken_back() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (mallory, eve, alice, bob) = (grid.host(), grid.host(), grid.host(), grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &app_error("out of luck"));
    let reason = FailReason::App { message: "out of luck".to_owned() };
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Failed { reason });
    catch(&mut grid, mallory, [alice, bob]);
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(grid.job_row(job).counts.failed, 0);
}

/// A liar's checkpoint is the liar's word, also if somebody else ended what it had begun.
#[test]
fn what_went_on_from_a_liars_checkpoint_is_opened_again() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (mallory, eve, alice, bob) = (grid.host(), grid.host(), grid.host(), grid.host());
    let lost = grid.lease_one(mallory).replica;
    grid.renew(mallory, lost, Some(checkpoint(99)));
    grid.wait(Span::minutes(11));
    grid.take_aborts();
    everybody_answers(&mut grid, &[alice, eve], &success("spoilt"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(grid.unit_row(job.unit(0)).replicas[1].chain, 0, "Alice went on from it");

    let carol = grid.host();
    catch(&mut grid, mallory, [bob, carol]);
    everybody_answers(&mut grid, &[bob, carol], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(said(&grid, job, 0), b"truth");
    assert_eq!(grid.host_row(alice).counters.invalid, 0, "Alice could not know");
}

/// There is more to open again than one `Expire` does, and the coordinator dies in between.
#[test]
fn a_long_record_is_opened_again_in_parts_and_after_a_crash() {
    let mut grid = Grid::new();
    let job = grid.job(450, quorum_of(1));
    let (mallory, alice, bob) = (grid.host(), grid.host(), grid.host());
    everybody_answers(&mut grid, &[mallory], &success("lie"));
    assert_eq!(grid.assimilate().len(), 450);
    lie_and_be_denied(&mut grid, mallory, [alice, bob]);
    grid.tell(Command::Expire);
    let reopened = grid.job_row(job).counts.open;
    assert!((1..450).contains(&reopened), "{reopened} were opened at once");
    grid.restart();
    grid.wait(Span(1));
    assert_eq!(grid.job_row(job).counts.open, 450);
    everybody_answers(&mut grid, &[alice], &success("truth"));
    assert_eq!(grid.assimilate().len(), 450);
}

/// Each time a unit is opened again it gets as many tries as at first: liars cannot use them up.
#[test]
fn a_unit_that_is_opened_again_has_its_tries_again() {
    let mut grid = Grid::new();
    let policy = Policy { replicas_max: 2, ..quorum_of(2) };
    let job = grid.job(1, policy);
    let (mallory, eve, alice, bob) = (grid.host(), grid.host(), grid.host(), grid.host());
    everybody_answers(&mut grid, &[mallory, eve], &success("lie"));
    grid.assimilate();
    catch(&mut grid, mallory, [alice, bob]);
    everybody_answers(&mut grid, &[alice, bob], &success("truth"));
    assert_eq!(grid.assimilate(), [job.unit(0)]);
}

/// All these hosts take every unit that they are given, and say the same.
fn everybody_answers(grid: &mut Grid, hosts: &[HostId], outcome: &Outcome) {
    for host in hosts {
        let leased = grid.lease(*host, 1_000).into_iter();
        let report = |replica| ReplicaReport::unsigned(replica, outcome.clone());
        let reports: Vec<_> = leased.map(report).collect();
        let accepted = vec![Reported::Accepted; reports.len()];
        let reply = grid.tell(Command::Report(Report { host: *host, reports }));
        assert_eq!(reply, Reply::Reported(accepted));
    }
}

/// Has a liar lie three times where others tell the truth, and everything done that follows.
fn catch(grid: &mut Grid, liar: HostId, honest: [HostId; 2]) {
    lie_and_be_denied(grid, liar, honest);
    grid.wait(Span(1));
}

fn lie_and_be_denied(grid: &mut Grid, liar: HostId, honest: [HostId; 2]) {
    grid.job(3, quorum_of(2));
    everybody_answers(grid, &[liar], &success("another lie"));
    everybody_answers(grid, &honest, &success("truth"));
    assert_eq!(grid.assimilate().len(), 3);
    assert!(!grid.host_row(liar).is_active());
}

/// What these hosts have.
fn credit<const N: usize>(grid: &Grid, hosts: [HostId; N]) -> [u64; N] {
    hosts.map(|host| grid.host_row(host).credit.0)
}

fn ledger(grid: &Grid) -> Vec<LedgerRow> {
    match grid.ask(&Query::Ledger { skip: 0, limit: 1_000 }) {
        Answer::Ledger(rows) => rows,
        other => panic!("{other:?}"),
    }
}

/// The canonical output of a unit.
fn said(grid: &Grid, job: JobId, index: u32) -> Vec<u8> {
    let unit = grid.unit_row(job.unit(index));
    unit.canonical().unwrap().outputs()[0].inline.clone().unwrap()
}
