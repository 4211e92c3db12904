//! Removes blobs that nothing refers to, now and then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::dispute::Dispute;
use manyhands_core::job::Job;
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::replica::Replica;
use manyhands_core::store::{Store, StoreError};
use manyhands_proto::convert::{MANIFEST_BYTES_MAX, decode_manifest};

use crate::blobs::{BlobError, Blobs, Swept};
use crate::rpc::named;
use crate::store::sqlite::{OpenError, SqliteStore};

/// Runs until dropped.
pub(crate) async fn run(blobs: Blobs, database: PathBuf, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let (blobs, database) = (blobs.clone(), database.clone());
        let swept = tokio::task::spawn_blocking(move || sweep(&blobs, &database)).await;
        match swept {
            Ok(Ok(Swept { blobs, bytes })) => tracing::info!(blobs, bytes, "swept"),
            Ok(Err(error)) => tracing::error!(%error, "the sweep stopped: nothing is lost"),
            Err(_stopped) => return,
        }
    }
}

/// Why a sweep stopped. What is referred to was not touched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

/// Marks what the database refers to, then removes the rest; blocks.
///
/// What begins to be referred to during the sweep was put or asked about within its grace, so it
/// stays.
pub(crate) fn sweep(blobs: &Blobs, database: &std::path::Path) -> Result<Swept, SweepError> {
    let store = SqliteStore::open_reader(database)?;
    let mut referred = BTreeSet::new();
    let mut before = None;
    loop {
        let jobs = store.jobs(None, before, PAGE_MAX)?;
        for job in &jobs {
            mark_job(&store, blobs, job, &mut referred)?;
        }
        before = jobs.last().map(|job| job.id);
        if jobs.len() < PAGE_MAX {
            break;
        }
    }
    mark_disputes(&store, &mut referred)?;
    Ok(blobs.sweep(|digest| referred.contains(digest))?)
}

fn mark_job(
    store: &dyn Store,
    blobs: &Blobs,
    job: &Job,
    referred: &mut BTreeSet<Digest>,
) -> Result<(), SweepError> {
    referred.insert(job.manifest);
    // Inputs are needed as long as somebody may compute with them or check what was computed.
    let manifest = blobs.get(&job.manifest, MANIFEST_BYTES_MAX as u64)?;
    if let Ok(manifest) = decode_manifest(&manifest) {
        referred.extend(named(manifest.draft()));
    }
    let mut from = 0;
    loop {
        let units = store.units(job.id, from, PAGE_MAX)?;
        units.iter().flat_map(|unit| &unit.replicas).for_each(|r| mark_replica(r, referred));
        match units.last().and_then(|unit| unit.id.index.checked_add(1)) {
            Some(next) if units.len() == PAGE_MAX => from = next,
            Some(_) | None => return Ok(()),
        }
    }
}

/// States that parties handed over, from which they and judges go on.
fn mark_disputes(store: &dyn Store, referred: &mut BTreeSet<Digest>) -> Result<(), SweepError> {
    let mut after = None;
    loop {
        let disputes = store.disputes(after, PAGE_MAX)?;
        let Some(last) = disputes.last() else { return Ok(()) };
        after = Some(last.unit);
        let states = disputes.iter().flat_map(Dispute::states);
        referred.extend(states.map(|state| state.digest));
    }
}

fn mark_replica(replica: &Replica, referred: &mut BTreeSet<Digest>) {
    let blobs = replica.outputs().iter().filter(|output| output.inline.is_none());
    referred.extend(blobs.map(|output| output.digest));
    let checkpoints = replica.resumed_from.iter().chain(&replica.checkpoint);
    referred.extend(checkpoints.map(|checkpoint| checkpoint.digest));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use manyhands_core::id::JobId;
    use manyhands_core::replica::{CheckpointRef, Output, ReplicaState, Usage, Verdict};
    use manyhands_core::store::Write;
    use manyhands_core::store::conformance::{disputed, rows};

    use super::*;

    /// A job whose manifest is `manifest` and whose first unit wrote `output`.
    fn rows_that_refer_to(manifest: Digest, output: Digest) -> Vec<Write> {
        let job = Job { manifest, ..rows::job(1) };
        let (answer, verdict) = (output, Verdict::Valid);
        let outputs = vec![Output::blob("a", output, 1)];
        let usage = Usage::default();
        let state = ReplicaState::Success { outputs, answer, usage, verdict };
        let mut unit = rows::unit(job.id.unit(0));
        unit.replicas = vec![Replica { state, ..rows::replica(0) }];
        vec![Write::PutJob(job), Write::PutUnit(unit)]
    }

    fn database(dir: &Path, writes: Vec<Write>) -> PathBuf {
        let path = dir.join("c.db");
        let mut store = SqliteStore::open(&path).unwrap();
        store.begin().unwrap();
        store.apply(writes).unwrap();
        store.commit().unwrap();
        path
    }

    #[test]
    fn states_that_a_dispute_goes_on_from_stay() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs"), 1_000, Duration::ZERO).unwrap();
        let [state, orphan] = [b"a state", b"another"].map(|bytes| blobs.put(bytes).unwrap());
        let mut dispute = disputed::calling(JobId(1).unit(0), &[]);
        if let Some(under_way) = &mut dispute.under_way {
            let kept = CheckpointRef { digest: state, step: 1, bytes: 7, state_hash: orphan };
            under_way.parties[0].state = Some(kept);
        }
        let path = database(dir.path(), vec![Write::PutDispute(Box::new(dispute))]);
        sweep(&blobs, &path).unwrap();
        assert_eq!(blobs.missing(&[state, orphan]).unwrap(), [orphan]);
    }

    #[test]
    fn what_jobs_refer_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs"), 1_000, Duration::ZERO).unwrap();
        let [manifest, output, orphan] =
            [b"no manifest", b"some output", b"left behind"].map(|b| blobs.put(b).unwrap());
        let path = database(dir.path(), rows_that_refer_to(manifest, output));
        let swept = sweep(&blobs, &path).unwrap();
        assert_eq!((swept.blobs, swept.bytes), (1, 11));
        assert_eq!(blobs.missing(&[manifest, output, orphan]).unwrap(), [orphan]);
    }
}
