//! A disk that is full for a while.

use manyhands_core::command::Enrol;
use manyhands_core::key::Key;
use manyhands_core::requirement::Capabilities;
use manyhands_core::settings::Settings;
use manyhands_core::store::Store as _;

use super::*;

const PLENTY: u32 = 1 << 30;

fn enrol(n: u32) -> Command {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&n.to_le_bytes());
    let capabilities = Capabilities {
        slots: 1,
        memory_bytes: 1,
        profiles: [1].into(),
        isa: "x".to_owned(),
        os: "y".to_owned(),
        version: "z".to_owned(),
    };
    let nickname = "n".repeat(100);
    Command::Enrol(Enrol { key: Key(key), nickname, block: None, capabilities, token: None })
}

/// Settles a group of enrolments and returns what each was told.
fn settle(clerk: &mut Clerk, group: std::ops::Range<u32>) -> Vec<Result<Reply, DeskError>> {
    let (asks, answers): (Vec<_>, Vec<_>) = group
        .map(|n| {
            let (answer, told) = oneshot::channel();
            ((enrol(n), Some(answer)), told)
        })
        .unzip();
    clerk.settle(asks);
    answers.into_iter().map(|mut told| told.try_recv().unwrap()).collect()
}

#[test]
fn nothing_is_acknowledged_on_a_full_disk_and_service_continues_with_space() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("c.db")).unwrap();
    let settings = Settings { open_enrolment: true, ..Settings::default() };
    let (_mailbox, asks) = mpsc::channel(1);
    let mut clerk = Clerk::new(Engine::new(settings, [7; 32]), store, asks, Hub::new(1));
    assert!(settle(&mut clerk, 0..3).iter().all(Result::is_ok));

    // The first enrolments of the group would still fit; its last ones do not.
    clerk.store.limit_pages(30);
    let told = settle(&mut clerk, 3..1_000);
    assert!(told.iter().all(|told| matches!(told, Err(DeskError::Full))), "{:?}", told[0]);
    assert_eq!(clerk.store.last_ids().unwrap().host, 3, "none of the group happened");
    assert!(clerk.is_behind);

    clerk.store.limit_pages(PLENTY);
    assert!(settle(&mut clerk, 3..1_000).iter().all(Result::is_ok));
    assert_eq!(clerk.store.last_ids().unwrap().host, 1_000);
    assert!(!clerk.is_behind, "effects that were swallowed have been derived again");
}
