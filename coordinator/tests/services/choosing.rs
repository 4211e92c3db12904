//! Hosts come back with units that they chose themselves while there was no coordinator.

use manyhands_core::agent::selfchosen::{Commitment, Salt};
use manyhands_core::command::ReplicaReport;
use manyhands_core::digest::Digest;
use manyhands_core::key::Key;
use manyhands_core::manifest::{Draft, Manifest};
use manyhands_core::policy::Policy;
use manyhands_core::trust::Confidence;
use manyhands_proto::convert::encode_manifest;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Say;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::grid::{Grid, draft, manifest};
use crate::worker::{Worker, success};

/// Eight founders, and ten answers that are compared until a host is believed.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };
const SALT: Salt = [9; 32];

fn confident(name: &str, units: u32) -> Manifest {
    let policy = Policy { confidence: Some(CONFIDENCE), ..Policy::default() };
    Manifest::new(Draft { policy, ..draft(name, units) }).unwrap()
}

/// A grid of hosts that have computed a job together, so that they are believed.
async fn grid_of_standing() -> (Grid, Vec<Worker>) {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let (stop, mut hosts) = (CancellationToken::new(), JoinSet::new());
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        hosts.spawn(grid.host_of(name).await.computes(stop.clone()));
    }
    let job = scientist.submit(&confident("a beginning", 250)).await.job;
    assert_eq!(scientist.finished(job).await.state(), v1::JobState::Finished);
    stop.cancel();
    let hosts = hosts.join_all().await;
    // Nobody is connected from here on who would begin another job.
    (grid.restart().await, hosts)
}

/// The units, with one answer to each, sealed by the host.
fn claim(host: &Worker, job: u64, manifest: Digest, units: &[u32]) -> v1::Claim {
    let key = Key(*host.person.identity.public_key().as_bytes());
    let answer = |unit| success(v1::ReplicaId { job, unit, number: 0 }, b"x");
    let chosen = |unit: &u32| {
        let report = ReplicaReport::try_from(answer(*unit)).unwrap();
        let class = report.outcome.class().unwrap();
        let made = Commitment::new(manifest, *unit, key, class, &SALT);
        v1::ChosenUnit { unit: *unit, sealed: made.sealed.0.to_vec().into() }
    };
    v1::Claim { job, units: units.iter().map(chosen).collect() }
}

#[tokio::test]
async fn who_is_believed_gets_what_it_chose_and_nobody_else_does() {
    let (grid, mut hosts) = grid_of_standing().await;
    let manifest = confident("chosen from", 20);
    let (_, digest) = encode_manifest(&manifest).unwrap();
    let (first, second) = (hosts.remove(0), hosts.remove(0));
    let job = grid.scientist().await.submit(&manifest).await.job;

    let chosen = claim(&first, job, digest, &[3, 7]);
    let mut first = first.claiming(&grid, chosen.clone()).await;
    let granted = first.claimed().await;
    let replicas = |claimed: &v1::Claimed| -> Vec<v1::ReplicaId> {
        claimed.leases.iter().map(|lease| lease.replica.unwrap()).collect()
    };
    let of_both = [3, 7].map(|unit| v1::ReplicaId { job, unit, number: 0 });
    assert_eq!((replicas(&granted), &granted.taken), (of_both.to_vec(), &vec![]));
    // The answer to its claim was lost: it says so again, and has what it had.
    let mut first = first.claiming(&grid, chosen).await;
    assert_eq!(replicas(&first.claimed().await), of_both);
    assert!(
        matches!(first.next().await.unwrap(), Some(Say::Renewed(both)) if both.leases.len() == 2)
    );

    let chosen = claim(&second, job, digest, &[7]);
    let mut second = second.claiming(&grid, chosen).await;
    let late = second.claimed().await;
    assert_eq!((replicas(&late), late.taken), (vec![], vec![7]));

    first.knows(job, digest);
    let report = |at: usize, salt: Salt| {
        let report = success(of_both[at], b"x");
        v1::Report { salt: salt.to_vec().into(), ..report }
    };
    let refused = first.report(vec![report(0, SALT), report(1, [8; 32])]).await;
    assert_eq!(refused.len(), 1, "what does not open its seal: {refused:?}");
    assert_eq!(refused[0].replica.unwrap().unit, 7);
}

#[tokio::test]
async fn a_claim_that_cannot_be_granted_ends_no_stream() {
    let grid = Grid::start().await;
    let job = grid.scientist().await.submit(&manifest("of a quorum", 5)).await.job;
    let host = grid.host().await;
    let unfit = claim(&host, job, Digest([1; 32]), &[2, 4]);
    let mut host = host.claiming(&grid, unfit.clone()).await;
    assert_eq!(host.claimed().await, v1::Claimed { job, leases: vec![], taken: vec![2, 4] });
    host.say(v1::worker_message::Message::Claim(unfit)).await;
    assert_eq!(host.claimed().await, v1::Claimed { job, leases: vec![], taken: vec![2, 4] });
    let unknown = v1::Claim { job: 99, units: vec![] };
    host.say(v1::worker_message::Message::Claim(unknown)).await;
    assert_eq!(host.claimed().await, v1::Claimed { job: 99, leases: vec![], taken: vec![] });
    assert!(host.is_silent().await);
}
