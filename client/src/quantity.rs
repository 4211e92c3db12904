//! Sizes and spans of time as people write them: "64 MiB", "1 day".

use std::fmt;
use std::str::FromStr;

use manyhands_core::time::Span;
use thiserror::Error;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Bytes.
    pub bytes: u64,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// No leading whole number.
    #[error("`{0}` does not start with a whole number: write a number and a unit, such as {1}")]
    Number(String, &'static str),
    /// An unknown or missing unit.
    #[error("`{0}` has no unit that is known here: use one of {1}")]
    Unit(String, &'static str),
    /// More than fits.
    #[error("`{0}` is more than can be counted")]
    TooLarge(String),
}

const SIZE_EXAMPLE: &str = "\"64 MiB\"";
const SIZE_UNITS: &str = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB";
const SPAN_EXAMPLE: &str = "\"30 s\" or \"1 day\"";
const SPAN_UNITS: &str = "ms, s, min, h, days, weeks";

impl FromStr for Size {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, unit) = split(text, SIZE_EXAMPLE)?;
        let factor: u64 = match unit {
            "B" => 1,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return Err(QuantityError::Unit(text.to_owned(), SIZE_UNITS)),
        };
        Ok(Self { bytes: times(number, factor, text)? })
    }
}

/// Reads a span of time such as "30 s" or "1 day".
///
/// # Errors
/// When `text` is not a whole number and a unit of time.
pub fn span(text: &str) -> Result<Span, QuantityError> {
    let (number, unit) = split(text, SPAN_EXAMPLE)?;
    let factor: u64 = match unit {
        "ms" => 1,
        "s" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 604_800_000,
        _ => return Err(QuantityError::Unit(text.to_owned(), SPAN_UNITS)),
    };
    times(number, factor, text).map(Span)
}

fn split<'a>(text: &'a str, example: &'static str) -> Result<(u64, &'a str), QuantityError> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if digits == 0 {
        return Err(QuantityError::Number(text.to_owned(), example));
    }
    let (number, unit) = text.split_at(digits);
    match number.parse() {
        Ok(number) => Ok((number, unit.trim())),
        Err(_) => Err(QuantityError::TooLarge(text.to_owned())),
    }
}

fn times(number: u64, factor: u64, text: &str) -> Result<u64, QuantityError> {
    number.checked_mul(factor).ok_or_else(|| QuantityError::TooLarge(text.to_owned()))
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        if self.bytes < 1024 {
            return write!(f, "{} B", self.bytes);
        }
        // Tenths, so that no float is needed and 1.5 GiB reads as such.
        let mut tenths = u128::from(self.bytes) * 10 / 1024;
        let mut unit = 0;
        while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
            tenths /= 1024;
            unit += 1;
        }
        write_tenths(f, tenths, UNITS[unit])
    }
}

fn write_tenths(f: &mut fmt::Formatter<'_>, tenths: u128, unit: &str) -> fmt::Result {
    if tenths.is_multiple_of(10) || tenths >= 1_000 {
        write!(f, "{} {unit}", tenths / 10)
    } else {
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes, shown) in [
            ("0 B", 0, "0 B"),
            ("1023B", 1023, "1023 B"),
            ("64 MiB", 64 << 20, "64 MiB"),
            ("1536 MiB", 1536 << 20, "1.5 GiB"),
            (" 2 kB ", 2000, "1.9 KiB"),
            ("3 TiB", 3 << 40, "3 TiB"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.bytes, size.to_string().as_str()), (bytes, shown), "{text}");
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, ms) in
            [("250 ms", 250), ("30 s", 30_000), ("90min", 5_400_000), ("1 day", 86_400_000)]
        {
            assert_eq!(span(text), Ok(Span(ms)), "{text}");
        }
    }

    #[test]
    fn a_wrong_quantity_says_what_is_right() {
        for (text, part) in [
            ("", "whole number"),
            ("MiB", "\"64 MiB\""),
            ("64", "one of B, kB"),
            ("1.5 GiB", "one of B, kB"),
            ("-1 B", "whole number"),
            ("99999999999999999999 B", "more than can be counted"),
            ("99999999999 TiB", "more than can be counted"),
        ] {
            let error = text.parse::<Size>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = span("3 fortnights").unwrap_err().to_string();
        assert!(error.contains("ms, s, min, h, days, weeks"), "{error}");
    }
}
