//! All that a worker shows of itself at a moment: one model for the command line, the terminal view and the page.
//!
//! As JSON it is documented in `SNAPSHOT.md` beside this file; the doc comments here are its reference. Texts are what
//! the worker was told, jobs' names by strangers among them: whoever shows them takes out what would steer a terminal
//! or a browser. Whatever is unknown is `null` (`None`), never left out and never guessed.

use manyhands_core::agent::governor::reason::Reason;
use serde::{Deserialize, Serialize};

mod days;
mod project;
mod sharing;
mod words;

pub use self::days::{DayShown, HISTORY_DAYS, Wait};
pub use self::project::ProjectShown;
pub use self::sharing::{Exchanged, Sharing};

/// The version of the model. A field that goes, or means something else, makes a new one; a new field does not.
pub const VERSION: u32 = 1;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// See [`VERSION`].
    pub version: u32,
    /// When this was so, in milliseconds since 1970.
    pub at_ms: u64,
    /// What others see of this machine; if empty, `host-` and the beginning of its key.
    pub nickname: String,
    /// The coordinator; of several projects the first one's.
    pub coordinator: Coordinator,
    /// What may run, and why not more.
    pub governor: Governed,
    /// All slots, free ones included, in their order.
    pub slots: Vec<Slot>,
    /// What is held beside that.
    pub held: Held,
    /// What the sensors say.
    pub sensors: Vec<Sensor>,
    /// Rules that have no effect, because nothing here tells of what they ask for.
    pub blind: Vec<String>,
    /// Bytes sent and received.
    pub network: Network,
    /// What is exchanged with other workers; `None` from a worker of a build that did not tell.
    #[serde(default)]
    pub sharing: Option<Sharing>,
    /// What was earned, for all projects together.
    pub credit: Credit,
    /// Each project, in the order of the settings; none from a worker of a build that did not tell.
    #[serde(default)]
    pub projects: Vec<ProjectShown>,
    /// The last days on which the worker ran, at most [`HISTORY_DAYS`], oldest first, today last.
    pub days: Vec<DayShown>,
}

/// The coordinator, as this worker knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coordinator {
    /// Where it listens.
    pub place: String,
    /// Whether the stream to it is open.
    pub is_connected: bool,
    /// Why it gives this host no work for a while, if it said so.
    pub refused: Option<String>,
    /// Why it is not there, if it is not.
    #[serde(default)]
    pub away: Option<String>,
}

/// What the machine may be used for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Governed {
    /// The governor's own sentence.
    pub sentence: String,
    /// Programs that may run at once; 0 is a pause.
    pub slots: u32,
    /// How much of each second they may run, in percent.
    pub cpu_percent: u8,
    /// What keeps more from running.
    pub reason: Option<Why>,
    /// Why nothing is downloaded or uploaded, if so.
    pub no_network: Option<Why>,
    /// What the owner said last.
    pub wish: Wished,
    /// Whether the worker is about to end.
    pub is_draining: bool,
}

/// What the owner said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wished {
    /// Go by limits and rules.
    #[default]
    Resume,
    /// Nothing until told otherwise.
    Pause,
    /// Nothing for a while; so many milliseconds of it are left.
    Snooze {
        /// What is left.
        left_ms: u64,
    },
    /// End what was begun, and then end.
    Finish,
}

/// A reason: its code, as in `core::agent::governor::reason`, and its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// Stable.
    pub code: String,
    /// For people.
    pub words: String,
}

/// One slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Counted from 0.
    pub number: usize,
    /// Whether what is in it runs.
    pub state: SlotState,
    /// What is in it.
    pub work: Option<Work>,
}

/// Whether a slot runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotState {
    /// Nothing is in it.
    #[default]
    Free,
    /// It runs.
    Running,
    /// It is being saved, and then stands still.
    Saving,
    /// It stands still, and keeps its memory.
    Stopped,
    /// It stands still, and gave its memory back: it goes on from its newest checkpoint.
    Emptied,
}

/// What a slot computes, for whom and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The project's name; empty from a worker of a build that did not tell.
    #[serde(default)]
    pub project: String,
    /// The replica: job, unit and copy, as `1/17.0`.
    pub replica: String,
    /// The name of the job.
    pub job: String,
    /// What the job is for, as its submitter says; may be empty.
    pub description: String,
    /// Who submitted it: the name that the coordinator knows, or the beginning of the key.
    pub submitter: String,
    /// Why this unit, in words.
    pub why: String,
    /// How far it is, in millionths.
    pub progress_ppm: u32,
    /// CPU time that it took here.
    pub cpu_ms: u64,
}

/// What is held and does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Units that wait for a slot, or for what they read.
    pub units: usize,
    /// Those of them whose inputs are here.
    pub ready: usize,
    /// Reports on disk that the coordinator has not acknowledged.
    pub reports: usize,
    /// Those of them about units that this machine chose itself, while the coordinator was away.
    #[serde(default)]
    pub chosen: usize,
    /// Reports that it acknowledged since the start.
    pub reported: u64,
    /// CPU time of programs that have ended since the start.
    pub computed_ms: u64,
}

/// A sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// As rules call it.
    pub name: String,
    /// What it says, with its unit; `None` is unknown.
    pub value: Option<String>,
}

/// Blobs moved today; messages to the coordinator are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Bytes sent and received today.
    pub today_bytes: u64,
    /// How many may be, if that is limited.
    pub day_max_bytes: Option<u64>,
}

/// Credit of this host in millionths, as the coordinator told it last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// All of it; `None` until this worker was told once.
    pub total_micro: Option<u64>,
    /// What came since the worker was started.
    pub since_start_micro: u64,
}

impl From<&Reason> for Why {
    fn from(reason: &Reason) -> Self {
        Self { code: reason.to_string(), words: reason.words().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_snapshot_is_one_and_lacks_no_field() {
        let page = include_str!("SNAPSHOT.md");
        let (_, json) = page.split_once("```json\n").unwrap();
        let (json, _) = json.split_once("```").unwrap();
        let told: serde_json::Value = serde_json::from_str(json).unwrap();
        let snapshot: Snapshot = serde_json::from_value(told.clone()).unwrap();
        assert_eq!(serde_json::to_value(snapshot).unwrap(), told);
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let governor = Governed { wish: Wished::Snooze { left_ms: 7 }, ..Governed::default() };
        let slot = Slot { state: SlotState::Saving, work: Some(Work::default()), number: 0 };
        let snapshot = Snapshot { governor, slots: vec![slot], ..Snapshot::default() };
        let json = serde_json::to_string(&snapshot).unwrap();
        assert!(json.contains(r#""wish":{"snooze":{"left_ms":7}}"#), "{json}");
        assert!(json.contains(r#""state":"saving""#), "{json}");
        assert!(json.contains(r#""total_micro":null"#), "unknown is said: {json}");
        assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
    }
}
