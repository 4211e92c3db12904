//! Rows to store: each field has a value of its own, so that none can be mixed up.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::account::Account;
use crate::block::Block;
use crate::credit::MicroCredits;
use crate::digest::Digest;
use crate::file_axis::FileAxis;
use crate::host::{Counters, Host, HostState, Pardoned, Reopening, Standing};
use crate::id::{HostId, JobId, ReplicaId, UnitId, VolunteerId};
use crate::invite::{Invite, Role};
use crate::job::{Counts, Job, JobState, Settling, Tally};
use crate::key::{Key, Signature};
use crate::lease::Lease;
use crate::ledger::{Entry, Kind as LedgerKind};
use crate::order::Order;
use crate::part::Part;
use crate::policy::Policy;
use crate::replica::{CheckpointRef, Class, Output, Replica, ReplicaState, Usage, Verdict};
use crate::requirement::{Capabilities, Kind, Requirement};
use crate::statement::{Equivocation, Path, Proof, SignedStatement, Statement};
use crate::time::Timestamp;
use crate::trust::Confidence;
use crate::volunteer::Volunteer;
use crate::work_unit::{FailReason, Test, Turn, UnitState, WorkUnit};

/// A digest that is different for each number.
#[must_use]
pub fn digest(number: u64) -> Digest {
    Digest::of(&number.to_le_bytes())
}

/// A key that is different for each number.
#[must_use]
pub fn key(number: u64) -> Key {
    Key(digest(number).0)
}

/// An open job with a million units.
#[must_use]
pub fn job(id: u64) -> Job {
    Job {
        id: JobId(id),
        manifest: digest(id),
        submitter: key(1_000),
        signature: Signature([7; 64]),
        name: format!("job № {id}"),
        units_total: 1_000_000,
        requirement: Requirement { kind: Kind::Step, memory_bytes_max: 1 << 32, profile: 3 },
        policy: Policy { priority: 200, ..Policy::default() },
        order: Order(None),
        file_axis: Some(FileAxis { stride: 50, files: 20_000 }),
        begun_ahead: 0,
        parts: 0,
        state: JobState::Open,
        counts: Counts {
            waiting: 999_979,
            open: 1,
            validated: 2,
            done: 3,
            failed: 4,
            cancelled: 11,
        },
        tally: Tally { leased: 30, compared: 6, valid: 20, invalid: 5, reopened: 2 },
        submitted_at: Timestamp(1_700_000_000_000),
        ended_at: None,
    }
}

/// A job in each state.
#[must_use]
pub fn jobs() -> Vec<Job> {
    let ended_at = Some(Timestamp(1_700_000_000_999));
    let command = Requirement { kind: Kind::Command, memory_bytes_max: 1, profile: 0 };
    vec![
        job(1),
        Job { state: JobState::Cancelling { next: 77 }, requirement: command, ..job(2) },
        Job { state: JobState::Cancelled, ended_at, ..job(3) },
        Job { state: JobState::Finished, ended_at, submitter: key(1_001), ..job(4) },
        sure_job(5),
    ]
}

/// A job with a confidence, whose audits are being drawn.
#[must_use]
pub fn sure_job(id: u64) -> Job {
    let confidence =
        Confidence { error_ppb: 1_000_001, hostile_ppm: 200_002, colluding_ppm: 100_003 };
    let settling = Settling { host: HostId(1 << 40), next: 5, owed: 6, unseen: 7 };
    Job {
        policy: Policy { confidence: Some(confidence), ..Policy::default() },
        order: Order(Some(u64::MAX)),
        file_axis: None,
        begun_ahead: 70_001,
        parts: 70_000,
        state: JobState::Settling(settling),
        ..job(id)
    }
}

/// A leased replica.
#[must_use]
pub fn replica(number: u16) -> Replica {
    Replica {
        number,
        host: HostId(10 + u64::from(number)),
        volunteer: VolunteerId(20 + u64::from(number)),
        block: Some(Block::V4([198, 51, number.to_le_bytes()[0]])),
        life: 0,
        is_voice: true,
        chain: number,
        lineage: Vec::new(),
        leased_at: Timestamp(1_700_000_000_100),
        resumed_from: None,
        checkpoint: None,
        sealed: (number == 3).then(|| Box::new(digest(33))),
        is_paid: false,
        signed: None,
        state: ReplicaState::Leased,
    }
}

/// An open unit with one leased replica.
#[must_use]
pub fn unit(id: UnitId) -> WorkUnit {
    WorkUnit { replicas: vec![replica(0)], ..WorkUnit::new(id) }
}

/// An open unit that is ready from `ready_at` on.
#[must_use]
pub fn ready(id: UnitId, ready_at: u64) -> WorkUnit {
    WorkUnit { ready_at: Some(Timestamp(ready_at)), ..unit(id) }
}

/// An open unit whose next replica is for this host, or for one that is drawn then.
#[must_use]
pub fn turn(id: UnitId, host: Option<u64>, draw_at: u64) -> WorkUnit {
    let turn = Turn { host: host.map(HostId), draw_at: Timestamp(draw_at), draws: 70_000 };
    WorkUnit { turn: Some(turn), ..unit(id) }
}

/// A unit in each state, one of them with a replica in each state.
#[must_use]
pub fn units(job: JobId) -> Vec<WorkUnit> {
    let failed =
        |index, reason| WorkUnit { state: UnitState::Failed { reason }, ..unit(job.unit(index)) };
    let message = "division by zero".to_owned();
    vec![
        WorkUnit { replicas: replicas(), ..ready(job.unit(0), 1_700_000_000_200) },
        WorkUnit { state: UnitState::Validated { canonical: 1 }, ..unit(job.unit(1)) },
        WorkUnit { state: UnitState::Done { canonical: 300 }, reopened: 3, ..unit(job.unit(2)) },
        WorkUnit { test: Test::Second, ..turn(job.unit(7), Some(3), 1_700_000_000_201) },
        WorkUnit { test: Test::Audit, ..turn(job.unit(8), None, 1_700_000_000_202) },
        WorkUnit { test: Test::Vote, ..unit(job.unit(9)) },
        WorkUnit { test: Test::Sample, ..unit(job.unit(10)) },
        failed(3, FailReason::App { message: message.clone() }),
        failed(4, FailReason::TooManyTries { replicas: 300, message }),
        failed(5, FailReason::NoAgreement { replicas: 9, answers: 300 }),
        WorkUnit { state: UnitState::Cancelled, ..unit(job.unit(u32::MAX)) },
    ]
}

fn replicas() -> Vec<Replica> {
    let usage =
        Usage { cpu_ms: u64::MAX, wall_ms: 2, memory_bytes_peak: 3, work: 1 << 60, steps: 4 };
    let success = ReplicaState::Success {
        outputs: vec![Output::inline("a/b", vec![0, 255]), Output::blob("c", digest(5), 1 << 40)],
        answer: digest(6),
        usage,
        verdict: Verdict::Valid,
    };
    let (error, message) = (digest(7), "unreachable".to_owned());
    let app_error = |verdict| ReplicaState::AppError {
        error,
        message: message.clone(),
        usage: Usage::default(),
        verdict,
    };
    let checkpoint = Some(CheckpointRef {
        digest: digest(8),
        step: u64::MAX,
        bytes: 1 << 33,
        state_hash: digest(9),
    });
    let states = [
        ReplicaState::Leased,
        success,
        app_error(Verdict::Invalid),
        app_error(Verdict::Inconclusive),
        ReplicaState::HostError { message: String::new() },
        ReplicaState::Aborted,
        ReplicaState::Expired,
    ];
    let numbered = (0..).zip(states);
    let mut all: Vec<_> =
        numbered.map(|(number, state)| Replica { state, ..replica(number) }).collect();
    if let Some(last) = all.last_mut() {
        last.chain = 5;
        last.is_paid = true;
        (last.life, last.is_voice) = (70_000, false);
        last.signed = Some(Box::new(proof(3)));
        last.lineage = vec![VolunteerId(25), VolunteerId(1 << 40)];
        last.resumed_from = checkpoint.map(Box::new);
        last.checkpoint = checkpoint.map(Box::new);
    }
    all
}

/// A signature, and a path of this length.
fn proof(levels: u64) -> Proof {
    let beside = (0..levels).map(digest).collect();
    let path = Path::from_parts(1, beside).unwrap_or_default();
    Proof { signature: Signature([9; 64]), path }
}

/// A host that first said that its replica failed, then that it took so much work.
#[must_use]
pub fn equivocation(work: u64) -> Equivocation {
    let says = |class, levels| SignedStatement {
        key: key(1),
        statement: Statement { manifest: digest(2), replica: JobId(3).unit(4).replica(5), class },
        proof: proof(levels),
    };
    Equivocation {
        first: says(Class::Error { error: digest(6), work: 0 }, 0),
        second: says(Class::Outputs { answer: digest(7), work }, 10),
    }
}

/// A host whose leases end at these times.
#[must_use]
pub fn host(id: u64, deadlines: &[u64]) -> Host {
    let lease = |(index, deadline_at): (u32, &u64)| Lease {
        replica: ReplicaId { unit: JobId(1).unit(index), number: 2 },
        deadline_at: Timestamp(*deadline_at),
        hard_deadline_at: Timestamp(deadline_at + 1),
        progress_ppm: 999_999,
    };
    Host {
        id: HostId(id),
        key: key(id),
        volunteer: VolunteerId(id + 100),
        block: Some(Block::V6([0x20, 0x01, 0x0d, 0xb8, 0, id.to_le_bytes()[0]])),
        nickname: format!("höst-{id}"),
        capabilities: Arc::new(Capabilities {
            slots: u16::MAX,
            memory_bytes: 1 << 36,
            profiles: BTreeSet::from([1, 70_000]),
            isa: "aarch64".to_owned(),
            os: "linux".to_owned(),
            version: "1.2.3".to_owned(),
        }),
        state: HostState::Active,
        standing: Standing { life: 5, compared: 6, strikes: 7, pardoned: 4 },
        reopening: None,
        counters: Counters { valid: 1, invalid: 2, error: 3, expired: 4 },
        credit: MicroCredits(1 << 50),
        pardoned: (id % 2 == 1).then(|| Box::new(pardoned())),
        leases: (0..).zip(deadlines).map(lease).collect(),
        enrolled_at: Timestamp(1_700_000_000_300),
        seen_at: Timestamp(1_700_000_000_400),
        forgotten_at: None,
    }
}

fn pardoned() -> Pardoned {
    Pardoned { at: Timestamp(1_700_000_000_350), reason: "the memory was bad".to_owned() }
}

/// Hosts in each state.
#[must_use]
pub fn hosts() -> Vec<Host> {
    let suspended_at = Timestamp(1_700_000_000_900);
    let suspended = |until, unit| HostState::Suspended { suspended_at, until, unit };
    let (until, unit) = (Some(Timestamp(1_800_000_000_000)), Some(JobId(4).unit(5)));
    let reopening = Some(Box::new(Reopening { since: suspended_at, from: JobId(0).unit(0) }));
    vec![
        host(40, &[]),
        Host { state: suspended(until, None), reopening: reopening.clone(), ..host(41, &[]) },
        Host { state: suspended(None, unit), ..host(42, &[]) },
        Host { reopening, ..host(43, &[7]) },
        forgotten(44, 144),
    ]
}

/// A host that is forgotten.
#[must_use]
pub fn forgotten(id: u64, volunteer: u64) -> Host {
    let mut host = Host { volunteer: VolunteerId(volunteer), ..host(id, &[]) };
    host.forget(Timestamp(1_700_000_000_950));
    host
}

/// What a host answered of a job.
#[must_use]
pub fn part(job: u64, host: u64) -> Part {
    Part { job: JobId(job), host: HostId(host), believed: u32::MAX, sampled: 7, audited: 9 }
}

/// A volunteer, perhaps with a name.
#[must_use]
pub fn volunteer(id: u64, name: Option<&str>) -> Volunteer {
    let name = name.map(str::to_owned);
    Volunteer { id: VolunteerId(id), name, joined_at: Timestamp(1_700_000_000_500) }
}

/// An invite for each role.
#[must_use]
pub fn invites() -> Vec<Invite> {
    let invite = |number, role| Invite {
        token: digest(number),
        role,
        uses_left: u32::MAX,
        expires_at: Timestamp(1_700_000_000_600),
    };
    vec![
        invite(60, Role::Host { volunteer: Some("Ada".to_owned()) }),
        invite(61, Role::Host { volunteer: None }),
        invite(62, Role::Scientist),
    ]
}

/// A scientist.
#[must_use]
pub fn account(number: u64) -> Account {
    let admitted_at = Timestamp(1_700_000_000_700);
    Account { key: key(number), name: format!("Scientist {number}"), admitted_at }
}

/// A grant.
#[must_use]
pub fn grant(replica: ReplicaId, host: u64) -> Entry {
    Entry {
        kind: LedgerKind::Grant,
        replica,
        host: HostId(host),
        volunteer: VolunteerId(host + 100),
        amount: MicroCredits(8),
        at: Timestamp(1_700_000_000_800),
    }
}
