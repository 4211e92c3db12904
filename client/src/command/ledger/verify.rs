//! `manyhands ledger verify`: an exported ledger, replayed without a coordinator.

use std::cmp::Reverse;
use std::path::PathBuf;

use clap::Args;
use manyhands::ledger::{self, Verified};
use manyhands_core::ledger::Account;
use manyhands_proto::identity::PublicKey;

use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::signer::{self, Signer};

/// Volunteers and hosts that are listed, those with the most credit first.
const LISTED_MAX: usize = 20;

/// Replay an exported ledger without a coordinator, and sum it up
///
/// Fails, and names the first line that is wrong, if any row was changed, dropped, moved or added, if
/// a replica is paid twice, or if the last line is not signed.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands ledger verify ledger.jsonl")]
pub(crate) struct Verify {
    /// The exported file
    file: PathBuf,
    /// The key that must have signed it, as in an invite after `#` [default: any, and it is shown]
    #[arg(long)]
    key: Option<PublicKey>,
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let file = shown(&self.file);
        let path = self.file;
        let verifying = tokio::task::spawn_blocking(move || ledger::verify(&path)).await;
        let verified = verifying.map_err(|error| Failure::failed(error.to_string()))?;
        let verified = verified.map_err(|error| Failure::bad_input(format!("{file}: {error}")))?;
        let signer = Signer::known(context, verified.signer, self.key, &file)?;
        let terminal = context.terminal;
        let rows = verified.head.rows;
        terminal.line(&format!("{file}: {rows} rows, none missing or changed, {signer}"))?;
        terminal.line(
            "This proves what that coordinator booked, and that it can take none of it back \
             unseen; not that it showed everybody the same ledger: compare its hash with others'.",
        )?;
        terminal.line(&format!("hash {}", verified.head.chain))?;
        terminal.line("")?;
        tables(context, &verified)?;
        signer::advise(context, &signer);
        Ok(())
    }
}

fn tables(context: &Context, verified: &Verified) -> Result<(), Failure> {
    let volunteers = verified.replay.volunteers();
    let mut volunteers: Vec<_> = volunteers.into_iter().collect();
    volunteers.sort_by_key(|(id, account)| (Reverse(account.standing()), *id));
    let rows: Vec<Vec<String>> = volunteers
        .iter()
        .take(LISTED_MAX)
        .map(|(volunteer, account)| row([volunteer.to_string()], account))
        .collect();
    context.terminal.table(&["VOLUNTEER", "GRANTED", "TAKEN BACK", "STANDS"], &rows)?;
    context.terminal.line("")?;

    let mut hosts: Vec<_> = verified.replay.hosts().iter().collect();
    hosts.sort_by_key(|(id, (_, account))| (Reverse(account.standing()), **id));
    let rows: Vec<Vec<String>> = hosts
        .iter()
        .take(LISTED_MAX)
        .map(|(host, (volunteer, account))| row([host.to_string(), volunteer.to_string()], account))
        .collect();
    context.terminal.table(&["HOST", "VOLUNTEER", "GRANTED", "TAKEN BACK", "STANDS"], &rows)?;
    let (shown, all) = (hosts.len().min(LISTED_MAX), hosts.len());
    if shown < all {
        context.terminal.note(&format!("the first {shown} of {all} hosts"));
    }
    Ok(())
}

fn row<const N: usize>(names: [String; N], account: &Account) -> Vec<String> {
    let amounts = [account.granted, account.taken_back, account.standing()];
    names.into_iter().chain(amounts.map(|amount| amount.to_string())).collect()
}
