//! The same rows, and nothing else.

use std::time::Instant;

use manyhands_coordinator::store::sqlite::SqliteStore;
use manyhands_core::credit::MicroCredits;
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, UnitId, VolunteerId};
use manyhands_core::key::Signature;
use manyhands_core::ledger::{Entry, Head, Kind};
use manyhands_core::replica::{Output, Replica, ReplicaState, Usage, Verdict, answer};
use manyhands_core::statement::{Path, Proof};
use manyhands_core::store::{Store as _, Write};
use manyhands_core::time::Timestamp;
use manyhands_core::work_unit::{Test, UnitState, WorkUnit};

/// Lifecycles of one measurement.
const LIFECYCLES: u32 = 30_000;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Writes the unit of each lifecycle five times and its two grants, in the order in which a
/// coordinator would; `batch` lifecycles are one transaction.
pub(crate) fn lifecycles_per_s(batch: u32) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("floor.db")).unwrap();
    let mut head = Head::EMPTY;
    let began_at = Instant::now();
    for first in (0..LIFECYCLES).step_by(batch as usize) {
        let units = first..first + batch;
        store.begin().unwrap();
        for step in 0..5 {
            let writes = units.clone().map(|index| Write::PutUnit(unit(index, step)));
            store.apply(writes.collect()).unwrap();
        }
        let grants = units.clone().flat_map(|index| [0, 1].map(|number| grant(index, number)));
        let grants = grants.map(|entry| Write::AppendLedger(head.append(entry)));
        let vouches = units.flat_map(|index| [0, 1].map(|number| vouch(index, number)));
        store.apply(grants.chain(vouches).collect()).unwrap();
        store.commit().unwrap();
    }
    f64::from(LIFECYCLES) / began_at.elapsed().as_secs_f64()
}

fn id(index: u32) -> UnitId {
    JobId(1).unit(index)
}

/// A unit after its first lease, second lease, first report, second report, assimilation.
pub(crate) fn unit(index: u32, step: u32) -> WorkUnit {
    let (replicas, reported) = [(1, 0), (2, 0), (2, 1), (2, 2), (2, 2)][step as usize];
    let state = match step {
        0..=2 => UnitState::Open,
        3 => UnitState::Validated { canonical: 0 },
        _ => UnitState::Done { canonical: 0 },
    };
    WorkUnit {
        id: id(index),
        state,
        ready_at: (step == 0).then_some(NOW),
        turn: None,
        test: Test::None,
        replicas: (0..replicas).map(|n| replica(index, n, n < reported)).collect(),
        reopened: 0,
    }
}

fn replica(index: u32, number: u16, is_reported: bool) -> Replica {
    let outputs = vec![Output::inline("stdout", index.to_le_bytes().to_vec())];
    let usage = Usage { cpu_ms: 5, wall_ms: 6, memory_bytes_peak: 7, work: 5_000_000, steps: 0 };
    let state = if is_reported {
        let (answer, verdict) = (answer(&outputs), Verdict::Valid);
        ReplicaState::Success { outputs, answer, usage, verdict }
    } else {
        ReplicaState::Leased
    };
    let (host, volunteer) = who(number);
    Replica {
        number,
        host,
        volunteer,
        block: None,
        life: 0,
        is_voice: true,
        chain: number,
        lineage: Vec::new(),
        leased_at: NOW,
        resumed_from: None,
        checkpoint: None,
        sealed: None,
        is_paid: is_reported,
        signed: is_reported.then(|| Box::new(proof())),
        state,
    }
}

/// As of a batch of eight.
fn proof() -> Proof {
    let path = Path::from_parts(1, vec![Digest([3; 32]); 3]).unwrap();
    Proof { signature: Signature([5; 64]), path }
}

fn vouch(index: u32, number: u16) -> Write {
    Write::Vouch { host: who(number).0, unit: id(index) }
}

fn grant(index: u32, number: u16) -> Entry {
    let (host, volunteer) = who(number);
    let (replica, amount) = (id(index).replica(number), MicroCredits(5));
    Entry { kind: Kind::Grant, replica, host, volunteer, amount, at: NOW }
}

fn who(number: u16) -> (HostId, VolunteerId) {
    (HostId(u64::from(number) + 1), VolunteerId(u64::from(number) + 1))
}
