//! A wished confidence as people write it: `1e-3 against 20 % colluding`.
//!
//! ```text
//! confidence = error "against" hostile
//! hostile    = share "colluding"                         all of them tell the same lies
//!            | share "lying"                             each for itself
//!            | share "lying," share "colluding"          that much of them tells the same lies
//! error      = number | number "%"                       1e-3, 0.001 and 0.1 % are the same
//! share      = number "%"                                of all work
//! number     = digits [ "." digits ] [ "e" [ "-" ] digits ]
//! ```
//!
//! Numbers are read exactly, in whole thousand-millionths and millionths; what is finer is refused
//! and not rounded.

use manyhands_core::trust::{Confidence, ConfidenceError, scientific};
use thiserror::Error;

/// Why a text is no confidence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfidenceTextError {
    /// Not of the form.
    #[error(
        "`{0}` is no confidence: write one such as \"1e-3 against 20 % colluding\", \
         \"1e-3 against 20 % lying\" or \"1e-3 against 20 % lying, 5 % colluding\""
    )]
    Form(String),
    /// Not a number.
    #[error("`{0}` is no number: write one such as 0.001, 1e-3 or 0.1 %")]
    Number(String),
    /// A number between two that can be told apart.
    #[error("`{text}` is finer than {step}, the least that counts")]
    Fine {
        /// The number.
        text: String,
        /// The unit in which it is counted.
        step: &'static str,
    },
    /// A number that cannot be kept.
    #[error("{what} must be from {min} to {max}")]
    Bounds {
        /// Which one.
        what: &'static str,
        /// The least, as one writes it.
        min: String,
        /// The most, as one writes it.
        max: String,
    },
}

use ConfidenceTextError as Wrong;

/// The most digits of a number, and the largest exponent: more is never meant.
const DIGITS_MAX: usize = 20;

/// Reads a confidence.
///
/// # Errors
/// When it is not of the form, a number is too fine, or it is out of the bounds of
/// [`Confidence::check`].
pub(super) fn read(text: &str) -> Result<Confidence, ConfidenceTextError> {
    let form = || Wrong::Form(text.trim().to_owned());
    let (error, hostile) = text.split_once("against").ok_or_else(form)?;
    let (hostile_ppm, colluding_ppm) = match hostile.split_once(',') {
        Some((lying, colluding)) => {
            (share(lying, "lying").ok_or_else(form)??, share(colluding, "colluding"))
        }
        None => match share(hostile, "lying") {
            Some(lying) => (lying?, Some(Ok(0))),
            None => {
                let colluding = share(hostile, "colluding").ok_or_else(form)??;
                (colluding, Some(Ok(colluding)))
            }
        },
    };
    let confidence = Confidence {
        error_ppb: error_ppb(error.trim())?,
        hostile_ppm,
        colluding_ppm: colluding_ppm.ok_or_else(form)??,
    };
    confidence.check().map_err(|error| bounds(&error))?;
    Ok(confidence)
}

fn error_ppb(text: &str) -> Result<u32, ConfidenceTextError> {
    match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim(), 7, "1e-9"),
        None => scaled(text, 9, "1e-9"),
    }
}

/// The share in front of `word`, in millionths; none, if the text is not of that form.
fn share(text: &str, word: &str) -> Option<Result<u32, ConfidenceTextError>> {
    let percent = text.trim().strip_suffix(word)?.trim().strip_suffix('%')?;
    Some(scaled(percent.trim(), 4, "0.0001 %"))
}

/// The number times 10 to the power of `shift`, exactly.
fn scaled(text: &str, shift: i32, step: &'static str) -> Result<u32, ConfidenceTextError> {
    let number = || Wrong::Number(text.to_owned());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i8>().ok().ok_or_else(number)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = [whole, fraction].concat();
    let is_number = [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number || digits.len() > DIGITS_MAX {
        return Err(number());
    }
    let digits: u128 = digits.parse().ok().ok_or_else(number)?;
    let places = i32::try_from(fraction.len()).ok().ok_or_else(number)?;
    let power = i32::from(exponent) + shift - places;
    // Of more than 10^38, every number of 20 digits is finer or larger than any that is allowed.
    let factor = 10_u128.checked_pow(power.unsigned_abs()).unwrap_or(u128::MAX);
    let scaled = if power >= 0 {
        digits.saturating_mul(factor)
    } else if digits.is_multiple_of(factor) {
        digits / factor
    } else {
        return Err(Wrong::Fine { text: text.to_owned(), step });
    };
    Ok(u32::try_from(scaled).unwrap_or(u32::MAX))
}

/// A bound of the core in the units in which people write.
fn bounds(error: &ConfidenceError) -> ConfidenceTextError {
    let ConfidenceError { field, min, max, .. } = *error;
    let percent = Confidence::percent;
    match field {
        "confidence.error_ppb" => {
            let [min, max] = [min, max].map(|ppb| scientific(ppb.into()));
            Wrong::Bounds { what: "the error", min, max }
        }
        "confidence.hostile_ppm" => {
            Wrong::Bounds { what: "the hostile share", min: percent(min), max: percent(max) }
        }
        _ => Wrong::Bounds { what: "the colluding share", min: percent(min), max: percent(max) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, error_ppb: u32, hostile_ppm: u32, colluding_ppm: u32) {
        let expected = Confidence { error_ppb, hostile_ppm, colluding_ppm };
        assert_eq!(read(text), Ok(expected), "{text}");
        assert_eq!(read(&expected.to_string()), Ok(expected), "{expected}");
    }

    #[test]
    fn what_is_written_is_what_is_asked_for() {
        check("1e-3 against 20 % colluding", 1_000_000, 200_000, 200_000);
        check(" 0.1%against 20% colluding ", 1_000_000, 200_000, 200_000);
        check("1e-4 against 20 % lying", 100_000, 200_000, 0);
        check("0.001 against 20 % lying, 5 % colluding", 1_000_000, 200_000, 50_000);
        check("1e-6 against 0.1 % lying", 1_000, 1_000, 0);
        check("1.2345678e-2 against 12.3456 % lying", 12_345_678, 123_456, 0);
        check("1E-9 against 45 % lying, 35 % colluding", 1, 450_000, 350_000);
        check("10 % against 0.0001 % lying", 100_000_000, 1, 0);
    }

    fn refused(text: &str, words: &str) {
        let said = read(text).unwrap_err().to_string();
        assert!(said.contains(words), "{text}: {said}");
    }

    #[test]
    fn what_is_no_confidence_is_told_the_form() {
        for text in [
            "",
            "1e-3",
            "high",
            "1e-3 against",
            "1e-3 against 20 %",
            "1e-3 against 20 colluding",
            "1e-3 against 20 % colluding, 5 % lying",
            "1e-3 against 20 % lying, 5 % lying",
            "1e-3 against 20 % lying, 5 % colluding, 1 % asleep",
        ] {
            refused(text, "20 % colluding");
        }
        for text in ["x", "-1", "+1", "1.", ".5", "1e", "1e-1000", "0x1", "1 2", "1e3.5", ""] {
            refused(&format!("{text} against 20 % lying"), "is no number");
            refused(&format!("1e-3 against {text} % lying"), "is no number");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        refused("1.5e-9 against 20 % lying", "`1.5e-9` is finer than 1e-9");
        refused("1e-100 against 20 % lying", "finer than 1e-9");
        refused("1e-3 against 0.00001 % lying", "finer than 0.0001 %");
    }

    #[test]
    fn what_cannot_be_kept_is_told_the_bounds() {
        refused("0 against 20 % lying", "the error must be from 1e-9 to 1e-1");
        refused("0.2 against 20 % lying", "the error must be from 1e-9 to 1e-1");
        refused("1e100 against 20 % lying", "the error must be from 1e-9 to 1e-1");
        refused("1e-3 against 46 % lying", "the hostile share must be from 0.0001 % to 45 %");
        refused("1e-3 against 0 % colluding", "the hostile share must be from 0.0001 % to 45 %");
        refused("1e-3 against 40 % colluding", "the colluding share must be from 0 % to 35 %");
        refused(
            "1e-3 against 5 % lying, 6 % colluding",
            "the colluding share must be from 0 % to 5 %",
        );
    }
}
