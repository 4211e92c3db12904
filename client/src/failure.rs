//! How a command ends when it does not succeed: one sentence, a hint, an exit code.

use std::io;
use std::process::ExitCode;

use crate::terminal::{Style, Terminal};

/// Exit code of a command that could not do its work.
const FAILED: u8 = 1;
/// Exit code of wrong usage or bad input; `clap` ends with the same one.
const BAD_INPUT: u8 = 2;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// The command was right, but its work failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { exit: FAILED, message: message.into(), hint: None }
    }

    /// What the caller gave is wrong; nothing was changed.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self { exit: BAD_INPUT, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Shows the failure and gives the code to exit with.
    pub(crate) fn report(&self, terminal: Terminal) -> ExitCode {
        if self.exit == 0 {
            return ExitCode::SUCCESS;
        }
        terminal.note(&format!("{} {}", Style::Bad.paint("error:", terminal), self.message));
        if let Some(hint) = &self.hint {
            terminal.note(&format!("{} {hint}", Style::Faint.paint("hint:", terminal)));
        }
        ExitCode::from(self.exit)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // Whoever reads our output has seen enough, as `head` does: that is no failure.
            return Self { exit: 0, message: String::new(), hint: None };
        }
        Self::failed(error.to_string())
    }
}
