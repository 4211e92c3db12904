//! A volunteer's machine for tests: clocks, sensors, and a governor that is asked every second.

use std::collections::BTreeSet;

use manyhands_core::agent::governor::hours::{Day, LocalTime};
use manyhands_core::agent::governor::limits::{Limits, Machine};
use manyhands_core::agent::governor::reading::{Fact, Gauge, Readings};
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::rule::Rule;
use manyhands_core::agent::governor::tally::Tally;
use manyhands_core::agent::governor::{Decision, Doing, Governor, Moment, Wish};
use manyhands_core::time::Span;

pub(crate) const GIBIBYTE: u64 = 1 << 30;

/// Four cores, 16 GiB.
pub(crate) const MACHINE: Machine = Machine { cores: 4, slots: 4, slot_bytes: 2 * GIBIBYTE };

/// 1970-01-05, a Monday.
pub(crate) const MONDAY: Day = Day(4);

/// What a sensor says.
#[derive(Clone)]
pub(crate) enum Shown {
    Gauge(Gauge, i64),
    Fact(Fact, bool),
}

/// The machine, and what its worker decides.
pub(crate) struct Home {
    pub(crate) governor: Governor,
    pub(crate) readings: Readings,
    pub(crate) now: Moment,
    /// What nothing runs for, if it may.
    pub(crate) starved: Option<Reason>,
    pub(crate) decision: Option<Decision>,
}

impl Home {
    /// Monday, midnight. Nobody has touched the machine for an hour, and it runs from the mains.
    pub(crate) fn new(rules: &[(&str, &str)]) -> Self {
        Self::with(Limits::gentle(16 * GIBIBYTE), rules)
    }

    pub(crate) fn with(limits: Limits, rules: &[(&str, &str)]) -> Self {
        let sensors = BTreeSet::from(["price".into()]);
        let read = |(name, text): &(&str, &str)| Rule::parse(name, text, &sensors).unwrap();
        let rules = rules.iter().map(read).collect();
        let mut readings = Readings::default();
        readings.untouched_for(Span::hours(1));
        readings.state(Fact::OnBattery, false);
        let local = LocalTime { day: MONDAY, of_day: Span::ZERO };
        Self {
            governor: Governor::new(MACHINE, limits, rules, Tally::default()),
            readings,
            now: Moment { uptime: Span::ZERO, local },
            starved: None,
            decision: None,
        }
    }

    /// Lets so much time pass in ticks of a second; gives the last decision.
    pub(crate) fn pass(&mut self, span: Span) -> Decision {
        self.pass_in_steps(span, Span::seconds(1))
    }

    pub(crate) fn pass_in_steps(&mut self, span: Span, step: Span) -> Decision {
        if self.decision.is_none() {
            self.tick();
        }
        for _ in 0..span.0 / step.0 {
            self.advance(step);
            self.tick();
        }
        self.tick()
    }

    /// Time passes, and nobody asks.
    pub(crate) fn advance(&mut self, span: Span) {
        const DAY: Span = Span::hours(24);
        self.now.uptime = self.now.uptime.plus(span);
        let local = &mut self.now.local;
        let of_day = local.of_day.plus(span);
        local.day = Day(local.day.0 + i32::try_from(of_day.0 / DAY.0).unwrap());
        local.of_day = Span(of_day.0 % DAY.0);
        if let Some(idle) = self.readings.gauge(&Gauge::Idle) {
            self.readings.untouched_for(Span(u64::try_from(idle).unwrap()).plus(span));
        }
    }

    /// Asks the governor. Programs run as it says, if there is work.
    pub(crate) fn tick(&mut self) -> Decision {
        let slots = self.decision.as_ref().map_or(0, |decision| decision.slots);
        let doing = match &self.starved {
            None if slots > 0 => Doing::Computing(slots),
            starved => Doing::Waiting(starved.clone().unwrap_or(Reason::NoWork)),
        };
        let decision = self.governor.tick(self.now, &self.readings, &doing);
        self.decision = Some(decision.clone());
        decision
    }

    pub(crate) fn touch(&mut self) -> Decision {
        self.readings.untouched_for(Span::ZERO);
        self.tick()
    }

    pub(crate) fn show(&mut self, gauge: Gauge, value: i64) -> Decision {
        self.readings.show(gauge, value);
        self.tick()
    }

    pub(crate) fn state(&mut self, fact: Fact, holds: bool) -> Decision {
        self.readings.state(fact, holds);
        self.tick()
    }

    pub(crate) fn see(&mut self, shown: &Shown) -> Decision {
        match shown {
            Shown::Gauge(gauge, value) => self.show(gauge.clone(), *value),
            Shown::Fact(fact, holds) => self.state(fact.clone(), *holds),
        }
    }

    pub(crate) fn wish(&mut self, wish: Wish) -> Decision {
        self.governor.wish(wish, self.now.uptime);
        self.tick()
    }
}

/// The rule of that name, as a reason.
pub(crate) fn rule(name: &str) -> Option<Reason> {
    Some(Reason::Rule(name.into()))
}
