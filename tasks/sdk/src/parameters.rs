//! The parameters of a work unit: the `args` of the job file, placeholders filled in.

use std::fmt::Display;
use std::str::FromStr;

use crate::Failure;

/// A unit's parameters in order; the program's own name is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(Vec<String>);

impl Parameters {
    /// The parameters that the worker (or, natively, the shell) gave to this program.
    #[must_use]
    pub fn of_this_run() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// The parameter at `index`, counted from 0; `name` is what an error calls it.
    ///
    /// # Errors
    /// When it is missing, or is not a `T`.
    pub fn required<T>(&self, index: usize, name: &str) -> Result<T, Failure>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self
            .0
            .get(index)
            .ok_or_else(|| Failure::new(format!("parameter {name} is missing: give it in args")))?;
        text.parse().map_err(|error| Failure::new(format!("parameter {name} is {text:?}: {error}")))
    }

    /// All of them, as text.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl From<Vec<String>> for Parameters {
    fn from(values: Vec<String>) -> Self {
        Self(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(values: &[&str]) -> Parameters {
        values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>().into()
    }

    #[test]
    fn a_parameter_is_parsed() {
        assert_eq!(parameters(&["4423"]).required::<u32>(0, "p"), Ok(4423));
    }

    #[test]
    fn a_missing_parameter_is_named() {
        let failure = parameters(&[]).required::<u32>(0, "p").unwrap_err();
        assert_eq!(failure.to_string(), "parameter p is missing: give it in args");
    }

    #[test]
    fn a_wrong_parameter_is_quoted() {
        let failure = parameters(&["x"]).required::<u32>(0, "p").unwrap_err();
        assert_eq!(failure.to_string(), "parameter p is \"x\": invalid digit found in string");
    }
}
