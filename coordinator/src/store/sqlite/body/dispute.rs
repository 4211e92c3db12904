//! A unit's disputes.

use manyhands_core::dispute::{Dispute, Ended, Party, Question, Stage, UnderWay};
use manyhands_core::id::{HostId, UnitId, VolunteerId};
use manyhands_core::replica::CheckpointRef;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use manyhands_core::trust::bisect::Finding;
use prost::{Message, Oneof};

use super::bisection::{BisectionBody, MomentBody};
use super::replica::CheckpointBody;
use crate::store::sqlite::codec::{corrupt, narrow};

/// All but the unit.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct DisputeBody {
    #[prost(uint32, tag = "1")]
    asked: u32,
    #[prost(message, optional, tag = "2")]
    under_way: Option<UnderWayBody>,
    #[prost(message, repeated, tag = "3")]
    ended: Vec<EndedBody>,
}

#[derive(Clone, PartialEq, Message)]
struct UnderWayBody {
    /// Two.
    #[prost(message, repeated, tag = "1")]
    parties: Vec<PartyBody>,
    #[prost(message, required, tag = "2")]
    bisection: BisectionBody,
    #[prost(uint32, tag = "3")]
    rounds: u32,
    #[prost(uint64, tag = "4")]
    until: u64,
    #[prost(uint64, optional, tag = "5")]
    draw_at: Option<u64>,
    #[prost(message, repeated, tag = "6")]
    questions: Vec<QuestionBody>,
    #[prost(uint32, tag = "7")]
    draws: u32,
}

#[derive(Clone, PartialEq, Message)]
struct PartyBody {
    #[prost(uint32, tag = "1")]
    replica: u32,
    #[prost(uint64, tag = "2")]
    host: u64,
    #[prost(message, optional, tag = "3")]
    state: Option<CheckpointBody>,
}

#[derive(Clone, PartialEq, Message)]
struct QuestionBody {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(uint64, tag = "2")]
    host: u64,
    #[prost(uint64, tag = "3")]
    volunteer: u64,
    #[prost(uint32, tag = "4")]
    tries: u32,
    /// None while it is leased.
    #[prost(oneof = "StageBody", tags = "5, 6, 7")]
    stage: Option<StageBody>,
}

#[derive(Clone, PartialEq, Oneof)]
enum StageBody {
    #[prost(uint64, tag = "5")]
    Called(u64),
    #[prost(message, tag = "6")]
    Answered(AnsweredBody),
    #[prost(bool, tag = "7")]
    Unanswered(bool),
}

#[derive(Clone, PartialEq, Message)]
struct AnsweredBody {
    #[prost(message, required, tag = "1")]
    moment: MomentBody,
    #[prost(message, optional, tag = "2")]
    state: Option<CheckpointBody>,
}

#[derive(Clone, PartialEq, Message)]
struct EndedBody {
    /// Two, as the findings.
    #[prost(uint64, repeated, tag = "1")]
    hosts: Vec<u64>,
    #[prost(uint32, repeated, tag = "2")]
    findings: Vec<u32>,
    #[prost(uint64, tag = "3")]
    call: u64,
    #[prost(uint32, tag = "4")]
    rounds: u32,
    #[prost(uint64, repeated, tag = "5")]
    judges: Vec<u64>,
    #[prost(uint64, tag = "6")]
    ended_at: u64,
}

impl From<&Dispute> for DisputeBody {
    fn from(dispute: &Dispute) -> Self {
        Self {
            asked: dispute.asked.into(),
            under_way: dispute.under_way.as_ref().map(UnderWayBody::from),
            ended: dispute.ended.iter().map(EndedBody::from).collect(),
        }
    }
}

impl From<&UnderWay> for UnderWayBody {
    fn from(under_way: &UnderWay) -> Self {
        Self {
            parties: under_way.parties.iter().map(PartyBody::from).collect(),
            bisection: (&under_way.bisection).into(),
            rounds: under_way.rounds.into(),
            until: under_way.until.0,
            draw_at: under_way.draw_at.map(|at| at.0),
            draws: under_way.draws,
            questions: under_way.questions.iter().map(QuestionBody::from).collect(),
        }
    }
}

impl From<&Party> for PartyBody {
    fn from(party: &Party) -> Self {
        let state = party.state.as_ref().map(CheckpointBody::from);
        Self { replica: party.replica.into(), host: party.host.0, state }
    }
}

impl From<&Question> for QuestionBody {
    fn from(question: &Question) -> Self {
        let stage = match &question.stage {
            Stage::Called { until } => Some(StageBody::Called(until.0)),
            Stage::Leased => None,
            Stage::Answered { moment, state } => Some(StageBody::Answered(AnsweredBody {
                moment: moment.into(),
                state: state.as_ref().map(CheckpointBody::from),
            })),
            Stage::Unanswered => Some(StageBody::Unanswered(true)),
        };
        Self {
            number: question.number.into(),
            host: question.host.0,
            volunteer: question.volunteer.0,
            tries: question.tries.into(),
            stage,
        }
    }
}

impl From<&Ended> for EndedBody {
    fn from(ended: &Ended) -> Self {
        Self {
            hosts: ended.hosts.iter().map(|host| host.0).collect(),
            findings: ended.findings.iter().map(|finding| finding_number(*finding)).collect(),
            call: ended.call,
            rounds: ended.rounds.into(),
            judges: ended.judges.iter().map(|host| host.0).collect(),
            ended_at: ended.ended_at.0,
        }
    }
}

/// The disputes about `unit` from their column.
pub(in crate::store::sqlite) fn dispute(unit: UnitId, body: &[u8]) -> Result<Dispute, StoreError> {
    let body = DisputeBody::decode(body).map_err(|error| corrupt("dispute", error))?;
    Ok(Dispute {
        unit,
        asked: narrow("asked", body.asked)?,
        under_way: body.under_way.map(under_way).transpose()?,
        ended: body.ended.into_iter().map(ended).collect::<Result<_, _>>()?,
    })
}

fn under_way(body: UnderWayBody) -> Result<UnderWay, StoreError> {
    Ok(UnderWay {
        parties: two("parties", body.parties.into_iter().map(party))?,
        bisection: body.bisection.try_into()?,
        rounds: narrow("rounds", body.rounds)?,
        until: Timestamp(body.until),
        draw_at: body.draw_at.map(Timestamp),
        draws: body.draws,
        questions: body.questions.into_iter().map(question).collect::<Result<_, _>>()?,
    })
}

fn party(body: PartyBody) -> Result<Party, StoreError> {
    let state = body.state.map(CheckpointRef::try_from).transpose()?;
    Ok(Party { replica: narrow("party", body.replica)?, host: HostId(body.host), state })
}

fn question(body: QuestionBody) -> Result<Question, StoreError> {
    let stage = match body.stage {
        None => Stage::Leased,
        Some(StageBody::Called(until)) => Stage::Called { until: Timestamp(until) },
        Some(StageBody::Answered(AnsweredBody { moment, state })) => Stage::Answered {
            moment: moment.try_into()?,
            state: state.map(CheckpointRef::try_from).transpose()?,
        },
        Some(StageBody::Unanswered(_)) => Stage::Unanswered,
    };
    Ok(Question {
        number: narrow("question", body.number)?,
        host: HostId(body.host),
        volunteer: VolunteerId(body.volunteer),
        tries: narrow("tries", body.tries)?,
        stage,
    })
}

fn ended(body: EndedBody) -> Result<Ended, StoreError> {
    Ok(Ended {
        hosts: two("hosts", body.hosts.into_iter().map(|host| Ok(HostId(host))))?,
        findings: two("findings", body.findings.into_iter().map(finding))?,
        call: body.call,
        rounds: narrow("rounds", body.rounds)?,
        judges: body.judges.into_iter().map(HostId).collect(),
        ended_at: Timestamp(body.ended_at),
    })
}

/// Exactly two of something.
pub(super) fn two<T>(
    what: &'static str,
    items: impl Iterator<Item = Result<T, StoreError>>,
) -> Result<[T; 2], StoreError> {
    let items: Vec<T> = items.collect::<Result<_, _>>()?;
    let count = items.len();
    items.try_into().map_err(|_other| corrupt(what, format!("{count} where there are two")))
}

fn finding_number(finding: Finding) -> u32 {
    match finding {
        Finding::Stands => 0,
        Finding::Silent => 1,
        Finding::Contradicted => 2,
        Finding::Refuted => 3,
    }
}

fn finding(number: u32) -> Result<Finding, StoreError> {
    match number {
        0 => Ok(Finding::Stands),
        1 => Ok(Finding::Silent),
        2 => Ok(Finding::Contradicted),
        3 => Ok(Finding::Refuted),
        other => Err(corrupt("finding", other)),
    }
}
