//! What follows from how a job's units were checked, and under which assumptions.

use crate::policy::Policy;
use crate::trust::{Confidence, Reached};

/// What a receipt claims, and what has to be so for it to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assurance {
    /// Equal answers of different volunteers that every done unit rests on at least.
    pub quorum: u8,
    /// What follows, in a sentence.
    pub claim: String,
    /// What has to be so.
    pub assumptions: Vec<String>,
}

impl Assurance {
    /// What follows from how a job was checked: from its audits, if it had a confidence.
    #[must_use]
    pub fn of(policy: &Policy, reached: Option<&Reached>) -> Self {
        match reached {
            Some(reached) => Self::of_audits(reached),
            None => Self::of_quorum(policy.quorum),
        }
    }

    fn of_audits(reached: &Reached) -> Self {
        let Confidence { hostile_ppm, colluding_ppm, .. } = reached.confidence;
        let hostile = Confidence::percent(hostile_ppm);
        let colluding = Confidence::percent(colluding_ppm);
        let mut assumptions = common_assumptions();
        assumptions.extend([
            format!("hosts that lie or are faulty did at most {hostile} of the work"),
            format!("hosts that tell the same lies did at most {colluding} of the work"),
            "nobody but the coordinator could foresee its choices by chance".to_owned(),
        ]);
        Self { quorum: 1, claim: reached.to_string(), assumptions }
    }

    fn of_quorum(quorum: u8) -> Self {
        let claim = match quorum {
            1 => "each unit rests on one answer, which nobody checked".to_owned(),
            n => format!(
                "each done unit rests on equal answers of {n} different volunteers; a wrong one \
                 would need {n} of them to give the same wrong answer"
            ),
        };
        let mut assumptions = common_assumptions();
        if quorum > 1 {
            assumptions.extend([
                format!("no {quorum} volunteers told the same lie about a unit together"),
                "volunteers are different people, not one under several names".to_owned(),
            ]);
        }
        Self { quorum, claim, assumptions }
    }
}

fn common_assumptions() -> Vec<String> {
    vec![
        "the coordinator recorded what it was told and followed its own rules".to_owned(),
        "the program gives the same bytes on every machine".to_owned(),
    ]
}
