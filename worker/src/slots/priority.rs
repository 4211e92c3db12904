//! How slots share the machine with its owner's programs.

use std::io;

use serde::Deserialize;

use super::process;

/// What a slot takes of a machine that is busy otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// What nobody else wants. Linux: the idle scheduling class, from which follows the idle class for the disk
    /// too, in a session that is as nice as can be; Windows: the idle priority class; elsewhere the highest nice value.
    #[default]
    Lowest,
    /// As much as the worker itself: for a machine that someone else shares out, such as a cluster's scheduler.
    Inherited,
}

impl Priority {
    /// In the child, while it has one thread: others inherit it.
    pub(super) fn take(self) -> io::Result<()> {
        match self {
            Self::Inherited => Ok(()),
            Self::Lowest => process::lowest_priority(),
        }
    }
}
