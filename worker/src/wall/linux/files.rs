//! Files, by Landlock: what is not below a folder of the room cannot be opened. Newer kernels also keep the
//! process from TCP, from others' sockets and from signalling others; the filter of system calls does so everywhere.

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus,
    Scope, make_bitflags,
};

use crate::wall::{Room, Wall};

/// All that any kernel can forbid is forbidden, as far as this one can.
const NEWEST: ABI = ABI::V10;

const NAME: &str = "files";

pub(super) fn raise(room: &Room) -> io::Result<Wall> {
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    // No links, no folders, no devices, no pipes, no programs.
    let write = read | make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | RemoveFile});
    let mut rules = empty_room().map_err(io::Error::other)?;
    for (folders, access) in [(&room.readable, read), (&room.writable, write)] {
        for folder in folders {
            rules = with(rules, folder, access)?;
        }
    }
    let raised = rules.restrict_self().map_err(io::Error::other)?;
    Ok(match (raised.ruleset, raised.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => missing("is switched off"),
        (RulesetStatus::NotEnforced, _) => missing("is not in this kernel"),
        (_, LandlockStatus::Available { effective_abi, .. }) => {
            Wall::standing(NAME, format!("Landlock ABI {}", effective_abi as i32))
        }
        (_, status) => Wall::standing(NAME, format!("Landlock, {status:?}")),
    })
}

fn empty_room() -> Result<RulesetCreated, landlock::RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()
}

fn with(
    rules: RulesetCreated,
    folder: &std::path::Path,
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let opened = PathFd::new(folder).map_err(io::Error::other)?;
    rules.add_rule(PathBeneath::new(opened, access)).map_err(io::Error::other)
}

fn missing(why: &str) -> Wall {
    Wall::missing(
        NAME,
        format!(
            "Landlock {why}: a program that got out of the engine could read and write this user's files"
        ),
    )
}
