//! What people see: lines, tables and JSON on stdout, notes on stderr.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::failure::Failure;

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    colour: bool,
    live: bool,
}

/// How a word is shown where colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Strong,
    Faint,
    Good,
    Bad,
    Accent,
}

impl Style {
    /// `text` in this style; unchanged where the terminal shows none.
    pub(crate) fn paint(self, text: &str, terminal: Terminal) -> String {
        if !terminal.colour {
            return text.to_owned();
        }
        let code = match self {
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Accent => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Terminal {
    /// The process's own: colours unless `NO_COLOR` is set or the output is no terminal.
    pub(crate) fn detect() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let tty = io::stdout().is_terminal() && io::stderr().is_terminal();
        Self { colour: tty && !dumb && !no_colour, live: tty && !dumb }
    }

    /// Whether lines may be redrawn in place.
    pub(crate) fn live(self) -> bool {
        self.live
    }

    /// Whether colours are shown.
    pub(crate) fn colour(self) -> bool {
        self.colour
    }

    /// One line of the command's answer.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// The command's answer as JSON, one document.
    pub(crate) fn json<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.line(&text),
            Err(error) => Err(Failure::failed(format!("the answer cannot be encoded: {error}"))),
        }
    }

    /// A word beside the answer, for people. Lost where nobody can see it.
    pub(crate) fn note(self, text: &str) {
        // A closed stderr leaves nowhere to complain to.
        drop(writeln!(io::stderr().lock(), "{text}"));
    }

    /// A table with aligned columns.
    pub(crate) fn table(self, headers: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let widths: Vec<usize> = (0..headers.len())
            .map(|column| {
                let cells = rows.iter().map(|row| width(&row[column]));
                cells.chain([width(headers[column])]).max().unwrap_or(0)
            })
            .collect();
        let titles: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
        self.line(&Style::Faint.paint(&aligned(&titles, &widths), self))?;
        for row in rows {
            self.line(&aligned(row, &widths))?;
        }
        Ok(())
    }
}

/// A text from elsewhere, without characters that would move the cursor or change colours.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, &width) in cells.iter().zip(widths) {
        line.push_str(&format!("{cell:<width$}  "));
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let line = aligned(&["a".into(), "bee".into(), "c".into()], &[3, 3, 1]);
        assert_eq!(line, "a    bee  c");
    }

    #[test]
    fn texts_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(plain("a\x1b[31m\r\u{9b}ü"), "a\u{fffd}[31m\u{fffd}\u{fffd}ü");
    }

    #[test]
    fn nothing_is_painted_without_colours() {
        let plain = Terminal { colour: false, live: false };
        assert_eq!(Style::Good.paint("ok", plain), "ok");
        let colours = Terminal { colour: true, live: true };
        assert_eq!(Style::Good.paint("ok", colours), "\x1b[32mok\x1b[0m");
    }
}
