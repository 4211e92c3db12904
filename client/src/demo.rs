//! The demonstration: a whole grid on one machine, with one worker that lies.
//!
//! Everything is real: the processes, the links, the database, the job. Only the people are made
//! up: ada and grace lend honest machines, mallory's changes what it computed.

mod child;
mod cleanup;
mod grid;
mod stage;
mod story;

pub(crate) use self::cleanup::Workplace;
pub(crate) use self::grid::Grid;
pub(crate) use self::stage::Stage;
pub(crate) use self::story::{Ending, tell};
