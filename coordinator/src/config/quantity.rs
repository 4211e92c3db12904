//! Sizes and spans as people write them: `"64 MiB"`, `"10 min"`.

use std::time::Duration;

use serde::Deserialize;

/// A number of bytes, written as `"64 MiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Size(pub(super) u64);

/// A length of time, written as `"10 min"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

/// Why a text is no quantity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuantityError {
    #[error("`{0}` is no quantity: write a whole number, a space and a unit, such as `{1}`")]
    Shape(String, &'static str),
    #[error("unknown unit `{0}`: use one of {1}")]
    Unit(String, &'static str),
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// A unit's name and how much one of it is.
type Unit = (&'static str, u64);

const SIZES: [Unit; 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
const SPANS: [Unit; 5] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl TryFrom<String> for Size {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse(&text, &SIZES, "B, KiB, MiB, GiB, TiB", "64 MiB").map(Self)
    }
}

impl TryFrom<String> for Span {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let ms = parse(&text, &SPANS, "ms, s, min, h, d", "10 min")?;
        Ok(Self(Duration::from_millis(ms)))
    }
}

fn parse(
    text: &str,
    units: &[Unit],
    names: &'static str,
    example: &'static str,
) -> Result<u64, QuantityError> {
    let shape = || QuantityError::Shape(text.to_owned(), example);
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(shape)?;
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(shape());
    }
    let unit = unit.trim();
    let (_, factor) = units
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| QuantityError::Unit(unit.to_owned(), names))?;
    let number = number.parse::<u64>().ok();
    number
        .and_then(|n| n.checked_mul(*factor))
        .ok_or_else(|| QuantityError::TooLarge(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> Result<u64, QuantityError> {
        Size::try_from(text.to_owned()).map(|s| s.0)
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(size("64 MiB"), Ok(64 << 20));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("0 B"), Ok(0));
        let span = Span::try_from("10 min".to_owned()).unwrap();
        assert_eq!(span.0, Duration::from_secs(600));
    }

    #[test]
    fn refuses_what_could_be_misread() {
        assert!(matches!(size("64"), Err(QuantityError::Shape(..))));
        assert!(matches!(size("-1 B"), Err(QuantityError::Shape(..))));
        assert!(matches!(size("1.5 MiB"), Err(QuantityError::Unit(..))));
        assert!(matches!(size("64 MB"), Err(QuantityError::Unit(..))));
        assert!(matches!(size("99999999 TiB"), Err(QuantityError::TooLarge(_))));
        assert!(matches!(size("99999999999999999999 B"), Err(QuantityError::TooLarge(_))));
    }
}
