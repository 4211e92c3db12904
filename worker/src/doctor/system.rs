//! What the system says of a slot's share, and of itself. Linux tells it in files; elsewhere it is said to be unknown.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(super) use self::linux::{clock, load, priority};
#[cfg(not(target_os = "linux"))]
pub(super) use self::other::{clock, load, priority};
