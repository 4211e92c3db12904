//! What the machine's owner allows, as written: `[limits]`, `[rules]` and `[sensors]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use manyhands_core::agent::governor::limits::{Allowance, Cores, Limits};
use manyhands_core::agent::governor::reading::Name;
use manyhands_core::agent::governor::rule::{RULES_MAX, Rule, RuleError};
use manyhands_core::limits::NAME_BYTES_MAX;
use manyhands_core::time::Span;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use toml::Spanned;

use super::bounds::within;
use super::{ConfigError, Written, quantity};

/// Most cores that a machine may have.
const CORES_MAX: u32 = 4_096;

/// `[limits]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenLimits {
    /// `in_use`: while a person uses the machine, and while that is unknown. Never more than `idle`.
    #[serde(default)]
    pub in_use: WrittenAllowance,
    /// `idle`: while nobody does.
    #[serde(default)]
    pub idle: WrittenAllowance,
    /// `idle_after`: nobody uses a machine that was not touched for so long. Default "3 min".
    #[serde(default, deserialize_with = "quantity::span")]
    pub idle_after: Option<Span>,
    /// `yields`: whether cores that other programs need are left to them. Default true.
    pub yields: Option<bool>,
    /// `network_per_day`: bytes sent and received in a day; what is here is computed all the same. Default:
    /// any number.
    #[serde(default, deserialize_with = "quantity::size")]
    pub network_per_day: Option<u64>,
    /// `disk_per_day`: bytes of blobs, outputs and checkpoints written in a day; then nothing runs until the next
    /// one. Default: any number.
    #[serde(default, deserialize_with = "quantity::size")]
    pub disk_per_day: Option<u64>,
    /// `memory_after`: a pause that lasts longer gives the memory of saved programs back. Default "10 min".
    #[serde(default, deserialize_with = "quantity::span")]
    pub memory_after: Option<Span>,
}

/// `[limits.in_use]` and `[limits.idle]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAllowance {
    /// `cores`: a number, or a share such as "50 %". Default: 0 in use, "100 %" idle.
    #[serde(default, deserialize_with = "cores")]
    pub cores: Option<Cores>,
    /// `cpu`: how much of each second programs run, in percent. Default 100.
    pub cpu: Option<u8>,
    /// `memory`: of all programs together. Default: half of the machine's.
    #[serde(default, deserialize_with = "quantity::size")]
    pub memory: Option<u64>,
}

/// What the owner says about when and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Limits in use and idle.
    pub limits: Limits,
    /// Rules, the defaults among them.
    pub rules: Vec<Rule>,
    /// The owner's own sensors: files with a number.
    pub sensors: BTreeMap<Name, PathBuf>,
    /// A file that pretends all sensors, for tests and to try out rules.
    pub faked_sensors: Option<PathBuf>,
}

/// `[rules]`: a text for each name, and what it means once it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Spanned<String>>")]
pub struct WrittenRules {
    texts: BTreeMap<String, Spanned<String>>,
    /// A rule of each name; none where a default is taken away.
    rules: BTreeMap<String, Option<Rule>>,
}

impl From<BTreeMap<String, Spanned<String>>> for WrittenRules {
    fn from(texts: BTreeMap<String, Spanned<String>>) -> Self {
        Self { texts, rules: BTreeMap::new() }
    }
}

impl Owner {
    /// What `written` says, for a machine with so much memory.
    pub(super) fn new(written: &Written, memory_bytes: u64) -> Result<Self, ConfigError> {
        let always = written.is_always();
        let sensors = written.sensors.iter();
        Ok(Self {
            limits: written.limits.limits(memory_bytes, always)?,
            rules: written.rules.with_defaults(always),
            sensors: sensors
                .map(|(name, path)| (Name::from(name.as_str()), path.clone()))
                .collect(),
            faked_sensors: written.sensors_from.clone(),
        })
    }
}

impl WrittenLimits {
    /// The limits of a machine with so much memory; `always` takes the person and other programs out of
    /// account.
    pub(super) fn limits(&self, memory_bytes: u64, always: bool) -> Result<Limits, ConfigError> {
        let gentle = Limits::gentle(memory_bytes);
        let idle = self.idle.over(gentle.idle);
        let in_use = if always { idle } else { gentle.in_use };
        let limits = Limits {
            idle,
            in_use: self.in_use.over(in_use),
            idle_after: self.idle_after.unwrap_or(gentle.idle_after),
            yields: self.yields.unwrap_or(!always),
            network_day_bytes: self.network_per_day,
            disk_day_bytes: self.disk_per_day,
            memory_after: self.memory_after.unwrap_or(gentle.memory_after),
        };
        let percent = 1..=100;
        within("limits.idle.cpu", percent.contains(&limits.idle.cpu_percent), "from 1 to 100")?;
        within("limits.in_use.cpu", percent.contains(&limits.in_use.cpu_percent), "from 1 to 100")?;
        let day = Span::hours(24);
        within("limits.idle_after", limits.idle_after <= day, "at most 24 h")?;
        Ok(limits)
    }
}

impl WrittenAllowance {
    fn over(self, default: Allowance) -> Allowance {
        Allowance {
            cores: self.cores.unwrap_or(default.cores),
            cpu_percent: self.cpu.unwrap_or(default.cpu_percent),
            memory_bytes: self.memory.unwrap_or(default.memory_bytes),
        }
    }
}

impl WrittenRules {
    /// Reads the rules of a settings file; `text` is all of it.
    pub(super) fn read(
        &mut self,
        sensors: &BTreeMap<String, PathBuf>,
        text: &str,
        path: &Path,
    ) -> Result<(), ConfigError> {
        within("rules", self.texts.len() <= RULES_MAX, "at most 256")?;
        let names = self.texts.keys().chain(sensors.keys());
        let are_names = names.into_iter().all(|name| is_name(name));
        let bound = "names of 1 to 128 bytes, without control characters";
        within("rules and sensors", are_names, bound)?;
        let sensors = sensors.keys().map(|name| Name::from(name.as_str())).collect();
        for (name, written) in &self.texts {
            let is_taken_away = written.get_ref().trim().is_empty();
            let rule = if is_taken_away {
                None
            } else {
                let rule = Rule::parse(name, written.get_ref(), &sensors);
                Some(rule.map_err(|error| wrong(name, written.span(), text, path, &error))?)
            };
            self.rules.insert(name.clone(), rule);
        }
        Ok(())
    }

    /// These, and the defaults that they do not replace; `always` has no defaults.
    fn with_defaults(&self, always: bool) -> Vec<Rule> {
        let is_kept = |(name, _): &&(&str, &str)| !always && !self.rules.contains_key(*name);
        let defaults = DEFAULT_RULES.iter().filter(is_kept);
        let none = BTreeSet::new();
        let defaults = defaults.filter_map(|(name, text)| Rule::parse(name, text, &none).ok());
        let mut rules: Vec<Rule> = defaults.chain(self.rules.values().flatten().cloned()).collect();
        rules.sort_by(|a, b| a.name().cmp(b.name()));
        rules
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

fn wrong(
    name: &str,
    written: Range<usize>,
    text: &str,
    path: &Path,
    error: &RuleError,
) -> ConfigError {
    let (line, column) = place(text, written, error);
    let (path, rule, reason) = (path.to_owned(), name.to_owned(), error.problem.to_string());
    ConfigError::Rule { path, line, column, rule, reason }
}

/// Line and column of the settings file at which a rule is wrong. Where the string has escapes before it,
/// the column is that of the text without them.
fn place(text: &str, written: Range<usize>, error: &RuleError) -> (usize, usize) {
    let value = text.get(written.clone()).unwrap_or_default();
    let is_long = value.starts_with("'''") || value.starts_with("\"\"\"");
    let mut begin = written.start + if is_long { 3 } else { 1 };
    // A line end after the quotation marks does not belong to the string.
    if is_long && text.get(begin..).is_some_and(|rest| rest.starts_with('\n')) {
        begin += 1;
    }
    let before = text.get(..begin).unwrap_or_default();
    let line = before.matches('\n').count() + error.line;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let indent = if error.line == 1 { last.chars().count() } else { 0 };
    (line, indent + error.column)
}

fn cores<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cores>, D::Error> {
    struct Either;

    impl Visitor<'_> for Either {
        type Value = Cores;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number of cores or a share such as \"50 %\"")
        }

        fn visit_i64<E: Error>(self, count: i64) -> Result<Cores, E> {
            let known = u32::try_from(count).ok().filter(|count| *count <= CORES_MAX);
            known
                .map(Cores::Count)
                .ok_or_else(|| E::custom(format!("`{count}` is not 0 to {CORES_MAX}")))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Cores, E> {
            let percent = text.strip_suffix('%').and_then(|percent| percent.trim().parse().ok());
            percent.filter(|percent| *percent <= 100).map(Cores::Percent).ok_or_else(|| {
                E::custom(format!("`{text}` is no share: write one from \"0 %\" to \"100 %\""))
            })
        }
    }

    deserializer.deserialize_any(Either).map(Some)
}
