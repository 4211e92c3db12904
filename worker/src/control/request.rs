//! What an owner asks of a worker, as a line of text.

use std::fmt;
use std::str::FromStr;

use manyhands_core::agent::governor::Wish;
use manyhands_core::time::Span;

/// Longest snooze.
pub const SNOOZE_MAX: Span = Span::hours(31 * 24);

/// Most days of a log.
pub const DAYS_MAX: u32 = 400;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// What it does, and why not more, in words.
    Status,
    /// The same as JSON, see [`Snapshot`](super::Snapshot).
    Snapshot,
    /// That again and again, a line for each, about once a second.
    Watch,
    /// Where its page is; if it has none yet, it opens one.
    Page,
    /// Where the time of the last days went, 1 to [`DAYS_MAX`].
    Log {
        /// So many, today among them.
        days: u32,
    },
    /// Which other workers it knows, and what it exchanges with them: a
    /// A [`PeersView`](crate::PeersView) of each project, as JSON.
    Peers,
    /// What the owner wants.
    Wish(Wish),
}

/// No request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that can be asked: status, snapshot, watch, page, log DAYS, peers, pause, resume, snooze MS or finish"
)]
pub struct RequestError(String);

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Snapshot => f.write_str("snapshot"),
            Self::Watch => f.write_str("watch"),
            Self::Page => f.write_str("page"),
            Self::Log { days } => write!(f, "log {days}"),
            Self::Peers => f.write_str("peers"),
            Self::Wish(Wish::Pause) => f.write_str("pause"),
            Self::Wish(Wish::Resume) => f.write_str("resume"),
            Self::Wish(Wish::Snooze(span)) => write!(f, "snooze {}", span.0),
            Self::Wish(Wish::Finish) => f.write_str("finish"),
        }
    }
}

impl FromStr for Request {
    type Err = RequestError;

    fn from_str(line: &str) -> Result<Self, RequestError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let request = match words[..] {
            ["status"] => Some(Self::Status),
            ["snapshot"] => Some(Self::Snapshot),
            ["watch"] => Some(Self::Watch),
            ["page"] => Some(Self::Page),
            ["log", days] => {
                let days = days.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
                days.map(|days| Self::Log { days })
            }
            ["peers"] => Some(Self::Peers),
            ["pause"] => Some(Self::Wish(Wish::Pause)),
            ["resume"] => Some(Self::Wish(Wish::Resume)),
            ["snooze", ms] => {
                let span = ms.parse().ok().map(Span).filter(|span| *span <= SNOOZE_MAX);
                span.map(|span| Self::Wish(Wish::Snooze(span)))
            }
            ["finish"] => Some(Self::Wish(Wish::Finish)),
            _ => None,
        };
        request.ok_or_else(|| RequestError(line.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_are_written() {
        for request in [
            Request::Status,
            Request::Snapshot,
            Request::Watch,
            Request::Page,
            Request::Log { days: 7 },
            Request::Peers,
            Request::Wish(Wish::Pause),
            Request::Wish(Wish::Resume),
            Request::Wish(Wish::Snooze(Span::hours(2))),
            Request::Wish(Wish::Finish),
        ] {
            assert_eq!(request.to_string().parse(), Ok(request));
        }
    }

    #[test]
    fn anything_else_is_none() {
        let long = format!("snooze {}", SNOOZE_MAX.0 + 1);
        for line in ["", "stop", "log", "log 0", "log 401", "snooze", "snooze -1", &long, "pause 1"]
        {
            assert_eq!(line.parse::<Request>(), Err(RequestError(line.to_owned())));
        }
    }
}
