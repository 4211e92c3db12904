//! `manyhands worker erase`: nothing of the worker stays on this machine, and as little as can be at its coordinator.

use std::io::{self, IsTerminal as _};

use clap::Args;
use manyhands_worker::kept::{Kept, KeptHost, Way};

use super::consent;
use super::kept::{ELSEWHERE, Opened, Whose};
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::plain;

/// What a coordinator keeps of a host that it has forgotten.
const STAYS: &str = "What stays at the coordinator, without a name: this host's number and key, its volunteer's number, signed answers and \
                     where they came from, credit, and what was found of it; its ledger is never rewritten.";

/// What a coordinator keeps of a host that it was not asked to forget.
const REMAINS: &str = "What remains at the coordinator: this host's number, key and nickname, its machine and network, its volunteer, \
                       signed answers and credit. Once the key is gone, only whoever runs it can be asked.";

/// Have the coordinator forget this host, and remove the worker's folder: key, records of consent, cached and unreported work
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker erase\n\nWithout its key this machine can never be the same host again."
)]
pub(crate) struct Erase {
    #[command(flatten)]
    whose: Whose,
    /// Erase without being asked, also if the coordinator is not reached
    #[arg(long)]
    yes: bool,
}

impl Erase {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let Opened { path, folder, way } = self.whose.open(context)?;
        let kept = folder.list()?;
        if !self.yes {
            let stays = if way.is_some() { STAYS } else { REMAINS };
            confirm(&kept, stays, context)?;
        }
        let stays = match &way {
            Some(way) => forget_all(&kept, way, context).await?,
            None => Some(REMAINS),
        };
        // Whoever has agreed to less is asked again.
        let is_other = way.is_some() && stays == Some(REMAINS);
        if is_other && !self.yes {
            context.terminal.note(REMAINS);
            if !consent::answer("Erase here all the same? [y/N] ")? {
                return Err(Failure::failed("nothing was erased"));
            }
        }
        let is_gone = folder.erase()?;
        let shown = path.display();
        context.terminal.line(&if is_gone {
            format!("erased {shown}")
        } else {
            format!("erased what the worker made in {shown}; what else is there stays")
        })?;
        if let Some(stays) = stays {
            context.terminal.note(stays);
        }
        Ok(())
    }
}

/// Asks who sits at the terminal.
fn confirm(kept: &Kept, stays: &str, context: &Context) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::bad_input("there is no terminal to ask at: nothing was erased")
            .hint("say --yes if all of it may go"));
    }
    for (path, bytes) in &kept.sizes {
        context.terminal.note(&format!("{:>12} bytes  {}", bytes, path.display()));
    }
    context.terminal.note(stays);
    if consent::answer("Erase all of this, and the key for good? [y/N] ")? {
        return Ok(());
    }
    Err(Failure::failed("nothing was erased"))
}

/// Asks each project's coordinator to forget this machine; gives the most that stays with any of them.
async fn forget_all(
    kept: &Kept,
    way: &Way,
    context: &Context,
) -> Result<Option<&'static str>, Failure> {
    let mut most = None;
    for host in &kept.hosts {
        let stays = forget(host, way, context).await?;
        most = if most == Some(REMAINS) { most } else { stays.or(most) };
    }
    Ok(most)
}

/// Asks the coordinator to forget this host; gives what stays there after that, if anything does.
async fn forget(
    host: &KeptHost,
    way: &Way,
    context: &Context,
) -> Result<Option<&'static str>, Failure> {
    match host.ask_to_forget(way).await {
        Ok(reply) => {
            let (host, before) = (reply.host, if reply.was_forgotten { ", before" } else { "" });
            context.terminal.line(&format!("the coordinator has forgotten host {host}{before}"))?;
            Ok(Some(STAYS))
        }
        Err(error) => {
            let why = plain(&error.to_string());
            if error.means_nothing_is_kept() {
                context.terminal.note(&format!("nothing is kept elsewhere: {why}"));
                return Ok(None);
            }
            context.terminal.note(&format!("not forgotten: {why}"));
            context.terminal.note(ELSEWHERE);
            Ok(Some(REMAINS))
        }
    }
}
