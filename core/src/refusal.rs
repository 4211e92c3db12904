//! Why a command, or one item of it, changes nothing.

use crate::digest::Digest;
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::invite::Role;
use crate::key::Key;
use crate::replica::OutputError;
use crate::requirement::{Kind, Misfit};
use crate::time::Span;

/// What was wrong, where, and what the limit is. The text is meant for the person at the other end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such host.
    #[error("there is no host {0}")]
    UnknownHost(HostId),
    /// There is no such job.
    #[error("there is no job {0}")]
    UnknownJob(JobId),
    /// The job has no such unit.
    #[error("there is no unit {unit}; the job has {units_total} units, from 0")]
    UnknownUnit {
        /// The unit.
        unit: UnitId,
        /// How many there are.
        units_total: u32,
    },
    /// The host was never given this replica.
    #[error("no lease on replica {0} was ever given")]
    UnknownLease(ReplicaId),
    /// The replica belongs to another host.
    #[error("replica {replica} was not leased to host {host}")]
    WrongHost {
        /// The replica.
        replica: ReplicaId,
        /// The host that asks.
        host: HostId,
    },
    /// The lease has ended, and the work goes on or ended without it.
    #[error("the lease on replica {0} has ended; drop it")]
    LeaseExpired(ReplicaId),
    /// The replica was reported before, differently.
    #[error("replica {0} was already reported with another outcome; the first one counts")]
    ReportedDifferently(ReplicaId),
    /// The whole unit was asked for, not a state on the way.
    #[error("replica {0} is to be computed to its end; a state on the way is no answer")]
    NoReplay(ReplicaId),
    /// The state that was handed over is not the one that was told of.
    #[error("the state handed over with replica {0} is not of the step that was asked about")]
    OtherState(ReplicaId),
    /// The host had chosen the unit itself, and its answer is not the one that it had then.
    #[error("replica {0}: the answer is not the one that was sealed; the host had another one")]
    NotAsSealed(ReplicaId),
    /// Hosts do not choose units of such a job themselves.
    #[error(
        "job {0} names a quorum and no confidence: its units are given out by the coordinator only"
    )]
    NotSelfChosen(JobId),
    /// Whoever is not believed does not choose.
    #[error("host {host} has no standing in job {job} by now: units are chosen for it")]
    NoStanding {
        /// The host.
        host: HostId,
        /// The job.
        job: JobId,
    },
    /// The host lacks something.
    #[error("job {job} does not fit this host: {misfit}")]
    Misfit {
        /// The job.
        job: JobId,
        /// What it lacks.
        misfit: Misfit,
    },
    /// The answer is to another job's unit.
    #[error(
        "replica {replica} was reported as of manifest {manifest}, which is another job's; drop it"
    )]
    OtherManifest {
        /// The replica.
        replica: ReplicaId,
        /// The manifest that its host signed.
        manifest: Digest,
    },
    /// The host gave wrong answers.
    #[error(
        "host {host} is suspended: {invalid} of its answers differed from what others agreed on; {}",
        again(*.rest)
    )]
    HostSuspended {
        /// The host.
        host: HostId,
        /// How many of its answers were invalid.
        invalid: u32,
        /// For how long; for good if `None`.
        rest: Option<Span>,
    },
    /// The host is forgotten, as its owner asked.
    #[error(
        "host {0} is forgotten, as its owner asked: this machine can join again only as a new host, with \
         another key and an invite"
    )]
    HostForgotten(HostId),
    /// No host has this key.
    #[error("no host with the key {0} ever enrolled here, so nothing is kept of it")]
    NeverEnrolled(Key),
    /// The host gets work.
    #[error("host {0} is not suspended: there is nothing to pardon")]
    NotSuspended(HostId),
    /// A batch is empty or too large.
    #[error("{what} has {count} items; it must have between 1 and {max}")]
    BatchSize {
        /// The batch.
        what: &'static str,
        /// How many items it has.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// A text is empty, too long or holds control characters.
    #[error("{field} must have between 1 and {max} bytes and no control characters")]
    Text {
        /// The field.
        field: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// A number is out of its bounds.
    #[error("{field} is {value}; it must be between {min} and {max}")]
    OutOfBounds {
        /// The field.
        field: &'static str,
        /// What it is.
        value: u64,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// An output cannot be taken.
    #[error("output {name:?} of replica {replica}: {error}")]
    Output {
        /// The replica.
        replica: ReplicaId,
        /// The output.
        name: String,
        /// What is wrong with it.
        error: OutputError,
    },
    /// Two outputs of a replica have the same name.
    #[error("replica {replica} reports output {name:?} twice")]
    OutputTwice {
        /// The replica.
        replica: ReplicaId,
        /// The output.
        name: String,
    },
    /// A checkpoint of a program that has none.
    #[error("replica {replica} is of a {kind} program, which has no checkpoints")]
    NoCheckpoints {
        /// The replica.
        replica: ReplicaId,
        /// The program's kind.
        kind: Kind,
    },
    /// An invite is needed.
    #[error("an invite is needed to join; ask the coordinator's owner for one")]
    InviteNeeded,
    /// There is no such invite.
    #[error("this invite is not known here")]
    UnknownInvite,
    /// The invite's time is over.
    #[error("this invite has expired; ask for a new one")]
    InviteExpired,
    /// The invite was used as often as it may be.
    #[error("this invite was used up; ask for a new one")]
    InviteUsedUp,
    /// The invite is for something else.
    #[error("this invite is for a {0}")]
    InviteForOther(Role),
    /// The submitter was never admitted.
    #[error("key {0} may not submit jobs; ask for a scientist's invite")]
    NotAdmitted(Key),
    /// Only the submitter may do this.
    #[error("job {0} was submitted by somebody else")]
    NotSubmitter(JobId),
    /// The confidence takes more volunteers than there are.
    #[error(
        "confidence: the job needs answers of {needed} different volunteers to each of its first \
         units, and hosts of {present} are here{}; invite more, or ask for less",
        in_blocks(*.present, *.volunteers)
    )]
    TooFewVolunteers {
        /// How many it takes.
        needed: usize,
        /// How many were seen lately, of whom those in one address block count as one.
        present: usize,
        /// How many they are by name.
        volunteers: usize,
    },
    /// Too many jobs are open.
    #[error("{max} jobs are open, the most there may be; wait until one ends")]
    TooManyJobs {
        /// How many there may be.
        max: usize,
    },
}

/// Why there are fewer volunteers than names.
fn in_blocks(present: usize, volunteers: usize) -> String {
    if volunteers <= present {
        return String::new();
    }
    format!(
        ", because {volunteers} volunteers share public address blocks, and each block counts as one \
         unless the coordinator lists it in `own_networks`"
    )
}

/// When a suspended host may try again.
fn again(rest: Option<Span>) -> String {
    rest.map_or_else(
        || "it gets no more work".to_owned(),
        |rest| format!("it seems to be faulty, and may try again in {rest}"),
    )
}
