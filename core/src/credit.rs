//! What is claimed for a replica, and what is granted.

use std::fmt;

use crate::id::{HostId, ReplicaId, VolunteerId};
use crate::time::Timestamp;

/// Credit in millionths: one credit is 1,000 seconds of CPU time, one micro-credit a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroCredits(pub u64);

/// One grant. Rows are only ever added, and a replica never has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// For what.
    pub replica: ReplicaId,
    /// To which host.
    pub host: HostId,
    /// To which volunteer.
    pub volunteer: VolunteerId,
    /// What the host asked for.
    pub claim: MicroCredits,
    /// What it got.
    pub grant: MicroCredits,
    /// When.
    pub granted_at: Timestamp,
}

/// What a replica that took `cpu_ms` of CPU time claims.
#[must_use]
pub fn claim(cpu_ms: u64) -> MicroCredits {
    MicroCredits(cpu_ms)
}

/// What each valid replica of a unit is granted: the smallest claim, so that claiming too much
/// gains nothing as long as one of the agreeing hosts is modest.
#[must_use]
pub fn grant(claims: impl IntoIterator<Item = MicroCredits>) -> MicroCredits {
    claims.into_iter().min().unwrap_or_default()
}

impl MicroCredits {
    /// The sum; the largest amount there is, if that is past it.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for MicroCredits {
    /// In credits with six decimals: `0.004200`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modest_claim_is_granted() {
        assert_eq!(grant([9, 3, 500].map(MicroCredits)), MicroCredits(3));
        assert_eq!(grant([]), MicroCredits(0));
    }

    #[test]
    fn amounts_are_shown_in_credits() {
        assert_eq!(MicroCredits(12_004_200).to_string(), "12.004200");
    }
}
