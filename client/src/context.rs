//! What every command starts from.

use std::path::{Path, PathBuf};

use manyhands::following::{self, FollowError};
use manyhands::profile::{Profile, ProfileError};
use manyhands::session::Session;
use manyhands_core::private::JobSecret;
use manyhands_proto::identity::Identity;
use manyhands_proto::link::LinkError;
use tonic::{Code, Status};

use crate::clock;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The terminal, and where the caller's profile is.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) terminal: Terminal,
    pub(crate) profile_dir: Option<PathBuf>,
}

impl Context {
    /// The caller's profile.
    pub(crate) fn profile(&self) -> Result<Profile, Failure> {
        Ok(Profile::locate(self.profile_dir.clone())?)
    }

    /// What private inputs of the caller's jobs at that coordinator are encrypted under.
    pub(crate) fn job_secret(&self) -> Result<JobSecret, Failure> {
        let profile = self.profile()?;
        let coordinator = profile.coordinator()?.endpoint().key();
        Ok(profile.identity()?.job_secret(coordinator.as_ref()))
    }

    /// A link to the coordinator that the caller joined, and the caller's key.
    pub(crate) async fn session(&self) -> Result<(Session, Identity), Failure> {
        let profile = self.profile()?;
        profile.coordinator()?;
        let identity = profile.identity()?;
        let found = following::open(&profile, &identity, clock::now()).await?;
        if let Some(place) = found.moved_to {
            self.terminal.note(&format!("the coordinator has moved: it is at {place} now"));
        }
        Ok((found.session, identity))
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NotJoined | ProfileError::NoHome => Self::bad_input(error.to_string()),
            ProfileError::Io { .. } | ProfileError::Key(_) | ProfileError::Invite { .. } => {
                Self::failed(error.to_string())
            }
        }
    }
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Profile(error) => error.into(),
            FollowError::Link(error) => error.into(),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<Status> for Failure {
    /// The coordinator's own words; they say what to do.
    fn from(status: Status) -> Self {
        let message = status.message();
        match status.code() {
            Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound => {
                Self::bad_input(message)
            }
            Code::PermissionDenied | Code::Unauthenticated => Self::failed(message)
                .hint("ask whoever runs the coordinator for an invite, then `manyhands join` it"),
            Code::Unavailable => Self::failed(format!("the coordinator is gone: {message}"))
                .hint("what was submitted is kept; try again when it is back"),
            _ => Self::failed(message),
        }
    }
}

/// A path as it is shown to people.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
