//! A thousand hosts that compute nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_proto::identity::Identity;
use manyhands_proto::statement;
use manyhands_proto::v1::coordinator_message::Message as In;
use manyhands_proto::v1::work_client::WorkClient;
use manyhands_proto::v1::worker_message::Message as Out;
use manyhands_proto::v1::{self, report};
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::grid::{Grid, as_host, digest_bytes, identity};
use crate::{HOSTS, LENGTH, PATIENCE, UNITS_MAX};

/// Streams of one connection; servers allow 200.
const STREAMS_MAX: usize = 125;

/// What one run showed.
pub(crate) struct Outcome {
    pub(crate) lifecycles_per_s: f64,
    /// CPU time of this process, load generator included, for one lifecycle.
    pub(crate) cpu_us: f64,
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that so many of a thousand requests did not exceed.
    pub(crate) fn quantile_ms(&self, of_thousand: usize) -> f64 {
        let at = self.latencies.len() * of_thousand / 1_000;
        self.latencies[at.min(self.latencies.len() - 1)].as_secs_f64() * 1e3
    }
}

/// What all hosts of a run share.
struct Run {
    replicas: u32,
    /// When each round is due, if the run is paced.
    pace: Option<Pace>,
    is_over: AtomicBool,
    latencies: Mutex<Vec<Duration>>,
    start: Barrier,
}

struct Pace {
    every: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// The instant of the next round. Rounds that are late stay due when they were, so a slow
    /// answer is charged to all that wait behind it.
    fn turn(&self) -> Instant {
        let mut next = self.next.lock().unwrap();
        let turn = next.unwrap_or_else(Instant::now);
        *next = Some(turn + self.every);
        turn
    }
}

/// Runs a job through 1,000 hosts for a while, as fast as it goes or at `rate` lifecycles a second.
pub(crate) async fn run(replicas: u32, rate: Option<f64>) -> Outcome {
    let grid = Grid::start(tempfile::tempdir().unwrap()).await;
    let pace = rate.map(|rate| Pace {
        every: Duration::from_secs_f64(f64::from(replicas) / (2.0 * rate)),
        next: Mutex::new(None),
    });
    let run = Arc::new(Run {
        replicas,
        pace,
        is_over: AtomicBool::new(false),
        latencies: Mutex::default(),
        start: Barrier::new(HOSTS + 1),
    });
    let job = grid.submit(UNITS_MAX).await;
    let mut hosts = JoinSet::new();
    let mut channel = grid.channel().await;
    for number in 0..HOSTS {
        if number % STREAMS_MAX == 0 {
            channel = grid.channel().await;
        }
        let host = host(number, channel.clone(), Arc::clone(&run));
        hosts.spawn(tokio::time::timeout(PATIENCE, host));
    }
    // Everybody holds a first batch when the clock starts.
    run.start.wait().await;
    let (began_at, cpu_before, done_before) = (Instant::now(), cpu_time(), grid.done(job).await);
    tokio::time::sleep(LENGTH).await;
    let done = (grid.done(job).await - done_before).max(1) as f64;
    let lifecycles_per_s = done / began_at.elapsed().as_secs_f64();
    let cpu_us = cpu_time().saturating_sub(cpu_before).as_secs_f64() * 1e6 / done;
    run.is_over.store(true, Ordering::Relaxed);
    while let Some(host) = hosts.join_next().await {
        host.unwrap().unwrap();
    }
    grid.stop().await;
    let mut latencies = std::mem::take(&mut *run.latencies.lock().unwrap());
    latencies.sort_unstable();
    Outcome { lifecycles_per_s, cpu_us, latencies }
}

/// CPU time of this process until now, where the system tells (Linux, in hundredths of a second).
/// On a machine that others use, it says more than the clock.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A host: wants, then reports and wants, until the run is over.
async fn host(number: usize, channel: Channel, run: Arc<Run>) {
    let mut stream = Stream::attach(number, channel).await;
    stream.round(run.replicas, Vec::new()).await;
    let mut leases = stream.answers(false, &run).await.unwrap();
    run.start.wait().await;
    while !run.is_over.load(Ordering::Relaxed) {
        let turn = run.pace.as_ref().map_or_else(Instant::now, Pace::turn);
        tokio::time::sleep_until(turn.into()).await;
        let reports =
            leases.into_iter().map(|lease| success(lease.replica.unwrap(), &stream.manifest));
        let reports = reports.collect();
        stream.round(run.replicas, reports).await;
        let Some(more) = stream.answers(true, &run).await else { return };
        run.latencies.lock().unwrap().push(turn.elapsed());
        leases = more;
    }
}

/// A host's stream.
pub(crate) struct Stream {
    to: mpsc::Sender<v1::WorkerMessage>,
    from: Streaming<v1::CoordinatorMessage>,
    identity: Identity,
    /// Of the one job there is.
    manifest: Digest,
}

impl Stream {
    pub(crate) async fn attach(number: usize, channel: Channel) -> Self {
        let mut work = WorkClient::new(channel);
        let capabilities = v1::Capabilities {
            slots: 2,
            memory_bytes: 1 << 30,
            profiles: vec![1],
            engine: "none".to_owned(),
            isa: "x86_64".to_owned(),
            os: "linux".to_owned(),
        };
        let enrol = v1::EnrolRequest {
            token: String::new(),
            nickname: format!("host {number}"),
            capabilities: Some(capabilities),
        };
        work.enrol(as_host(number, enrol)).await.unwrap();
        let (to, messages) = mpsc::channel(4);
        let stream = as_host(number, ReceiverStream::new(messages));
        say(&to, Out::Hello(v1::Hello::default())).await;
        let from = work.attach(stream).await.unwrap().into_inner();
        let mut stream = Self { to, from, identity: identity(number), manifest: Digest([0; 32]) };
        assert!(matches!(stream.next().await, Some(In::Welcome(_))));
        stream
    }

    pub(crate) async fn next(&mut self) -> Option<In> {
        self.from.message().await.unwrap().and_then(|message| message.message)
    }

    /// Reports what it has and wants more, in one go.
    pub(crate) async fn round(&mut self, want: u32, reports: Vec<v1::Report>) {
        if !reports.is_empty() {
            let mut batch = v1::Reports { batch: 0, reports, signature: Bytes::new() };
            statement::sign(&self.identity, &mut batch);
            say(&self.to, Out::Reports(batch)).await;
        }
        say(&self.to, Out::Want(v1::Want { leases: want, outlook: None })).await;
    }

    /// Waits for leases, and for the acknowledgement of reports if there were any; `None` when the
    /// run is over.
    async fn answers(&mut self, has_reported: bool, run: &Run) -> Option<Vec<v1::Lease>> {
        let (mut is_acknowledged, mut leases) = (!has_reported, Vec::new());
        while !is_acknowledged || leases.is_empty() {
            let next = tokio::time::timeout(Duration::from_secs(1), self.next()).await;
            match next {
                Ok(Some(In::Acknowledged(told))) => {
                    assert_eq!(told.refused, []);
                    is_acknowledged = true;
                }
                Ok(Some(In::Leases(granted))) => {
                    if let Some(job) = granted.jobs.last() {
                        self.manifest = Digest(job.manifest[..].try_into().unwrap());
                    }
                    leases = granted.leases;
                }
                Ok(Some(In::Ended(_))) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_nothing) if run.is_over.load(Ordering::Relaxed) => return None,
                Err(_nothing) => {}
            }
        }
        Some(leases)
    }
}

async fn say(to: &mpsc::Sender<v1::WorkerMessage>, message: Out) {
    to.send(v1::WorkerMessage { message: Some(message) }).await.unwrap();
}

fn success(replica: v1::ReplicaId, manifest: &Digest) -> v1::Report {
    let output = replica.unit.to_le_bytes();
    let artefact = v1::Artefact {
        name: "stdout".to_owned(),
        digest: digest_bytes(Digest::of(&output)),
        size_bytes: 4,
        inline: Some(Bytes::copy_from_slice(&output)),
        salt: Bytes::new(),
    };
    let outcome = report::Outcome::Success(v1::Success { outputs: vec![artefact] });
    let usage =
        v1::Usage { cpu_ms: 5, wall_ms: 6, memory_peak_bytes: 7, steps: 0, work: 5_000_000 };
    let mut report = v1::Report {
        replica: Some(replica),
        usage: Some(usage),
        outcome: Some(outcome),
        ..Default::default()
    };
    statement::state(&mut report, manifest).unwrap();
    report
}
