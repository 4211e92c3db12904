//! Which worker's data it is about, and how its coordinator is found.

use std::path::PathBuf;

use clap::Args;
use manyhands_proto::invite::Invite;
use manyhands_worker::config::Written;
use manyhands_worker::kept::{Folder, KeptError, Way};

use crate::context::Context;
use crate::failure::Failure;

/// See the module.
#[derive(Debug, Args)]
pub(super) struct Whose {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The worker's folder [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The invite that the worker joined with, if the settings file has none: where its coordinator is
    #[arg(long, value_name = "INVITE", env = "MANYHANDS_INVITE", hide_env_values = true)]
    join: Option<Invite>,
    /// Leave the coordinator out of it
    #[arg(long)]
    here_only: bool,
}

/// A folder that no worker uses meanwhile.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) folder: Folder,
    /// How to find the coordinator, if it is to be asked.
    pub(super) way: Option<Way>,
}

/// What to do about a coordinator that was not reached.
pub(super) const ELSEWHERE: &str =
    "if it is elsewhere: --join INVITE or --config FILE say where it is";

impl Whose {
    pub(super) fn open(self, context: &Context) -> Result<Opened, Failure> {
        let named = self.config.as_ref().map(|path| Written::read(path)).transpose()?;
        let is_named = named.is_some();
        let mut written = named.unwrap_or_default();
        let path = super::data_dir(self.data, &written, context)?;
        if !is_named {
            // What is wrong in there must not keep the folder from being erased.
            written = super::own_settings(&path).unwrap_or_default();
        }
        written.join(self.join.into_iter().collect());
        let way = Way { invites: written.invites(), lan: written.lan.unwrap_or(true) };
        let folder = Folder::open(&path)?;
        Ok(Opened { path, folder, way: (!self.here_only).then_some(way) })
    }
}

impl From<KeptError> for Failure {
    fn from(error: KeptError) -> Self {
        match error {
            KeptError::Nothing(_) => Self::bad_input(error.to_string()),
            KeptError::Consent(error) => error.into(),
            KeptError::Worker(_) | KeptError::Io { .. } => Self::failed(error.to_string()),
        }
    }
}
