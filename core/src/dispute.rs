//! What is kept of the disputes about one unit of a step program: `trust/BISECTION.md` says what a
//! dispute proves.

use crate::id::{HostId, ReplicaId, UnitId, VolunteerId};
use crate::limits::QUESTIONS_FROM;
use crate::replica::CheckpointRef;
use crate::time::Timestamp;
use crate::trust::bisect::{Bisection, Finding, Moment};

/// The disputes about one unit, one after the other. There is a row from the first one on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The unit.
    pub unit: UnitId,
    /// How many questions were asked about it: each is a lease with a number of its own.
    pub asked: u16,
    /// The one that goes on.
    pub under_way: Option<UnderWay>,
    /// Those that ended, the oldest first; at most [`DISPUTES_MAX`](crate::limits::DISPUTES_MAX).
    pub ended: Vec<Ended>,
}

/// A dispute that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Whose answers differ.
    pub parties: [Party; 2],
    /// How far it is.
    pub bisection: Bisection,
    /// Moments about which both were asked.
    pub rounds: u16,
    /// When it is given up, so that nobody can hold the unit up by it.
    pub until: Timestamp,
    /// When judges are to be drawn, if some are.
    pub draw_at: Option<Timestamp>,
    /// How many draws found too few.
    pub draws: u32,
    /// What is asked now: of both parties, in their order, or of every judge so far.
    pub questions: Vec<Question>,
}

/// One of two whose answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// The number of its replica.
    pub replica: u16,
    /// Its host.
    pub host: HostId,
    /// The state that it handed over of the last moment about which both agreed.
    pub state: Option<CheckpointRef>,
}

/// How one host is asked how the run stands after some calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of its lease: [`QUESTIONS_FROM`] and more, where no replica has its number.
    pub number: u16,
    /// Who is asked.
    pub host: HostId,
    /// Who lends that host.
    pub volunteer: VolunteerId,
    /// How often it was given back unanswered.
    pub tries: u8,
    /// How far it is.
    pub stage: Stage,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The host is called, and may come for it until then.
    Called {
        /// Until then.
        until: Timestamp,
    },
    /// The host has a lease for it. Until when is written in the host's row.
    Leased,
    /// The host said this.
    Answered {
        /// How the run stands.
        moment: Moment,
        /// The state there, if it was handed over.
        state: Option<CheckpointRef>,
    },
    /// The host said nothing in time.
    Unanswered,
}

/// A dispute that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The parties' hosts.
    pub hosts: [HostId; 2],
    /// What was found of each. If both stand, it was given up.
    pub findings: [Finding; 2],
    /// The call about which they differed in the end, counted from 1.
    pub call: u64,
    /// Moments about which both were asked.
    pub rounds: u16,
    /// Who judged, and said what was found.
    pub judges: Vec<HostId>,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl Dispute {
    /// Nobody has disputed anything about the unit.
    #[must_use]
    pub fn new(unit: UnitId) -> Self {
        Self { unit, asked: 0, under_way: None, ended: Vec::new() }
    }

    /// When something is to be done about it that no host does.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let under_way = self.under_way.as_ref()?;
        let called = under_way.questions.iter().filter_map(|question| match question.stage {
            Stage::Called { until } => Some(until),
            Stage::Leased | Stage::Answered { .. } | Stage::Unanswered => None,
        });
        called.chain(under_way.draw_at).chain([under_way.until]).min()
    }

    /// Questions of now.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.under_way.iter().flat_map(|under_way| &under_way.questions)
    }

    /// The hosts that are called for a question and have not come.
    pub fn called(&self) -> impl Iterator<Item = HostId> {
        self.questions().filter(|question| question.is_called()).map(|question| question.host)
    }

    /// The leases that hosts have for questions.
    pub fn leases(&self) -> impl Iterator<Item = (ReplicaId, HostId)> {
        let leased = self.questions().filter(|question| question.stage == Stage::Leased);
        leased.map(|question| (self.unit.replica(question.number), question.host))
    }

    /// States that were handed over and may still be gone on from.
    pub fn states(&self) -> impl Iterator<Item = &CheckpointRef> {
        let parties = self.under_way.iter().flat_map(|under_way| &under_way.parties);
        let agreed = parties.filter_map(|party| party.state.as_ref());
        agreed.chain(self.questions().filter_map(|question| match &question.stage {
            Stage::Answered { state, .. } => state.as_ref(),
            Stage::Called { .. } | Stage::Leased | Stage::Unanswered => None,
        }))
    }

    /// The number for the next question.
    pub(crate) fn next_number(&mut self) -> u16 {
        let number = QUESTIONS_FROM.saturating_add(self.asked);
        self.asked = self.asked.saturating_add(1);
        number
    }
}

impl Ended {
    /// Whether it was given up, and neither party was found wrong.
    #[must_use]
    pub fn found_nothing(&self) -> bool {
        self.findings == [Finding::Stands; 2]
    }
}

impl UnderWay {
    /// The question with this number, to be changed.
    pub(crate) fn question_mut(&mut self, number: u16) -> Option<&mut Question> {
        self.questions.iter_mut().find(|question| question.number == number)
    }

    /// What the hosts said who are asked now, in their order.
    #[must_use]
    pub fn words(&self) -> Vec<Option<Moment>> {
        self.questions.iter().map(Question::word).collect()
    }

    /// Whether somebody is still to say something.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.questions.iter().any(Question::is_awaited)
    }
}

impl Question {
    /// What was said.
    #[must_use]
    pub fn word(&self) -> Option<Moment> {
        match self.stage {
            Stage::Answered { moment, .. } => Some(moment),
            Stage::Called { .. } | Stage::Leased | Stage::Unanswered => None,
        }
    }

    /// Whether an answer may still come.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        match self.stage {
            Stage::Called { .. } | Stage::Leased => true,
            Stage::Answered { .. } | Stage::Unanswered => false,
        }
    }

    fn is_called(&self) -> bool {
        match self.stage {
            Stage::Called { .. } => true,
            Stage::Leased | Stage::Answered { .. } | Stage::Unanswered => false,
        }
    }
}

/// Whether a lease with this number is a question of a dispute, and no replica.
#[must_use]
pub fn is_question(replica: ReplicaId) -> bool {
    replica.number >= QUESTIONS_FROM
}
