//! How worker and slot begin: the worker says which folders there are, the slot what it is and what it is shut in by.

use std::path::PathBuf;

use bytes::Bytes;
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_proto::convert::slot_note;
use manyhands_proto::slot::v1;

use crate::slots::command::SlotCommand;
use crate::slots::priority::Priority;
use crate::slots::wire::{WireError, note, path, path_bytes};
use crate::wall::{Room, Wall};

/// Longest sentence about a wall.
const DETAIL_BYTES_MAX: usize = 1 << 10;

/// What a slot says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ready {
    /// Instruction set of the code that guests become.
    pub(super) isa: String,
    /// What stands between it and the machine.
    pub(super) walls: Vec<Wall>,
}

pub(super) fn order(command: &SlotCommand) -> v1::order::Order {
    let bytes = |folders: &[PathBuf]| folders.iter().map(|it| path_bytes(it)).collect();
    v1::order::Order::Setup(v1::Setup {
        compiled_folder: path_bytes(&command.compiled_folder),
        readable_folders: bytes(&command.room.readable),
        writable_folders: bytes(&command.room.writable),
        lowest_priority: command.priority == Priority::Lowest,
    })
}

/// Where a slot's process may be.
#[derive(Debug)]
pub(super) struct Rooms {
    /// The folder of compiled modules.
    pub(super) compiled_folder: PathBuf,
    /// Until it runs its first guest: compiled modules may be written.
    pub(super) fresh: Room,
    /// From then on: they are only read, because other processes run them as their own code.
    pub(super) used: Room,
}

pub(super) fn rooms(setup: &v1::Setup) -> Rooms {
    let compiled_folder = path(&setup.compiled_folder);
    let paths = |folders: &[Bytes]| folders.iter().map(|it| path(it)).collect();
    let mut fresh =
        Room { readable: paths(&setup.readable_folders), writable: paths(&setup.writable_folders) };
    let mut used = fresh.clone();
    fresh.writable.push(compiled_folder.clone());
    used.readable.push(compiled_folder.clone());
    Rooms { compiled_folder, fresh, used }
}

pub(super) fn priority(setup: &v1::Setup) -> Priority {
    if setup.lowest_priority { Priority::Lowest } else { Priority::Inherited }
}

pub(super) fn ready(isa: &str, walls: &[Wall]) -> v1::Note {
    let walls = walls.iter().cloned();
    let walls = walls.map(|Wall { name, stands, detail }| v1::Wall { name, stands, detail });
    note(v1::note::Note::Ready(v1::Ready { isa: isa.to_owned(), walls: walls.collect() }))
}

/// Reads a slot's first note.
pub(super) fn to_ready(bytes: &[u8]) -> Result<Ready, WireError> {
    let note = slot_note(bytes).map_err(|_source| WireError("an unknown message"))?;
    let v1::note::Note::Ready(v1::Ready { isa, walls }) = note else {
        return Err(WireError("it did not begin with what it is"));
    };
    if isa.is_empty() || isa.len() > NAME_BYTES_MAX {
        return Err(WireError("the name of an instruction set that is empty or too long"));
    }
    let is_short =
        |it: &v1::Wall| it.name.len() <= NAME_BYTES_MAX && it.detail.len() <= DETAIL_BYTES_MAX;
    if !walls.iter().all(is_short) {
        return Err(WireError("too much about its walls"));
    }
    let walls = walls.into_iter();
    let walls = walls.map(|v1::Wall { name, stands, detail }| Wall { name, stands, detail });
    Ok(Ready { isa, walls: walls.collect() })
}
