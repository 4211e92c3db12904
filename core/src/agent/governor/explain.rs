//! What the governor decided, as a person would say it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::{Fact, Gauge, Name};
use super::reason::Reason;
use super::rule::{Rule, shown};
use super::{Governor, Last, Wish};
use crate::time::Span;

/// Where no sensor can tell.
const UNTOLD: &str =
    "nothing tells whether you use this machine (with `always = true` it computes all the same)";

impl Governor {
    /// One sentence about now, for whoever asks the worker what it does:
    /// `paused for heat: temperature is 86.5 °C (when temperature > 85 °C pause until < 75 °C)`.
    #[must_use]
    pub fn explain(&self) -> String {
        let Some(Last { moment, decision, is_over, .. }) = &self.last else {
            return "just started".to_owned();
        };
        let slots = decision.slots;
        let programs =
            if slots == 1 { "1 program".to_owned() } else { format!("{slots} programs") };
        let amount = match decision.cpu_percent {
            _ if slots == 0 => "paused".to_owned(),
            100 => format!("up to {programs} at once"),
            percent => format!("up to {programs} at once, {percent} % of the time"),
        };
        let Some(reason) = &decision.reason else { return amount };
        let because = format!("{amount}{}", self.because(reason, slots == 0));
        let left = self.calm.left(moment.uptime);
        if *is_over && left.0 > 0 {
            return format!("{because}; this is over, and it goes on after {left} of calm");
        }
        because
    }

    /// What the sensors say, for the owner: the name of each and its value in words, such as `61.5 °C`, `no`, or
    /// nothing where it is unknown.
    #[must_use]
    pub fn sensed(&self) -> Vec<(String, Option<String>)> {
        let readings = self.last.as_ref().map(|last| &last.readings);
        let owned = self.watch.gauges().filter(|gauge| matches!(gauge, Gauge::Sensor(_)));
        let owned: BTreeSet<Gauge> = owned.cloned().collect();
        let programs: BTreeSet<&Name> = self.watch.programs().collect();
        let programs = programs.into_iter().map(|name| Fact::Program(Arc::clone(name)));
        let gauges = Gauge::ALL.into_iter().chain(owned).map(|gauge| {
            let value = readings.and_then(|readings| readings.gauge(&gauge));
            (gauge.to_string(), value.map(|value| shown_briefly(value, &gauge)))
        });
        let facts = Fact::ALL.into_iter().chain(programs).map(|fact| {
            let holds = readings.and_then(|readings| readings.fact(&fact));
            (fact.to_string(), holds.map(|holds| if holds { "yes" } else { "no" }.to_owned()))
        });
        gauges.chain(facts).collect()
    }

    /// Rules without effect, and why: `heat has no effect: nothing tells the temperature`.
    #[must_use]
    pub fn blind(&self) -> Vec<String> {
        self.watch.blind().map(|rule| self.blindness(rule)).collect()
    }

    fn blindness(&self, rule: &Rule) -> String {
        let readings = self.last.as_ref().map(|last| &last.readings);
        let gauges = rule
            .gauges()
            .filter(|gauge| readings.is_none_or(|readings| readings.gauge(gauge).is_none()));
        let facts = rule
            .facts()
            .filter(|fact| readings.is_none_or(|readings| readings.fact(fact).is_none()));
        let unknown: Vec<String> =
            gauges.map(ToString::to_string).chain(facts.map(|fact| format!("`{fact}`"))).collect();
        format!("{} has no effect: nothing here tells of {}", rule.name(), unknown.join(" and "))
    }

    fn because(&self, reason: &Reason, is_pause: bool) -> String {
        let says = match reason {
            Reason::Paused => "you said so".to_owned(),
            Reason::Snoozed => format!("you said so, for another {}", self.snooze_left()),
            Reason::Rule(name) => return self.because_of_rule(name, is_pause),
            Reason::InUse => "you use this machine".to_owned(),
            Reason::Untold => UNTOLD.to_owned(),
            Reason::Load => "other programs need the cores".to_owned(),
            Reason::Limits => "the limits leave room for no program".to_owned(),
            Reason::DiskBudget => "as much was written to disk as may be in a day".to_owned(),
            Reason::NetworkBudget
            | Reason::NoWork
            | Reason::Away
            | Reason::Refused
            | Reason::Fetching
            | Reason::Finishing
            | Reason::Asleep => format!("waiting for {}", reason.words()),
        };
        format!(": {says}")
    }

    fn snooze_left(&self) -> Span {
        let uptime = self.last.as_ref().map_or(Span::ZERO, |last| last.moment.uptime);
        match self.wished.now(uptime) {
            Wish::Snooze(left) => left,
            Wish::Resume | Wish::Pause | Wish::Finish => Span::ZERO,
        }
    }

    fn because_of_rule(&self, name: &Name, is_pause: bool) -> String {
        let of = if is_pause { " for " } else { ", less because of " };
        let Some(rule) = self.watch.rule(name) else { return format!("{of}{name}") };
        let readings = self.last.as_ref().map(|last| &last.readings);
        let values: Vec<String> = rule
            .gauges()
            .filter_map(|gauge| {
                let value = readings?.gauge(gauge)?;
                Some(format!("{gauge} is {}", shown(value, gauge)))
            })
            .collect();
        let values =
            if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        format!("{of}{name}{values} ({rule})")
    }
}

/// As in sentences, but without more digits than anybody wants to see change every second.
fn shown_briefly(value: i64, gauge: &Gauge) -> String {
    match gauge {
        Gauge::Idle => Span(u64::try_from(value).unwrap_or(0) / 1_000 * 1_000).to_string(),
        Gauge::FreeMemory | Gauge::FreeDisk if value >= 10_240_000 => {
            format!("{} GiB", value / 1_024_000)
        }
        Gauge::FreeMemory | Gauge::FreeDisk | Gauge::Fan => shown(value / 1_000 * 1_000, gauge),
        Gauge::Sensor(_) => shown(value, gauge),
        Gauge::Temperature
        | Gauge::Battery
        | Gauge::LoadOfOthers
        | Gauge::CpuPressure
        | Gauge::MemoryPressure
        | Gauge::DiskPressure
        | Gauge::Power => shown(value / 100 * 100, gauge),
    }
}
