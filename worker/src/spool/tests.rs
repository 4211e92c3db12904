//! The spool against a real database on disk.

use manyhands_core::id::{JobId, UnitId};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// The greatest of each number.
const REPLICA: ReplicaId =
    ReplicaId { unit: UnitId { job: JobId(u64::MAX), index: u32::MAX }, number: u16::MAX };

fn job(id: u64) -> v1::LeasedJob {
    v1::LeasedJob { job: id, manifest_bytes: 7, ..Default::default() }
}

fn lease(deadline_at_ms: u64) -> v1::Lease {
    v1::Lease { deadline_at_ms, ..Default::default() }
}

fn checkpoint(step: u64) -> v1::Checkpoint {
    v1::Checkpoint { step, ..Default::default() }
}

fn replica(unit: u32) -> ReplicaId {
    JobId(1).unit(unit).replica(0)
}

fn report(unit: u32) -> (ReplicaId, v1::Report) {
    let usage = v1::Usage { cpu_ms: u64::from(unit), ..Default::default() };
    (replica(unit), v1::Report { usage: Some(usage), ..Default::default() })
}

fn open(dir: &TempDir) -> (Spool, Restored) {
    Spool::open(&dir.path().join("spool.db")).unwrap()
}

/// Appends all, closes, and gives what the next process finds.
async fn reopened(dir: &TempDir, changes: impl IntoIterator<Item = Change>) -> Restored {
    let (mut spool, _) = open(dir);
    for change in changes {
        spool.append(change).await.unwrap();
    }
    spool.close().unwrap();
    open(dir).1
}

#[tokio::test]
async fn what_was_appended_is_there_for_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let enrolment = Enrolment { coordinator: "key".into(), host: u64::MAX };
    let (finished, done) = report(5);
    let restored = reopened(
        &dir,
        [
            Change::Enrolled(enrolment.clone()),
            Change::Job(job(1)),
            Change::Job(job(u64::MAX)),
            Change::Leased(REPLICA, lease(9)),
            Change::Checkpointed(REPLICA, checkpoint(3)),
            Change::Checkpointed(REPLICA, checkpoint(4)),
            Change::Leased(finished, lease(1)),
            Change::Finished(finished, done.clone()),
            Change::Leased(replica(6), lease(1)),
            Change::Settled(replica(6)),
            Change::JobLeft(1),
        ],
    )
    .await;
    let held = Held { replica: REPLICA, lease: lease(9), checkpoint: Some(checkpoint(4)) };
    let expect = Restored {
        enrolment: Some(enrolment),
        jobs: vec![job(u64::MAX)],
        held: vec![held],
        reports: vec![(finished, done)],
    };
    assert_eq!(restored, expect);
}

#[tokio::test]
async fn reports_keep_their_order_and_go_when_settled() {
    let dir = tempfile::tempdir().unwrap();
    let finish = |unit| {
        let (replica, report) = report(unit);
        Change::Finished(replica, report)
    };
    let restored = reopened(&dir, [9, 2, 5].map(finish)).await;
    assert_eq!(restored.reports, [report(9), report(2), report(5)]);
    let restored = reopened(&dir, [Change::Settled(replica(2))]).await;
    assert_eq!(restored.reports, [report(9), report(5)]);
}

#[tokio::test]
async fn a_renewed_lease_keeps_its_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let changes = [
        Change::Leased(REPLICA, lease(1)),
        Change::Checkpointed(REPLICA, checkpoint(3)),
        Change::Leased(REPLICA, lease(2)),
    ];
    let held = reopened(&dir, changes).await.held;
    assert_eq!(held, [Held { replica: REPLICA, lease: lease(2), checkpoint: Some(checkpoint(3)) }]);
}

#[tokio::test]
async fn durable_counts_what_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(&dir);
    let mut durable = spool.durable();
    let mut last = 0;
    for unit in 0..3000 {
        last = spool.append(Change::Leased(replica(unit), lease(1))).await.unwrap();
    }
    durable.wait_for(|through| *through >= last).await.unwrap();
    // A second reader sees them while the first still writes: they are committed.
    let reader = Connection::open(dir.path().join("spool.db")).unwrap();
    let rows: u32 = reader.query_row("select count(*) from lease", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3000);
    spool.close().unwrap();
}

#[test]
fn a_newer_database_is_refused_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool.db");
    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("create table future (a); pragma user_version = 99;").unwrap();
    drop(newer);
    let before = std::fs::read(&path).unwrap();
    let refused = Spool::open(&path).unwrap_err();
    let expected = matches!(refused, SpoolError::Database(DatabaseError::Newer { found: 99, .. }));
    assert!(expected, "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool.db");
    std::fs::write(&path, "this is not a database, and it is longer than a header is ".repeat(9))
        .unwrap();
    let refused = Spool::open(&path).unwrap_err();
    assert!(matches!(refused, SpoolError::Database(DatabaseError::Damaged(_))), "{refused}");
}

#[tokio::test]
async fn a_full_disk_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    // SQLite's own limit gives the same error as a disk without space.
    let path = dir.path().join("spool.db");
    let mut database = database::Database::open(&path).unwrap();
    database.limit_pages(8);
    let text = "x".repeat(100_000);
    let enrolment = Enrolment { coordinator: text, host: 1 };
    let refused = database.commit(&[Change::Enrolled(enrolment)]).unwrap_err();
    assert!(matches!(refused, DatabaseError::DiskFull(_)), "{refused}");
}
