//! `manyhands worker export`: all that this machine and its coordinator keep about its volunteer.

use clap::Args;
use manyhands_proto::v1;
use manyhands_worker::consent::Record;
use manyhands_worker::kept::{Kept, KeptHost, Way};
use serde::Serialize;

use super::kept::{ELSEWHERE, Opened, Whose};
use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::listing::HostRow;

/// Print all that the worker and its coordinator keep about you, as JSON; not the secret key
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker export > kept.json\n\nEach row of your credit is in the ledger: manyhands ledger export"
)]
pub(crate) struct Export {
    #[command(flatten)]
    whose: Whose,
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
    /// Null if it was not asked, or keeps nothing.
    at_coordinator: Option<AtCoordinator>,
    /// Why that is null.
    not_at_coordinator: Option<String>,
}

#[derive(Debug, Serialize)]
struct FileOf {
    path: String,
    bytes: u64,
}

/// What the coordinator keeps, beside signed answers and the ledger.
#[derive(Debug, Serialize)]
struct AtCoordinator {
    #[serde(flatten)]
    host: HostRow,
    volunteer_name: Option<String>,
    /// The public addresses that yours is among; null on the operator's own networks.
    address_block: Option<String>,
    enrolled_at_ms: u64,
    /// Where other workers are told to dial this one.
    addresses: Vec<String>,
    pardoned_for: Option<String>,
    has_contradicted: bool,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let Opened { path, folder, way } = self.whose.open(context)?;
        let Kept { hosts, consents, leases, reports, sizes } = folder.list()?;
        let mut asked = Vec::new();
        for host in hosts {
            asked.push(HostOf::ask(host, way.as_ref(), context).await);
        }
        let files = sizes.into_iter().map(|(path, bytes)| FileOf { path: shown(&path), bytes });
        context.terminal.json(&Exported {
            data_dir: shown(&path),
            hosts: asked,
            consent: consents,
            leases,
            unacknowledged_reports: reports,
            files: files.collect(),
        })
    }
}

impl HostOf {
    /// Asks the coordinator what it keeps, if there is a way to it.
    async fn ask(host: KeptHost, way: Option<&Way>, context: &Context) -> Self {
        let (at_coordinator, not_at_coordinator) = match way {
            None => (None, Some("it was not asked: --here-only".to_owned())),
            Some(way) => match host.ask_what_is_kept(way).await {
                Ok(reply) => (Some(AtCoordinator::from(reply)), None),
                Err(error) => {
                    let why = error.to_string();
                    context.terminal.note(&format!("nothing of the coordinator: {why}"));
                    if !error.means_nothing_is_kept() {
                        context.terminal.note(ELSEWHERE);
                    }
                    (None, Some(why))
                }
            },
        };
        let KeptHost { key, enrolment, .. } = host;
        let (coordinator, host) = enrolment.unzip();
        Self { key, coordinator, host, at_coordinator, not_at_coordinator }
    }
}

impl From<v1::KeptReply> for AtCoordinator {
    fn from(reply: v1::KeptReply) -> Self {
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            host: reply.host.unwrap_or_default().into(),
            volunteer_name: said(reply.volunteer_name),
            address_block: said(reply.block),
            enrolled_at_ms: reply.enrolled_at_ms,
            addresses: reply.addresses,
            pardoned_for: said(reply.pardoned_for),
            has_contradicted: reply.has_contradicted,
        }
    }
}
