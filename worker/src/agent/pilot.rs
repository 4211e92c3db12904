//! A worker that ends by itself once there has been nothing to compute for long enough.

use manyhands_core::agent::pilot::Idleness;

use super::Agent;
use super::project::Project;
use crate::clock;

/// What a pilot knows of its time.
#[derive(Debug, Default)]
pub(super) struct Pilot {
    idleness: Idleness,
    /// Whether a coordinator was ever there.
    has_met: bool,
    /// Whether the wait for work is over.
    is_over: bool,
}

impl Pilot {
    /// A coordinator is there. The wait for the first time was not for work.
    pub(super) fn meets(&mut self) {
        if !std::mem::replace(&mut self.has_met, true) {
            self.idleness = Idleness::default();
        }
    }

    /// Whether it ended without having met its coordinator.
    pub(super) const fn was_in_vain(&self) -> bool {
        self.is_over && !self.has_met
    }
}

impl Agent {
    /// Begins to drain if there was nothing to compute for as long as the settings say.
    pub(super) fn end_if_idle(&mut self) {
        let Some(until_idle) =
            self.machine.config.until_idle.filter(|_| self.machine.draining.is_none())
        else {
            return;
        };
        let has_work = self.has_work();
        let idle_for = self.machine.pilot.idleness.look(!has_work, clock::uptime());
        if idle_for >= until_idle {
            tracing::info!(%idle_for, "there is nothing to compute");
            self.machine.pilot.is_over = true;
            self.drain();
        }
    }

    /// Whether something runs here, or is to.
    fn has_work(&self) -> bool {
        self.machine.seated() > 0 || self.projects.iter().any(Project::has_work)
    }

    /// Whether this worker's folder may be gone when it has ended: what is not handed in then is lost.
    pub(super) const fn is_pilot(&self) -> bool {
        self.machine.config.until_idle.is_some()
    }
}
