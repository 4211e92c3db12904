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
    /// Lies of each member, by place, that somebody else than an accomplice may still audit.
    at_risk: BTreeMap<u32, u32>,
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
    /// The member that lied first, by place, as long as no accomplice got the unit after it.
    liar: Option<u32>,
}

impl Ring {
    /// The pact on a unit.
    pub fn pact(&mut self, unit: UnitId) -> &mut Pact {
        self.pacts.entry(unit).or_default()
    }

    /// A member got a replica of the unit: it will confirm the lie of another one, if there is one.
    pub fn holds(&mut self, unit: UnitId) {
        let pact = self.pact(unit);
        pact.holding = pact.holding.saturating_add(1);
        if let Some(liar) = pact.liar.take() {
            self.at_risk.entry(liar).and_modify(|lies| *lies = lies.saturating_sub(1));
        }
    }

    /// The member at `place` lies first.
    pub fn lied(&mut self, unit: UnitId, place: u32) {
        self.pact(unit).liar = Some(place);
        *self.at_risk.entry(place).or_default() += 1;
    }

    /// How many lies of the member at `place` an honest host may still audit, as far as they know.
    #[must_use]
    pub fn at_risk(&self, place: u32) -> u32 {
        self.at_risk.get(&place).copied().unwrap_or(0)
    }

    /// The member at `place` becomes somebody else.
    pub fn forget(&mut self, place: u32) {
        self.at_risk.remove(&place);
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
    populations: Vec<Layout>,
}

/// Where a population's rings are.
#[derive(Clone, Copy, Debug)]
struct Layout {
    first_place: u32,
    first_ring: u32,
    /// How many hosts share a ring; 0 if they are in none.
    ring_size: u32,
}

impl Rings {
    /// The rings of these populations, whose hosts take their places in this order.
    #[must_use]
    pub fn new(populations: &[Population]) -> Self {
        let mut rings = Self::default();
        let mut first_place = 0;
        for population in populations {
            let first_ring = u32::try_from(rings.rings.len()).unwrap_or(u32::MAX);
            let ring_size = match (population.is_hostile(), population.attack.accomplices) {
                (false, _) => 0,
                (true, Accomplices::None) => 1,
                (true, Accomplices::Pairs) => 2,
                (true, Accomplices::All) => population.count,
            };
            rings.populations.push(Layout { first_place, first_ring, ring_size });
            first_place += population.count;
            let count = population.count.checked_div(ring_size).unwrap_or(0);
            let has_rest = ring_size > 0 && population.count % ring_size > 0;
            let numbers = first_ring..first_ring + count + u32::from(has_rest);
            let ring = |number| Ring {
                lie: Variant::lie(number),
                pacts: BTreeMap::new(),
                at_risk: BTreeMap::new(),
            };
            rings.rings.extend(numbers.map(ring));
        }
        rings
    }

    /// The ring of the host at `place`, which is of population `population`; `None` if it is honest.
    pub fn of(&mut self, population: usize, place: u32) -> Option<&mut Ring> {
        let layout = *self.populations.get(population)?;
        let ring = (place - layout.first_place).checked_div(layout.ring_size)?;
        self.rings.get_mut(usize::try_from(layout.first_ring + ring).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn pairs_share_a_ring_and_honest_hosts_have_none() {
        let text = "
            title = ''
            jobs = [{ units = 1, cost = '1s' }]
            hosts = [
                { name = 'honest', count = 2 },
                { name = 'pairs', count = 3, attack = { lies = 'always', accomplices = 'pairs' } },
                { name = 'all', count = 2, attack = { lies = 'always', accomplices = 'all' } },
            ]";
        let mut rings = Rings::new(&Scenario::parse(text).unwrap().hosts);
        let mut lie = |population, place| rings.of(population, place).map(|ring| ring.lie);
        assert_eq!((lie(0, 0), lie(0, 1)), (None, None));
        assert!(lie(1, 2).is_some() && lie(1, 2) == lie(1, 3));
        assert!(lie(1, 4).is_some() && lie(1, 4) != lie(1, 3));
        assert!(lie(2, 5) == lie(2, 6) && lie(2, 5) != lie(1, 4));
    }
}
