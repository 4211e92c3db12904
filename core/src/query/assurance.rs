//! What follows from how a job's units were checked, and under which assumptions.

use crate::policy::Policy;

/// What a receipt claims, and what has to be so for it to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assurance {
    /// Equal answers of different volunteers that every done unit rests on.
    pub quorum: u8,
    /// What follows, in a sentence.
    pub claim: String,
    /// What has to be so.
    pub assumptions: Vec<String>,
}

impl Assurance {
    /// What follows from a quorum.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let quorum = policy.quorum;
        let claim = match quorum {
            1 => "each unit rests on one answer, which nobody checked".to_owned(),
            n => format!(
                "each done unit rests on equal answers of {n} different volunteers; a wrong one \
                 would need {n} of them to give the same wrong answer"
            ),
        };
        let mut assumptions = vec![
            "the coordinator recorded what it was told and followed its own rules".to_owned(),
            "the program gives the same bytes on every machine".to_owned(),
        ];
        if quorum > 1 {
            assumptions.extend([
                format!("no {quorum} volunteers told the same lie about a unit together"),
                "volunteers are different people, not one under several names".to_owned(),
            ]);
        }
        Self { quorum, claim, assumptions }
    }
}
