//! What the worker has to do.

use super::reason::Reason;

/// What the worker has to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Programs that may run at once; 0 is a pause.
    pub slots: u32,
    /// How much of each second they may run, in percent, 1 to 100.
    pub cpu_percent: u8,
    /// How programs are stopped that may no longer run.
    pub stop: Stop,
    /// Whether programs that are stopped keep their memory.
    pub memory: Memory,
    /// Whether new leases may be asked for.
    pub fetches: bool,
    /// Why no blobs may be moved, if so.
    pub no_network: Option<Reason>,
    /// Whether nothing more may be downloaded, because of the disk.
    pub no_downloads: bool,
    /// What keeps more programs from running, if something does.
    pub reason: Option<Reason>,
}

impl Decision {
    /// What is done before anything is decided: nothing.
    pub const NOTHING: Self = Self {
        slots: 0,
        cpu_percent: 100,
        stop: Stop::AtOnce,
        memory: Memory::Kept,
        fetches: false,
        no_network: None,
        no_downloads: false,
        reason: None,
    };
}

/// How programs are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Where they are, within a second: someone is disturbed by them.
    AtOnce,
    /// Nobody is disturbed, so they may be saved first, for some seconds.
    Saved,
}

/// What becomes of the memory of stopped programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// They keep it, and go on at once when they may.
    Kept,
    /// Those that were saved give it back, and go on from there: the pause has lasted.
    OfSaved,
    /// All give it back, also those that have to begin anew: others need it.
    OfAll,
}
