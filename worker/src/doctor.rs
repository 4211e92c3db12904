//! What a volunteer may ask before and while lending a machine: what protects it, and what would keep a worker from
//! working here.
//!
//! Looks only: nothing is changed but a file made and removed to see whether that can be done, and a slot started and
//! ended to hear from itself what shuts it in.

mod folder;
mod group;
mod system;

use std::io;
use std::path::Path;
use std::time::Duration;

use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::link;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::config::size_in_words;
use crate::slots::{Priority, Slot, SlotCommand};
use crate::wall::{Room, Wall};
use crate::{SlotProgram, probe};

/// Longest wait for a coordinator.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub name: String,
    /// Whether it is as it should be. A machine that just has less of something is well.
    pub is_well: bool,
    /// What was found; if it is not well, what follows.
    pub detail: String,
}

impl Finding {
    fn well(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), is_well: true, detail: detail.into() }
    }

    fn ill(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), is_well: false, detail: detail.into() }
    }
}

/// What is found of a coordinator.
const COORDINATOR: &str = "coordinator";

/// Looks at this machine, at a worker's data folder and, if there are invites, for their coordinators.
pub async fn examine(
    slots: SlotProgram,
    priority: Priority,
    data_dir: &Path,
    invites: &[Invite],
) -> Vec<Finding> {
    // Before there is a slot: it would be another program in the group.
    let group = group::examine(priority);
    let mut findings = slot(slots, priority).await;
    findings.push(group);
    findings.push(system::load());
    findings.push(machine());
    findings.extend(folder::examine(data_dir));
    findings.push(system::clock());
    if invites.is_empty() {
        let not_looked = "not looked for: give an invite with --join or --config";
        findings.push(Finding::well(COORDINATOR, not_looked));
    }
    for invite in invites {
        findings.push(coordinator(invite).await);
    }
    findings
}

/// What a slot says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotFacts {
    /// The instruction set that it runs.
    pub isa: String,
    /// What shuts it in.
    pub walls: Vec<Wall>,
}

/// Starts a slot as a worker does, and gives what it says of itself.
///
/// # Errors
/// If no slot can be started here.
pub async fn ask_slot(slots: SlotProgram, priority: Priority) -> io::Result<SlotFacts> {
    let (slot, _folder) = started(slots, priority).await?;
    Ok(SlotFacts { isa: slot.isa().unwrap_or_default().to_owned(), walls: slot.walls().to_vec() })
}

/// A slot in a room of its own, and the folder that it needs while it runs.
async fn started(
    SlotProgram { program, args }: SlotProgram,
    priority: Priority,
) -> io::Result<(Slot, TempDir)> {
    let folder = tempfile::tempdir()
        .map_err(|error| io::Error::other(format!("no folder for a slot: {error}")))?;
    let compiled_folder = folder.path().join("compiled");
    let room = Room::default();
    let command = SlotCommand { program, args, compiled_folder, room, priority, group: None };
    let mut slot = Slot::new(command);
    slot.warm_up().await.map_err(io::Error::other)?;
    Ok((slot, folder))
}

async fn slot(slots: SlotProgram, priority: Priority) -> Vec<Finding> {
    let (slot, _folder) = match started(slots, priority).await {
        Ok(started) => started,
        Err(error) => return vec![Finding::ill("slot", error.to_string())],
    };
    let isa = slot.isa().unwrap_or_default();
    let mut findings = vec![Finding::well("slot", format!("starts, and runs {isa} code"))];
    let walls = slot.walls().iter().cloned();
    findings.extend(walls.map(|wall| Finding {
        name: format!("wall: {}", wall.name),
        is_well: wall.stands,
        detail: wall.detail,
    }));
    findings.push(system::priority(slot.process_id(), priority));
    findings
}

fn machine() -> Finding {
    let cores = probe::cores();
    let memory = probe::memory_bytes().map_or_else(
        || "unknown memory".to_owned(),
        |bytes| format!("{} of memory", size_in_words(bytes)),
    );
    Finding::well("machine", format!("{cores} cores for this user, {memory}"))
}

/// Dials as a stranger: whether this host is welcome is only known to a worker that joins.
async fn coordinator(invite: &Invite) -> Finding {
    let place = invite.endpoint();
    let stranger = match Identity::generate() {
        Ok(stranger) => stranger,
        Err(error) => return Finding::ill(COORDINATOR, error.to_string()),
    };
    match timeout(ANSWER_TIME_MAX, link::connect(place, &stranger)).await {
        Ok(Ok(_channel)) => {
            Finding::well(COORDINATOR, format!("{place} answers, with the invite's key"))
        }
        Ok(Err(error)) => Finding::ill(COORDINATOR, error.to_string()),
        Err(_elapsed) => {
            let waited = ANSWER_TIME_MAX.as_secs();
            Finding::ill(COORDINATOR, format!("{place} does not answer within {waited} s"))
        }
    }
}
