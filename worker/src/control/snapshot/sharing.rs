//! What a worker shows of its dealings with other workers.

use std::fmt;

use manyhands_core::agent::governor::tally;
use serde::{Deserialize, Serialize};

use super::Why;
use crate::config::{Mode, size_in_words};

/// What is exchanged with other workers: large blobs, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// With whom. Without a coordinator's key there is nobody to trust, whatever the settings say.
    pub mode: Mode,
    /// Other workers that there is a link to now.
    pub linked: usize,
    /// What was exchanged today.
    pub today: Exchanged,
    /// What was exchanged on all days that are remembered, at most 400.
    pub in_all: Exchanged,
    /// Most bytes a second that go to other networks; `None` where none go there, and until it was measured what the line
    /// carries, unless the settings say how many.
    pub upload_bytes_per_s_max: Option<u64>,
    /// Why nothing is given now, if it would be otherwise.
    pub paused: Option<Why>,
}

/// Bytes of blobs that went between this worker and others; what the coordinator sent is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Sent to other workers.
    pub given_bytes: u64,
    /// Received from other workers.
    pub taken_bytes: u64,
}

impl Sharing {
    /// What is exchanged for two projects: only the links are each one's own.
    pub(crate) fn and(self, other: Self) -> Self {
        let linked = self.linked + other.linked;
        // A project without a coordinator's key exchanges nothing.
        let known = if self.mode == Mode::Off { other } else { self };
        Self { linked, ..known }
    }
}

impl From<tally::Exchanged> for Exchanged {
    fn from(counted: tally::Exchanged) -> Self {
        Self { given_bytes: counted.given_bytes, taken_bytes: counted.taken_bytes }
    }
}

impl fmt::Display for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [given, taken] = [self.given_bytes, self.taken_bytes].map(size_in_words);
        write!(f, "{given} given, {taken} taken")
    }
}

impl fmt::Display for Sharing {
    /// One or two lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = self.mode.in_words();
        if self.mode == Mode::Off {
            return writeln!(f, "shares blobs with {whom}");
        }
        let Self { linked, today, in_all, .. } = self;
        write!(
            f,
            "shares blobs with {whom}, linked now: {linked}; today {today}; in all {in_all}"
        )?;
        match (self.mode, self.upload_bytes_per_s_max) {
            (Mode::Off | Mode::Lan, _) => {}
            (Mode::Full, None) => f.write_str("; what the line carries is not known yet")?,
            (Mode::Full, Some(max)) => {
                write!(f, "; to other networks at most {} a second", size_in_words(max))?;
            }
        }
        f.write_str("\n")?;
        match &self.paused {
            Some(why) => writeln!(f, "gives no blobs to others now: waiting for {}", why.words),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharing_is_told_in_a_line_and_a_pause_in_another() {
        let today = Exchanged { given_bytes: 12 << 20, taken_bytes: 5 };
        let in_all = Exchanged { given_bytes: 3 << 30, taken_bytes: 1 << 20 };
        let lan = Sharing { mode: Mode::Lan, linked: 3, today, in_all, ..Sharing::default() };
        let line = "shares blobs with workers of this network, linked now: 3; \
                    today 12 MiB given, 5 B taken; in all 3 GiB given, 1 MiB taken\n";
        assert_eq!(lan.to_string(), line);
        let why = Why { code: "rule:metered".to_owned(), words: "metered".to_owned() };
        let full = Sharing {
            mode: Mode::Full,
            upload_bytes_per_s_max: Some(256 << 10),
            paused: Some(why),
            ..lan
        };
        assert_eq!(
            full.to_string(),
            line.replace("workers of this network", "all workers of the project").replace(
                "1 MiB taken\n",
                "1 MiB taken; to other networks at most 256 KiB a second\n\
                 gives no blobs to others now: waiting for metered\n"
            )
        );
        let unmeasured = Sharing { upload_bytes_per_s_max: None, paused: None, ..full.clone() };
        assert!(unmeasured.to_string().ends_with("; what the line carries is not known yet\n"));
        let off = Sharing { mode: Mode::Off, ..full };
        assert_eq!(off.to_string(), "shares blobs with nobody\n");
    }
}
