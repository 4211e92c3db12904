//! The volunteer's consent: a dated record in the data folder for each time that it was given or withdrawn.
//!
//! The file `consent.jsonl` only grows. Each line is a [`Record`] as JSON:
//!
//! ```text
//! {"at":"2027-02-03T04:05:06Z","event":"given","project":"ivwh…","version":1,"text":"9f2c…","how":"asked","user":"ada"}
//! ```

mod instant;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use manyhands_core::time::Timestamp;
use manyhands_proto::invite::Invite;
use serde::{Deserialize, Serialize};

use crate::home::{self, Home, HomeError};
use crate::os;

/// The file in the data folder.
const FILE: &str = "consent.jsonl";

/// That someone agreed to lend this machine to a project, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When; whole seconds are kept.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// To whom, as [`project`] names it.
    pub project: String,
    /// The version of the text that was agreed to.
    pub version: u32,
    /// BLAKE3 of that text as it is in the program, before facts of the machine are filled in.
    pub text: String,
    /// By what.
    pub how: How,
    /// The user of the operating system.
    pub user: String,
}

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Someone agreed.
    Given,
    /// They no longer do.
    Withdrawn,
}

/// By what someone said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// They read the text in a terminal and answered.
    Asked,
    /// They, or a service of theirs, said so on the command line.
    #[serde(rename = "--yes")]
    Flag,
    /// They told the worker to leave.
    Leave,
}

/// What the records say of a project by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody agreed to this version of the text.
    Unknown,
    /// Someone did.
    Given,
    /// Whoever had agreed took it back, then.
    Withdrawn(Timestamp),
}

/// Why consent cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The file cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "{}:{line}: this is no record of consent: {reason}; mend the line, or move the file away \
         to be asked anew", path.display()
    )]
    Spoilt {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The data folder.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// All records of a data folder, oldest first.
#[derive(Clone, Debug)]
pub struct Consents {
    root: PathBuf,
    records: Vec<Record>,
}

/// The project of an invite, by the key of its coordinator.
#[must_use]
pub fn project(invite: &Invite) -> String {
    crate::coordinator_name(invite)
}

impl Consents {
    /// Reads what the data folder at `root` holds: nothing if there is no such folder or file.
    ///
    /// # Errors
    /// [`ConsentError::Io`], and [`ConsentError::Spoilt`] naming the line.
    pub fn read(root: &Path) -> Result<Self, ConsentError> {
        let path = root.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ConsentError::Io { path, source }),
        };
        let records =
            parse(&text).map_err(|(line, reason)| ConsentError::Spoilt { path, line, reason })?;
        Ok(Self { root: root.to_owned(), records })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.root.join(FILE)
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What stands of `project`, for `version` of the text.
    #[must_use]
    pub fn standing(&self, project: &str, version: u32) -> Standing {
        let ours = self.records.iter().filter(|record| record.project == project);
        ours.fold(Standing::Unknown, |standing, record| match record.event {
            Event::Withdrawn => Standing::Withdrawn(record.at),
            Event::Given if record.version == version => Standing::Given,
            // Whoever agreed to another version since is no longer gone, but is asked.
            Event::Given if standing == Standing::Given => Standing::Given,
            Event::Given => Standing::Unknown,
        })
    }

    /// Appends a record, and is back when it is on the disk. Makes the data folder, for its owner only, where there
    /// is none.
    ///
    /// # Errors
    /// [`ConsentError::Io`], [`ConsentError::Home`].
    pub fn append(&mut self, record: Record) -> Result<(), ConsentError> {
        home::make(&self.root)?;
        let path = self.path();
        write(&path, &record).map_err(|source| ConsentError::Io { path, source })?;
        self.records.push(record);
        Ok(())
    }

    /// Takes back what stands of the projects that are meant; gives the projects. `by` makes the record of a withdrawal from the
    /// last one of consent.
    ///
    /// # Errors
    /// [`ConsentError::Home`] while a worker uses the folder: it would compute on. [`ConsentError::Io`].
    pub fn withdraw(
        &mut self,
        is_meant: impl Fn(&str) -> bool,
        by: impl Fn(&Record) -> Record,
    ) -> Result<Vec<String>, ConsentError> {
        let mut last: Vec<&Record> = Vec::new();
        for record in &self.records {
            last.retain(|earlier| earlier.project != record.project);
            last.push(record);
        }
        let standing = last
            .into_iter()
            .filter(|record| record.event == Event::Given && is_meant(&record.project));
        let withdrawals: Vec<Record> = standing.map(by).collect();
        if withdrawals.is_empty() {
            return Ok(Vec::new());
        }
        let _ours_alone = Home::open(&self.root)?;
        let mut projects = Vec::new();
        for record in withdrawals {
            projects.push(record.project.clone());
            self.append(record)?;
        }
        Ok(projects)
    }
}

/// The records of a file; the line that is none, counted from 1, and why.
fn parse(text: &str) -> Result<Vec<Record>, (usize, String)> {
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| (index + 1, reason(&error)))
        })
        .collect()
}

/// Without the parser's own count of lines, of which it sees only one.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

fn write(path: &Path, record: &Record) -> io::Result<()> {
    let line = serde_json::to_string(record)?;
    // An editor may have left the last line open.
    let is_open = fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let start = if is_open { "\n" } else { "" };
    let mut file = os::private(OpenOptions::new().create(true).append(true)).open(path)?;
    // In one call, so that two who write at once do not mix.
    file.write_all(format!("{start}{line}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
