//! Systems without control groups.

use std::path::Path;

use super::{Obstacle, Share, Whole};

/// There is none here.
#[derive(Debug)]
pub enum Division {}

impl Division {
    /// Says that there is nothing to divide.
    ///
    /// # Errors
    /// [`Obstacle::NoTree`].
    pub fn of_this_process(_share: Share) -> Result<Self, Obstacle> {
        Err(Obstacle::NoTree)
    }

    /// The folder of the group that slots are put into.
    #[must_use]
    pub fn slots(&self) -> &Path {
        match *self {}
    }
}

/// Says that there is nothing to divide.
///
/// # Errors
/// [`Obstacle::NoTree`].
pub fn look() -> Result<Whole, Obstacle> {
    Err(Obstacle::NoTree)
}

/// No group is named here.
pub(in crate::slots) fn enter(_group: &Path, _process: Option<u32>) {}
