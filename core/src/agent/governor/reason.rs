//! Why a machine computes nothing, or less than it has: a code for logs, and words for its owner.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::reading::Name;
use super::rule::Rule;

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The owner said pause.
    Paused,
    /// The owner said pause for a while.
    Snoozed,
    /// The rule of that name.
    Rule(Name),
    /// A person uses the machine.
    InUse,
    /// Nothing tells whether a person uses the machine, so it counts as used.
    Untold,
    /// Other programs need the cores.
    Load,
    /// The owner's limits leave room for no program.
    Limits,
    /// As many bytes were moved as may be in a day.
    NetworkBudget,
    /// As many bytes were written as may be in a day.
    DiskBudget,
    /// The coordinator has no lease for this host.
    NoWork,
    /// The coordinator cannot be reached.
    Away,
    /// The coordinator gives this host nothing for a while.
    Refused,
    /// What the next program reads is being downloaded.
    Fetching,
    /// Nothing new is begun, because the worker is about to end.
    Finishing,
    /// The machine slept, or was too busy to let the worker look at it.
    Asleep,
}

/// Before the name of a rule in its code.
const RULE: &str = "rule:";

/// All that have a code of their own.
const FIXED: [Reason; 14] = [
    Reason::Paused,
    Reason::Snoozed,
    Reason::InUse,
    Reason::Untold,
    Reason::Load,
    Reason::Limits,
    Reason::NetworkBudget,
    Reason::DiskBudget,
    Reason::NoWork,
    Reason::Away,
    Reason::Refused,
    Reason::Fetching,
    Reason::Finishing,
    Reason::Asleep,
];

impl Reason {
    /// The rule.
    #[must_use]
    pub(super) fn of(rule: &Rule) -> Self {
        Self::Rule(Arc::clone(rule.name()))
    }

    /// What was waited for, in words.
    #[must_use]
    pub fn words(&self) -> &str {
        self.told().1
    }

    /// The code, or what stands before a rule's name in it; and the words.
    fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Paused => ("paused", "you (paused)"),
            Self::Snoozed => ("snoozed", "you (snoozed)"),
            Self::Rule(name) => (RULE, name),
            Self::InUse => ("in-use", "you (the machine was in use)"),
            Self::Untold => ("untold", "a sign that nobody uses it (nothing here tells)"),
            Self::Load => ("load", "other programs"),
            Self::Limits => ("limits", "the limits"),
            Self::NetworkBudget => ("network-budget", "the network budget"),
            Self::DiskBudget => ("disk-budget", "the disk budget"),
            Self::NoWork => ("no-work", "work"),
            Self::Away => ("coordinator-away", "the coordinator"),
            Self::Refused => ("refused", "the end of a suspension"),
            Self::Fetching => ("fetching", "downloads"),
            Self::Finishing => ("finishing", "the end (nothing new was begun)"),
            Self::Asleep => ("asleep", "the machine to wake up"),
        }
    }
}

impl fmt::Display for Reason {
    /// The code: stable, one word for all but rules.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.told().0)?;
        match self {
            Self::Rule(name) => f.write_str(name),
            Self::Paused
            | Self::Snoozed
            | Self::InUse
            | Self::Untold
            | Self::Load
            | Self::Limits
            | Self::NetworkBudget
            | Self::DiskBudget
            | Self::NoWork
            | Self::Away
            | Self::Refused
            | Self::Fetching
            | Self::Finishing
            | Self::Asleep => Ok(()),
        }
    }
}

/// No such code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reason")]
pub struct UnknownReason(String);

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, UnknownReason> {
        if let Some(name) = code.strip_prefix(RULE).filter(|name| !name.is_empty()) {
            return Ok(Self::Rule(Arc::from(name)));
        }
        let fixed = FIXED.iter().find(|reason| reason.told().0 == code);
        fixed.cloned().ok_or_else(|| UnknownReason(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code_that_can_be_read_again_and_words() {
        let rule = Reason::Rule(Arc::from("heat"));
        for reason in FIXED.iter().chain([&rule]) {
            assert_eq!(reason.to_string().parse().as_ref(), Ok(reason));
            assert!(!reason.words().is_empty());
        }
        for code in ["", "rule:", "Paused", "tired"] {
            assert_eq!(code.parse::<Reason>(), Err(UnknownReason(code.to_owned())));
        }
    }
}
