//! Units, voices and identities under the rule, one unit after the other.

use manyhands_core::id::{HostId, JobId};
use manyhands_core::part::Part;
use manyhands_core::trust::Plan;
use manyhands_core::trust::dispute::{Opinion, opinion};
use manyhands_core::work_unit::Test;

use super::liar::TRUTH;
use super::{Outcome, Trial};
use crate::chance::Chance;
use crate::clusters::Clusters;
use crate::guesser::{FirstAnswer, guessed};

/// Draws after which nobody is found who may answer.
const DRAWS_MAX: u32 = 10_000;

/// Most voices on one unit.
const VOICES_MAX: usize = 64;

/// One life of a host: from its first answer until it is caught or thrown away.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) number: u32,
    pub(super) host: u32,
    pub(super) is_hostile: bool,
    pub(super) has_standing: bool,
    /// Answers that were compared while it had no standing.
    pub(super) compared: u32,
    /// Answers that it gave first, of standing.
    pub(super) believed: u32,
    /// Lies that it told.
    pub(super) lies: u32,
    /// Of those, the ones that accomplices audited.
    pub(super) lies_safe: u32,
    /// Answers that it was audited on because they were owed.
    pub(super) audited: u32,
    pub(super) is_caught: bool,
    /// Units on which it has a voice.
    pub(super) vouched: Vec<u32>,
}

/// A voice that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice {
    pub(super) identity: u32,
    says: u32,
}

#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) voices: Vec<Voice>,
    /// How its answer is tested.
    pub(super) test: Test,
    /// Whether a false voice on it was taken out.
    was_lied_on: bool,
    accepted: u32,
}

#[derive(Debug)]
pub(super) struct Grid<'a> {
    pub(super) trial: &'a Trial,
    pub(super) plan: Plan,
    units_per_host: u64,
    pub(super) chance: Chance,
    /// The identity of each host; none if it is out.
    hosts: Vec<Option<u32>>,
    pub(super) identities: Vec<Identity>,
    pub(super) units: Vec<Unit>,
    standing: u32,
    copies_of_newcomers: u64,
    /// Caught, and what they vouched for is still to be re-opened.
    caught: Vec<u32>,
    /// Units that rested on the word of a hostile host when they got an answer, and on whose.
    believed: Vec<(u32, u32)>,
    outcome: Outcome,
}

impl<'a> Grid<'a> {
    pub(super) fn new(trial: &'a Trial, plan: Plan, chance: Chance) -> Self {
        let mut grid = Self {
            trial,
            plan,
            units_per_host: u64::from(trial.units) / u64::from(trial.hosts.max(1)),
            chance,
            hosts: vec![None; at(trial.hosts)],
            identities: Vec::new(),
            units: (0..trial.units).map(|_| Unit::default()).collect(),
            standing: 0,
            copies_of_newcomers: 0,
            caught: Vec::new(),
            believed: Vec::new(),
            outcome: Outcome::default(),
        };
        (0..trial.hosts).for_each(|host| grid.enrol(host));
        grid
    }

    fn enrol(&mut self, host: u32) {
        let number = u32::try_from(self.identities.len()).unwrap_or(u32::MAX);
        let is_hostile = host < self.trial.hostile;
        self.identities.push(Identity { number, host, is_hostile, ..Identity::default() });
        self.hosts[at(host)] = Some(number);
        self.outcome.identities += u64::from(is_hostile);
    }

    /// Has a unit computed and accepted, and everything done that follows.
    pub(super) fn compute(&mut self, unit: u32) {
        if self.standing < self.plan.founders() {
            self.vote(unit);
        } else {
            self.compute_once(unit);
        }
        self.reopen_what_rests_on_the_caught();
    }

    /// While hardly anybody has standing, everybody's voice counts, and an answer must lead.
    fn vote(&mut self, unit: u32) {
        self.units[at(unit)].test = Test::Vote;
        while !matches!(self.opinion(unit), Opinion::Settled(_)) {
            let Some(identity) = self.pick(unit, |_| true) else { break };
            self.voice(unit, identity);
        }
        self.weigh(unit);
        let accepted = self.units[at(unit)].accepted;
        for voice in self.units[at(unit)].voices.clone() {
            if voice.says == accepted {
                self.compare(voice.identity);
            }
        }
    }

    fn compute_once(&mut self, unit: u32) {
        let may_newcomers = self.copies_of_newcomers * 1_000_000
            < self.outcome.copies * u64::from(Plan::NEWCOMERS_PPM);
        let Some(first) = self.pick(unit, |identity| identity.has_standing || may_newcomers) else {
            return;
        };
        let newcomer = (!self.identities[at(first)].has_standing).then_some(first);
        let believed = match newcomer {
            None => Some(first),
            Some(_) => self.pick(unit, |identity| identity.has_standing),
        };
        let Some(believed) = believed else { return };
        self.believe(unit, believed);
        if let Some(newcomer) = newcomer {
            self.compare_with_answer(unit, newcomer);
        }
        if self.trial.attack.is_over(&self.identities[at(believed)]) {
            self.leave(believed);
        }
    }

    /// A newcomer gets a unit that has an answer. Who denies that has it tested.
    fn compare_with_answer(&mut self, unit: u32, newcomer: u32) {
        self.copies_of_newcomers += 1;
        let said = self.answer(unit, newcomer);
        if said != self.units[at(unit)].accepted && self.units[at(unit)].test == Test::None {
            self.ask_another(unit);
        }
        if said == self.units[at(unit)].accepted {
            self.compare(newcomer);
        } else {
            self.catch(newcomer);
        }
    }

    /// Takes one answer, and checks it if chance says so, now that it is given.
    fn believe(&mut self, unit: u32, identity: u32) {
        self.voice(unit, identity);
        self.weigh(unit);
        let me = &self.identities[at(identity)];
        // What was sampled of it is nothing to the rate: all that it answered counts.
        let part =
            Part { believed: me.believed, audited: me.audited, ..Part::new(JobId(0), HostId(0)) };
        let sample_ppm = self.plan.sample_ppm(&part, self.units_per_host);
        let is_sampled = self.chance.happens(f64::from(sample_ppm) / 1e6);
        let me = &mut self.identities[at(identity)];
        if me.is_hostile {
            self.believed.push((unit, identity));
        }
        me.believed += 1;
        if is_sampled {
            self.units[at(unit)].test = Test::Sample;
            self.audit(unit);
            self.show_audit(unit, identity);
        }
    }

    /// The ring sees an audit of one of its own if another one of it is the auditor.
    fn show_audit(&mut self, unit: u32, identity: u32) {
        let own = self.units[at(unit)].voices.first().copied();
        let mut voices = self.units[at(unit)].voices.iter().skip(1);
        if voices.any(|voice| self.identities[at(voice.identity)].is_hostile) {
            let is_lie = own.is_some_and(|voice| voice.says != TRUTH);
            let me = &mut self.identities[at(identity)];
            me.lies_safe += u32::from(is_lie && !me.is_caught);
        }
    }

    /// Adds the voice of an auditor. The ring is given the worst case: it owns every instruction set but the
    /// audited host's, and so each crossed audit.
    pub(super) fn audit(&mut self, unit: u32) {
        let may_be_crossed = self.trial.confidence.colluding_ppm > 0;
        let part = 1.0 / f64::from(Plan::CROSSED_PER);
        if may_be_crossed && self.chance.happens(part) {
            let accomplice = |identity: &Identity| identity.has_standing && identity.is_hostile;
            if let Some(auditor) = self.pick(unit, accomplice) {
                self.voice(unit, auditor);
                return self.weigh(unit);
            }
        }
        self.ask_another(unit);
    }

    /// Adds the voice of another host of standing.
    fn ask_another(&mut self, unit: u32) {
        if let Some(auditor) = self.pick(unit, |identity| identity.has_standing) {
            self.voice(unit, auditor);
            self.weigh(unit);
        }
    }

    /// Settles what the voices on a unit come to, with as many more as that takes.
    fn weigh(&mut self, unit: u32) {
        while let Opinion::Split { .. } = self.opinion(unit) {
            let is_full = self.units[at(unit)].voices.len() >= VOICES_MAX;
            let next = self.pick(unit, |identity| identity.has_standing).filter(|_| !is_full);
            let Some(next) = next else { return };
            self.voice(unit, next);
        }
        let (Opinion::Agreed(accepted) | Opinion::Settled(accepted)) = self.opinion(unit) else {
            return;
        };
        self.units[at(unit)].accepted = accepted;
        for voice in self.units[at(unit)].voices.clone() {
            if voice.says != accepted {
                self.catch(voice.identity);
            }
        }
    }

    fn opinion(&self, unit: u32) -> Opinion<u32> {
        let voices = self.units[at(unit)].voices.iter();
        let counts = voices.filter(|voice| !self.identities[at(voice.identity)].is_caught);
        opinion(counts.map(|voice| voice.says), self.plan.lead)
    }

    pub(super) fn reopen_what_rests_on_the_caught(&mut self) {
        while let Some(identity) = self.caught.pop() {
            for unit in std::mem::take(&mut self.identities[at(identity)].vouched) {
                self.reopen(unit);
            }
        }
    }

    fn reopen(&mut self, unit: u32) {
        let identities = &self.identities;
        let row = &mut self.units[at(unit)];
        let is_false = |voice: &Voice| voice.says != TRUTH;
        let is_out = |voice: &Voice| identities[at(voice.identity)].is_caught;
        row.was_lied_on |= row.voices.iter().any(|voice| is_out(voice) && is_false(voice));
        row.voices.retain(|voice| !is_out(voice));
        if matches!(self.opinion(unit), Opinion::Settled(_)) {
            self.weigh(unit);
            return;
        }
        let Some(next) = self.pick(unit, |identity| identity.has_standing) else { return };
        if self.units[at(unit)].voices.is_empty() {
            self.units[at(unit)].test = Test::None;
            self.believe(unit, next);
        } else {
            self.units[at(unit)].test = self.units[at(unit)].test.inherited();
            self.voice(unit, next);
            self.weigh(unit);
        }
    }

    /// An answer agreed with what was accepted: a step towards standing.
    fn compare(&mut self, identity: u32) {
        let identity = &mut self.identities[at(identity)];
        if identity.is_caught || identity.has_standing {
            return;
        }
        identity.compared += 1;
        if identity.compared >= self.plan.probation {
            identity.has_standing = true;
            self.standing += 1;
        }
    }

    fn catch(&mut self, identity: u32) {
        let caught = &mut self.identities[at(identity)];
        if std::mem::replace(&mut caught.is_caught, true) {
            return;
        }
        let (host, is_hostile) = (caught.host, caught.is_hostile);
        self.standing -= u32::from(std::mem::take(&mut caught.has_standing));
        self.outcome.caught += u64::from(is_hostile);
        self.outcome.wronged += u64::from(!is_hostile);
        self.caught.push(identity);
        if self.hosts[at(host)] != Some(identity) {
            return;
        }
        self.hosts[at(host)] = None;
        if !is_hostile || self.trial.attack.comes_back() {
            self.enrol(host);
        }
    }

    /// Throws an identity away, whose word still stands, and comes back as somebody new.
    fn leave(&mut self, identity: u32) {
        let left = &mut self.identities[at(identity)];
        if !left.is_hostile || left.is_caught {
            return;
        }
        self.standing -= u32::from(std::mem::take(&mut left.has_standing));
        let host = left.host;
        self.enrol(host);
    }

    /// A host by chance that may answer and has no voice on the unit.
    fn pick(&mut self, unit: u32, may: impl Fn(&Identity) -> bool) -> Option<u32> {
        let voices = &self.units[at(unit)].voices;
        for _ in 0..DRAWS_MAX {
            let host = self.chance.index(self.hosts.len());
            let Some(identity) = self.hosts[host] else { continue };
            let has_voice = voices.iter().any(|voice| voice.identity == identity);
            if !has_voice && may(&self.identities[at(identity)]) {
                return Some(identity);
            }
        }
        None
    }

    fn voice(&mut self, unit: u32, identity: u32) {
        let says = self.answer(unit, identity);
        self.units[at(unit)].voices.push(Voice { identity, says });
        self.identities[at(identity)].vouched.push(unit);
    }

    fn answer(&mut self, unit: u32, identity: u32) -> u32 {
        self.outcome.copies += 1;
        let identity = &mut self.identities[at(identity)];
        if !identity.is_hostile {
            return TRUTH;
        }
        self.outcome.spent += 1;
        let mut earlier = self.units[at(unit)].voices.iter().map(|voice| voice.says);
        let says = self.trial.attack.says(identity, unit, &mut earlier);
        identity.lies += u32::from(says != TRUTH);
        says
    }

    /// What has come of everything.
    pub(super) fn outcome(mut self) -> Outcome {
        self.outcome.guesses = guessed(self.first_answers());
        for unit in &self.units {
            self.outcome.accepted += u64::from(!unit.voices.is_empty());
            if unit.accepted == TRUTH {
                continue;
            }
            self.outcome.wrong += 1;
            self.outcome.repeated += u64::from(unit.was_lied_on);
            let mut voices = unit.voices.iter();
            let rests_on_caught = voices.any(|voice| self.identities[at(voice.identity)].is_caught);
            self.outcome.left += u64::from(rests_on_caught);
        }
        self.outcome.clusters = self.clusters();
        self.outcome
    }

    /// What the hostile answered first of all, if it stands.
    fn first_answers(&self) -> Vec<FirstAnswer> {
        let of = |(number, identity): &(u32, u32)| {
            let unit = &self.units[at(*number)];
            let (first, others) = unit.voices.split_first()?;
            let is_seen = others.iter().any(|voice| self.identities[at(voice.identity)].is_hostile);
            let is_audited = unit.test.is_by_chance();
            let who = u64::from(*identity);
            (first.identity == *identity).then_some(FirstAnswer { who, is_audited, is_seen })
        };
        self.believed.iter().filter_map(of).collect()
    }

    /// Hostile identities, and the lies that stand on the word of each first of all.
    fn clusters(&self) -> Clusters {
        let mut stand = vec![0; self.identities.len()];
        for unit in self.units.iter().filter(|unit| unit.accepted != TRUTH) {
            let first = unit.voices.iter().find(|voice| voice.says == unit.accepted);
            first.into_iter().for_each(|voice| stand[at(voice.identity)] += 1);
        }
        let identities = self.identities.iter().zip(stand);
        let hostile = identities.filter(|(identity, _)| identity.is_hostile);
        hostile.map(|(identity, stand)| Clusters::identity(identity.lies.into(), stand)).sum()
    }
}

pub(super) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
