//! The cases of disputes. Each begins with an empty store and panics if something is not as it should
//! be.

use super::Fixture;
use super::rows::digest;
use crate::dispute::{Dispute, Ended, Party, Question, Stage, UnderWay};
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::limits::QUESTIONS_FROM;
use crate::replica::{CheckpointRef, Class};
use crate::store::{StoreError, Write};
use crate::time::Timestamp;
use crate::trust::bisect::{Bisection, Claim, Finding, Moment};

type Outcome = Result<(), StoreError>;

/// A dispute of which everything is there, and in which these hosts are called until then.
#[must_use]
pub fn calling(unit: UnitId, called: &[(u64, u64)]) -> Dispute {
    let state = |of| CheckpointRef {
        digest: digest(of),
        step: u64::MAX,
        bytes: 1 << 33,
        state_hash: digest(of + 1),
    };
    let outputs = Class::Outputs { answer: digest(1), work: 1 << 60 };
    let error = Class::Error { error: digest(2), work: 3 };
    let claims = [
        Claim { class: outputs, ended_by: u64::MAX, told: Some((7, digest(3))) },
        Claim { class: error, ended_by: 9, told: None },
    ];
    let question = |number: u16, host: u64, stage| Question {
        number: QUESTIONS_FROM + number,
        host: HostId(host),
        volunteer: VolunteerId(host + 100),
        tries: 2,
        stage,
    };
    let answered = |moment, state| Stage::Answered { moment, state };
    let mut questions = vec![
        question(300, 50, Stage::Leased),
        question(301, 51, answered(Moment::Running(digest(4)), Some(state(5)))),
        question(302, 52, answered(Moment::Ended(error), None)),
        question(303, 53, Stage::Unanswered),
    ];
    questions.extend((400..).zip(called).map(|(number, (host, until))| {
        question(number, *host, Stage::Called { until: Timestamp(*until) })
    }));
    let under_way = UnderWay {
        parties: [
            Party { replica: 300, host: HostId(60), state: Some(state(6)) },
            Party { replica: 1, host: HostId(1 << 40), state: None },
        ],
        bisection: Bisection {
            claims,
            agreed_at: 4,
            agreed: Some(digest(8)),
            differ_at: 1 << 40,
            said: [Some(Moment::Ended(outputs)), None],
        },
        rounds: 300,
        until: Timestamp(1_000),
        draw_at: None,
        draws: 70_000,
        questions,
    };
    Dispute { unit, asked: 500, under_way: Some(under_way), ended: ended() }
}

fn ended() -> Vec<Ended> {
    let one = |findings, judges: &[u64]| Ended {
        hosts: [HostId(70), HostId(71)],
        findings,
        call: 1 << 50,
        rounds: 301,
        judges: judges.iter().map(|host| HostId(*host)).collect(),
        ended_at: Timestamp(1_700_000_001_000),
    };
    let (stands, silent) = (Finding::Stands, Finding::Silent);
    let (wrong, against_itself) = (Finding::Refuted, Finding::Contradicted);
    vec![one([stands, silent], &[]), one([wrong, against_itself], &[1, 1 << 40])]
}

/// The write of a dispute.
pub(super) fn put(dispute: Dispute) -> Write {
    Write::PutDispute(Box::new(dispute))
}

/// A dispute that is over.
pub(super) fn over(unit: UnitId) -> Dispute {
    Dispute { asked: 3, ended: ended(), ..Dispute::new(unit) }
}

/// Each by its unit, all in order.
pub fn disputes_are_found_by_unit(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let at = |index| JobId(1).unit(index);
    let first = Dispute::new(at(3));
    let all = [calling(at(4), &[(1, 20)]), over(JobId(2).unit(0)), first.clone()];
    store.apply(all.clone().map(put).to_vec())?;
    let [second, third, _] = all;
    assert_eq!(store.dispute(at(4))?, Some(second.clone()));
    assert_eq!(store.dispute(at(5))?, None);
    assert_eq!(store.disputes(None, 2)?, [first, second]);
    assert_eq!(store.disputes(Some(at(4)), 2)?, [third]);
    Ok(())
}

/// Who is called and what is due, as both change.
pub fn calls_are_found_by_host_and_time(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let at = |index| JobId(1).unit(index);
    let disputes = [
        calling(at(0), &[(5, 30), (6, 40)]),
        calling(at(1), &[]),
        calling(at(2), &[(5, 20)]),
        over(at(3)),
    ];
    store.apply(disputes.map(put).to_vec())?;
    assert_eq!(store.disputes_calling(HostId(5), 9)?, [at(0), at(2)]);
    assert_eq!(store.disputes_calling(HostId(5), 1)?, [at(0)]);
    assert_eq!(store.disputes_calling(HostId(6), 9)?, [at(0)]);
    assert_eq!(store.disputes_calling(HostId(50), 9)?, [], "it has come");
    assert_eq!(store.disputes_due(Timestamp(19), 9)?, [] as [UnitId; 0]);
    assert_eq!(store.disputes_due(Timestamp(30), 9)?, [at(2), at(0)]);
    assert_eq!(store.disputes_due(Timestamp(1_000), 9)?, [at(2), at(0), at(1)]);
    assert_eq!(store.next_dispute_at()?, Some(Timestamp(20)));
    let changed = [calling(at(0), &[(6, 50)]), over(at(2)), calling(at(3), &[(5, 60)])];
    store.apply(changed.map(put).to_vec())?;
    assert_eq!(store.disputes_calling(HostId(5), 9)?, [at(3)]);
    assert_eq!(store.next_dispute_at()?, Some(Timestamp(50)));
    assert_eq!(store.disputes_due(Timestamp(99), 1)?, [at(0)]);
    Ok(())
}
