//! Rules at work: which of them hold, with the memory that hysteresis needs.

use super::{Action, Rule};
use crate::agent::governor::hours::LocalTime;
use crate::agent::governor::reading::{Fact, Gauge, Name, Readings};
use crate::time::Span;

/// What was known of a condition still counts so long after its sensor has fallen silent.
pub(in crate::agent::governor) const SILENCE_MAX: Span = Span::minutes(5);

/// All rules, and what each of their conditions was at last.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    rules: Vec<Watched>,
}

#[derive(Clone, Debug)]
struct Watched {
    rule: Rule,
    memories: Vec<Memory>,
    holds: Option<bool>,
}

/// One condition as it was when it was last known.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    held: bool,
    /// Since the worker's start; `None` if it was never known.
    known_at: Option<Span>,
}

impl Watch {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        let watched = |rule: Rule| {
            let memories = vec![Memory::default(); rule.conditions.len()];
            Watched { rule, memories, holds: None }
        };
        Self { rules: rules.into_iter().map(watched).collect() }
    }

    /// Looks at the machine; `uptime` is since the worker's start.
    pub fn look(&mut self, uptime: Span, now: LocalTime, readings: &Readings) {
        for watched in &mut self.rules {
            watched.look(uptime, now, readings);
        }
    }

    /// The rules that hold, in their order.
    pub fn holding(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|watched| watched.holds == Some(true)).map(|it| &it.rule)
    }

    /// The first rule that holds and takes away so.
    pub(in crate::agent::governor) fn first(
        &self,
        takes: impl Fn(Action) -> bool,
    ) -> Option<&Rule> {
        self.holding().find(|rule| takes(rule.action))
    }

    /// The rules that have no effect because nothing tells whether they hold.
    pub fn blind(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|watched| watched.holds.is_none()).map(|it| &it.rule)
    }

    /// The rule of that name.
    #[must_use]
    pub fn rule(&self, name: &Name) -> Option<&Rule> {
        self.rules.iter().map(|watched| &watched.rule).find(|rule| rule.name() == name)
    }

    /// Gauges that any rule asks for.
    pub fn gauges(&self) -> impl Iterator<Item = &Gauge> {
        self.rules.iter().flat_map(|watched| watched.rule.gauges())
    }

    /// Programs that any rule asks for.
    pub fn programs(&self) -> impl Iterator<Item = &Name> {
        let facts = self.rules.iter().flat_map(|watched| watched.rule.facts());
        facts.filter_map(|fact| if let Fact::Program(name) = fact { Some(name) } else { None })
    }
}

impl Watched {
    fn look(&mut self, uptime: Span, now: LocalTime, readings: &Readings) {
        let conditions = self.rule.conditions.iter().zip(&mut self.memories);
        let each = conditions.map(|(condition, memory)| {
            let seen = condition.test.holds(memory.held, readings, now);
            memory.take(seen, uptime).or_else(|| condition.or_unknown.then_some(true))
        });
        self.holds = all(each);
    }
}

impl Memory {
    /// What counts: what is seen, or what was seen not long ago.
    fn take(&mut self, seen: Option<bool>, uptime: Span) -> Option<bool> {
        if let Some(held) = seen {
            *self = Self { held, known_at: Some(uptime) };
            return seen;
        }
        let known_at = self.known_at?;
        if uptime.minus(known_at) <= SILENCE_MAX {
            return Some(self.held);
        }
        *self = Self::default();
        None
    }
}

/// Whether all hold: no, if any does not; unknown, if it depends on one that is. It asks for each.
fn all(conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sum = Some(true);
    for holds in conditions {
        sum = match (sum, holds) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (None, _) | (_, None) => None,
            (Some(true), Some(true)) => Some(true),
        };
    }
    sum
}
