//! Files that are ours, and files that are not.

use std::fs;

use manyhands_core::credit::MicroCredits;
use manyhands_core::host::{Host, HostState, Reopening, Standing};
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::ledger::Replay;
use manyhands_core::order::Order;
use manyhands_core::store::conformance::{Fixture, rows};
use manyhands_core::store::{Store, Write};
use manyhands_core::time::Timestamp;
use prost::Message as _;

use super::*;

#[test]
fn an_empty_database_is_made_and_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    SqliteStore::open(&path).unwrap().close().unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.last_ids().unwrap().job, 0);
}

#[test]
fn a_database_from_a_newer_version_is_left_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    SqliteStore::open(&path).unwrap().close().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// Whoever was paid before there was a table of it has vouched, and what they were paid is in the
/// chain as if it had always been one.
#[test]
fn a_database_of_the_first_format_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../migrations/0001_start.sql")).unwrap();
    let rows = "with recursive n (n) as (values (0) union all select n + 1 from n where n < 2499)
                insert into ledger (unit, number, host, volunteer, claim, \"grant\", granted_at)
                select (1 << 32) + 3 + n, 0, 7, 1, 9, 8, 1000 + n from n";
    old.execute_batch(rows).unwrap();
    old.pragma_update(None, "application_id", 0x4d48_4e44).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.close().unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let vouched = store.units_vouched(HostId(7), JobId(0).unit(0), 2).unwrap();
    assert_eq!(vouched, [JobId(1).unit(3), JobId(1).unit(4)]);

    let mut replay = Replay::default();
    let rows = store.ledger(0, 9_999).unwrap();
    rows.iter().for_each(|row| replay.follow(row).unwrap());
    assert_eq!((rows.len(), store.ledger_head().unwrap()), (2_500, replay.head()));
    assert_eq!(replay.hosts()[&HostId(7)].1.standing(), MicroCredits(2_500 * 8));
    assert_eq!(rows[1].entry.at, Timestamp(1001));
}

/// As the second format was: replicas count, whoever was suspended stays so for good and is still
/// looked at again, whoever was not keeps their strikes.
#[test]
fn a_database_of_the_second_format_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../migrations/0001_start.sql")).unwrap();
    old.execute_batch(include_str!("../migrations/0002_vouched.sql")).unwrap();
    let capabilities = [&[0x1a_u8, 0][..]];
    let counters = [&[0x2a_u8, 4, 5, 2, 0, 0][..]];
    // Field 4: suspended_at = 70; field 10: reopen_from = unit 3 of job 1, as in the key below.
    let suspended = [&[0x20_u8, 70][..], &[0x50, 0x83, 0x80, 0x80, 0x80, 0x10]];
    let active = [&capabilities[..], &counters].concat().concat();
    let suspended = [active.clone(), suspended.concat()].concat();
    let host = "insert into host (id, key, next_deadline_at, body) values (?1, ?2, ?3, ?4)";
    old.execute(host, rusqlite::params![1, [1_u8; 32], None::<i64>, active]).unwrap();
    old.execute(host, rusqlite::params![2, [2_u8; 32], 70, suspended]).unwrap();
    // One leased replica of host 1.
    let unit = "insert into unit (id, state, ready_at, body) values ((1 << 32) + 3, 0, null, ?1)";
    old.execute(unit, [[0x12_u8, 2, 0x08, 1]]).unwrap();
    // Leased, valid, invalid, reopened: 9, 8, 1, 0.
    let job = [&[0x3a_u8, 0][..], &[0x42, 6, 0, 1, 0, 0, 0, 0], &[0x4a, 4, 9, 8, 1, 0]];
    let job = [[0x0a, 64].to_vec(), vec![7; 64], job.concat()].concat();
    let row = "insert into job (id, manifest, submitter, state, body) values (1, ?1, ?2, 0, ?3)";
    old.execute(row, rusqlite::params![[3_u8; 32], [4_u8; 32], job]).unwrap();
    old.pragma_update(None, "application_id", 0x4d48_4e44).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    old.close().unwrap();

    let store = SqliteStore::open(&path).unwrap();
    let from = JobId(1).unit(3);
    let replicas = store.unit(from).unwrap().unwrap().replicas;
    let voices: Vec<_> = replicas.iter().map(|it| (it.host, it.life, it.is_voice)).collect();
    assert_eq!(voices, [(HostId(1), 0, true)]);
    let [active, suspended] = store.hosts(None, 9).unwrap().try_into().unwrap();
    assert_eq!(active.state, HostState::Active);
    assert_eq!(active.standing, Standing { strikes: 2, ..Standing::default() });
    let suspended_at = Timestamp(70);
    assert_eq!(suspended.state, HostState::Suspended { suspended_at, until: None, unit: None });
    assert_eq!(suspended.reopening, Some(Box::new(Reopening { since: suspended_at, from })));
    assert_eq!(suspended.standing.life, 1, "what it answered before counts no more");
    assert_eq!(store.hosts_due(suspended_at, 9).unwrap(), [suspended]);
    let job = store.job(JobId(1)).unwrap().unwrap();
    assert_eq!((job.policy.confidence, job.order, job.parts), (None, Order(None), 0));
    assert_eq!((job.tally.leased, job.tally.compared, job.tally.valid), (9, 0, 8));
    assert_eq!(store.parties_of_standing(1, Timestamp(0), 9).unwrap(), 0);
}

/// As the eighth format was: whose hosts and invites they are is read from their bodies.
#[test]
fn a_database_of_the_eighth_format_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let old = Connection::open(&path).unwrap();
    for step in [
        include_str!("../migrations/0001_start.sql"),
        include_str!("../migrations/0002_vouched.sql"),
        include_str!("../migrations/0003_trust.sql"),
        include_str!("../migrations/0004_ledger.sql"),
        include_str!("../migrations/0005_evidence.sql"),
        include_str!("../migrations/0006_disputes.sql"),
        include_str!("../migrations/0007_blocks.sql"),
        include_str!("../migrations/0008_samples.sql"),
    ] {
        old.execute_batch(step).unwrap();
    }
    for id in [1, 2] {
        let host = rows::host(id, &[]);
        let body = body::HostBody::from(&host).encode_to_vec();
        let row = "insert into host (id, key, body) values (?1, ?2, ?3)";
        old.execute(row, rusqlite::params![id.cast_signed(), host.key.0, body]).unwrap();
    }
    for invite in rows::invites() {
        let body = body::InviteBody::from(&invite).encode_to_vec();
        let row = "insert into invite (token, body) values (?1, ?2)";
        old.execute(row, rusqlite::params![invite.token.0, body]).unwrap();
    }
    old.pragma_update(None, "application_id", 0x4d48_4e44).unwrap();
    old.pragma_update(None, "user_version", 8).unwrap();
    old.close().unwrap();

    let mut store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.hosts_of(VolunteerId(102), 9).unwrap(), [HostId(2)]);
    let [ada, others @ ..] = &rows::invites()[..] else { panic!("no invites") };
    store.apply(vec![Write::DropInvites { volunteer: "Ada".to_owned() }]).unwrap();
    assert_eq!(store.invite(&ada.token).unwrap(), None);
    assert!(others.iter().all(|other| store.invite(&other.token).unwrap().is_some()));
}

/// Neither in a page nor in the log, also while others read.
#[test]
fn what_is_forgotten_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let reader = SqliteStore::open_reader(&path).unwrap();
    let named = |id| Host { nickname: format!("grace-{id}"), ..rows::host(id, &[7; 30]) };
    let hosts = (1..99).map(|id| Write::PutHost(named(id)));
    store.apply(hosts.collect()).unwrap();
    store.apply(vec![Write::PutVolunteer(rows::volunteer(1, Some("Hopper")))]).unwrap();
    let files = || {
        let files = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
        files.flat_map(|file| fs::read(file).unwrap()).collect::<Vec<u8>>()
    };
    let has = |words: &str| files().windows(words.len()).any(|it| it == words.as_bytes());
    assert!(has("grace-50") && has("Hopper"));
    store.apply(vec![Write::PutHost(rows::forgotten(50, 150))]).unwrap();
    store.apply(vec![Write::PutVolunteer(rows::volunteer(1, None))]).unwrap();
    assert_eq!(reader.host(HostId(50)).unwrap(), Some(rows::forgotten(50, 150)));
    assert!(
        has("grace-50") && has("Hopper"),
        "the log has it, so this test looks at the right place"
    );
    store.fold_in().unwrap();
    assert!(!has("grace-50") && !has("Hopper"));
    assert!(has("grace-51"));
}

#[test]
fn somebody_elses_database_is_left_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    Connection::open(&path).unwrap().execute_batch("create table t (x)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Foreign(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "this is no database but has enough bytes to be one".repeat(50)).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Foreign(_))));
}

#[test]
fn a_database_that_another_program_holds_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("begin exclusive; create table t (x)").unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Locked(_)), "{refused}");
}

/// A database in a folder of its own.
struct Database {
    dir: tempfile::TempDir,
    store: Option<SqliteStore>,
}

impl Database {
    fn new() -> Self {
        let mut new = Self { dir: tempfile::tempdir().unwrap(), store: None };
        new.reopen();
        new
    }

    fn open(&mut self) -> &mut SqliteStore {
        self.store.as_mut().unwrap()
    }
}

impl Fixture for Database {
    fn store(&mut self) -> &mut dyn Store {
        self.open()
    }

    fn reopen(&mut self) {
        // Dropped, not closed in order: as a crash leaves it.
        self.store = None;
        self.store = Some(SqliteStore::open(&self.dir.path().join("c.db")).unwrap());
    }

    fn roll_back(&mut self, work: &mut dyn FnMut(&mut dyn Store)) {
        let store = self.open();
        store.begin().unwrap();
        work(store);
        store.rollback().unwrap();
    }
}

mod conformance {
    use super::Database;

    manyhands_core::store_conformance!(Database::new());
}
