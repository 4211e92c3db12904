//! The work, and what is true of it: how long each unit takes, what its right answer is, and what
//! wrong answers look like.
//!
//! Nothing is computed. An answer is a digest that says of itself which *variant* it is: the truth,
//! or one of many lies. The engine sees digests that are equal or differ, as ever; the simulator can
//! read off what it accepted.

use manyhands_core::command::{Outcome, Submit};
use manyhands_core::credit;
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, UnitId};
use manyhands_core::key::{Key, Signature};
use manyhands_core::manifest::{AppVersion, Axis, Draft, Manifest, ManifestError, Values};
use manyhands_core::replica::{CheckpointRef, Output, Replica, Usage};
use manyhands_core::time::Span;
use manyhands_core::work_unit::WorkUnit;

use crate::chance::{hash, hashed_fraction, scaled};
use crate::scenario::JobPlan;

/// The scientist of every run.
pub const SCIENTIST: Key = Key([7; 32]);

/// Steps of a program that can be resumed: a checkpoint's step is its progress in thousandths.
pub const STEPS: u64 = 1_000;

/// The size of every checkpoint.
pub const CHECKPOINT_BYTES: u64 = 1_000_000;

/// The determinism profile of every program.
pub const PROFILE: u32 = 1;

const OUTPUT_BYTES: u64 = 1_000;
const MEMORY_BYTES: u64 = 1 << 26;

/// What an answer says: the truth or a certain lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant(u32);

impl Variant {
    /// The truth.
    pub const TRUTH: Self = Self(0);

    /// Another lie than this one.
    #[must_use]
    pub fn other(self) -> Self {
        Self(self.0 ^ (1 << 31))
    }

    /// The lie of a number; those with the same number agree.
    #[must_use]
    pub fn lie(number: u32) -> Self {
        Self(number.saturating_add(1))
    }
}

/// The jobs of a run.
#[derive(Clone, Debug)]
pub struct Workload {
    jobs: Vec<JobPlan>,
}

impl Workload {
    /// These jobs, submitted in this order.
    #[must_use]
    pub fn new(jobs: &[JobPlan]) -> Self {
        Self { jobs: jobs.to_vec() }
    }

    /// What the scenario says of a job.
    ///
    /// # Panics
    /// If the job was never submitted.
    #[must_use]
    pub fn plan(&self, job: JobId) -> &JobPlan {
        let place = usize::try_from(job.0).unwrap_or(usize::MAX).wrapping_sub(1);
        &self.jobs[place]
    }

    /// How many jobs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.jobs.len()
    }

    /// The digest of a job's manifest.
    #[must_use]
    pub fn manifest(&self, job: JobId) -> Digest {
        manifest(job.0.saturating_sub(1))
    }

    /// CPU time of a unit on a host of speed 1.
    #[must_use]
    pub fn cost(&self, unit: UnitId) -> Span {
        let plan = self.plan(unit.job);
        let off = 2.0 * hashed_fraction(&[1, unit.job.0, unit.index.into()]) - 1.0;
        Span(scaled(plan.cost.span(), 1.0 + plan.spread.get() * off).0.max(1))
    }

    /// Work that the program counts on a unit: one micro-credit for each millisecond on a host of speed 1.
    fn work(&self, unit: UnitId) -> u64 {
        self.cost(unit).0.saturating_mul(credit::WORK_PER_MICRO_CREDIT)
    }

    /// Whether the program itself fails on the unit.
    #[must_use]
    pub fn fails(&self, unit: UnitId) -> bool {
        let share = self.plan(unit.job).failing.get();
        hashed_fraction(&[2, unit.job.0, unit.index.into()]) < share
    }

    /// What a host reports that says `variant` after `cpu` of CPU time, and claims `inflates` times what it
    /// took.
    #[must_use]
    pub fn outcome(&self, unit: UnitId, variant: Variant, cpu: Span, inflates: f64) -> Outcome {
        let cpu = scaled(cpu, inflates);
        let usage = Usage {
            cpu_ms: cpu.0,
            wall_ms: cpu.0,
            memory_bytes_peak: MEMORY_BYTES,
            work: scaled(Span(self.work(unit)), inflates).0,
            steps: STEPS,
        };
        let digest = digest(unit, variant);
        if variant == Variant::TRUTH && self.fails(unit) {
            return Outcome::AppError { error: digest, message: "division by zero".into(), usage };
        }
        Outcome::Success { outputs: vec![Output::blob("answer", digest, OUTPUT_BYTES)], usage }
    }

    /// Whether what stands for a unit that ended is wrong: an answer that is not the truth, or a
    /// failure of the program that never happens.
    #[must_use]
    pub fn is_wrong(&self, unit: &WorkUnit) -> bool {
        unit.canonical().is_some_and(|canonical| said(canonical) != Some(Variant::TRUTH))
    }
}

/// What a replica's answer says, if it has one.
#[must_use]
pub fn said(replica: &Replica) -> Option<Variant> {
    if replica.app_error().is_some() {
        return Some(Variant::TRUTH);
    }
    replica.outputs().first().map(|output| read(&output.digest))
}

/// A checkpoint after so many steps.
#[must_use]
pub fn checkpoint(unit: UnitId, step: u64, variant: Variant) -> CheckpointRef {
    let (digest, state_hash) = (digest(unit, variant), state(unit, step, variant));
    CheckpointRef { digest, step, bytes: CHECKPOINT_BYTES, state_hash }
}

/// What a replay says that goes on after so many steps: the state there, and hands it over.
#[must_use]
pub fn replayed(unit: UnitId, step: u64, variant: Variant) -> Outcome {
    let state = checkpoint(unit, step, variant);
    Outcome::Replayed { state_hash: state.state_hash, state: Some(state) }
}

/// The state after so many steps: until the first wrong one, a lie is in the states of the truth.
fn state(unit: UnitId, step: u64, variant: Variant) -> Digest {
    let wrong_from = 1 + hash(&[6, unit.job.0, unit.index.into(), variant.0.into()]) % STEPS;
    let variant = if step < wrong_from { Variant::TRUTH } else { variant };
    let mut state = digest(unit, variant);
    state.0[16..24].copy_from_slice(&step.to_le_bytes());
    state
}

/// What will come of going on from a checkpoint.
#[must_use]
pub fn resumed(checkpoint: &CheckpointRef) -> Variant {
    read(&checkpoint.digest)
}

/// The command that submits a job.
///
/// # Errors
/// If the plan makes no valid manifest.
pub fn submission(place: usize, plan: &JobPlan) -> Result<Submit, ManifestError> {
    let values = Values::Range { start: 1, end: plan.units.into(), step: 1 };
    let draft = Draft {
        name: format!("job {place}"),
        description: String::new(),
        app: AppVersion {
            module: Digest([1; 32]),
            module_bytes: 1_000,
            kind: plan.kind(),
            memory_bytes_max: MEMORY_BYTES,
            profile: PROFILE,
        },
        args: vec!["{n}".to_owned()],
        inputs: Vec::new(),
        stdin: None,
        outputs: vec!["answer".to_owned()],
        axes: vec![Axis { name: "n".to_owned(), values }],
        policy: plan.policy(),
        secret: None,
    };
    let digest = manifest(place as u64);
    let manifest = Manifest::new(draft)?;
    Ok(Submit { manifest, digest, submitter: SCIENTIST, signature: Signature([0; 64]) })
}

/// The digest of the manifest of the job at this place.
fn manifest(place: u64) -> Digest {
    Digest::of(&hash(&[3, place]).to_le_bytes())
}

/// The variant comes first, so that it can be read off again.
fn digest(unit: UnitId, variant: Variant) -> Digest {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&variant.0.to_le_bytes());
    bytes[4..12].copy_from_slice(&unit.job.0.to_le_bytes());
    bytes[12..16].copy_from_slice(&unit.index.to_le_bytes());
    Digest(bytes)
}

fn read(digest: &Digest) -> Variant {
    let [a, b, c, d, ..] = digest.0;
    Variant(u32::from_le_bytes([a, b, c, d]))
}
