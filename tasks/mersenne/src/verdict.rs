//! What the test says.

use std::fmt;

/// What the test says about 2^p − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is prime.
    Prime,
    /// It is not: s(p − 2) is not 0.
    Composite {
        /// The lowest 64 bits of s(p − 2) mod 2^p − 1, the residue that other programs print too.
        residue: u64,
    },
    /// It is not, since p itself is not prime: 2^p − 1 is a multiple of 2^d − 1 if d divides p.
    CompositeExponent {
        /// The smallest divisor of p above 1.
        divisor: u32,
    },
}

impl Verdict {
    /// The verdict by s(p − 2): whether it is 0, and its lowest 64 bits.
    pub(crate) fn from_residue(is_zero: bool, residue: u64) -> Self {
        if is_zero { Self::Prime } else { Self::Composite { residue } }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prime => formatter.write_str("prime"),
            Self::Composite { residue } => write!(formatter, "composite residue=0x{residue:016x}"),
            Self::CompositeExponent { divisor } => {
                write!(formatter, "composite (p is divisible by {divisor})")
            }
        }
    }
}
