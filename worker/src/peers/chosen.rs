//! Units that workers choose themselves while no coordinator is there: each tells the others what it has done, so that
//! they choose others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use manyhands_core::agent::selfchosen::{CHOSEN_MAX, Commitment, Done};
use manyhands_core::digest::Digest;
use manyhands_core::key::Key;
use manyhands_proto::chosen::{self, CHOSEN_BYTES_MAX, SignedCommitment};
use manyhands_proto::convert::digest;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::Channel;
use manyhands_proto::v1::ChosenUnits;
use manyhands_proto::v1::chosen_client::ChosenClient;
use manyhands_proto::v1::chosen_server::{Chosen, ChosenServer};
use rand_core::Rng;
use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status};

use super::{Peers, Shared};
use crate::clock;

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// How often a worker that chooses asks somebody.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Jobs from which a worker chooses and speaks about, at most.
const JOBS_MAX: usize = 16;

/// What is told and believed of the jobs from which this worker chooses.
#[derive(Debug, Default)]
pub(super) struct Board(BTreeMap<Digest, Job>);

#[derive(Debug, Default)]
struct Job {
    own: Vec<SignedCommitment>,
    /// By the word of others.
    done: Done,
}

impl Board {
    /// From these jobs this worker chooses now, and from no others.
    fn set_jobs(&mut self, jobs: &BTreeSet<Digest>) {
        let Self(board) = self;
        board.retain(|manifest, _| jobs.contains(manifest));
        for manifest in jobs.iter().take(JOBS_MAX) {
            board.entry(*manifest).or_default();
        }
    }

    fn commit(&mut self, signed: SignedCommitment) {
        let Self(board) = self;
        if let Some(job) = board.get_mut(&signed.commitment.manifest)
            && job.own.len() < CHOSEN_MAX
        {
            job.own.push(signed);
        }
    }

    fn own(&self, manifest: &Digest) -> &[SignedCommitment] {
        let Self(board) = self;
        board.get(manifest).map_or(&[], |job| &job.own)
    }

    fn hear(&mut self, manifest: &Digest, commitments: &[Commitment]) {
        let Self(board) = self;
        if let Some(job) = board.get_mut(manifest) {
            commitments.iter().for_each(|commitment| _ = job.done.hear(commitment));
        }
    }
}

impl Peers {
    /// From the jobs with these manifests this worker chooses now; none if a coordinator is there.
    pub(crate) fn choose_from(&self, jobs: &BTreeSet<Digest>) {
        if let Some(shared) = &self.shared {
            shared.board().set_jobs(jobs);
        }
    }

    /// This worker has an answer to a unit of such a job.
    pub(crate) fn commit(&self, commitment: Commitment) {
        if let Some(shared) = &self.shared {
            let signed = chosen::sign(&shared.identity, commitment);
            shared.board().commit(signed);
        }
    }

    /// Whether another worker says that it has an answer to that unit.
    pub(crate) fn have_done(&self, manifest: &Digest, unit: u32) -> bool {
        let is_done = |shared: &Arc<Shared>| {
            shared.board().0.get(manifest).is_some_and(|job| job.done.has(unit))
        };
        self.shared.as_ref().is_some_and(is_done)
    }
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        // What others have done is a hint, whatever panicked.
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells one of those whom this worker may dial now, other than who was `asked`, what it has done, and hears what
    /// they have. False if there is nobody left.
    pub(super) async fn compare(&self, asked: &mut BTreeSet<Key>, rng: &mut impl Rng) -> bool {
        let Some((dial, channel)) = self.dial_another(asked, rng).await else { return false };
        let Some(channel) = channel else { return true };
        let Ok(host) = PublicKey::from_bytes(dial.name.key.as_bytes()) else { return true };
        let jobs: Vec<Digest> = self.board().0.keys().copied().collect();
        for manifest in jobs {
            let told = chosen::message(&manifest, self.board().own(&manifest));
            match ask(channel.clone(), told, &manifest, &host).await {
                Ok(commitments) => self.board().hear(&manifest, &commitments),
                Err(error) => {
                    tracing::debug!(at = %dial.address, %error, "a peer does not say what it has done");
                    break;
                }
            }
        }
        true
    }
}

async fn ask(
    channel: Channel,
    told: ChosenUnits,
    manifest: &Digest,
    host: &PublicKey,
) -> Result<Vec<Commitment>, Status> {
    let mut client = ChosenClient::new(channel).max_decoding_message_size(CHOSEN_BYTES_MAX);
    let late = |_late| Status::deadline_exceeded("no answer in time");
    let reply = timeout(ANSWER_MAX, client.compare(told)).await.map_err(late)??;
    let (of, commitments) = chosen::open(reply.get_ref(), host).map_err(|error| invalid(&error))?;
    if of != *manifest {
        return Err(Status::invalid_argument("manifest: is not the one that was asked about"));
    }
    Ok(commitments)
}

fn invalid(error: &chosen::ChosenError) -> Status {
    Status::invalid_argument(error.to_string())
}

/// Asks somebody now and then, as long as this worker chooses.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut rng = clock::seeded_rng();
    let mut asked = BTreeSet::new();
    loop {
        sleep(ASK_EVERY).await;
        let is_choosing = !shared.board().0.is_empty();
        if is_choosing && !shared.compare(&mut asked, &mut rng).await {
            // All were asked: those who were first may have done more since.
            asked.clear();
        }
    }
}

/// What others ask.
pub(super) fn service(shared: Arc<Shared>) -> ChosenServer<Answering> {
    ChosenServer::new(Answering(shared)).max_decoding_message_size(CHOSEN_BYTES_MAX)
}

pub(super) struct Answering(Arc<Shared>);

#[tonic::async_trait]
impl Chosen for Answering {
    async fn compare(
        &self,
        request: Request<ChosenUnits>,
    ) -> Result<Response<ChosenUnits>, Status> {
        let Self(shared) = self;
        let host = shared.caller(&request)?.require_key()?;
        let told = request.into_inner();
        // Keys cost nothing: only of those that were there before is it believed that they did anything, and only
        // theirs are checked, which takes time.
        let is_known = shared.table().tried_keys().contains(&Key(*host.as_bytes()));
        let opened = if is_known {
            chosen::open(&told, &host)
        } else {
            digest("manifest", &told.manifest).map(|of| (of, Vec::new())).map_err(Into::into)
        };
        let (manifest, commitments) = opened.map_err(|error| invalid(&error))?;
        let mut board = shared.board();
        board.hear(&manifest, &commitments);
        Ok(Response::new(chosen::message(&manifest, board.own(&manifest))))
    }
}

#[cfg(test)]
mod tests;
