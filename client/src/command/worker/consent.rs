//! The first run: nothing is joined or computed before the volunteer has agreed.

pub(super) mod sharing;
mod text;

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use manyhands_core::time::Timestamp;
use manyhands_worker::SlotProgram;
use manyhands_worker::config::{Config, ProjectConfig};
use manyhands_worker::consent::{ConsentError, Consents, Event, How, Record, Standing, project};
use manyhands_worker::doctor::{self, SlotFacts};
use manyhands_worker::slots::Priority;

use self::text::Facts;
use crate::clock;
use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::terminal::{Style, plain};

/// Longest answer that is looked at.
const ANSWER_BYTES_MAX: u64 = 64;

/// Takes out those of several projects that the volunteer has left, if there is nobody to ask: the others go on.
pub(super) fn pass_over_left(config: &mut Config, context: &Context) -> Result<(), Failure> {
    if is_somebody_there() {
        return Ok(());
    }
    let consents = Consents::read(&config.data_dir)?;
    let has_left = |at: &ProjectConfig| {
        let standing = consents.standing(&project(&at.invite), text::VERSION);
        matches!(standing, Standing::Withdrawn(_))
    };
    // Who left all of them is told so.
    if config.projects.iter().all(has_left) {
        return Ok(());
    }
    for left in config.projects.extract_if(.., |at| has_left(at)) {
        context.terminal.note(&format!("not for {}: its consent was withdrawn", left.name()));
    }
    Ok(())
}

/// Whether there is a person to ask. Standard error is where it is asked, so that the output stays the worker's.
fn is_somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Returns once consent stands for each project of `config`, as [`seek`] does, and keeps it in the data folder; and how it
/// was given last, if it was given now.
pub(super) async fn require(
    config: &Config,
    slots: &SlotProgram,
    yes: bool,
    context: &Context,
) -> Result<Option<How>, Failure> {
    let mut given = None;
    for at in &config.projects {
        given = require_one((config, at), slots, yes, context).await?.or(given);
    }
    Ok(given)
}

async fn require_one(
    (config, at): (&Config, &ProjectConfig),
    slots: &SlotProgram,
    yes: bool,
    context: &Context,
) -> Result<Option<How>, Failure> {
    let Some(how) = seek((config, at), slots, yes, context).await? else {
        return Ok(None);
    };
    Consents::read(&config.data_dir)?.append(Record {
        at: clock::now(),
        event: Event::Given,
        project: project(&at.invite),
        version: text::VERSION,
        text: text::digest(),
        how,
        user: user(),
    })?;
    Ok(Some(how))
}

/// Returns `None` if consent stands already; else by what it is given now: `yes`, or who sits at the terminal. Writes
/// nothing.
pub(super) async fn seek(
    (config, at): (&Config, &ProjectConfig),
    slots: &SlotProgram,
    yes: bool,
    context: &Context,
) -> Result<Option<How>, Failure> {
    let consents = Consents::read(&config.data_dir)?;
    match consents.standing(&project(&at.invite), text::VERSION) {
        Standing::Given => Ok(None),
        Standing::Unknown if yes => Ok(Some(How::Flag)),
        _ if is_somebody_there() => {
            ask((config, at), slots, &consents.path(), context).await?;
            Ok(Some(How::Asked))
        }
        // Else the service of whoever has left would join again by itself.
        Standing::Withdrawn(at) => Err(withdrawn(at, &config.data_dir)),
        Standing::Unknown => Err(nobody_to_ask()),
    }
}

/// The record that takes back what `given` says.
pub(super) fn withdrawal(given: &Record) -> Record {
    let (at, user) = (clock::now(), user());
    Record { at, event: Event::Withdrawn, how: How::Leave, user, ..given.clone() }
}

async fn ask(
    (config, at): (&Config, &ProjectConfig),
    slots: &SlotProgram,
    record: &Path,
    context: &Context,
) -> Result<(), Failure> {
    let SlotFacts { isa, walls } = doctor::ask_slot(slots.clone(), config.priority).await?;
    let facts = Facts {
        place: at.invite.endpoint().to_string(),
        nickname: config.nickname.clone(),
        isa: plain(&isa),
        walls,
        slots: config.slots.get(),
        is_lowest: config.priority == Priority::Lowest,
        cache_bytes: config.cache_bytes_max,
        sharing: config.sharing,
        record: shown(record),
    };
    let title =
        Style::Strong.paint("Lend this machine? It has not been agreed to yet.", context.terminal);
    let question = format!("{title}\n{}Do you agree? [y/N] ", text::for_machine(&facts));
    // Nothing else runs yet, so this may wait for a person; Ctrl-C ends the program.
    if answer(&question)? {
        return Ok(());
    }
    Err(Failure::failed("not agreed: nothing was joined, nothing was written"))
}

/// Asks who sits at the terminal, and waits: whether they said yes.
pub(super) fn answer(question: &str) -> io::Result<bool> {
    Ok(said(question)?.is_some_and(|answer| is_yes(&answer)))
}

/// Asks who sits at the terminal, and waits for a line; nothing if there will be none.
fn said(question: &str) -> io::Result<Option<String>> {
    let mut screen = io::stderr().lock();
    write!(screen, "{question}")?;
    screen.flush()?;
    let mut answer = String::new();
    let bytes = io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer)?;
    Ok((bytes > 0).then_some(answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn nobody_to_ask() -> Failure {
    Failure::bad_input(
        "nobody has agreed to lend this machine to this project, and there is no terminal to ask at: nothing was joined",
    )
    .hint("run it in a terminal once, or say --yes if the machine is yours to lend")
}

fn withdrawn(at: Timestamp, data_dir: &Path) -> Failure {
    let days = clock::now().since(at);
    Failure::bad_input(format!(
        "the consent in {} was withdrawn ({days} ago), and there is no terminal to ask at: nothing was joined",
        data_dir.display()
    ))
    .hint("--yes does not undo that: run it in a terminal and answer")
}

/// Who runs this, as the system calls them.
#[cfg(unix)]
fn user() -> String {
    use nix::unistd::{Uid, User};
    let id = Uid::effective();
    match User::from_uid(id) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("user {id}"),
    }
}

/// Who runs this, as the session calls them.
#[cfg(not(unix))]
fn user() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_unknown| "an unknown user".to_owned())
}

impl From<ConsentError> for Failure {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Spoilt { .. } => Self::bad_input(error.to_string()),
            ConsentError::Io { .. } | ConsentError::Home(_) => Self::failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        assert!(["y", "Y\n", " yes \r\n"].iter().all(|answer| is_yes(answer)));
        assert!(!["", "\n", "n", "no", "yup", "y n"].iter().any(|answer| is_yes(answer)));
    }
}
