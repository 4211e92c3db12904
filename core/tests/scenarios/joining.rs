//! Who may join, and as what.

use manyhands_core::command::{Admit, Command, Enrol};
use manyhands_core::digest::Digest;
use manyhands_core::invite::Role;
use manyhands_core::key::Key;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::Reply;
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;

use crate::grid::{Grid, SCIENTIST, capabilities, draft, quorum_of, submission};

/// Unless the owner opened the door, a host needs an invite.
#[test]
fn a_host_needs_an_invite() {
    let mut grid = Grid::with(Settings::default());
    let uninvited = grid.enrolment(None);
    refused(&mut grid, &uninvited, &Refusal::InviteNeeded);
    let unknown = grid.enrolment(Some(Digest::of(b"guess")));
    refused(&mut grid, &unknown, &Refusal::UnknownInvite);

    let token = grid.invite(Role::Host { volunteer: None }, 1);
    let invited = grid.enrolment(Some(token));
    grid.enrol(invited);
    let second = grid.enrolment(Some(token));
    refused(&mut grid, &second, &Refusal::InviteUsedUp);

    let token = grid.invite(Role::Host { volunteer: None }, 1);
    grid.wait(Span::hours(1));
    let late = grid.enrolment(Some(token));
    refused(&mut grid, &late, &Refusal::InviteExpired);

    let token = grid.invite(Role::Scientist, 1);
    let other = grid.enrolment(Some(token));
    refused(&mut grid, &other, &Refusal::InviteForOther(Role::Scientist));
}

/// The same key is the same host for good; saying hello again needs no invite and uses none up.
#[test]
fn a_host_keeps_its_identity() {
    let mut grid = Grid::with(Settings::default());
    let token = grid.invite(Role::Host { volunteer: None }, 2);
    let mut enrol = grid.enrolment(Some(token));
    let host = grid.enrol(enrol.clone());
    enrol.token = None;
    enrol.nickname = "renamed".to_owned();
    enrol.capabilities.memory_bytes = 5;
    assert_eq!(grid.enrol(enrol), host);
    let row = grid.host_row(host);
    assert_eq!((row.nickname.as_str(), row.capabilities.memory_bytes), ("renamed", 5));
    let other = grid.enrolment(Some(token));
    assert_ne!(grid.enrol(other), host);
}

/// Invites that name a volunteer make their hosts one person's; others make strangers.
#[test]
fn named_invites_bind_hosts_to_a_volunteer() {
    let mut grid = Grid::new();
    let hosts = [grid.host_of("ada"), grid.host_of("ada"), grid.host_of("bob"), grid.host()];
    let volunteers = hosts.map(|host| grid.host_row(host).volunteer.0);
    assert_eq!(volunteers, [1, 1, 2, 3]);
}

/// What a host says of itself is checked.
#[test]
fn a_host_must_make_sense() {
    let mut grid = Grid::new();
    let good = grid.enrolment(None);
    let nameless = Enrol { nickname: String::new(), ..good.clone() };
    refused(&mut grid, &nameless, &Refusal::Text { field: "nickname", max: 128 });
    let mut without_slots = good;
    without_slots.capabilities.slots = 0;
    let refusal = Refusal::OutOfBounds { field: "slots", value: 0, min: 1, max: 65_535 };
    refused(&mut grid, &without_slots, &refusal);
    assert_eq!(
        refusal.to_string(),
        "slots is 0; it must be between 1 and 65535",
        "the text names field and limits"
    );
}

/// Only an admitted scientist may submit; being admitted again changes nothing.
#[test]
fn a_scientist_needs_an_invite() {
    let mut grid = Grid::new();
    let token = grid.invite(Role::Scientist, 1);
    let admit = |key| Command::Admit(Admit { key, name: "Grace".to_owned(), token });
    assert_eq!(grid.tell(admit(SCIENTIST)), Reply::Admitted);
    assert_eq!(grid.tell(admit(Key([9; 32]))), Reply::Admitted);
    let third = grid.tell(admit(Key([10; 32])));
    assert_eq!(third, Reply::Refused(Refusal::InviteUsedUp));

    let mut submit = submission(draft("job", 1, quorum_of(1)));
    if let Command::Submit(submit) = &mut submit {
        submit.submitter = Key([10; 32]);
    }
    assert_eq!(grid.tell(submit), Reply::Refused(Refusal::NotAdmitted(Key([10; 32]))));
}

/// The same manifest is the same job, whoever sends it how often.
#[test]
fn submitting_twice_makes_one_job() {
    let mut grid = Grid::new();
    let submit = submission(draft("job", 3, quorum_of(1)));
    let Reply::Submitted { job, is_new: true } = grid.tell(submit.clone()) else {
        panic!("it is new");
    };
    assert_eq!(grid.tell(submit), Reply::Submitted { job, is_new: false });
}

/// Jobs go only to hosts that can run them.
#[test]
fn a_host_gets_only_what_fits() {
    let mut grid = Grid::new();
    grid.job(1, quorum_of(1));
    let mut small = grid.enrolment(None);
    small.capabilities.memory_bytes = 1_000;
    let mut old = grid.enrolment(None);
    old.capabilities.profiles = [0].into();
    let hosts = [small, old].map(|enrol| grid.enrol(enrol));
    let idle = hosts.map(|host| grid.request(host, 1).idle.map(|idle| idle.to_string()));
    assert_eq!(
        idle.map(Option::unwrap),
        [
            "no open job fits it; of the first one, it needs 1048576 bytes of memory and a slot \
             has 1000",
            "no open job fits it; of the first one, it needs determinism profile 1, which this \
             worker's version does not offer",
        ]
    );
    assert_eq!(capabilities().profiles.len(), 1);
}

fn refused(grid: &mut Grid, enrol: &Enrol, refusal: &Refusal) {
    assert_eq!(grid.tell(Command::Enrol(enrol.clone())), Reply::Refused(refusal.clone()));
}
