//! What every decision is given, beside the rows.

use rand_chacha::ChaCha8Rng;

use super::effects::Effects;
use crate::estimate::Estimates;
use crate::id::JobId;
use crate::locality::Locality;
use crate::reply::Reply;
use crate::settings::Settings;
use crate::store::Write;
use crate::time::Timestamp;

/// What every decision is given, beside the rows: the time, the settings, chance, and a place for
/// its effects.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// The time.
    pub(super) now: Timestamp,
    /// The settings.
    pub(super) settings: &'a Settings,
    /// Chance.
    pub(super) rng: &'a mut ChaCha8Rng,
    /// The job that was served last, for fairness.
    pub(super) served_last: &'a mut Option<JobId>,
    /// How long units take.
    pub(super) estimates: &'a mut Estimates,
    /// Which hosts have which files.
    pub(super) locality: &'a mut Locality,
    /// Everything with `ready_at` up to here was announced.
    pub(super) announced_until: &'a mut Timestamp,
    /// What is to be done in the world.
    pub(super) effects: Effects,
}

/// What was decided: what to say and what to write. The effects are in the context.
#[derive(Debug)]
pub(super) struct Decision {
    /// To the one who asked.
    pub(super) reply: Reply,
    /// To the store.
    pub(super) writes: Vec<Write>,
}

impl Decision {
    /// Says no, and changes nothing.
    pub(super) fn refuse(refusal: crate::refusal::Refusal) -> Self {
        Self { reply: Reply::Refused(refusal), writes: Vec::new() }
    }
}
