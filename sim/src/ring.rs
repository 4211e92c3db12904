//! What liars know together: which units they hold, and what they have agreed to say.

use std::collections::BTreeMap;

use manyhands_core::id::UnitId;

use crate::scenario::{Accomplices, Population};
use crate::workload::Variant;

/// Hosts that talk to each other. An honest host is in none; a liar without accomplices is alone in
/// one.
#[derive(Debug)]
pub struct Ring {
    /// The lie that all of them tell.
    pub lie: Variant,
    pacts: BTreeMap<UnitId, Pact>,
}

/// What the ring knows of one unit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pact {
    /// Replicas that members hold or have answered.
    pub holding: u8,
    /// What was agreed to say.
    pub said: Option<Variant>,
    /// The member that does the work for all, by place.
    pub worker: Option<u32>,
    /// What that member says.
    pub answer: Option<Variant>,
}

impl Ring {
    /// The pact on a unit.
    pub fn pact(&mut self, unit: UnitId) -> &mut Pact {
        self.pacts.entry(unit).or_default()
    }

    /// A member got a replica of the unit.
    pub fn holds(&mut self, unit: UnitId) {
        let pact = self.pact(unit);
        pact.holding = pact.holding.saturating_add(1);
    }

    /// The member at `place` lost a replica of the unit before it answered.
    pub fn lost(&mut self, unit: UnitId, place: u32) {
        let pact = self.pact(unit);
        pact.holding = pact.holding.saturating_sub(1);
        if pact.worker == Some(place) {
            pact.worker = None;
        }
    }
}

/// All rings of a run, and which host is in which.
#[derive(Debug, Default)]
pub struct Rings {
    rings: Vec<Ring>,
    /// The first place of each population, and its first ring.
    populations: Vec<(u32, u32, Accomplices)>,
}

impl Rings {
    /// The rings of these populations, whose hosts take their places in this order.
    #[must_use]
    pub fn new(populations: &[Population]) -> Self {
        let mut rings = Self::default();
        let mut first_place = 0;
        for population in populations {
            let accomplices = population.attack.accomplices;
            let first_ring = u32::try_from(rings.rings.len()).unwrap_or(u32::MAX);
            rings.populations.push((first_place, first_ring, accomplices));
            first_place += population.count;
            let count = match (population.is_hostile(), accomplices) {
                (false, _) => 0,
                (true, Accomplices::None) => population.count,
                (true, Accomplices::Pairs) => population.count.div_ceil(2),
                (true, Accomplices::All) => 1,
            };
            let lies = (first_ring..first_ring + count).map(|ring| Variant::lie(ring * 2));
            rings.rings.extend(lies.map(|lie| Ring { lie, pacts: BTreeMap::new() }));
        }
        rings
    }

    /// The ring of the host at `place`, which is of population `population`; `None` if it is honest.
    pub fn of(&mut self, population: usize, place: u32) -> Option<&mut Ring> {
        let (first_place, first_ring, accomplices) = *self.populations.get(population)?;
        let place = place - first_place;
        let offset = match accomplices {
            Accomplices::None => place,
            Accomplices::Pairs => place / 2,
            Accomplices::All => 0,
        };
        self.rings.get_mut(usize::try_from(first_ring + offset).ok()?)
    }
}
