//! What a row holds beside the columns that queries look for.
//!
//! Bodies are protobuf messages private to this store, not the wire's: fields are added with new
//! numbers and never reused, so that an older body is read by a newer program.

mod bisection;
mod dispute;
mod host;
mod job;
mod joining;
mod replica;
mod statement;
mod unit;

pub(super) use dispute::{DisputeBody, dispute};
pub(super) use host::{HostBody, host};
pub(super) use job::{JOB_CANCELLING, JOB_OPEN, JOB_SETTLING, JobBody, job, job_state_column};
pub(super) use joining::{AccountBody, InviteBody, account, invite, invited_volunteer};
pub(super) use statement::{EvidenceBody, evidence};
pub(super) use unit::{UnitBody, unit, unit_state_column};
