//! Two hosts differ about a unit of a step program: both are asked how their runs went, and one step
//! tells who is wrong.

use manyhands_core::command::{Command, Outcome, ReplicaReport, Report, Signed};
use manyhands_core::host::HostState;
use manyhands_core::id::HostId;
use manyhands_core::key::Signature;
use manyhands_core::lease::Replay;
use manyhands_core::limits::{QUESTIONS_FROM, STEPS_MAX};
use manyhands_core::policy::Policy;
use manyhands_core::query::Subject;
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::{Usage, Verdict};
use manyhands_core::reply::{Reply, Reported};
use manyhands_core::statement::{Path, Proof};
use manyhands_core::store::Store;
use manyhands_core::time::Span;
use manyhands_core::trust::bisect::Finding;
use manyhands_core::work_unit::{Test, UnitState};

use crate::grid::{Grid, host_error, success_with};
use crate::quarrel::{CONFIDENCE, Quarrel, STEPS, WRONG_FROM, replayed, says};

/// Ten rounds for a thousand steps, then two judges make one call each; and the audit that was due is
/// still due.
#[test]
fn one_step_names_the_liar() {
    let mut quarrel = Quarrel::begin();
    let (honest, liar) = (quarrel.honest, quarrel.liar);
    assert_eq!(quarrel.called(), [honest, liar]);
    quarrel.bisect();
    let mut judges = quarrel.judges();
    judges.sort_unstable();
    assert_eq!(judges.len(), 2);
    for judge in &judges {
        let grant = quarrel.answer_truly(*judge);
        let from = grant.resume_from.expect("a state that both named");
        let one_call = Replay { until_step: WRONG_FROM, keep_state: false };
        assert_eq!((from.step, grant.replay), (WRONG_FROM - 1, Some(one_call)));
    }
    let mut ended = quarrel.ended();
    ended.judges.sort_unstable();
    assert_eq!(ended.findings, [Finding::Stands, Finding::Refuted]);
    assert_eq!((ended.hosts, ended.call, ended.judges), ([honest, liar], WRONG_FROM, judges));
    assert!(ended.rounds <= 10, "{} rounds", ended.rounds);
    let row = quarrel.grid.host_row(liar);
    assert!(matches!(row.state, HostState::Suspended { until: Some(_), .. }), "{:?}", row.state);
    assert_eq!((row.standing.life, row.counters.invalid), (1, 1));

    assert_eq!(quarrel.grid.unit_row(quarrel.unit()).test, Test::Sample);
    let auditor = quarrel.audit();
    assert!(auditor != honest && auditor != liar);
    let unit = quarrel.grid.unit_row(quarrel.unit());
    assert_eq!(unit.state, UnitState::Done { canonical: 0 });
    assert_eq!(unit.replicas.len(), 3, "three whole copies in all");
    for subject in [Subject::Host(liar), Subject::Unit(quarrel.unit())] {
        let why = quarrel.why(subject);
        let found = format!("host {liar} computed step {WRONG_FROM} of unit 1/0 wrongly");
        assert!(why.contains(&found), "{why}");
    }
}

/// Nobody computes twice what was agreed about: each round begins at the state that the party handed
/// over.
#[test]
fn each_round_goes_on_from_the_last_agreed_state() {
    let mut quarrel = Quarrel::begin();
    let mut calls = 0;
    while quarrel.dispute().under_way.is_some_and(|it| it.draw_at.is_none()) {
        let agreed_at = quarrel.dispute().under_way.unwrap().bisection.agreed_at;
        let grant = quarrel.answer_truly(quarrel.honest);
        quarrel.lie();
        let from = grant.resume_from.map_or(0, |state| state.step);
        assert_eq!(from, agreed_at);
        calls += grant.replay.unwrap().until_step - from;
    }
    assert!(calls <= STEPS, "{calls} calls of {STEPS}");
    quarrel.judges();
}

/// A party that does not come loses the unit and its standing, but nothing that it answered elsewhere;
/// if it lied, the copies find out.
#[test]
fn whoever_hides_is_believed_no_more() {
    let mut quarrel = Quarrel::begin();
    let liar = quarrel.liar;
    quarrel.answer_truly(quarrel.honest);
    quarrel.grid.wait(Span::minutes(10));
    assert_eq!(quarrel.ended().findings, [Finding::Stands, Finding::Silent]);
    let row = quarrel.grid.host_row(liar);
    assert_eq!((row.state, row.standing.life, row.standing.compared), (HostState::Active, 0, 0));
    assert!(!quarrel.grid.unit_row(quarrel.unit()).replicas[1].is_voice);

    quarrel.audit();
    let unit = quarrel.grid.unit_row(quarrel.unit());
    assert_eq!(unit.state, UnitState::Done { canonical: 0 });
    assert_eq!(unit.replicas[1].verdict(), Some(Verdict::Invalid));
    assert!(!quarrel.grid.host_row(liar).is_active());
}

/// Another end than the one that it reported: its own words are proof, and where they are signed,
/// anybody can check it.
#[test]
fn whoever_takes_a_word_back_has_contradicted_itself() {
    let mut quarrel = Quarrel::begin();
    let liar = quarrel.liar;
    let (grant, _) = quarrel.question(liar);
    quarrel.answer(liar, grant, says("another lie"));
    quarrel.answer_truly(quarrel.honest);
    assert_eq!(quarrel.ended().findings, [Finding::Stands, Finding::Contradicted]);
    assert!(!quarrel.grid.host_row(liar).is_active());
    quarrel.audit();
}

#[test]
fn a_signed_contradiction_is_kept() {
    let mut grid = Grid::new();
    let hosts: Vec<HostId> = (0..12).map(|_| grid.host_of_standing(50)).collect();
    let policy = Policy { confidence: Some(CONFIDENCE), ..Policy::default() };
    let job = grid.job(1, policy);
    let manifest = grid.job_row(job).manifest;
    let report = |grid: &mut Grid, host, replica, outcome| {
        let proof = Proof { signature: Signature([3; 64]), path: Path::default() };
        let signed = Some(Box::new(Signed { manifest, proof }));
        let reports = vec![ReplicaReport { replica, outcome, signed, salt: None }];
        grid.tell(Command::Report(Report { host, reports }))
    };
    let first = grid.lease_one(hosts[0]).replica;
    report(&mut grid, hosts[0], first, says("truth"));
    grid.wait(Span(1));
    let liar = grid.unit_row(job.unit(0)).turn.and_then(|turn| turn.host).unwrap();
    let second = grid.lease_one(liar).replica;
    report(&mut grid, liar, second, says("lie"));
    let question = grid.lease_one(liar).replica;
    report(&mut grid, liar, question, says("another lie"));
    let kept = grid.store.evidence(liar).unwrap().unwrap();
    let said = [kept.first, kept.second].map(|signed| signed.statement.replica);
    assert_eq!(said, [second, question]);
    grid.cancel(job);
    grid.wait(Span::hours(2));
    grid.take_aborts();
}

/// One of two judges is an accomplice: two more are asked, and the accomplice is found with the liar.
#[test]
fn a_judge_who_lies_is_outvoted() {
    let mut quarrel = Quarrel::begin();
    quarrel.bisect();
    let judges = quarrel.judges();
    let (accomplice, other) = (judges[0], judges[1]);
    let (grant, replay) = quarrel.question(accomplice);
    quarrel.answer(accomplice, grant, replayed(replay, WRONG_FROM, "lie"));
    quarrel.answer_truly(other);
    let more = quarrel.judges();
    assert_eq!(more.len(), 2, "the lead must be two");
    for judge in more {
        quarrel.answer_truly(judge);
    }
    assert_eq!(quarrel.ended().findings, [Finding::Stands, Finding::Refuted]);
    let row = quarrel.grid.host_row(accomplice);
    assert!(matches!(row.state, HostState::Suspended { until: Some(_), .. }), "{:?}", row.state);
    quarrel.audit();
}

/// A judge who does not come is nobody's loss: another one is drawn.
#[test]
fn a_judge_who_does_not_come_is_replaced() {
    let mut quarrel = Quarrel::begin();
    quarrel.bisect();
    let judges = quarrel.judges();
    quarrel.answer_truly(judges[0]);
    quarrel.grid.wait(Span::minutes(10));
    let next = quarrel.called();
    assert_eq!(next.len(), 1);
    assert!(!judges.contains(&next[0]));
    assert_eq!(quarrel.grid.host_row(judges[1]).standing.compared, 50);
    quarrel.answer_truly(next[0]);
    assert_eq!(quarrel.ended().findings, [Finding::Stands, Finding::Refuted]);
    quarrel.audit();
}

/// A machine is switched off in good order and comes back: it is called again, some times.
#[test]
fn a_question_given_back_comes_again() {
    let mut quarrel = Quarrel::begin();
    let honest = quarrel.honest;
    let (mut grant, _) = quarrel.question(honest);
    quarrel.called();
    for outcome in [Outcome::Aborted, host_error("disk full"), Outcome::Aborted] {
        quarrel.answer(honest, grant, outcome);
        assert_eq!(quarrel.called(), [honest]);
        let old = std::mem::replace(&mut grant, quarrel.question(honest).0).replica;
        let late = Reported::Refused(Refusal::LeaseExpired(old));
        assert_eq!(quarrel.grid.report(honest, old, says("truth")), late);
    }
    quarrel.answer(honest, grant, Outcome::Aborted);
    quarrel.lie();
    assert_eq!(quarrel.ended().findings, [Finding::Silent, Finding::Stands]);
    // Who stands is not believed for that: an audit finds the lie.
    assert_eq!(quarrel.grid.unit_row(quarrel.unit()).test, Test::Sample);
    quarrel.grid.cancel(quarrel.job);
    quarrel.grid.wait(Span::minutes(1));
}

/// A crash in the middle loses no word, and calls those again who are to come.
#[test]
fn a_dispute_survives_a_restart() {
    let mut quarrel = Quarrel::begin();
    while quarrel.dispute().under_way.is_some_and(|it| it.draw_at.is_none()) {
        quarrel.answer_truly(quarrel.honest);
        quarrel.grid.restart();
        assert_eq!(quarrel.called(), [quarrel.liar]);
        quarrel.lie();
    }
    quarrel.grid.restart();
    for judge in quarrel.judges() {
        quarrel.answer_truly(judge);
        quarrel.grid.restart();
    }
    assert_eq!(quarrel.ended().call, WRONG_FROM);
    quarrel.audit();
}

/// Nobody can hold a unit up by a dispute: after the time that one copy may take, copies settle it.
#[test]
fn a_dispute_that_goes_nowhere_is_given_up() {
    let deadline_ms = Span::minutes(30);
    let policy = Policy { confidence: Some(CONFIDENCE), deadline_ms, ..Policy::default() };
    let mut quarrel = Quarrel::begin_with(policy);
    quarrel.answer_truly(quarrel.honest);
    let (grant, _) = quarrel.question(quarrel.liar);
    assert_eq!(grant.hard_deadline_at, quarrel.grid.now.plus(deadline_ms));
    for _ in 0..3 {
        quarrel.grid.wait(Span::minutes(9));
        quarrel.grid.renew(quarrel.liar, grant.replica, None);
    }
    quarrel.grid.wait(Span::minutes(3));
    quarrel.grid.take_aborts();
    let ended = quarrel.ended();
    assert!(ended.found_nothing() || ended.findings[1] == Finding::Silent, "{ended:?}");
    assert!(quarrel.dispute().under_way.is_none());
    let unit = quarrel.grid.unit_row(quarrel.unit());
    assert!(unit.turn.is_some(), "a copy is wanted");
    quarrel.grid.cancel(quarrel.job);
    quarrel.grid.wait(Span::minutes(1));
}

/// Who was not heard of lately is not asked, and loses nothing; copies settle the unit as ever.
#[test]
fn a_machine_that_is_switched_off_is_not_asked() {
    let mut grid = Grid::new();
    let hosts: Vec<HostId> = (0..12).map(|_| grid.host_of_standing(50)).collect();
    let job = grid.job(1, Policy { confidence: Some(CONFIDENCE), ..Policy::default() });
    let first = grid.lease_one(hosts[0]).replica;
    grid.report(hosts[0], first, says("truth"));
    grid.wait(Span(1));
    let liar = grid.unit_row(job.unit(0)).turn.and_then(|turn| turn.host).unwrap();
    let second = grid.lease_one(liar).replica;
    for _ in 0..8 {
        grid.wait(Span::minutes(9));
        grid.renew(liar, second, None);
    }
    grid.report(liar, second, says("lie"));
    assert_eq!(grid.store.dispute(job.unit(0)).unwrap(), None);
    assert!(grid.unit_row(job.unit(0)).turn.is_some());
    grid.cancel(job);
    grid.wait(Span::minutes(1));
}

/// The job is taken back: nobody is asked any more.
#[test]
fn a_cancelled_job_ends_its_disputes() {
    let mut quarrel = Quarrel::begin();
    let (grant, _) = quarrel.question(quarrel.liar);
    quarrel.grid.cancel(quarrel.job);
    quarrel.grid.wait(Span(1));
    assert_eq!(quarrel.grid.take_aborts(), [(quarrel.liar, vec![grant.replica])]);
    assert!(quarrel.ended().found_nothing());
    assert_eq!(quarrel.grid.host_row(quarrel.liar).standing.compared, 50);
}

/// What is no answer to the question is refused, and changes nothing.
#[test]
fn words_that_do_not_fit_the_question_are_refused() {
    let mut quarrel = Quarrel::begin();
    let honest = quarrel.honest;
    let (grant, replay) = quarrel.question(honest);
    let elsewhere = Replay { until_step: replay.until_step + 1, ..replay };
    let refused = quarrel.grid.report(honest, grant.replica, replayed(elsewhere, 0, "truth"));
    assert_eq!(refused, Reported::Refused(Refusal::OtherState(grant.replica)));
    let stranger = quarrel.liar;
    let refused = quarrel.grid.report(stranger, grant.replica, says("truth"));
    let wrong_host = Refusal::WrongHost { replica: grant.replica, host: stranger };
    assert_eq!(refused, Reported::Refused(wrong_host));
    let usage = Usage { steps: STEPS_MAX + 1, ..Usage::default() };
    let reports = vec![ReplicaReport::unsigned(grant.replica, success_with("truth", usage))];
    let reply = quarrel.grid.tell(Command::Report(Report { host: honest, reports }));
    let (field, value, min, max) = ("usage.steps", STEPS_MAX + 1, 0, STEPS_MAX);
    let too_many = Refusal::OutOfBounds { field, value, min, max };
    assert_eq!(reply, Reply::Reported(vec![Reported::Refused(too_many)]));
    // The right word is still taken, and the same again is no harm.
    let truth = replayed(replay, u64::MAX, "truth");
    quarrel.answer(honest, grant, truth.clone());
    assert_eq!(quarrel.grid.report(honest, grant.replica, truth), Reported::Duplicate);
    let unasked = quarrel.unit().replica(QUESTIONS_FROM + 99);
    let unknown = Reported::Refused(Refusal::UnknownLease(unasked));
    assert_eq!(quarrel.grid.report(honest, unasked, says("truth")), unknown);
    quarrel.grid.cancel(quarrel.job);
    quarrel.grid.wait(Span(1));
}
