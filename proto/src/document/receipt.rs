//! A job's receipt: who vouches for its outputs, and how they were checked, signed by the coordinator.

mod check;
mod disputes;

use std::collections::BTreeSet;

use manyhands_core::host::Host;
use manyhands_core::job::{Job, JobState};
use manyhands_core::limits::VOUCHERS_MAX;
use manyhands_core::query::{Assurance, Survey, Voice};
use manyhands_core::time::Timestamp;
use manyhands_core::trust::{Confidence, Reached};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DOCUMENT_BYTES_MAX, DocumentError, Signed, canonical, hex, sign, verify};
use crate::identity::{Context, Identity};

pub use check::Inconsistent;
pub use disputes::{BrokenEngineFacts, DisputeFacts};

/// What a receipt is signed for.
pub const RECEIPT_SIGNATURE: Context = Context::new("manyhands receipt v2");

const DOCUMENT: &str = "manyhands receipt 2";

/// Receipts of before say nothing of disputes.
const OLD_SIGNATURE: Context = Context::new("manyhands receipt v1");
const OLD_DOCUMENT: &str = "manyhands receipt 1";

/// How the names of all layouts begin.
const LAYOUTS: &str = "manyhands receipt ";

/// So many letters of a layout's name are repeated to whoever asks.
const LAYOUT_SHOWN_MAX: usize = 40;

/// A receipt. Digests and keys of hosts are hexadecimal; the signer's key is in its usual letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// That this is a receipt, and of which layout.
    pub document: String,
    /// The same in a line for people.
    pub summary: String,
    /// What was computed.
    pub job: JobFacts,
    /// How its units were to be checked.
    pub policy: PolicyFacts,
    /// What follows from that, and under which assumptions.
    pub assurance: AssuranceFacts,
    /// Its units by state.
    pub units: Units,
    /// Its replicas by what became of them.
    pub replicas: Replicas,
    /// What disputes about its units came to; receipts of the first layout do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputes: Option<DisputeFacts>,
    /// How many units have so many copies, fewest copies first.
    pub copies: Vec<Share>,
    /// How many units with outputs have so many copies that agree, fewest first.
    pub agreeing: Vec<Share>,
    /// All outputs, once the job has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Outputs>,
    /// Hosts whose answers were judged, by number; the first 10,000.
    pub hosts: Vec<HostFacts>,
    /// How many such hosts there are.
    pub hosts_total: u64,
    /// How many volunteers lend those named hosts that vouch and are not suspended.
    pub volunteers: u64,
    /// Instruction sets of the same hosts.
    pub isas: Vec<String>,
    /// When the coordinator wrote it.
    pub written_at_ms: u64,
}

/// What was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobFacts {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The digest of its manifest, which says everything about it.
    pub manifest: String,
    /// Who submitted it.
    pub submitter: String,
    /// `open`, `auditing`, `cancelling`, `cancelled` or `finished`.
    pub state: String,
    /// When it was submitted.
    pub submitted_at_ms: u64,
    /// When its last unit ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<u64>,
}

/// How units were to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFacts {
    /// Equal answers of different volunteers that make one canonical; of no meaning with a confidence.
    pub quorum: u8,
    /// How sure the answers were to be, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<ConfidenceFacts>,
    /// Replicas of one unit at most.
    pub replicas_max: u8,
}

/// How sure answers were to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfidenceFacts {
    /// Wrong answers in a thousand million.
    pub error_ppb: u32,
    /// The share of work in hostile hands, in millionths.
    pub hostile_ppm: u32,
    /// The share of work of hosts that tell the same lies, in millionths.
    pub colluding_ppm: u32,
}

/// What audits came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFacts {
    /// Answers that rest on the word of one host first of all.
    pub believed: u64,
    /// Of those, audited or voted on.
    pub audited: u64,
    /// Wrong answers that are left at most, in a thousand million, if the assumptions hold.
    pub error_ppb: u64,
}

/// What follows, and under which assumptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssuranceFacts {
    /// Equal answers of different volunteers that every done unit rests on at least.
    pub quorum: u8,
    /// What the audits came to, if a confidence was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audits: Option<AuditFacts>,
    /// What follows.
    pub claim: String,
    /// What has to be so.
    pub assumptions: Vec<String>,
}

/// Units by state; they add up to `total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// All.
    pub total: u64,
    /// Never given to a host.
    pub never_begun: u64,
    /// Without an answer yet.
    pub open: u64,
    /// With an answer that the job does not have yet.
    pub validated: u64,
    /// With outputs.
    pub done: u64,
    /// Without outputs, for good.
    pub failed: u64,
    /// Begun, and taken back with their job.
    pub cancelled: u64,
    /// How often an answer was taken back, since it had rested on a host that was suspended.
    pub reopened: u64,
}

/// Replicas by what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicas {
    /// All that a host ever had.
    pub leased: u64,
    /// Agreed with a quorum.
    pub valid: u64,
    /// Differed from one.
    pub invalid: u64,
}

/// So many units have so many copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// So many copies.
    pub copies: u64,
    /// So many units.
    pub units: u64,
}

/// All outputs: [`Results`](manyhands_core::results::Results) says over what the digest is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// Names them all.
    pub digest: String,
    /// How many files they are.
    pub files: u64,
    /// How many bytes.
    pub size_bytes: u64,
}

/// A host whose answers were judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostFacts {
    /// Its number.
    pub id: u64,
    /// Its identity.
    pub key: String,
    /// What it calls itself, or that it is forgotten.
    pub nickname: String,
    /// Who lends it.
    pub volunteer: u64,
    /// Its instruction set, as it names it now.
    pub isa: String,
    /// `active`, or `suspended`: then nothing rests on its word.
    pub standing: String,
    /// Its replicas that agree with a quorum.
    pub valid: u64,
    /// Its replicas that differ from one.
    pub invalid: u64,
}

impl Receipt {
    /// A receipt of `job`. `hosts` are those of the survey, by number, the first [`VOUCHERS_MAX`];
    /// `summary` is the line for people.
    #[must_use]
    pub fn new(
        job: &Job,
        survey: &Survey,
        hosts: &[(Host, Voice)],
        summary: String,
        written_at: Timestamp,
    ) -> Self {
        let confidence = job.policy.confidence;
        let reached = confidence.map(|confidence| survey.reached(confidence));
        let Assurance { quorum, claim, assumptions } = Assurance::of(&job.policy, reached.as_ref());
        let audits = reached.as_ref().map(AuditFacts::from);
        let sound: Vec<&(Host, Voice)> =
            hosts.iter().filter(|(host, voice)| !host.is_suspended() && voice.valid > 0).collect();
        let volunteers: BTreeSet<_> = sound.iter().map(|(_, voice)| voice.volunteer).collect();
        let isas: BTreeSet<_> = sound.iter().map(|(host, _)| &host.capabilities.isa).collect();
        Self {
            document: DOCUMENT.to_owned(),
            summary,
            job: JobFacts::from(job),
            policy: PolicyFacts {
                quorum: job.policy.quorum,
                confidence: confidence.as_ref().map(ConfidenceFacts::from),
                replicas_max: job.policy.replicas_max,
            },
            assurance: AssuranceFacts { quorum, audits, claim, assumptions },
            units: Units::from(survey),
            replicas: Replicas {
                leased: survey.tally.leased.into(),
                valid: survey.tally.valid.into(),
                invalid: survey.tally.invalid.into(),
            },
            disputes: Some(DisputeFacts::from(&survey.disputes)),
            copies: shares(&survey.copies),
            agreeing: shares(&survey.agreeing),
            outputs: job.is_ended().then(|| Outputs::from(survey)),
            hosts: hosts.iter().take(VOUCHERS_MAX).map(HostFacts::from).collect(),
            hosts_total: survey.voices.len() as u64,
            volunteers: volunteers.len() as u64,
            isas: isas.into_iter().cloned().collect(),
            written_at_ms: written_at.0,
        }
    }

    /// The signed document.
    ///
    /// # Errors
    /// When a number is too large to be written.
    pub fn sign(&self, identity: &Identity) -> Result<Vec<u8>, DocumentError> {
        sign(identity, RECEIPT_SIGNATURE, self)
    }

    /// Reads a document of this or the first layout, checks its signature, and that what it says agrees
    /// with itself.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn open(bytes: &[u8]) -> Result<Signed<Self>, DocumentError> {
        let document = canonical::read(bytes, DOCUMENT_BYTES_MAX)?;
        let is_old = match document.get("document").and_then(Value::as_str) {
            Some(OLD_DOCUMENT) => true,
            Some(other) if other != DOCUMENT && other.starts_with(LAYOUTS) => {
                return Err(DocumentError::Layout(other.chars().take(LAYOUT_SHOWN_MAX).collect()));
            }
            Some(_) | None => false,
        };
        let context = if is_old { OLD_SIGNATURE } else { RECEIPT_SIGNATURE };
        let signed: Signed<Self> = verify(context, document)?;
        let layout = if is_old { OLD_DOCUMENT } else { DOCUMENT };
        if signed.body.document != layout || signed.body.disputes.is_some() == is_old {
            return Err(DocumentError::Shape("`disputes` and `document`".to_owned()));
        }
        check::check(&signed.body)?;
        Ok(signed)
    }
}

fn shares(counts: &std::collections::BTreeMap<u16, u32>) -> Vec<Share> {
    let share = |(copies, units): (&u16, &u32)| Share {
        copies: u64::from(*copies),
        units: u64::from(*units),
    };
    counts.iter().map(share).collect()
}

impl From<&Confidence> for ConfidenceFacts {
    fn from(confidence: &Confidence) -> Self {
        let Confidence { error_ppb, hostile_ppm, colluding_ppm } = *confidence;
        Self { error_ppb, hostile_ppm, colluding_ppm }
    }
}

impl From<&Reached> for AuditFacts {
    fn from(reached: &Reached) -> Self {
        let Reached { believed, audited, error_ppb, .. } = *reached;
        Self { believed, audited, error_ppb }
    }
}

impl From<&Job> for JobFacts {
    fn from(job: &Job) -> Self {
        let state = match job.state {
            JobState::Open => "open",
            JobState::Settling(_) => "auditing",
            JobState::Cancelling { .. } => "cancelling",
            JobState::Cancelled => "cancelled",
            JobState::Finished => "finished",
        };
        Self {
            id: job.id.0,
            name: job.name.clone(),
            manifest: job.manifest.to_string(),
            submitter: hex(job.submitter.as_bytes()),
            state: state.to_owned(),
            submitted_at_ms: job.submitted_at.0,
            ended_at_ms: job.ended_at.map(|at| at.0),
        }
    }
}

impl From<&Survey> for Units {
    fn from(survey: &Survey) -> Self {
        let counts = &survey.counts;
        Self {
            total: counts.total().into(),
            never_begun: counts.waiting.into(),
            open: counts.open.into(),
            validated: counts.validated.into(),
            done: counts.done.into(),
            failed: counts.failed.into(),
            cancelled: counts.cancelled.into(),
            reopened: survey.tally.reopened.into(),
        }
    }
}

impl From<&Survey> for Outputs {
    fn from(survey: &Survey) -> Self {
        let results = survey.results.digest();
        Self { digest: results.digest.to_string(), files: results.files, size_bytes: results.bytes }
    }
}

impl From<&(Host, Voice)> for HostFacts {
    fn from((host, voice): &(Host, Voice)) -> Self {
        Self {
            id: host.id.0,
            key: hex(host.key.as_bytes()),
            nickname: host.shown_name().to_owned(),
            volunteer: voice.volunteer.0,
            isa: host.capabilities.isa.clone(),
            standing: if host.is_suspended() { check::SUSPENDED } else { check::ACTIVE }.to_owned(),
            valid: voice.valid.into(),
            invalid: voice.invalid.into(),
        }
    }
}

#[cfg(test)]
mod tests;
