//! Durability as those who ask see it: with a real database, through the desk.

use manyhands_core::digest::Digest;
use manyhands_core::invite::{Invite, Role};
use manyhands_core::settings::Settings;
use manyhands_core::store::Store as _;
use manyhands_core::time::Timestamp;

use super::*;

struct Office {
    dir: tempfile::TempDir,
    desk: Desk,
    thread: DeskThread,
}

impl Office {
    fn open(dir: tempfile::TempDir) -> Self {
        let store = SqliteStore::open(&dir.path().join("c.db")).unwrap();
        let engine = Engine::new(Settings::default(), [7; 32]);
        let (desk, thread) = Desk::open(engine, store, Hub::new(10)).unwrap();
        Self { dir, desk, thread }
    }

    fn reader(&self) -> SqliteStore {
        SqliteStore::open_reader(&self.dir.path().join("c.db")).unwrap()
    }

    fn close(self) -> tempfile::TempDir {
        drop(self.desk);
        self.thread.join().unwrap();
        self.dir
    }
}

fn invite(n: u32) -> Command {
    let token = Digest::of(&n.to_le_bytes());
    let (role, expires_at) = (Role::Scientist, Timestamp(u64::MAX));
    Command::Invite(Invite { token, role, uses_left: 1, expires_at })
}

#[tokio::test]
async fn what_was_answered_is_there_for_readers_at_once_and_after_a_restart() {
    let office = Office::open(tempfile::tempdir().unwrap());
    let mut pending = Vec::new();
    for n in 0..300 {
        pending.push(office.desk.send(invite(n)).await.unwrap());
    }
    for (n, answer) in (0_u32..).zip(pending) {
        assert_eq!(answer.answer().await.unwrap(), Reply::Invited);
        assert!(office.reader().invite(&Digest::of(&n.to_le_bytes())).unwrap().is_some());
    }
    let office = Office::open(office.close());
    let last = Digest::of(&299_u32.to_le_bytes());
    assert!(office.reader().invite(&last).unwrap().is_some());
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let office = Office::open(tempfile::tempdir().unwrap());
    assert_eq!(office.desk.ask(invite(1)).await.unwrap(), Reply::Invited);
    // What a killed process leaves behind: its files as they are, nothing closed.
    let left = tempfile::tempdir().unwrap();
    for name in ["c.db", "c.db-wal"] {
        std::fs::copy(office.dir.path().join(name), left.path().join(name)).unwrap();
    }
    let next = Office::open(left);
    assert!(next.reader().invite(&Digest::of(&1_u32.to_le_bytes())).unwrap().is_some());
}
