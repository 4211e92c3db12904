//! Shares as people write them, without floats.

use std::fmt;

use super::Confidence;

/// Thousand-millionths as `1e-3` or `9.13e-4`: rounded up after three digits, unless that is exact.
#[must_use]
pub fn scientific(ppb: u64) -> String {
    if ppb == 0 {
        return "0".to_owned();
    }
    let (mut digits, mut exponent) = (ppb, -9);
    while digits >= 1_000 {
        digits = digits.div_ceil(10);
        exponent += 1;
    }
    written(digits, exponent)
}

/// Thousand-millionths as [`scientific`], with all their digits.
fn exactly(ppb: u32) -> String {
    if ppb == 0 { "0".to_owned() } else { written(ppb.into(), -9) }
}

/// `digits * 10^exponent`, with one digit before the point and no zeros at the end.
fn written(digits: u64, mut exponent: i32) -> String {
    let text = digits.to_string();
    let (first, rest) = text.split_at(1);
    exponent += i32::try_from(rest.len()).unwrap_or(0);
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() {
        format!("{first}e{exponent}")
    } else {
        format!("{first}.{rest}e{exponent}")
    }
}

/// Millionths as a percentage, such as `20` or `0.1`.
fn percent(ppm: u32) -> String {
    let (whole, fraction) = (ppm / 10_000, ppm % 10_000);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:04}").trim_end_matches('0').to_owned()
}

impl Confidence {
    /// Millionths as a percentage, such as `20 %`.
    #[must_use]
    pub fn percent(ppm: u32) -> String {
        format!("{} %", percent(ppm))
    }
}

impl fmt::Display for Confidence {
    /// As it is written in a job file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (error, hostile) = (exactly(self.error_ppb), Self::percent(self.hostile_ppm));
        match self.colluding_ppm {
            0 => write!(f, "{error} against {hostile} lying"),
            all if all == self.hostile_ppm => write!(f, "{error} against {hostile} colluding"),
            some => {
                let colluding = Self::percent(some);
                write!(f, "{error} against {hostile} lying, {colluding} colluding")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_people_do() {
        let check = |ppb, expected| assert_eq!(scientific(ppb), expected);
        check(0, "0");
        check(1, "1e-9");
        check(1_000_000, "1e-3");
        check(100_000_000, "1e-1");
        check(1_000_000_000, "1e0");
        check(912_345, "9.13e-4");
        check(999_999, "1e-3");
        for (ppm, expected) in [(200_000, "20 %"), (1_000, "0.1 %"), (1, "0.0001 %"), (0, "0 %")] {
            assert_eq!(Confidence::percent(ppm), expected);
        }
    }
}
