//! The words of a rule, each with its place.

use super::RULE_BYTES_MAX;
use super::error::{Problem, RuleError};
use crate::agent::governor::hours::Minute;

/// Most digits of a number. So it fits, in thousandths and of any unit.
const DIGITS_MAX: usize = 12;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, `%` or `°C`.
    Word(String),
    /// A number, in thousandths.
    Number(i64),
    /// A time of day.
    Time(Minute),
    /// What stands between quotation marks.
    Quoted(String),
    /// One of `> < , -`.
    Symbol(char),
    /// Nothing more.
    End,
}

impl Token {
    pub(super) const fn wrong(&self, problem: Problem) -> RuleError {
        RuleError { line: self.line, column: self.column, problem }
    }

    /// The word, if it is one of letters.
    pub(super) fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    /// The word, as errors show it.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Number(_) => "a number".to_owned(),
            Kind::Time(minute) => format!("`{minute}`"),
            Kind::Quoted(text) => format!("`\"{text}\"`"),
            Kind::Symbol(symbol) => format!("`{symbol}`"),
            Kind::End => "the end".to_owned(),
        }
    }
}

/// Characters that are still to be read, and the place of the next.
struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let char = self.rest.next()?;
        if char == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(char)
    }

    /// All that follows and satisfies `belongs`.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while self.rest.peek().is_some_and(|char| belongs(*char)) {
            taken.extend(self.next());
        }
        taken
    }

    fn has(&mut self, expected: char) -> bool {
        self.rest.peek() == Some(&expected)
    }
}

/// All words of a text, [`Kind::End`] the last.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, RuleError> {
    if text.len() > RULE_BYTES_MAX {
        let problem = Problem::TooLong(RULE_BYTES_MAX);
        return Err(RuleError { line: 1, column: 1, problem });
    }
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, column: 1 };
    let mut tokens = Vec::new();
    loop {
        reader.take(char::is_whitespace);
        let (line, column) = (reader.line, reader.column);
        let kind = kind(&mut reader).map_err(|problem| RuleError { line, column, problem })?;
        let is_last = kind == Kind::End;
        tokens.push(Token { kind, line, column });
        if is_last {
            return Ok(tokens);
        }
    }
}

fn kind(reader: &mut Reader<'_>) -> Result<Kind, Problem> {
    let Some(&first) = reader.rest.peek() else { return Ok(Kind::End) };
    Ok(match first {
        '0'..='9' => return number(reader),
        '"' => {
            reader.next();
            let text = reader.take(|char| char != '"');
            reader.next().ok_or(Problem::Unclosed)?;
            Kind::Quoted(text)
        }
        '>' | '<' | ',' | '-' => {
            reader.next();
            Kind::Symbol(first)
        }
        '%' => {
            reader.next();
            Kind::Word(first.to_string())
        }
        _ if belongs_to_word(first) => Kind::Word(reader.take(belongs_to_word)),
        _ => return Err(Problem::Character(first)),
    })
}

fn belongs_to_word(char: char) -> bool {
    char.is_alphabetic() || char == '°'
}

/// A number or a time: both begin with digits.
fn number(reader: &mut Reader<'_>) -> Result<Kind, Problem> {
    let whole = reader.take(|char| char.is_ascii_digit());
    if reader.has(':') {
        reader.next();
        let minutes = reader.take(|char| char.is_ascii_digit());
        return time(&whole, &minutes)
            .map(Kind::Time)
            .ok_or_else(|| Problem::Time(format!("{whole}:{minutes}")));
    }
    let mut shown = whole.clone();
    let mut fraction = String::new();
    if reader.has('.') {
        reader.next();
        fraction = reader.take(|char| char.is_ascii_digit());
        shown = format!("{whole}.{fraction}");
        if fraction.is_empty() {
            return Err(Problem::Number(shown));
        }
    }
    if fraction.len() > 3 || whole.len() + 3 > DIGITS_MAX {
        return Err(Problem::Number(shown));
    }
    let thousandths = format!("{whole}{fraction:0<3}").parse().ok();
    thousandths.map(Kind::Number).ok_or(Problem::Number(shown))
}

fn time(hours: &str, minutes: &str) -> Option<Minute> {
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= 1440).then_some(Minute(minute))
}
