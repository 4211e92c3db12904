//! Quantities as a scenario writes them: `"90s"`, `"8h"`, and shares from 0 to 1.

use manyhands_core::time::Span;
use serde::Deserialize;

/// A span, written as a number and a unit: `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(u64);

impl Time {
    /// The span.
    #[must_use]
    pub fn span(self) -> Span {
        Span(self.0)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn ms(ms: u64) -> Self {
        Self(ms)
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no span; write a number and ms, s, m, h or d");
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(unit_at);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_not_a_number| wrong())?;
        number.checked_mul(unit_ms).map(Self).ok_or_else(wrong)
    }
}

/// A share or a probability, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

impl Share {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) {
            return Ok(Self(share));
        }
        Err(format!("{share} is no share; it must be between 0 and 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Result<Span, String> {
        Time::try_from(text.to_owned()).map(Time::span)
    }

    #[test]
    fn spans_are_read_in_their_units() {
        assert_eq!(time("50ms"), Ok(Span(50)));
        assert_eq!(time("90s"), Ok(Span::seconds(90)));
        assert_eq!(time("10m"), Ok(Span::minutes(10)));
        assert_eq!(time("2d"), Ok(Span::hours(48)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "10", "h", "1.5h", "10 m", "-1s", "99999999999999999999d"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(Share::try_from(1.5).is_err());
        assert!(Share::try_from(f64::NAN).is_err());
    }
}
