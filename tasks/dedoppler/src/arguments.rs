//! The command line.

use thiserror::Error;

/// What the program was asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    /// The observation.
    pub file: String,
    /// The folder for the results.
    pub out: String,
    /// The fastest drift searched, up or down, in Hz/s.
    pub max_drift_hz_s: f64,
    /// The least signal-to-noise ratio of a hit.
    pub snr_min: f32,
}

/// A command line that makes no sense.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ArgumentError {
    /// An option without its value.
    #[error("{0} needs a value")]
    Missing(String),
    /// A value that is not a positive number.
    #[error("{option} is {value:?}: give a positive number")]
    NotPositive {
        /// The option.
        option: String,
        /// What was given.
        value: String,
    },
    /// Something else.
    #[error("unknown argument {0}: use --max-drift, --snr, --out and one file")]
    Unknown(String),
}

impl Arguments {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// When one is unknown, incomplete or out of range.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, ArgumentError> {
        let mut parsed = Self {
            file: "/in/observation.fil".to_owned(),
            out: "/out".to_owned(),
            max_drift_hz_s: 4.0,
            snr_min: 10.0,
        };
        let mut files = 0;
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| ArgumentError::Missing(argument.clone()));
            match argument.as_str() {
                "--max-drift" => parsed.max_drift_hz_s = positive(&argument, value()?)?,
                "--snr" => parsed.snr_min = positive(&argument, value()?)?,
                "--out" => parsed.out = value()?,
                _ if argument.starts_with('-') || files == 1 => {
                    return Err(ArgumentError::Unknown(argument));
                }
                _ => {
                    files += 1;
                    parsed.file = argument;
                }
            }
        }
        Ok(parsed)
    }
}

fn positive<T>(option: &str, value: String) -> Result<T, ArgumentError>
where
    T: std::str::FromStr + PartialOrd + From<u16>,
{
    match value.parse::<T>() {
        // The upper bound also keeps infinity out.
        Ok(number) if number > T::from(0) && number < T::from(u16::MAX) => Ok(number),
        _ => Err(ArgumentError::NotPositive { option: option.to_owned(), value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, ArgumentError> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_and_file_are_taken() {
        let arguments = parse("--snr 8 --max-drift 2.5 a.fil").unwrap();
        assert_eq!(arguments.file, "a.fil");
        assert_eq!(arguments.out, "/out");
        assert!((arguments.max_drift_hz_s - 2.5).abs() < 1e-12);
        assert!((arguments.snr_min - 8.0).abs() < 1e-6);
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(parse("--snr"), Err(ArgumentError::Missing("--snr".into())));
        for value in ["0", "-1", "NaN", "inf", "x"] {
            let error = parse(&format!("--snr {value}")).unwrap_err();
            assert_eq!(
                error,
                ArgumentError::NotPositive { option: "--snr".into(), value: value.into() }
            );
        }
        assert_eq!(parse("--fast"), Err(ArgumentError::Unknown("--fast".into())));
        assert_eq!(parse("a b"), Err(ArgumentError::Unknown("b".into())));
    }
}
