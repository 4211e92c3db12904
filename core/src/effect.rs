//! What the engine wants done in the world.

use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::time::Timestamp;

/// Something to do after the commit. Every effect is idempotent, and one that is lost in a crash
/// comes again from [`Engine::recover`](crate::engine::Engine::recover) or is only a hint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A hint: hosts that wait for work may ask again.
    WorkReady {
        /// The job that has work.
        job: JobId,
        /// About how many leases there are.
        count: u32,
    },
    /// A hint: it is the turn of this host, which should ask for work although it may have some.
    Turn {
        /// The host.
        host: HostId,
    },
    /// Hand the canonical outputs of these units to their job, then say so by `Assimilate`.
    Assimilate {
        /// At most [`BATCH_MAX`](crate::limits::BATCH_MAX) units.
        units: Vec<UnitId>,
    },
    /// A hint: the host should stop these replicas. If it never hears, its next renewal says it.
    Abort {
        /// The host.
        host: HostId,
        /// The replicas, whose leases it has lost.
        replicas: Vec<ReplicaId>,
    },
    /// The host is forgotten: end its stream. Should it go on, whatever it says is refused.
    Dismiss {
        /// The host.
        host: HostId,
    },
    /// A hint: somebody who watches the job may look again.
    JobChanged {
        /// The job.
        job: JobId,
    },
    /// A hint: the job has ended, so whoever has its description need not prepare for more of it.
    JobEnded {
        /// The job.
        job: JobId,
    },
    /// Say `Expire` at this time. A later one of these that is earlier comes on top.
    ExpireAt(Timestamp),
}
