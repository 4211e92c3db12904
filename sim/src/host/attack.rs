//! What liars do differently: their answers, and the checkpoints that they leave.

use manyhands_core::id::UnitId;

use super::work::{End, Held, Stage};
use super::{Around, Host};
use crate::chance::hashed_fraction;
use crate::ring::Ring;
use crate::scenario::{Asked, Effort, Lies, Loyal};
use crate::workload::{Variant, Workload};

/// Lies that nobody agreed on have numbers from here on.
const OWN_LIES: u32 = 1 << 30;

/// Lies of broken engines, one for each instruction set, are just below them.
const ENGINE_LIES: u32 = OWN_LIES - (1 << 8);

impl Host {
    /// What becomes of a replica whose work has ended.
    pub(super) fn answer(&mut self, held: &Held, around: &mut Around<'_>) -> Stage {
        let honest = self.honest_answer(held, around);
        let attack = around.population.attack;
        if attack.withholds {
            return Stage::Withheld;
        }
        let unit = held.replica.unit;
        let history = self.history();
        let Some(ring) = around.rings.of(self.population.into(), self.place) else {
            return Stage::Ended(End::Answer(honest));
        };
        let pact = ring.pact(unit);
        let is_ours_alone = held.replica.number < u16::from(pact.holding);
        let agreed = pact.said.filter(|_| is_ours_alone || attack.loyal == Loyal::Always);
        let variant = match agreed {
            Some(said) => said,
            None if lies(attack.lies, held, ring, history, around.workload) => {
                let gambles = !owns_quorum(held, ring, around.workload);
                self.gambled = self.gambled.saturating_add(gambles.into());
                ring.lied(unit, self.place);
                ring.lie
            }
            None => honest,
        };
        ring.pact(unit).said = Some(variant);
        if attack.effort == Effort::Copied {
            ring.pact(unit).answer = Some(variant);
        }
        Stage::Ended(End::Answer(variant))
    }

    /// What becomes of a replay whose work has ended. Whoever knows of a lie about the unit, being asked or
    /// judging, stands by it in one way or another.
    pub(super) fn word(&mut self, held: &Held, around: &mut Around<'_>) -> Stage {
        let unit = held.replica.unit;
        let own = engine_lie(unit, around).unwrap_or(Variant::TRUTH);
        let asked = around.population.attack.asked;
        let ring = around.rings.of(self.population.into(), self.place);
        let lie = ring.and_then(|ring| ring.pact(unit).said).filter(|it| *it != Variant::TRUTH);
        match (lie, asked) {
            (None, _) => Stage::Ended(End::Replayed(own)),
            (Some(lie), Asked::Repeats) => Stage::Ended(End::Replayed(lie)),
            (Some(_), Asked::Hides) => Stage::Withheld,
            (Some(lie), Asked::Contradicts) => Stage::Ended(End::Answer(lie.other())),
        }
    }

    /// Takes answers over for which accomplices worked; where none does any more, works itself.
    pub(super) fn copy_answers(&mut self, around: &mut Around<'_>) {
        if around.population.attack.effort != Effort::Copied {
            return;
        }
        let (population, place) = (self.population.into(), self.place);
        let Some(ring) = around.rings.of(population, place) else { return };
        for held in self.held.iter_mut().filter(|held| held.stage == Stage::Copying) {
            let pact = ring.pact(held.replica.unit);
            if let Some(answer) = pact.answer {
                held.stage = Stage::Ended(End::Answer(answer));
            } else if pact.worker.is_none() {
                pact.worker = Some(place);
                held.stage = Stage::Computing;
            }
        }
    }

    /// What a checkpoint of the replica leads to.
    pub(super) fn checkpoint_variant(&self, held: &Held, around: &mut Around<'_>) -> Variant {
        let attack = around.population.attack;
        match around.rings.of(self.population.into(), self.place) {
            Some(ring) if attack.poisons => {
                let history = self.history();
                let is_false = lies(attack.lies, held, ring, history, around.workload);
                if is_false { ring.lie } else { held.from }
            }
            Some(_) | None => held.from,
        }
    }

    fn history(&self) -> History {
        let Self { place, accepted, gambled, .. } = *self;
        History { place, accepted, gambled: gambled.into() }
    }

    /// What an honest host would say: the truth, unless its machine or a stranger's checkpoint is
    /// broken.
    fn honest_answer(&mut self, held: &Held, around: &Around<'_>) -> Variant {
        if held.from != Variant::TRUTH || around.is_calm {
            return held.from;
        }
        if let Some(lie) = engine_lie(held.replica.unit, around) {
            return lie;
        }
        if self.chance.happens(around.population.faults.wrong.get()) {
            return Variant::lie(OWN_LIES + self.place * 64 + self.accepted % 64);
        }
        Variant::TRUTH
    }
}

/// What a broken engine makes of the unit, always the same, if it is one.
fn engine_lie(unit: UnitId, around: &Around<'_>) -> Option<Variant> {
    let isa = around.population.isa.bytes().map(u32::from).sum::<u32>() % 256;
    let of = [4, isa.into(), unit.job.0, unit.index.into()];
    let is_broken = hashed_fraction(&of) < around.population.faults.engine.get();
    is_broken.then(|| Variant::lie(ENGINE_LIES + isa))
}

/// What a member of a ring knows of itself.
#[derive(Clone, Copy)]
struct History {
    place: u32,
    accepted: u32,
    gambled: u32,
}

/// Whether a ring lies on a unit, by what its member knows of itself.
fn lies(
    lies: Lies,
    held: &Held,
    ring: &mut Ring,
    History { place, accepted, gambled }: History,
    workload: &Workload,
) -> bool {
    let unit = held.replica.unit;
    let is_first = held.replica.number == 0 || held.is_chosen();
    match lies {
        Lies::Never => false,
        Lies::Always => true,
        Lies::Rate(share) => hashed_fraction(&[5, unit.job.0, unit.index.into()]) < share.get(),
        Lies::First(share) => {
            is_first && hashed_fraction(&[5, unit.job.0, unit.index.into()]) < share.get()
        }
        Lies::Chosen => held.is_chosen(),
        Lies::ChosenRate(share) => {
            let unit = [5, unit.job.0, unit.index.into()];
            held.is_chosen() && hashed_fraction(&unit) < share.get()
        }
        Lies::OwningQuorum => owns_quorum(held, ring, workload),
        Lies::After(count) => accepted >= count,
        Lies::Spell { after, lies } => is_first && accepted >= after && gambled < lies,
        Lies::AtRisk(lies) => is_first && ring.at_risk(place) < lies,
        Lies::Adaptive(spare) => owns_quorum(held, ring, workload) || gambled < spare,
    }
}

/// Whether members hold as many replicas of the unit as must agree.
fn owns_quorum(held: &Held, ring: &mut Ring, workload: &Workload) -> bool {
    let unit = held.replica.unit;
    ring.pact(unit).holding >= workload.plan(unit.job).quorum
}
