//! The one place where what went wrong becomes a gRPC status.

use manyhands_core::refusal::Refusal;
use manyhands_core::time::Span;
use manyhands_proto::convert::WireError;
use manyhands_proto::pushback::with_pushback;
use manyhands_swarm::FetchError;
use tonic::{Code, Status};

use crate::blobs::BlobError;
use crate::desk::DeskError;
use crate::origin::OriginError;

/// A refused command.
pub(super) fn refused(refusal: &Refusal) -> Status {
    let status = Status::new(code(refusal), refusal.to_string());
    match refusal {
        Refusal::HostSuspended { rest, .. } => with_pushback(status, rest.unwrap_or(FOR_GOOD)),
        Refusal::HostForgotten(_) => with_pushback(status, FOR_GOOD),
        _ => status,
    }
}

/// When a host may ask again that is suspended for good: seldom, in case that it was wronged. One that is forgotten asks in
/// vain, and must not do so all day.
const FOR_GOOD: Span = Span::hours(24);

fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::UnknownHost(_)
        | Refusal::NotSuspended(_)
        | Refusal::InviteExpired
        | Refusal::InviteUsedUp
        | Refusal::LeaseExpired(_)
        | Refusal::TooFewVolunteers { .. }
        | Refusal::OtherManifest { .. }
        | Refusal::NotSelfChosen(_)
        | Refusal::NoStanding { .. }
        | Refusal::Misfit { .. }
        | Refusal::NoReplay(_)
        | Refusal::OtherState(_)
        | Refusal::NoCheckpoints { .. } => Code::FailedPrecondition,
        Refusal::UnknownJob(_)
        | Refusal::UnknownUnit { .. }
        | Refusal::UnknownLease(_)
        | Refusal::NeverEnrolled(_) => Code::NotFound,
        Refusal::ReportedDifferently(_) | Refusal::NotAsSealed(_) => Code::AlreadyExists,
        Refusal::WrongHost { .. }
        | Refusal::HostSuspended { .. }
        | Refusal::HostForgotten(_)
        | Refusal::InviteNeeded
        | Refusal::UnknownInvite
        | Refusal::InviteForOther(_)
        | Refusal::NotAdmitted(_)
        | Refusal::NotSubmitter(_) => Code::PermissionDenied,
        Refusal::BatchSize { .. }
        | Refusal::Text { .. }
        | Refusal::OutOfBounds { .. }
        | Refusal::Output { .. }
        | Refusal::OutputTwice { .. } => Code::InvalidArgument,
        Refusal::TooManyJobs { .. } => Code::ResourceExhausted,
    }
}

/// A command or question that was not answered.
pub(super) fn desk(error: DeskError) -> Status {
    Status::unavailable(error.to_string())
}

/// A message that says something wrong.
#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
pub(super) fn wire(error: WireError) -> Status {
    Status::invalid_argument(error.to_string())
}

/// A blob that was not stored or found.
#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
pub(super) fn blob(error: BlobError) -> Status {
    let code = match &error {
        BlobError::Mismatch { .. } | BlobError::Size { .. } | BlobError::TooLarge { .. } => {
            Code::InvalidArgument
        }
        BlobError::NotHeld(_) => Code::NotFound,
        BlobError::Range { .. } => Code::OutOfRange,
        BlobError::Full => Code::Unavailable,
        BlobError::Pieces(_) => Code::DataLoss,
        BlobError::Io(source) => {
            tracing::error!(%source, "the blob store failed");
            Code::Unavailable
        }
    };
    Status::new(code, error.to_string())
}

/// A blob that is not dealt out.
pub(super) fn origin(error: OriginError) -> Status {
    let code = match error {
        OriginError::Blob(error) => return blob(error),
        OriginError::Small(_) => Code::InvalidArgument,
        OriginError::Swarm(FetchError::TooMany) => Code::ResourceExhausted,
        OriginError::Swarm(FetchError::Twice(_) | FetchError::Left(_) | FetchError::Chance(_))
        | OriginError::Stopped => Code::Unavailable,
    };
    Status::new(code, error.to_string())
}

/// An answer of the core that does not belong to its question.
pub(super) fn confused() -> Status {
    tracing::error!("the engine gave an answer of another kind than asked for");
    Status::internal("the coordinator got confused: please report this")
}
