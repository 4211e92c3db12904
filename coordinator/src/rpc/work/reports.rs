//! A batch of reports: each is checked by itself, so that a bad one does not hold up the others.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use manyhands_core::command::{Command, Outcome, Renewal, ReplicaReport, Report};
use manyhands_core::digest::Digest;
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::replica::CheckpointRef;
use manyhands_core::reply::Reported;
use manyhands_core::store::Store as _;
use manyhands_proto::statement;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::{self, report};
use tonic::Status;

use super::session::{Asked, Session};
use crate::rpc::{Shared, blobs, status};

/// How old the credit may be that a worker is told. It is shown to a person, not reckoned with.
const CREDIT_AGE: Duration = Duration::from_secs(5);

/// What a host has earned, as of a moment ago.
pub(super) struct Credit {
    micro: u64,
    read_at: Instant,
}

impl Credit {
    /// As just read from the host's row.
    pub(super) fn of(host: &Host) -> Self {
        Self { micro: host.credit.0, read_at: Instant::now() }
    }

    /// The credit, read again if that was long ago.
    pub(super) async fn micro(&mut self, shared: &Shared, id: HostId) -> Result<u64, Status> {
        if self.read_at.elapsed() >= CREDIT_AGE {
            let host = shared.reader.read(move |store| store.host(id)).await;
            *self = Self::of(&host.map_err(status::desk)?.ok_or_else(status::confused)?);
        }
        Ok(self.micro)
    }
}

/// A batch of which the answer is awaited.
pub(super) struct Batch {
    number: u64,
    /// Those that the desk decides, in this order.
    decided: Vec<ReplicaId>,
    /// Those that never came to the desk.
    refused: Vec<v1::RefusedReport>,
}

impl Batch {
    /// The answer to the worker: what is not refused is stored for good.
    pub(super) fn acknowledged(self, outcomes: Vec<Reported>, credit_micro: u64) -> Out {
        let mut refused = self.refused;
        for (replica, outcome) in self.decided.into_iter().zip(outcomes) {
            match outcome {
                Reported::Accepted | Reported::Duplicate => {}
                Reported::Refused(why) => refused.push(v1::RefusedReport {
                    replica: Some(replica.into()),
                    reason: why.to_string(),
                }),
            }
        }
        Out::Acknowledged(v1::Acknowledged { batch: self.number, refused, credit_micro })
    }
}

/// Hands a batch to the desk, after the checkpoints that come with replicas given back.
pub(super) async fn take(session: &mut Session, wire: v1::Reports) -> Result<(), Status> {
    let mut batch = Batch { number: wire.batch, decided: Vec::new(), refused: Vec::new() };
    let (mut reports, mut checkpoints) = (Vec::new(), Vec::new());
    let named = wire.reports.iter().map(|message| (message.replica, given_back(message)));
    let named: Vec<_> = named.collect();
    for ((replica, checkpoint), taken) in named.into_iter().zip(statement::take(&session.key, wire))
    {
        match taken {
            Ok(report) => {
                checkpoints.extend(checkpoint.map(|at| last_renewal(report.replica, at)));
                reports.push(report);
            }
            Err(error) => {
                let reason = error.to_string();
                batch.refused.push(v1::RefusedReport { replica, reason });
            }
        }
    }
    let reports = with_blobs_held(&session.shared, reports, &mut batch.refused).await?;
    let checkpoints = held_checkpoints(&session.shared, checkpoints).await?;
    session.renew(checkpoints).await?;
    if reports.is_empty() {
        session.answer_in_turn(Asked::Report(batch));
        return Ok(());
    }
    batch.decided = reports.iter().map(|report| report.replica).collect();
    let command = Command::Report(Report { host: session.host, reports });
    session.hand_in(command, Asked::Report(batch)).await
}

/// The checkpoint of a replica that is given back unfinished.
fn given_back(message: &v1::Report) -> Option<CheckpointRef> {
    match &message.outcome {
        Some(report::Outcome::Aborted(v1::Aborted { checkpoint: Some(checkpoint) })) => {
            CheckpointRef::try_from(checkpoint.clone()).ok()
        }
        _ => None,
    }
}

fn last_renewal(replica: ReplicaId, checkpoint: CheckpointRef) -> Renewal {
    Renewal { replica, progress_ppm: 0, checkpoint: Some(checkpoint) }
}

/// Those reports whose outputs are held; the others are refused by digest.
async fn with_blobs_held(
    shared: &Shared,
    reports: Vec<ReplicaReport>,
    refused: &mut Vec<v1::RefusedReport>,
) -> Result<Vec<ReplicaReport>, Status> {
    let named = reports.iter().flat_map(blobs_of).collect::<BTreeSet<_>>();
    let missing = blobs::missing(shared, named.into_iter().collect()).await?;
    let missing = BTreeSet::from_iter(missing);
    let mut complete = Vec::with_capacity(reports.len());
    for report in reports {
        let lacking = blobs_of(&report).find(|digest| missing.contains(digest));
        match lacking {
            None => complete.push(report),
            Some(digest) => refused.push(v1::RefusedReport {
                replica: Some(report.replica.into()),
                reason: format!("blob {digest} is not held here: put it, then report again"),
            }),
        }
    }
    Ok(complete)
}

/// Outputs that do not travel inside the report, and states of replays.
fn blobs_of(report: &ReplicaReport) -> impl Iterator<Item = Digest> {
    let (outputs, state) = match &report.outcome {
        Outcome::Success { outputs, .. } => (outputs.as_slice(), None),
        Outcome::Replayed { state, .. } => (&[][..], state.as_ref()),
        Outcome::AppError { .. } | Outcome::HostError { .. } | Outcome::Aborted => (&[][..], None),
    };
    let blobs = outputs.iter().filter(|output| output.inline.is_none());
    blobs.map(|output| output.digest).chain(state.map(|state| state.digest))
}

/// The renewals, without the checkpoints that are not held: nobody could resume from them.
pub(super) async fn held_checkpoints(
    shared: &Shared,
    mut renewals: Vec<Renewal>,
) -> Result<Vec<Renewal>, Status> {
    let named = renewals.iter().filter_map(|renewal| Some(renewal.checkpoint?.digest));
    let missing = blobs::missing(shared, named.collect()).await?;
    for renewal in &mut renewals {
        renewal.checkpoint = renewal.checkpoint.filter(|at| !missing.contains(&at.digest));
    }
    Ok(renewals)
}
