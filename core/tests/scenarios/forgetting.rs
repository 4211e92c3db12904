//! A host is forgotten as its owner asked: what describes it goes, and what trust needs stays.

use std::sync::Arc;

use manyhands_core::command::{
    Command, Enrol, Forget, Pardon, Renew, Renewal, ReplicaReport, Report,
};
use manyhands_core::effect::Effect;
use manyhands_core::host::{FORGOTTEN, Host, HostState};
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::invite::Role;
use manyhands_core::key::Key;
use manyhands_core::policy::Policy;
use manyhands_core::query::{Answer, Query, Subject};
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::Reply;
use manyhands_core::store::Store as _;
use manyhands_core::time::{Span, Timestamp};
use manyhands_core::trust::bisect::Finding;
use manyhands_core::trust::{Confidence, Plan};

use crate::grid::{Grid, capabilities, quorum_of, success};
use crate::quarrel::{Quarrel, WRONG_FROM, replayed};

fn forget(grid: &mut Grid, host: HostId) -> Reply {
    let key = grid.host_row(host).key;
    grid.tell(Command::Forget(Forget { key }))
}

fn forgotten(host: HostId) -> Reply {
    Reply::Forgotten { host, is_new: true }
}

/// Everything that the host may say about a lease that it had.
fn says(grid: &Grid, host: HostId, replica: ReplicaId) -> Vec<Command> {
    let renewals = vec![Renewal { replica, progress_ppm: 7, checkpoint: None }];
    let reports = vec![ReplicaReport::unsigned(replica, success("truth"))];
    let Host { key, .. } = grid.host_row(host);
    let (nickname, block) = ("back".to_owned(), None);
    let enrol = Enrol { key, nickname, block, capabilities: capabilities(), token: None };
    vec![
        grid.wish(host, 1),
        Command::Renew(Renew { host, renewals }),
        Command::Report(Report { host, reports }),
        Command::Enrol(enrol),
        Command::Pardon(Pardon { host, reason: "come back".to_owned() }),
    ]
}

/// What it held goes to others at once and is not held against it; whatever it says is refused.
#[test]
fn a_forgotten_host_holds_nothing_and_is_given_nothing() {
    let mut grid = Grid::new();
    let [alice, bob] = [grid.host(), grid.host()];
    grid.job(2, quorum_of(1));
    let held = grid.lease_one(alice).replica;
    grid.take_effects();
    assert_eq!(forget(&mut grid, alice), forgotten(alice));
    assert!(grid.take_effects().contains(&Effect::Dismiss { host: alice }));
    grid.wait(Span(0));
    assert_eq!(grid.take_aborts(), [(alice, vec![held])]);
    let row = grid.host_row(alice);
    assert_eq!((row.leases.len(), row.counters.expired), (0, 0));

    let refused = Reply::Refused(Refusal::HostForgotten(alice));
    for command in says(&grid, alice, held) {
        assert_eq!(grid.tell(command), refused);
    }
    let others: Vec<_> = grid.lease(bob, 9).iter().map(|replica| replica.unit).collect();
    assert!(others.len() == 2 && others.contains(&held.unit), "{others:?}");
}

/// Not the name, the machine, the network, nor when it was here. The number and the key stay.
#[test]
fn nothing_is_left_that_describes_it() {
    let mut grid = Grid::new();
    let alice = grid.host();
    let before = grid.host_row(alice);
    grid.wait(Span::hours(1));
    assert_eq!(forget(&mut grid, alice), forgotten(alice));
    let now = grid.now;
    let row = grid.host_row(alice);
    assert_eq!((row.nickname.as_str(), row.shown_name()), ("", FORGOTTEN));
    let mut left = capabilities();
    (left.slots, left.memory_bytes) = (0, 0);
    left.profiles.clear();
    left.os.clear();
    let bare = Host {
        nickname: String::new(),
        capabilities: Arc::new(left),
        enrolled_at: Timestamp(0),
        seen_at: Timestamp(0),
        forgotten_at: Some(now),
        ..before
    };
    assert_eq!(row, bare);
    let why =
        Answer::Why(format!("host {alice} gets no work: it is forgotten, as its owner asked"));
    assert_eq!(grid.ask(&Query::Why(Subject::Host(alice))), why);
}

#[test]
fn asking_twice_changes_nothing() {
    let mut grid = Grid::new();
    let alice = grid.host();
    assert_eq!(forget(&mut grid, alice), forgotten(alice));
    grid.take_effects();
    grid.wait(Span::hours(1));
    let before = grid.store.clone();
    assert_eq!(forget(&mut grid, alice), Reply::Forgotten { host: alice, is_new: false });
    assert!(grid.store == before);
    assert_eq!(grid.take_effects(), []);
}

#[test]
fn a_key_that_never_enrolled_is_told_so() {
    let mut grid = Grid::new();
    let key = Key([99; 32]);
    let reply = grid.tell(Command::Forget(Forget { key }));
    assert_eq!(reply, Reply::Refused(Refusal::NeverEnrolled(key)));
}

/// Its answer is one of the two that agree, it is paid for, and it stands for its volunteer: another host of theirs
/// gets no second voice.
#[test]
fn what_it_answered_counts_as_before() {
    let mut grid = Grid::new();
    let [alice, twin] = [grid.host_of("ada"), grid.host_of("ada")];
    let bob = grid.host();
    let job = grid.job(1, quorum_of(2));
    let first = grid.lease_one(alice).replica;
    grid.answer(alice, first, "truth");
    forget(&mut grid, alice);
    assert!(grid.lease(twin, 1).is_empty(), "the same volunteer");
    let second = grid.lease_one(bob).replica;
    grid.answer(bob, second, "truth");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let row = grid.host_row(alice);
    assert_eq!((row.counters.valid, row.credit), (1, grid.host_row(bob).credit));
    let Answer::Receipt(receipt) = grid.ask(&Query::Receipt(job)) else { panic!("no receipt") };
    assert_eq!((receipt.vouchers.len(), receipt.volunteers), (2, 2));
    assert_eq!(receipt.isas, ["x86_64".to_owned()].into());
}

/// Whoever is caught only after leaving is caught all the same: what they vouched for is computed again.
#[test]
fn whoever_left_is_caught_all_the_same() {
    let mut grid = Grid::new();
    let [liar, other] = [grid.host(), grid.host()];
    let others: [HostId; 4] = std::array::from_fn(|_| grid.host());
    let vouched = grid.job(1, quorum_of(2));
    for host in [liar, other] {
        let lease = grid.lease_one(host).replica;
        grid.answer(host, lease, "truth");
    }
    assert_eq!(grid.assimilate(), [vouched.unit(0)]);
    grid.job(3, quorum_of(2));
    for lease in grid.lease(liar, 3) {
        grid.answer(liar, lease, &format!("lie {lease}"));
    }
    forget(&mut grid, liar);
    for host in &others[..2] {
        for lease in grid.lease(*host, 3) {
            grid.answer(*host, lease, "truth");
        }
    }
    assert_eq!(grid.assimilate().len(), 3);
    let row = grid.host_row(liar);
    assert!(row.is_suspended() && row.is_forgotten(), "{row:?}");
    assert_eq!(row.standing.life, 1);
    grid.wait(Span(0));
    let again = grid.lease_one(others[2]).replica;
    assert_eq!(again.unit, vouched.unit(0), "nothing rests on its word");
    grid.answer(others[2], again, "truth");
    assert_eq!(grid.assimilate(), [vouched.unit(0)]);
}

/// Being forgotten ends no ban, and the end of a ban does not bring it back.
#[test]
fn a_ban_stays_and_its_end_brings_nobody_back() {
    let mut grid = Grid::new();
    let [liar, bob, carol] = [grid.host(), grid.host(), grid.host()];
    for text in ["x", "y", "z"] {
        grid.job(1, quorum_of(2));
        for (host, text) in [(liar, text), (bob, "truth"), (carol, "truth")] {
            let lease = grid.lease_one(host).replica;
            grid.answer(host, lease, text);
        }
        assert_eq!(grid.assimilate().len(), 1);
    }
    let before = grid.host_row(liar);
    assert!(matches!(before.state, HostState::Suspended { until: Some(_), .. }));
    forget(&mut grid, liar);
    let row = grid.host_row(liar);
    assert_eq!(
        (row.state, row.standing, row.counters),
        (before.state, before.standing, before.counters)
    );
    grid.wait(Span::hours(24 * 365));
    let row = grid.host_row(liar);
    assert!(!row.is_suspended() && !row.is_active());
    let wish = grid.wish(liar, 1);
    assert_eq!(grid.tell(wish), Reply::Refused(Refusal::HostForgotten(liar)));
}

/// The name goes with the last host, and with it the invites that would give it back.
#[test]
fn a_volunteers_name_goes_with_their_last_host() {
    let mut grid = Grid::new();
    let [first, second] = [grid.host_of("ada"), grid.host_of("ada")];
    let left = grid.invite(Role::Host { volunteer: Some("ada".to_owned()) }, 5);
    let other = grid.invite(Role::Host { volunteer: Some("grace".to_owned()) }, 1);
    let volunteer = grid.host_row(first).volunteer;
    forget(&mut grid, first);
    let known = grid.store.volunteer(volunteer).unwrap().unwrap();
    assert_eq!(known.name.as_deref(), Some("ada"), "the second one is there");
    assert!(grid.store.invite(&left).unwrap().is_some());

    forget(&mut grid, second);
    let known = grid.store.volunteer(volunteer).unwrap().unwrap();
    assert_eq!((known.name, known.joined_at), (None, Timestamp(0)));
    assert_eq!(grid.store.volunteer_by_name("ada").unwrap(), None);
    let enrol = grid.enrolment(Some(left));
    assert_eq!(grid.tell(Command::Enrol(enrol)), Reply::Refused(Refusal::UnknownInvite));
    let enrol = grid.enrolment(Some(other));
    grid.enrol(enrol);
}

/// Somebody else is drawn at once for what it was to check.
#[test]
fn nobody_waits_for_an_auditor_that_is_forgotten() {
    let confidence =
        Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };
    let plan = Plan::new(&confidence);
    let mut grid = Grid::new();
    let people: Vec<HostId> =
        (0..plan.founders() + 2).map(|_| grid.host_of_standing(plan.probation)).collect();
    grid.job(1, Policy { confidence: Some(confidence), ..Policy::default() });
    let lease = grid.lease_one(people[0]).replica;
    grid.answer(people[0], lease, "42");
    grid.wait(Span(0));
    let drawn = |grid: &Grid| grid.unit_row(lease.unit).turn.and_then(|turn| turn.host);
    let gone = drawn(&grid).expect("so few answers that each is audited");
    forget(&mut grid, gone);
    grid.wait(Span(0));
    let next = drawn(&grid).expect("there are others");
    assert_ne!(next, gone);
    assert_eq!(grid.lease_one(next).replica.unit, lease.unit);
}

/// A party that leaves is one that does not come, and nobody waits for it.
#[test]
fn nobody_waits_for_a_party_that_is_forgotten() {
    let mut quarrel = Quarrel::begin();
    let liar = quarrel.liar;
    forget(&mut quarrel.grid, liar);
    quarrel.answer_truly(quarrel.honest);
    assert_eq!(quarrel.ended().findings, [Finding::Stands, Finding::Silent]);
    assert!(!quarrel.grid.unit_row(quarrel.unit()).replicas[1].is_voice);
    quarrel.audit();
    assert!(quarrel.grid.host_row(liar).is_suspended(), "the copies found out");
}

/// A judge who said the liar's word and left has lost what it vouched for, as one who stayed.
#[test]
fn a_judge_who_lied_and_left_is_caught() {
    let mut quarrel = Quarrel::begin();
    quarrel.bisect();
    let judges = quarrel.judges();
    let (accomplice, other) = (judges[0], judges[1]);
    let (grant, replay) = quarrel.question(accomplice);
    quarrel.answer(accomplice, grant, replayed(replay, WRONG_FROM, "lie"));
    forget(&mut quarrel.grid, accomplice);
    quarrel.answer_truly(other);
    for judge in quarrel.judges() {
        quarrel.answer_truly(judge);
    }
    let row = quarrel.grid.host_row(accomplice);
    assert!(row.is_suspended() && row.is_forgotten(), "{row:?}");
    assert_eq!(row.standing.life, 1);
    quarrel.audit();
}
