//! Jobs as scientists see them: status, outputs, receipt, and why.

use bytes::Bytes;
use manyhands_core::id::{HostId, JobId, UnitId};
use manyhands_core::job::{Counts, Job, JobState};
use manyhands_core::limits::{BROKEN_ENGINES_MAX, BROKEN_HOSTS_MAX, NAME_BYTES_MAX, OUTPUTS_MAX};
use manyhands_core::query::{BrokenEngine, Disputes, Subject};
use manyhands_core::replica::{self, Output};

use super::error::{Fault, WireError};
use super::field::{at_most, bounded, digest, digest_bytes, list, narrow, required};
use crate::v1::{self, unit_outputs, why_request};

impl From<JobState> for v1::JobState {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Open => Self::Open,
            JobState::Settling(_) => Self::Auditing,
            JobState::Cancelling { .. } => Self::Cancelling,
            JobState::Cancelled => Self::Cancelled,
            JobState::Finished => Self::Finished,
        }
    }
}

impl From<Counts> for v1::UnitCounts {
    fn from(counts: Counts) -> Self {
        Self {
            total: counts.total().into(),
            waiting: counts.waiting.into(),
            open: counts.open.into(),
            validated: counts.validated.into(),
            done: counts.done.into(),
            failed: counts.failed.into(),
            cancelled: counts.cancelled.into(),
        }
    }
}

impl TryFrom<v1::UnitCounts> for Counts {
    type Error = WireError;

    fn try_from(wire: v1::UnitCounts) -> Result<Self, WireError> {
        let counts = Self {
            waiting: narrow("waiting", wire.waiting)?,
            open: narrow("open", wire.open)?,
            validated: narrow("validated", wire.validated)?,
            done: narrow("done", wire.done)?,
            failed: narrow("failed", wire.failed)?,
            cancelled: narrow("cancelled", wire.cancelled)?,
        };
        if u64::from(counts.total()) != wire.total {
            return Err(WireError::new(
                "total",
                Fault::Domain("is not the sum of the rest".into()),
            ));
        }
        Ok(counts)
    }
}

impl From<Job> for v1::Job {
    /// The job as it is stored. `replicas_leased`, `credit_micro` and `disputes` are not in its row:
    /// whoever knows them fills them in.
    fn from(job: Job) -> Self {
        Self {
            id: job.id.0,
            manifest: digest_bytes(&job.manifest),
            name: job.name,
            state: v1::JobState::from(job.state).into(),
            units: Some(job.counts.into()),
            submitted_at_ms: job.submitted_at.0,
            ended_at_ms: job.ended_at.map(|at| at.0),
            credit_micro: 0,
            submitter: Bytes::copy_from_slice(job.submitter.as_bytes()),
            replicas_leased: 0,
            disputes: None,
        }
    }
}

impl From<Disputes> for v1::Disputes {
    fn from(disputes: Disputes) -> Self {
        let Disputes { settled, found_wrong, broken } = disputes;
        let broken = broken.into_iter().map(|BrokenEngine { engine, isa, hosts }| {
            v1::BrokenEngine { engine, isa, hosts: hosts.into_iter().map(|host| host.0).collect() }
        });
        Self { settled, found_wrong, broken: broken.collect() }
    }
}

impl TryFrom<v1::Disputes> for Disputes {
    type Error = WireError;

    fn try_from(wire: v1::Disputes) -> Result<Self, WireError> {
        let v1::Disputes { settled, found_wrong, broken } = wire;
        let broken = list("broken", BROKEN_ENGINES_MAX, broken)?;
        Ok(Self { settled, found_wrong, broken })
    }
}

impl TryFrom<v1::BrokenEngine> for BrokenEngine {
    type Error = WireError;

    fn try_from(wire: v1::BrokenEngine) -> Result<Self, WireError> {
        let v1::BrokenEngine { engine, isa, hosts } = wire;
        at_most("hosts", BROKEN_HOSTS_MAX, hosts.len())?;
        Ok(Self {
            engine: bounded("engine", NAME_BYTES_MAX, engine)?,
            isa: bounded("isa", NAME_BYTES_MAX, isa)?,
            hosts: hosts.into_iter().map(HostId).collect(),
        })
    }
}

/// A unit's canonical outputs as a message.
#[must_use]
pub fn canonical(unit: UnitId, outputs: Vec<Output>) -> v1::UnitOutputs {
    let answer = digest_bytes(&replica::answer(&outputs));
    let outputs = outputs.into_iter().map(Into::into).collect();
    let canonical = unit_outputs::Canonical { outputs, answer };
    v1::UnitOutputs { unit: unit.index, end: Some(unit_outputs::End::Canonical(canonical)) }
}

/// The outputs of a unit that has a canonical replica, checked against the answer's digest.
///
/// # Errors
/// When an output is not what it claims to be, or all together are not the answer.
pub fn canonical_outputs(wire: unit_outputs::Canonical) -> Result<Vec<Output>, WireError> {
    let answer = digest("answer", &wire.answer)?;
    let outputs: Vec<Output> = list("outputs", OUTPUTS_MAX, wire.outputs)?;
    if replica::answer(&outputs) != answer {
        let fault = Fault::Domain("is not the digest of these outputs".into());
        return Err(WireError::new("answer", fault));
    }
    Ok(outputs)
}

impl TryFrom<v1::WhyRequest> for Subject {
    type Error = WireError;

    fn try_from(wire: v1::WhyRequest) -> Result<Self, WireError> {
        Ok(match required("about", wire.about)? {
            why_request::About::Job(job) => Self::Job(JobId(job)),
            why_request::About::Unit(unit) => Self::Unit(unit.into()),
            why_request::About::Host(host) => Self::Host(HostId(host)),
        })
    }
}

impl From<Subject> for v1::WhyRequest {
    fn from(subject: Subject) -> Self {
        let about = match subject {
            Subject::Job(job) => why_request::About::Job(job.0),
            Subject::Unit(unit) => why_request::About::Unit(unit.into()),
            Subject::Host(host) => why_request::About::Host(host.0),
        };
        Self { about: Some(about) }
    }
}
