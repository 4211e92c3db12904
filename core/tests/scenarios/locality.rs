//! Units that read the same file go to a host that has it, as far as that is nobody's choice whom it meets.

use std::collections::{BTreeMap, BTreeSet};

use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, ReplicaId};
use manyhands_core::job::{Job, JobState};
use manyhands_core::manifest::{Artefact, Axis, Draft, Input, Source, Values};
use manyhands_core::policy::Policy;
use manyhands_core::reply::Reply;
use manyhands_core::store::{Store, Write};
use manyhands_core::time::Span;
use manyhands_core::trust::Confidence;
use proptest::prelude::*;

use crate::grid::{Grid, draft, quorum_of, submission, success};

/// As in `selfchosen.rs`: twelve hosts of standing are enough.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

/// A grid of files and parameters.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// So many combinations of parameters change more slowly than the files.
    outer: i64,
    files: u32,
    /// So many change faster.
    inner: i64,
}

impl Shape {
    fn draft(self, policy: Policy) -> Draft {
        let file = |n: u32| Artefact {
            name: format!("{n}.fil"),
            digest: Digest::of(&n.to_le_bytes()),
            bytes: 1 << 30,
            salt: None,
        };
        let range = |end| Values::Range { start: 1, end, step: 1 };
        let axis = |name: &str, values| Axis { name: name.to_owned(), values };
        Draft {
            inputs: vec![Input { path: "in".to_owned(), source: Source::Axis("file".to_owned()) }],
            axes: vec![
                axis("n", range(self.outer)),
                axis("file", Values::Files((0..self.files).map(file).collect())),
                axis("m", range(self.inner)),
            ],
            ..draft("a survey", 1, policy)
        }
    }
}

const ROWS: Shape = Shape { outer: 1, files: 20, inner: 10 };

fn job(grid: &mut Grid, shape: Shape, policy: Policy) -> JobId {
    match grid.tell(submission(shape.draft(policy))) {
        Reply::Submitted { job, is_new: true } => job,
        other => panic!("{other:?}"),
    }
}

fn hosts(grid: &mut Grid, count: usize) -> Vec<HostId> {
    (0..count).map(|_| grid.host()).collect()
}

/// The file of the unit, from the manifest's own words.
fn file_of(row: &Job, replica: ReplicaId) -> u32 {
    row.file_axis.unwrap().file_of(replica.unit.index)
}

/// What a host gets that asks for one unit.
fn one(grid: &mut Grid, host: HostId, job: JobId) -> (ReplicaId, u32) {
    let replica = grid.lease_one(host).replica;
    (replica, file_of(&grid.job_row(job), replica))
}

#[test]
fn a_host_gets_units_of_its_file_and_another_one_those_of_others() {
    for shape in [ROWS, Shape { outer: 10, files: 20, inner: 1 }] {
        let mut grid = Grid::new();
        let job = job(&mut grid, shape, quorum_of(1));
        let hosts = hosts(&mut grid, 2);
        for _ in 0..10 {
            assert_eq!(one(&mut grid, hosts[0], job).1, 0);
            assert_eq!(one(&mut grid, hosts[1], job).1, 1);
        }
        // Both files are begun.
        assert_eq!(one(&mut grid, hosts[1], job).1, 2);
        assert_eq!(one(&mut grid, hosts[0], job).1, 3);
    }
}

#[test]
fn who_asks_for_more_than_a_file_has_gets_the_next_ones_too() {
    let mut grid = Grid::new();
    let job = job(&mut grid, ROWS, quorum_of(1));
    let hosts = hosts(&mut grid, 2);
    one(&mut grid, hosts[1], job);
    let leased = grid.lease(hosts[0], 25);
    let row = grid.job_row(job);
    let files: Vec<u32> = leased.iter().map(|replica| file_of(&row, *replica)).collect();
    let expected = [1, 2, 3].into_iter().flat_map(|file| [file; 10]).take(25);
    assert_eq!(files, expected.collect::<Vec<u32>>());
}

/// Two who have the same file would else have a way to meet.
#[test]
fn a_second_replica_goes_to_whoever_asks_next() {
    let mut grid = Grid::new();
    let job = job(&mut grid, ROWS, quorum_of(2));
    let hosts = hosts(&mut grid, 3);
    let begun: Vec<ReplicaId> = grid.lease(hosts[0], 5);
    let seconds = grid.lease(hosts[1], 5);
    assert_eq!(
        seconds.iter().map(|replica| replica.unit).collect::<Vec<_>>(),
        begun.iter().map(|replica| replica.unit).collect::<Vec<_>>(),
    );
    // Of the file that both have now, the third host is given a unit which the first one has begun, and that first.
    let mine = grid.lease(hosts[2], 1)[0];
    assert_eq!(file_of(&grid.job_row(job), mine), 1);
    let other = grid.lease_one(hosts[0]).replica;
    assert_eq!(other.unit, mine.unit, "what others began comes before files of one's own");
}

#[test]
fn nothing_waits_for_a_host_that_went_away() {
    let mut grid = Grid::new();
    let job = job(&mut grid, Shape { outer: 1, files: 2, inner: 4 }, quorum_of(1));
    let hosts = hosts(&mut grid, 2);
    let (_, file) = one(&mut grid, hosts[0], job);
    let leased = grid.lease(hosts[1], 7);
    let row = grid.job_row(job);
    let of_first = leased.iter().filter(|replica| file_of(&row, **replica) == file).count();
    assert_eq!((leased.len(), of_first, row.counts.waiting), (7, 3, 0));
}

#[test]
fn a_new_engine_knows_nothing_of_files_and_gives_no_unit_twice() {
    let mut grid = Grid::new();
    let job = job(&mut grid, Shape { outer: 2, files: 100, inner: 2 }, quorum_of(1));
    let hosts = hosts(&mut grid, 2);
    let mut leased: BTreeSet<u32> = BTreeSet::new();
    for _ in 0..100 {
        for host in &hosts {
            assert!(leased.insert(one(&mut grid, *host, job).0.unit.index));
        }
        grid.restart();
    }
    grid.take_effects();
    assert_eq!((leased.len(), grid.job_row(job).counts.waiting), (200, 200));
}

#[test]
fn a_new_engine_finds_where_the_fresh_units_of_each_file_begin() {
    let mut grid = Grid::new();
    let job = job(&mut grid, Shape { outer: 1, files: 2, inner: 1_000 }, quorum_of(1));
    let hosts = hosts(&mut grid, 4);
    grid.lease(hosts[0], 500);
    grid.lease(hosts[1], 300);
    grid.restart();
    let units: Vec<u32> =
        hosts[2..].iter().map(|host| one(&mut grid, *host, job).0.unit.index).collect();
    assert_eq!(units, [500, 1_300]);
}

/// Whoever once needs the units behind them would else have to pass over all of them at once.
#[test]
fn what_was_begun_ahead_of_the_order_is_passed_over_on_the_way() {
    let mut grid = Grid::new();
    let job = job(&mut grid, Shape { outer: 1, files: 3, inner: 100 }, quorum_of(1));
    let hosts = hosts(&mut grid, 2);
    let asks = [(hosts[0], 1), (hosts[1], 100), (hosts[0], 99), (hosts[0], 1)];
    let ahead = asks.map(|(host, count)| {
        grid.lease(host, count);
        grid.job_row(job).begun_ahead
    });
    assert_eq!(ahead, [0, 100, 1, 0]);
}

/// Else those that are not of its files would be audits, and it would know.
#[test]
fn a_job_with_a_confidence_has_its_secret_order_whatever_its_hosts_have() {
    let mut grid = Grid::new();
    let hosts: Vec<HostId> = (0..12).map(|_| grid.host_of_standing(50)).collect();
    let job = job(&mut grid, ROWS, Policy { confidence: Some(CONFIDENCE), ..Policy::default() });
    let order = grid.job_row(job).order;
    for nth in 0..60 {
        let (replica, _) = one(&mut grid, hosts[nth as usize % 3], job);
        assert_eq!(replica.unit.index, order.index(nth, 200));
    }
    assert_eq!(grid.job_row(job).begun_ahead, 0);
}

/// How often a file was fetched until all is done, when hosts of different speed ask for so many units at a time.
fn fetches(grid: &mut Grid, hosts: &[HostId], job: JobId, count: u16) -> usize {
    let axis = ROWS.axis();
    let mut fetched: BTreeSet<(HostId, u32)> = BTreeSet::new();
    for tick in 1_usize.. {
        if grid.job_row(job).state == JobState::Finished {
            break;
        }
        assert!(tick < 10_000, "the job does not end");
        let asking = hosts.iter().enumerate().filter(|(place, _)| tick % (place + 3) == 0);
        for (_, host) in asking {
            for replica in grid.lease(*host, count) {
                fetched.insert((*host, axis(replica.unit.index)));
                grid.report(*host, replica, success("answer"));
            }
        }
        grid.assimilate();
        grid.wait(Span::seconds(1));
    }
    fetched.len()
}

impl Shape {
    /// The file of a unit.
    fn axis(self) -> impl Fn(u32) -> u32 {
        let inner = u32::try_from(self.inner).unwrap();
        move |index| index / inner % self.files
    }
}

/// The figures of `core/src/engine/LOCALITY.md`. Without the axis in its row, a job is as one of an earlier version.
#[test]
fn files_are_fetched_far_less_often() {
    let figures = [(1, 1), (1, 4), (2, 1), (2, 4)].map(|(quorum, count)| {
        [true, false].map(|is_local| {
            let mut grid = Grid::new();
            let job = job(&mut grid, ROWS, quorum_of(quorum));
            if !is_local {
                let row = Job { file_axis: None, ..grid.job_row(job) };
                grid.store.apply(vec![Write::PutJob(row)]).unwrap();
            }
            let hosts = hosts(&mut grid, 8);
            fetches(&mut grid, &hosts, job, count)
        })
    });
    assert_eq!(figures, [[29, 146], [28, 60], [131, 160], [71, 112]]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The grid checks after every command that what is counted as begun ahead of the order is.
    #[test]
    fn each_unit_is_given_once_whoever_asks_for_how_many(
        (outer, files, inner) in (1_i64..4, 1_u32..7, 1_i64..6),
        asks in prop::collection::vec((0_usize..4, 1_u16..9, 0_u8..20), 40..80),
    ) {
        let mut grid = Grid::new();
        let job = job(&mut grid, Shape { outer, files, inner }, quorum_of(1));
        let hosts = hosts(&mut grid, 4);
        let mut given: BTreeMap<u32, HostId> = BTreeMap::new();
        for (host, count, chance) in asks {
            if chance == 0 {
                grid.restart();
            }
            for replica in grid.lease(hosts[host], count) {
                prop_assert_eq!(given.insert(replica.unit.index, hosts[host]), None);
            }
        }
        for replica in grid.lease(hosts[0], 1_000) {
            prop_assert_eq!(given.insert(replica.unit.index, hosts[0]), None);
        }
        let row = grid.job_row(job);
        prop_assert_eq!((row.counts.waiting, given.len()), (0, row.units_total as usize));
    }
}
