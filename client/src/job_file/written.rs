//! A job file as it was written: keys and values, not yet their meaning.
//!
//! A field's comment is the format's reference. Keys that are not here are refused.

use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// The job's name for people.
    pub(super) name: Spanned<String>,
    /// What it is for.
    pub(super) description: Option<Spanned<String>>,
    /// The wasm module, relative to the job file.
    pub(super) module: Spanned<String>,
    /// `command` or `step`. May be left out: the module's exports tell.
    pub(super) kind: Option<Spanned<Kind>>,
    /// The program's arguments; `{axis}` stands for the unit's value on that axis.
    #[serde(default)]
    pub(super) args: Vec<Spanned<String>>,
    /// Files under `/out` that the job keeps, such as `"hits.csv"` or `"/out/hits.csv"`. What the program prints is always kept, as `stdout`.
    #[serde(default)]
    pub(super) outputs: Vec<Spanned<String>>,
    /// The most memory that the program may use, such as `"64 MiB"`. Default: 256 MiB.
    pub(super) memory: Option<Spanned<String>>,
    /// Jobs of higher priority are served first, 0 to 255. Default: 0.
    pub(super) priority: Option<Spanned<u8>>,
    /// What the program reads from its standard input.
    pub(super) stdin: Option<Spanned<Stdin>>,
    /// Files that the program finds under `/in`.
    #[serde(default)]
    pub(super) input: Vec<Spanned<Input>>,
    /// Whether only those may read the inputs who compute with them: `[[input]]`, `stdin` and the files of axes travel and
    /// are stored encrypted. Default: false.
    #[serde(default)]
    pub(super) private: bool,
    /// The sweep: one unit for each combination of values, the first axis changing slowest.
    #[serde(default)]
    pub(super) axis: Vec<Spanned<Axis>>,
    /// How sure to be, such as `"1e-3 against 20 % colluding"`; without it, `[quorum]` decides. See
    /// [`confidence`](super::confidence).
    pub(super) confidence: Option<Spanned<String>>,
    /// How many answers must agree, where no confidence is asked for.
    #[serde(default)]
    pub(super) quorum: Quorum,
    /// What one unit may cost.
    #[serde(default)]
    pub(super) limits: Limits,
}

/// How the program is driven.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Runs once from beginning to end.
    Command,
    /// Is called step by step, and can be checkpointed between steps.
    Step,
}

/// Standard input: exactly one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stdin {
    /// A file, the same for every unit.
    pub(super) file: Option<Spanned<String>>,
    /// The unit's file on this axis.
    pub(super) axis: Option<Spanned<String>>,
}

/// One `[[input]]`: exactly one of `file`, `files` and `axis`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Where the program finds it, such as `"sky.fil"` or `"/in/sky.fil"`; with `files`, the folder of all of them. May be
    /// left out with `file` and `files`: the files' own names.
    pub(super) path: Option<Spanned<String>>,
    /// One file, the same for every unit.
    pub(super) file: Option<Spanned<String>>,
    /// Several files, the same for every unit.
    pub(super) files: Option<Spanned<Patterns>>,
    /// The unit's file on this axis.
    pub(super) axis: Option<Spanned<String>>,
}

/// One `[[axis]]`: exactly one of `values`, `range` and `files`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Axis {
    /// What placeholders and inputs call it.
    pub(super) name: Spanned<String>,
    /// Texts and numbers, one by one.
    pub(super) values: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    /// Whole numbers.
    pub(super) range: Option<Spanned<Range>>,
    /// Files, in the order of their paths.
    pub(super) files: Option<Spanned<Patterns>>,
}

/// Whole numbers from `start` by `step` up to and including `end`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    /// The first one.
    pub(super) start: i64,
    /// The last one, if a step falls on it.
    pub(super) end: i64,
    /// The distance; below zero it counts down. Default: 1.
    #[serde(default = "one")]
    pub(super) step: i64,
}

fn one() -> i64 {
    1
}

/// A glob such as `"data/*.fil"`, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Patterns {
    /// One.
    One(String),
    /// Several, matched in this order.
    Many(Vec<String>),
}

/// `[quorum]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quorum {
    /// Equal answers of different volunteers that are needed. Default: 2.
    pub(super) size: Option<Spanned<u8>>,
    /// Copies of one unit at most, whatever becomes of them; with a confidence, those that are lost.
    /// Default: 8, or twice the size.
    pub(super) replicas: Option<Spanned<u8>>,
}

/// `[limits]` of one unit.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// From handing out to report, such as `"1 day"`. Default: 7 days.
    pub(super) deadline: Option<Spanned<String>>,
    /// How long a silent host keeps its unit. Default: 10 minutes.
    pub(super) lease: Option<Spanned<String>>,
    /// CPU time. Default: 24 hours.
    pub(super) cpu: Option<Spanned<String>>,
    /// All outputs together. Default: 64 MiB.
    pub(super) output: Option<Spanned<String>>,
    /// What the program may write to standard error. Default: 64 KiB.
    pub(super) log: Option<Spanned<String>>,
}
