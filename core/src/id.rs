//! Numbers that name rows. Each has its own type, so that a host is never taken for a job.

use std::fmt;
use std::str::FromStr;

/// A number with a type of its own, shown as the plain number.
macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                number(text).map(Self).ok_or(ParseIdError { expected: "a number such as 3" })
            }
        }
    )*};
}

numbered! {
    /// A job, numbered from 1 in the order of submission.
    JobId;
    /// A host, numbered from 1 in the order of enrolment.
    HostId;
    /// A volunteer, numbered from 1 in the order of their first host's enrolment.
    VolunteerId;
}

/// A work unit: a job and a position in its grid, from 0. Shown as `3/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId {
    /// The job.
    pub job: JobId,
    /// The position in the job, from 0.
    pub index: u32,
}

/// A replica: a work unit and the replica's position in it, from 0. Shown as `3/17.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    /// The work unit.
    pub unit: UnitId,
    /// The position among the unit's replicas, from 0, in the order of leasing.
    pub number: u16,
}

impl JobId {
    /// The unit at `index` of this job.
    #[must_use]
    pub fn unit(self, index: u32) -> UnitId {
        UnitId { job: self, index }
    }
}

impl UnitId {
    /// The replica `number` of this unit.
    #[must_use]
    pub fn replica(self, number: u16) -> ReplicaId {
        ReplicaId { unit: self, number }
    }

    /// The least id above this one, whether or not there is such a unit.
    #[must_use]
    pub fn after(self) -> Self {
        match self.index.checked_add(1) {
            Some(index) => self.job.unit(index),
            None => JobId(self.job.0.saturating_add(1)).unit(0),
        }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.job, self.index)
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.unit, self.number)
    }
}

impl FromStr for UnitId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        unit(text).ok_or(ParseIdError { expected: "a work unit such as 3/17" })
    }
}

impl FromStr for ReplicaId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        replica(text).ok_or(ParseIdError { expected: "a replica such as 3/17.2" })
    }
}

/// The text does not name what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct ParseIdError {
    /// What would have been right, with an example.
    pub expected: &'static str,
}

/// Digits only: the standard parser also takes a leading `+`, which no id is ever shown with.
fn number<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn unit(text: &str) -> Option<UnitId> {
    let (job, index) = text.split_once('/')?;
    Some(JobId(number(job)?).unit(number(index)?))
}

fn replica(text: &str) -> Option<ReplicaId> {
    let (of, number_) = text.split_once('.')?;
    Some(unit(of)?.replica(number(number_)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_shown() {
        let replica = JobId(3).unit(17).replica(2);
        assert_eq!(replica.to_string(), "3/17.2");
        assert_eq!("3/17.2".parse(), Ok(replica));
        assert_eq!("3/17".parse(), Ok(replica.unit));
        assert_eq!("3".parse(), Ok(JobId(3)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "3", "3/", "/17", "+3/17", "3/-1", "3/17.2", "3/4294967296", "a/b"] {
            assert!(text.parse::<UnitId>().is_err(), "{text}");
        }
        for text in ["3/17", "3/17.", "3/17.65536", "3.2/17"] {
            assert!(text.parse::<ReplicaId>().is_err(), "{text}");
        }
    }
}
