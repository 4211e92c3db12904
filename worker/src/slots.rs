//! Slots: child processes that run one replica at a time.
//!
//! A guest is stopped, metered and killed as a process, and a fault of the engine ends a slot, not the
//! worker. A slot is *warm*: it outlives its replicas and keeps their modules compiled, so a short one
//! costs little more than a message there and one back.
//!
//! Map: `slot` and `run` are the worker's side ([`Slot`], [`Run`]), `child` the process's ([`slot_main`]),
//! with the `ear` that hears wishes; `setup` is how the two begin; `command` is what the worker says, `wire` its form in messages, `frame` the messages in a pipe;
//! `claim` is which files a slot's word is taken for;
//! `priority` how it shares the processor, `autogroup` with whom, `group` how the system counts all slots as one; `process` is all that is asked of the operating system.

#[cfg(target_os = "linux")]
mod autogroup;
mod child;
mod claim;
mod command;
mod ear;
mod frame;
mod group;
mod priority;
mod process;
mod run;
mod setup;
mod slot;
mod wire;

pub use self::child::slot_main;
pub use self::command::{InputFile, RunSpec, SlotCommand};
pub use self::frame::FRAME_BYTES_MAX;
#[cfg(target_os = "linux")]
pub use self::group::look_at;
pub use self::group::{Division, Obstacle, Share, Whole, look};
pub use self::priority::Priority;
pub use self::run::{Run, RunControl, SlotEvent, Woken};
pub use self::slot::{Slot, SlotError};
