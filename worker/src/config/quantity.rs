//! Sizes and spans as people write them: `"16 MiB"`, `"30 s"`.

use std::fmt;

use manyhands_core::time::Span;
use serde::de::{Deserializer, Error, Visitor};

const SIZE_UNITS: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

const SPAN_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];

/// The text is not a quantity of the kind wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a size.
    #[error("`{0}` is not a size: write a whole number and B, KiB, MiB, GiB or TiB")]
    Size(String),
    /// Not a span of time.
    #[error("`{0}` is not a span of time: write a whole number and ms, s, min or h")]
    Span(String),
}

/// Reads a number of bytes, such as `16 MiB`.
///
/// # Errors
/// [`QuantityError::Size`] for anything else, and for what does not fit 64 bits.
pub fn parse_size(text: &str) -> Result<u64, QuantityError> {
    parse(text, &SIZE_UNITS).ok_or_else(|| QuantityError::Size(text.to_owned()))
}

/// Reads a span of time, such as `30 s`.
///
/// # Errors
/// [`QuantityError::Span`] for anything else, and for what does not fit 64 bits.
pub fn parse_span(text: &str) -> Result<Span, QuantityError> {
    parse(text, &SPAN_UNITS).map(Span).ok_or_else(|| QuantityError::Span(text.to_owned()))
}

/// A number of bytes for people, rounded down: `512 B`, `1.5 MiB`, `12 GiB`.
#[must_use]
pub fn size_in_words(bytes: u64) -> String {
    let unit = SIZE_UNITS.iter().skip(1).rev().find(|(_, unit)| bytes >= *unit);
    let Some((name, unit)) = unit else { return format!("{bytes} B") };
    let tenths = u128::from(bytes) * 10 / u128::from(*unit);
    if tenths >= 100 || tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// For serde: a size that may be left out.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_str(Text("a size such as \"16 MiB\"", parse_size)).map(Some)
}

/// For serde: a span that may be left out.
pub(super) fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    deserializer.deserialize_str(Text("a span of time such as \"30 s\"", parse_span)).map(Some)
}

/// Visits a string: what is expected, and what makes a value of it.
pub(super) struct Text<F>(pub(super) &'static str, pub(super) F);

impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<R: Error>(self, text: &str) -> Result<T, R> {
        (self.1)(text).map_err(R::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(parse_size("16 MiB"), Ok(16 << 20));
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        assert_eq!(parse_size(" 0 B"), Ok(0));
    }

    #[test]
    fn spans_have_units_too() {
        assert_eq!(parse_span("30 s"), Ok(Span::seconds(30)));
        assert_eq!(parse_span("2 min"), Ok(Span::minutes(2)));
    }

    #[test]
    fn sizes_are_short_in_words_and_never_more_than_they_are() {
        let words = [0, 1_023, 1_536, 1_984, 12 << 20, 256 << 10, (5 << 40) + 1, u64::MAX]
            .map(size_in_words);
        let expect =
            ["0 B", "1023 B", "1.5 KiB", "1.9 KiB", "12 MiB", "256 KiB", "5 TiB", "16777215 TiB"];
        assert_eq!(words, expect);
        assert_eq!(parse_size(&words[5]), Ok(256 << 10), "a whole number is read again");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "16", "MiB", "-1 MiB", "1.5 GiB", "16 MB", "16 mib", "99999999 TiB"] {
            assert_eq!(parse_size(text), Err(QuantityError::Size(text.to_owned())), "{text}");
        }
        assert_eq!(parse_span("3 days"), Err(QuantityError::Span("3 days".to_owned())));
    }
}
