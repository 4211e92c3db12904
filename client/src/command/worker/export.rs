//! `manyhands worker export`: all that this machine keeps about its volunteer.

use std::path::PathBuf;

use clap::Args;
use manyhands_worker::config::Written;
use manyhands_worker::consent::Record;
use manyhands_worker::kept::{self, Kept, KeptError, KeptHost};
use serde::Serialize;

use crate::context::{Context, shown};
use crate::failure::Failure;

/// Print all that the worker keeps here about you, as JSON; not the secret key
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker export > kept.json\n\nCredit is kept by the coordinator: manyhands ledger export"
)]
pub(crate) struct Export {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The worker's folder [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Exported {
    data_dir: String,
    hosts: Vec<HostOf>,
    consent: Vec<Record>,
    leases: usize,
    unacknowledged_reports: usize,
    files: Vec<FileOf>,
}

/// What a project knows this machine by.
#[derive(Debug, Serialize)]
struct HostOf {
    key: Option<String>,
    coordinator: Option<String>,
    host: Option<u64>,
}

impl From<KeptHost> for HostOf {
    fn from(KeptHost { key, enrolment }: KeptHost) -> Self {
        let (coordinator, host) = enrolment.unzip();
        Self { key, coordinator, host }
    }
}

#[derive(Debug, Serialize)]
struct FileOf {
    path: String,
    bytes: u64,
}

impl Export {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let written = match &self.config {
            Some(path) => Written::read(path)?,
            None => Written::default(),
        };
        let data_dir = super::data_dir(self.data, &written, context)?;
        let Kept { hosts, consents, leases, reports, sizes } = kept::list(&data_dir)?;
        let files = sizes.into_iter().map(|(path, bytes)| FileOf { path: shown(&path), bytes });
        context.terminal.json(&Exported {
            data_dir: shown(&data_dir),
            hosts: hosts.into_iter().map(HostOf::from).collect(),
            consent: consents,
            leases,
            unacknowledged_reports: reports,
            files: files.collect(),
        })
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
