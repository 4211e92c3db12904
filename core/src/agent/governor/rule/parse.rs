//! Reads a rule by its grammar, one function for each part of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::{Problem, RuleError};
use super::token::{Kind, Token, tokens};
use super::{Action, CONDITIONS_MAX, Condition, Rule, Side, Test, Threshold};
use crate::agent::governor::hours::{DAYS, Days, Hours, Minute, Window};
use crate::agent::governor::limits::Cores;
use crate::agent::governor::reading::{Fact, Gauge, Name};
use crate::limits::NAME_BYTES_MAX;

/// Words that may follow a number without a unit.
const AFTER_QUANTITY: [&str; 6] = ["and", "or", "until", "pause", "use", "no"];

/// Most cores that a rule may speak of.
const CORES_MAX: i64 = 4_096;

pub(super) fn rule(name: &str, text: &str, sensors: &BTreeSet<Name>) -> Result<Rule, RuleError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, sensors };
    parser.word("when", "`when`")?;
    let mut conditions = vec![parser.condition()?];
    while parser.takes("and") {
        if conditions.len() == CONDITIONS_MAX {
            return Err(parser.here().wrong(Problem::TooMany(CONDITIONS_MAX)));
        }
        conditions.push(parser.condition()?);
    }
    let action = parser.action()?;
    if parser.is_at("until") {
        parser.until(&mut conditions)?;
    }
    if parser.here().kind != Kind::End {
        return Err(parser.expected("the end of the rule"));
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Rule { name: Arc::from(name), text, conditions, action })
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    sensors: &'a BTreeSet<Name>,
}

impl Parser<'_> {
    /// The word that is next. The last one, [`Kind::End`], is never passed.
    fn here(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn pass(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn expected(&self, wanted: &'static str) -> RuleError {
        self.here().wrong(Problem::Expected { found: self.here().shown(), wanted })
    }

    fn is_at(&self, expected: &str) -> bool {
        self.here().word() == Some(expected)
    }

    fn takes(&mut self, expected: &str) -> bool {
        let is_at = self.is_at(expected);
        if is_at {
            self.pass();
        }
        is_at
    }

    fn word(&mut self, expected: &str, wanted: &'static str) -> Result<(), RuleError> {
        if self.takes(expected) { Ok(()) } else { Err(self.expected(wanted)) }
    }

    /// Takes all of `words`, or none of them.
    fn takes_all(&mut self, words: &str) -> bool {
        let begun_at = self.at;
        let all = words.split(' ').all(|word| self.takes(word));
        if !all {
            self.at = begun_at;
        }
        all
    }

    fn takes_symbol(&mut self, symbol: char) -> bool {
        let is_at = self.here().kind == Kind::Symbol(symbol);
        if is_at {
            self.pass();
        }
        is_at
    }

    fn condition(&mut self) -> Result<Condition, RuleError> {
        let test = self.test()?;
        let or_unknown = self.takes("or");
        if or_unknown {
            self.word("unknown", "`unknown`")?;
        }
        Ok(Condition { test, or_unknown })
    }

    fn test(&mut self) -> Result<Test, RuleError> {
        let negated = self.takes("not");
        if let Some(fact) = self.fact()? {
            return Ok(Test::Fact { fact, negated });
        }
        if let Some(hours) = self.hours()? {
            return Ok(Test::During { hours, negated });
        }
        let begun = self.here().clone();
        match self.gauge()? {
            Some(_) if negated => {
                let wanted = "a fact, a day or a time (numbers are compared with `>` and `<`)";
                Err(begun.wrong(Problem::Expected { found: begun.shown(), wanted }))
            }
            Some(gauge) => self.threshold(gauge).map(Test::Beyond),
            None => Err(match begun.word() {
                Some(word) => begun.wrong(Problem::UnknownSensor(word.to_owned())),
                None => self.expected("a sensor, a fact, a day or a time"),
            }),
        }
    }

    fn fact(&mut self) -> Result<Option<Fact>, RuleError> {
        if self.takes("program") {
            let fact = Fact::Program(self.name("the program's name in quotation marks")?);
            return self.word("runs", "`runs`").map(|()| Some(fact));
        }
        Ok(Fact::ALL.into_iter().find(|fact| self.takes_all(&fact.to_string())))
    }

    fn gauge(&mut self) -> Result<Option<Gauge>, RuleError> {
        if self.takes("sensor") {
            let named = self.here().clone();
            let name = self.name("the sensor's name in quotation marks")?;
            if !self.sensors.contains(&name) {
                return Err(named.wrong(Problem::NoSuchSensor(name.to_string())));
            }
            return Ok(Some(Gauge::Sensor(name)));
        }
        Ok(Gauge::ALL.into_iter().find(|gauge| self.takes_all(&gauge.to_string())))
    }

    fn name(&mut self, wanted: &'static str) -> Result<Name, RuleError> {
        let Kind::Quoted(name) = &self.here().kind else { return Err(self.expected(wanted)) };
        let has_length = (1..=NAME_BYTES_MAX).contains(&name.len());
        if !has_length || name.chars().any(char::is_control) {
            return Err(self.here().wrong(Problem::Name));
        }
        let name = Arc::from(name.as_str());
        self.pass();
        Ok(name)
    }

    fn side(&mut self) -> Result<Side, RuleError> {
        if self.takes_symbol('>') {
            return Ok(Side::Above);
        }
        if self.takes_symbol('<') {
            return Ok(Side::Below);
        }
        Err(self.expected("`>` or `<`"))
    }

    fn threshold(&mut self, gauge: Gauge) -> Result<Threshold, RuleError> {
        let side = self.side()?;
        let number = self.here().clone();
        let at = self.quantity(&gauge)?;
        let (least, most) = gauge.scale().bounds;
        let (least, most) = (least * 1_000, most * 1_000);
        // Never further than half of the way to nothing: a small threshold has a small margin.
        let margin = gauge.scale().margin.min(at.abs() / 2);
        let (is_never, back) = match side {
            Side::Above => (at >= most, (at - margin).max(least)),
            Side::Below => (at <= least, (at + margin).min(most)),
        };
        if is_never {
            return Err(number.wrong(Problem::Never { gauge }));
        }
        Ok(Threshold { gauge, side, at, back })
    }

    /// A number with its unit, in thousandths of the gauge's first unit.
    fn quantity(&mut self, gauge: &Gauge) -> Result<i64, RuleError> {
        let begun = self.here().clone();
        let is_negative = self.takes_symbol('-');
        let Kind::Number(number) = self.here().kind else { return Err(self.expected("a number")) };
        self.pass();
        let scale = gauge.scale();
        let unit = self.here().word().filter(|word| !AFTER_QUANTITY.contains(word));
        let unit = unit.unwrap_or_default().to_owned();
        let Some((_, factor)) = scale.units.iter().find(|(known, _)| *known == unit) else {
            let found = if unit.is_empty() { "no unit".to_owned() } else { self.here().shown() };
            return Err(self.here().wrong(Problem::Unit { found, gauge: gauge.clone() }));
        };
        if !unit.is_empty() {
            self.pass();
        }
        let (least, most) = scale.bounds;
        let value = number.saturating_mul(*factor) * if is_negative { -1 } else { 1 };
        if (least * 1_000..=most * 1_000).contains(&value) {
            return Ok(value);
        }
        Err(begun.wrong(Problem::Bounds { gauge: gauge.clone() }))
    }

    fn hours(&mut self) -> Result<Option<Hours>, RuleError> {
        let mut windows = Vec::new();
        while let Some(window) = self.window()? {
            windows.push(window);
            if !self.takes_symbol(',') {
                return Ok(Some(Hours(windows)));
            }
            if windows.len() == CONDITIONS_MAX {
                return Err(self.here().wrong(Problem::TooMany(CONDITIONS_MAX)));
            }
        }
        if windows.is_empty() { Ok(None) } else { Err(self.expected("a day or a time")) }
    }

    fn window(&mut self) -> Result<Option<Window>, RuleError> {
        let mut days = Days::NONE;
        while let Some(from) = self.day() {
            let to = if self.takes_symbol('-') {
                self.day()
                    .ok_or_else(|| self.expected("a day: mon, tue, wed, thu, fri, sat, sun"))?
            } else {
                from
            };
            days = days.with(from, to);
        }
        let Kind::Time(from) = self.here().kind else {
            let (from, to) = (Minute(0), Minute(1440));
            return Ok((days != Days::NONE).then_some(Window { days, from, to }));
        };
        let begun = self.here().clone();
        self.pass();
        if !self.takes_symbol('-') {
            return Err(self.expected("`-` and the end of the window"));
        }
        let Kind::Time(to) = self.here().kind else {
            return Err(self.expected("the end of the window, such as 06:00"));
        };
        self.pass();
        if from == to {
            return Err(begun.wrong(Problem::EmptyWindow(from.to_string())));
        }
        let days = if days == Days::NONE { Days::ALL } else { days };
        Ok(Some(Window { days, from, to }))
    }

    fn day(&mut self) -> Option<usize> {
        (0..DAYS.len()).find(|day| self.takes(DAYS[*day]))
    }

    fn action(&mut self) -> Result<Action, RuleError> {
        if self.takes("pause") {
            return Ok(Action::Pause);
        }
        if self.takes("no") {
            return self.word("network", "`network`").map(|()| Action::NoNetwork);
        }
        if !self.takes("use") {
            return Err(self.expected("`and`, `pause`, `use` or `no network`"));
        }
        let number = self.here().clone();
        let Kind::Number(thousandths) = number.kind else { return Err(self.expected("a number")) };
        self.pass();
        let whole = |what, most| {
            let problem = Problem::Count { what, least: 1, most };
            let count = thousandths / 1_000;
            let is_one = thousandths % 1_000 == 0 && (1..=most).contains(&count);
            if is_one { Ok(count) } else { Err(number.wrong(problem)) }
        };
        if self.takes("core") || self.takes("cores") {
            let count = u32::try_from(whole("cores", CORES_MAX)?).unwrap_or(u32::MAX);
            return Ok(Action::Use(Cores::Count(count)));
        }
        self.word("%", "`cores` or `%`")?;
        self.word("of", "`of cores` or `of cpu`")?;
        let percent = u8::try_from(whole("a share in percent", 100)?).unwrap_or(100);
        if self.takes("cores") {
            return Ok(Action::Use(Cores::Percent(percent)));
        }
        self.word("cpu", "`cores` or `cpu`").map(|()| Action::CpuPercent(percent))
    }

    /// `until`, which is about the only comparison that there is.
    fn until(&mut self, conditions: &mut [Condition]) -> Result<(), RuleError> {
        let until = self.here().clone();
        self.pass();
        let thresholds = conditions.iter_mut().filter_map(|condition| match &mut condition.test {
            Test::Beyond(threshold) => Some(threshold),
            Test::Fact { .. } | Test::During { .. } => None,
        });
        let mut thresholds: Vec<&mut Threshold> = thresholds.collect();
        let [threshold] = thresholds.as_mut_slice() else {
            return Err(until.wrong(Problem::UntilWhat(thresholds.len())));
        };
        let begun = self.here().clone();
        let side = self.side()?;
        let back = self.quantity(&threshold.gauge)?;
        let (least, most) = threshold.gauge.scale().bounds;
        // The first value for which it is so.
        let (leads_back, first) = match threshold.side {
            Side::Above => (side == Side::Below && back <= threshold.at, back - 1),
            Side::Below => (side == Side::Above && back >= threshold.at, back + 1),
        };
        if !leads_back {
            let (side, other) = match threshold.side {
                Side::Above => ('>', '<'),
                Side::Below => ('<', '>'),
            };
            let at = shown(threshold.at, &threshold.gauge);
            return Err(begun.wrong(Problem::WrongSide { side, at, other }));
        }
        if !(least * 1_000..=most * 1_000).contains(&first) {
            return Err(begun.wrong(Problem::Never { gauge: threshold.gauge.clone() }));
        }
        threshold.back = first;
        Ok(())
    }
}

/// A value of a gauge in its first unit.
pub(in crate::agent::governor) fn shown(thousandths: i64, gauge: &Gauge) -> String {
    let (unit, _) = gauge.scale().units[0];
    let sign = if thousandths < 0 { "-" } else { "" };
    let (whole, rest) = (thousandths.unsigned_abs() / 1_000, thousandths.unsigned_abs() % 1_000);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
    let fraction = fraction.trim_end_matches('0');
    let space = if unit.is_empty() { "" } else { " " };
    format!("{sign}{whole}{fraction}{space}{unit}")
}
