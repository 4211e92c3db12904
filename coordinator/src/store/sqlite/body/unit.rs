//! A unit's row, with its replicas.

use manyhands_core::id::HostId;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use manyhands_core::work_unit::{FailReason, Test, Turn, UnitState, WorkUnit};
use prost::{Message, Oneof};

use super::replica::{ReplicaBody, replica};
use crate::store::sqlite::codec::{corrupt, narrow, unit_id, unsigned};

/// A unit but for its id, the kind of its state, `ready_at`, and whose turn it is.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct UnitBody {
    /// Of a validated or done unit.
    #[prost(uint32, tag = "1")]
    canonical: u32,
    #[prost(message, repeated, tag = "2")]
    replicas: Vec<ReplicaBody>,
    /// Of a failed unit.
    #[prost(oneof = "FailBody", tags = "3, 4, 5")]
    fail: Option<FailBody>,
    #[prost(uint32, tag = "6")]
    reopened: u32,
    #[prost(uint32, tag = "7")]
    draws: u32,
    #[prost(uint32, tag = "8")]
    test: u32,
}

#[derive(Clone, PartialEq, Oneof)]
enum FailBody {
    #[prost(string, tag = "3")]
    App(String),
    #[prost(message, tag = "4")]
    TooManyTries(TooManyTries),
    #[prost(message, tag = "5")]
    NoAgreement(NoAgreement),
}

#[derive(Clone, PartialEq, Message)]
struct TooManyTries {
    #[prost(uint32, tag = "1")]
    replicas: u32,
    #[prost(string, tag = "2")]
    message: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct NoAgreement {
    #[prost(uint32, tag = "1")]
    replicas: u32,
    #[prost(uint32, tag = "2")]
    answers: u32,
}

/// A unit's state as a column; a partial index names 1.
pub(in crate::store::sqlite) fn unit_state_column(state: &UnitState) -> i64 {
    match state {
        UnitState::Open => 0,
        UnitState::Validated { .. } => 1,
        UnitState::Done { .. } => 2,
        UnitState::Failed { .. } => 3,
        UnitState::Cancelled => 4,
    }
}

impl From<&WorkUnit> for UnitBody {
    fn from(unit: &WorkUnit) -> Self {
        let (canonical, fail) = match &unit.state {
            UnitState::Open | UnitState::Cancelled => (0, None),
            UnitState::Validated { canonical } | UnitState::Done { canonical } => {
                (u32::from(*canonical), None)
            }
            UnitState::Failed { reason } => (0, Some(FailBody::from(reason))),
        };
        let replicas = unit.replicas.iter().map(ReplicaBody::from).collect();
        Self {
            canonical,
            replicas,
            fail,
            reopened: unit.reopened.into(),
            draws: unit.turn.map_or(0, |turn| turn.draws),
            test: test_number(unit.test),
        }
    }
}

impl From<&FailReason> for FailBody {
    fn from(reason: &FailReason) -> Self {
        match reason {
            FailReason::App { message } => Self::App(message.clone()),
            FailReason::TooManyTries { replicas, message } => {
                let (replicas, message) = (u32::from(*replicas), message.clone());
                Self::TooManyTries(TooManyTries { replicas, message })
            }
            FailReason::NoAgreement { replicas, answers } => {
                let (replicas, answers) = (u32::from(*replicas), u32::from(*answers));
                Self::NoAgreement(NoAgreement { replicas, answers })
            }
        }
    }
}

impl TryFrom<FailBody> for FailReason {
    type Error = StoreError;

    fn try_from(body: FailBody) -> Result<Self, StoreError> {
        Ok(match body {
            FailBody::App(message) => Self::App { message },
            FailBody::TooManyTries(TooManyTries { replicas, message }) => {
                Self::TooManyTries { replicas: narrow("replicas", replicas)?, message }
            }
            FailBody::NoAgreement(NoAgreement { replicas, answers }) => Self::NoAgreement {
                replicas: narrow("replicas", replicas)?,
                answers: narrow("answers", answers)?,
            },
        })
    }
}

/// Id, state, `ready_at`, `turn_host`, `draw_at`, body.
type Columns = (i64, i64, Option<i64>, Option<i64>, Option<i64>, Vec<u8>);

/// A unit from its columns.
pub(in crate::store::sqlite) fn unit(columns: Columns) -> Result<WorkUnit, StoreError> {
    let (id, state, ready_at, turn_host, draw_at, body) = columns;
    let UnitBody { canonical, replicas, fail, reopened, draws, test } =
        UnitBody::decode(&*body).map_err(|error| corrupt("unit", error))?;
    let ready_at = ready_at.map(|at| unsigned("ready_at", at)).transpose()?;
    let numbered = replicas.into_iter().enumerate();
    Ok(WorkUnit {
        id: unit_id(id)?,
        state: state_of(state, narrow("canonical", canonical)?, fail)?,
        ready_at: ready_at.map(Timestamp),
        turn: draw_at.map(|at| turn(turn_host, at, draws)).transpose()?,
        test: test_of(test)?,
        replicas: numbered.map(|(at, body)| replica(at, body)).collect::<Result<_, _>>()?,
        reopened: narrow("reopened", reopened)?,
    })
}

fn turn(host: Option<i64>, draw_at: i64, draws: u32) -> Result<Turn, StoreError> {
    let host = host.map(|host| unsigned("turn_host", host)).transpose()?.map(HostId);
    Ok(Turn { host, draw_at: Timestamp(unsigned("draw_at", draw_at)?), draws })
}

fn test_number(test: Test) -> u32 {
    match test {
        Test::None => 0,
        Test::Second => 1,
        Test::Audit => 2,
        Test::Vote => 3,
        Test::Sample => 4,
    }
}

fn test_of(number: u32) -> Result<Test, StoreError> {
    match number {
        0 => Ok(Test::None),
        1 => Ok(Test::Second),
        2 => Ok(Test::Audit),
        3 => Ok(Test::Vote),
        4 => Ok(Test::Sample),
        other => Err(corrupt("test", other)),
    }
}

fn state_of(column: i64, canonical: u16, fail: Option<FailBody>) -> Result<UnitState, StoreError> {
    Ok(match (column, fail) {
        (0, None) => UnitState::Open,
        (1, None) => UnitState::Validated { canonical },
        (2, None) => UnitState::Done { canonical },
        (3, Some(fail)) => UnitState::Failed { reason: fail.try_into()? },
        (4, None) => UnitState::Cancelled,
        (other, _) => return Err(corrupt("unit state", other)),
    })
}
