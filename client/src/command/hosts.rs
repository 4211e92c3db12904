//! `manyhands hosts`: the operator's view of all machines.

use std::path::PathBuf;

use clap::Args;
use manyhands_core::credit::MicroCredits;
use manyhands_core::time::Timestamp;
use manyhands_proto::v1;

use crate::clock;
use crate::context::Context;
use crate::failure::Failure;
use crate::listing::HostRow;
use crate::operator;

/// Hosts in one question.
const PAGE: u32 = 1_000;

/// List the hosts of a coordinator on this machine
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands hosts --data /var/lib/manyhands")]
pub(crate) struct Hosts {
    /// The coordinator's data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Hosts {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let session = operator::session(&self.data).await?;
        let mut hosts: Vec<v1::Host> = Vec::new();
        loop {
            let after = hosts.last().map_or(0, |host| host.id);
            let request = v1::HostsRequest { after, limit: PAGE };
            let page = session.admin().hosts(request).await?.into_inner().hosts;
            // Ids grow from page to page; anything else would never end.
            let grows = page.first().is_some_and(|host| host.id > after);
            if !grows {
                break;
            }
            hosts.extend(page);
        }
        if self.json {
            let rows: Vec<HostRow> = hosts.into_iter().map(HostRow::from).collect();
            return context.terminal.json(&rows);
        }
        let now = clock::now();
        let rows: Vec<Vec<String>> = hosts.iter().map(|host| row(host, now)).collect();
        context.terminal.table(
            &[
                "HOST",
                "NAME",
                "VOLUNTEER",
                "STATE",
                "SLOTS",
                "LEASES",
                "COMPARED",
                "CAUGHT",
                "VALID",
                "INVALID",
                "ERRORS",
                "CREDIT",
            ],
            &rows,
        )
    }
}

fn row(host: &v1::Host, now: Timestamp) -> Vec<String> {
    vec![
        host.id.to_string(),
        host.nickname.clone(),
        host.volunteer.to_string(),
        state(host, now),
        host.capabilities.as_ref().map_or(0, |has| has.slots).to_string(),
        host.leases.to_string(),
        host.compared.to_string(),
        host.caught.to_string(),
        host.valid.to_string(),
        host.invalid.to_string(),
        (host.errors + host.expired).to_string(),
        MicroCredits(host.credit_micro).to_string(),
    ]
}

/// Whether the host gets work; if not, for how long.
fn state(host: &v1::Host, now: Timestamp) -> String {
    match (host.suspended, host.suspended_until_ms, host.connected) {
        (true, Some(until), _) => format!("rests {}", Timestamp(until).since(now)),
        (true, None, _) => "out for good".to_owned(),
        (false, _, _) if host.forgotten_at_ms.is_some() => "forgotten".to_owned(),
        (false, _, true) => "connected".to_owned(),
        (false, _, false) => "away".to_owned(),
    }
}
