//! A worker on a machine that is used: its sensors are a file here, everything else is real.

use std::path::{Path, PathBuf};

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::time::Span;
use manyhands_proto::v1::worker_message::Message as In;
use manyhands_worker::config::{Slots, Written, WrittenLimits};
use manyhands_worker::control::snapshot::SlotState;
use manyhands_worker::control::{self, Request, Snapshot, Status, Watched};
use manyhands_worker::slots::Priority;
use manyhands_worker::{Config, SlotProgram, Stop};
use tempfile::TempDir;

use super::bench::{COUNT, COUNT_STEPS, HELLO, Job, LOOP, Worker, output};
use super::coordinator::{Coordinator, Stream};

const LEFT_ALONE: &str = "idle = 600\n";
const TOUCHED: &str = "idle = 0\n";

/// A worker that goes by its owner's defaults, and its machine.
struct Home {
    dir: TempDir,
    coordinator: Coordinator,
    worker: Worker,
    stream: Stream,
}

impl Home {
    async fn start(sensors: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sensors"), sensors).unwrap();
        let mut coordinator = Coordinator::start().await;
        let worker = worker(dir.path(), &coordinator.invite());
        let stream = coordinator.accept().await;
        Self { dir, coordinator, worker, stream }
    }

    fn sense(&self, sensors: &str) {
        let path = self.dir.path().join("sensors");
        // Never read half written.
        let new = path.with_extension("new");
        std::fs::write(&new, sensors).unwrap();
        std::fs::rename(&new, &path).unwrap();
    }

    async fn lease(&self, program: &str, units: impl IntoIterator<Item = u32>) {
        let job = Job::of(program);
        job.put(&self.coordinator);
        self.stream.say(job.leases(units)).await;
    }

    async fn until(&mut self, wanted: impl FnMut(&Status) -> bool) -> Status {
        self.worker.status.wait_for(wanted).await.unwrap().clone()
    }

    async fn say(&self, wish: Wish) -> String {
        control::ask(&self.worker_folder(), Request::Wish(wish)).await.unwrap()
    }

    fn worker_folder(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Waits until the slot's process is in a state, by the kernel's letter for it.
    async fn until_process(&self, wanted: impl Fn(Option<char>) -> bool) {
        while !wanted(state(self.dir.path())) {
            tokio::task::yield_now().await;
        }
    }
}

/// One slot, data in `dir`, and the sensors that are a file there.
fn worker(dir: &Path, invite: &str) -> Worker {
    worker_within(dir, invite, WrittenLimits::default())
}

/// The same within these limits.
fn worker_within(dir: &Path, invite: &str, limits: WrittenLimits) -> Worker {
    worker_that_saves(dir, invite, limits, Span::seconds(1))
}

/// The same that saves its programs so often.
fn worker_that_saves(dir: &Path, invite: &str, limits: WrittenLimits, interval: Span) -> Worker {
    let config = Config::new(Written {
        invite: Some(invite.parse().unwrap()),
        data_dir: Some(dir.join("data")),
        sensors_from: Some(dir.join("sensors")),
        slots: Some(Slots::Count(1.try_into().unwrap())),
        slot_memory: Some(64 << 20),
        checkpoint_interval: Some(interval),
        // A machine that builds and tests at the same time would starve the programs.
        priority: Some(Priority::Inherited),
        limits,
        ..Written::default()
    });
    // The slot passes over its arguments; by this one its process is known.
    let program = env!("CARGO_BIN_EXE_manyhands-slot").into();
    Worker::with_slots(config.unwrap(), SlotProgram { program, args: vec![dir.into()] })
}

/// The state of the slot's process with this argument, if there is one.
fn state(argument: &Path) -> Option<char> {
    let argument = argument.as_os_str().as_encoded_bytes();
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let slot = processes.into_iter().find(|process| {
        let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
        words.split(|byte| *byte == 0).nth(1) == Some(argument)
    })?;
    let stat = std::fs::read_to_string(slot.join("stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_paused_for(reason: Reason) -> impl FnMut(&Status) -> bool {
    move |status| status.governed.slots == 0 && status.governed.reason.as_ref() == Some(&reason)
}

fn is_running(status: &Status) -> bool {
    status.slots.iter().flatten().any(|running| !running.stopped)
}

#[tokio::test]
async fn a_program_stands_still_while_the_person_is_there() {
    let mut home = Home::start(LEFT_ALONE).await;
    home.lease(LOOP, [0]).await;
    home.until(is_running).await;
    home.sense(TOUCHED);
    let status = home.until(is_paused_for(Reason::InUse)).await;
    assert_eq!(status.governed.sentence, "paused: you use this machine");
    home.until_process(|state| state == Some('T')).await;

    home.sense(LEFT_ALONE);
    home.say(Wish::Resume).await;
    home.until(is_running).await;
    home.until_process(|state| state.is_some_and(|state| state != 'T')).await;
}

#[tokio::test]
async fn nothing_is_begun_or_asked_for_while_the_machine_is_in_use() {
    let mut home = Home::start(TOUCHED).await;
    home.until(is_paused_for(Reason::InUse)).await;
    home.lease(HELLO, [0]).await;
    let status = loop {
        let status = control::ask(&home.worker_folder(), Request::Status).await.unwrap();
        if status.contains("units that wait for a slot: 1") {
            break status;
        }
    };
    assert!(!status.contains("slot 0:"), "{status}");
    home.sense(LEFT_ALONE);
    // In either order.
    let (mut report, mut wanted) = (None, 0);
    while report.is_none() || wanted == 0 {
        match home.stream.hear().await.unwrap() {
            In::Reports(reports) => report = reports.reports.into_iter().next(),
            In::Want(want) => wanted = want.leases,
            _ => {}
        }
    }
    assert_eq!(output(report.unwrap()).inline.as_deref(), Some(&b"hello\n"[..]));
}

#[tokio::test]
async fn memory_that_others_need_is_given_back_and_the_program_goes_on_later() {
    let mut home = Home::start(LEFT_ALONE).await;
    home.lease(COUNT, [0]).await;
    home.stream.checkpoint().await;
    home.sense("idle = 600\nmemory pressure = 50 %\n");
    home.until(is_paused_for(Reason::Rule("memory".into()))).await;
    home.until_process(|state| state.is_none()).await;
    home.until(|status| status.slots[0].is_none()).await;

    home.sense("idle = 600\nmemory pressure = 0 %\n");
    home.say(Wish::Resume).await;
    let report = home.stream.report().await;
    assert_eq!(report.usage.unwrap().steps, COUNT_STEPS);
    assert_eq!(output(report).size_bytes, 8);
}

/// Nobody waits for the machine when it goes on battery, and that may last: the program is saved first.
#[tokio::test]
async fn a_program_is_saved_before_a_pause_that_can_wait_for_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sensors"), LEFT_ALONE).unwrap();
    let mut coordinator = Coordinator::start().await;
    let limits = WrittenLimits::default();
    // By the clock, no checkpoint is due before all steps are done.
    let worker = worker_that_saves(dir.path(), &coordinator.invite(), limits, Span::hours(1));
    let stream = coordinator.accept().await;
    let mut home = Home { dir, coordinator, worker, stream };
    home.lease(COUNT, [0]).await;
    home.until(is_running).await;

    home.sense("idle = 600\non battery = yes\n");
    let saved = home.stream.checkpoint().await;
    assert!(saved.step < COUNT_STEPS, "{saved:?}");
    home.until_process(|state| state == Some('T')).await;
    home.until(is_paused_for(Reason::Rule("battery".into()))).await;
}

#[tokio::test]
async fn what_the_owner_says_outlives_the_worker() {
    let mut home = Home::start(LEFT_ALONE).await;
    home.until(|status| status.governed.slots == 1).await;
    assert_eq!(home.say(Wish::Pause).await, "paused: you said so\n");
    let Home { dir, mut coordinator, worker: first, .. } = home;
    first.stop(Stop::Now).await.unwrap();
    let worker = worker(dir.path(), &coordinator.invite());
    let stream = coordinator.accept().await;
    let mut home = Home { dir, coordinator, worker, stream };
    home.until(is_paused_for(Reason::Paused)).await;
    assert_eq!(home.say(Wish::Resume).await, "up to 1 program at once\n");
    home.until(|status| status.governed.slots == 1).await;
}

#[tokio::test]
async fn what_was_spent_of_the_day_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sensors"), LEFT_ALONE).unwrap();
    let limits = WrittenLimits { disk_per_day: Some(1), ..WrittenLimits::default() };
    let mut coordinator = Coordinator::start().await;
    let worker = worker_within(dir.path(), &coordinator.invite(), limits.clone());
    let stream = coordinator.accept().await;
    let mut home = Home { dir, coordinator, worker, stream };
    home.until(|status| status.governed.slots == 1).await;
    home.lease(HELLO, [0]).await;
    let status = home.until(is_paused_for(Reason::DiskBudget)).await;
    assert_eq!(status.governed.sentence, "paused: as much was written to disk as may be in a day");

    let Home { dir, mut coordinator, worker: first, .. } = home;
    first.stop(Stop::Now).await.unwrap();
    let worker = worker_within(dir.path(), &coordinator.invite(), limits);
    let stream = coordinator.accept().await;
    let mut home = Home { dir, coordinator, worker, stream };
    home.until(is_paused_for(Reason::DiskBudget)).await;
}

#[tokio::test]
async fn who_is_to_finish_computes_what_it_has_and_ends() {
    let mut home = Home::start(LEFT_ALONE).await;
    assert!(home.stream.want().await > 0);
    home.lease(COUNT, [0]).await;
    home.until(is_running).await;
    assert!(home.say(Wish::Finish).await.starts_with("what was begun"));
    let batch = loop {
        match home.stream.hear().await.unwrap() {
            In::Want(want) => assert_eq!(want.leases, 0),
            In::Reports(reports) => break reports,
            _ => {}
        }
    };
    home.stream.acknowledge(batch.batch).await;
    home.worker.ended().await.unwrap();
}

#[tokio::test]
async fn the_owner_is_told_what_happens_and_where_the_time_went() {
    let mut home = Home::start("idle = 600\ntemperature = 90\n").await;
    home.until(is_paused_for(Reason::Rule("heat".into()))).await;
    let status = control::ask(&home.worker_folder(), Request::Status).await.unwrap();
    let first = status.lines().next().unwrap();
    assert_eq!(
        first,
        "paused for heat: temperature is 90 °C (when temperature > 85 °C pause until < 75 °C)"
    );
    assert!(status.contains("connected to the coordinator"), "{status}");
    assert!(status.contains("metered has no effect: nothing here tells of `metered`"), "{status}");
    let log = control::ask(&home.worker_folder(), Request::Log { days: 2 }).await.unwrap();
    assert!(log.contains("in all      you donated 0 s"), "{log}");
}

/// Waits for a snapshot of which `wanted` says yes.
async fn seen(watched: &mut Watched, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
    loop {
        let snapshot = watched.next().await.unwrap().expect("the worker goes on");
        if wanted(&snapshot) {
            return snapshot;
        }
    }
}

#[tokio::test]
async fn who_watches_sees_what_runs_for_whom_and_whether_it_stands_still() {
    let mut home = Home::start(LEFT_ALONE).await;
    home.lease(LOOP, [3]).await;
    home.until(is_running).await;
    let mut watched = control::watch(&home.worker_folder()).await.unwrap();
    let has_used_time =
        |snapshot: &Snapshot| snapshot.slots[0].work.as_ref().is_some_and(|work| work.cpu_ms > 0);
    let snapshot = seen(&mut watched, has_used_time).await;
    let work = snapshot.slots[0].work.as_ref().unwrap();
    assert_eq!((work.job.as_str(), work.submitter.as_str()), ("a job", "ada"));
    assert_eq!(work.why, "copy 1 of unit 3, chosen by the coordinator");
    assert_eq!(snapshot.slots[0].state, SlotState::Running);
    assert!(snapshot.coordinator.is_connected);
    let said = |name: &str| {
        let sensor = snapshot.sensors.iter().find(|sensor| sensor.name == name);
        sensor.unwrap().value.clone()
    };
    assert_eq!((said("in use"), said("temperature")), (Some("no".to_owned()), None));

    home.sense(TOUCHED);
    let is_still = |snapshot: &Snapshot| snapshot.slots[0].state == SlotState::Stopped;
    let snapshot = seen(&mut watched, is_still).await;
    assert_eq!(snapshot.governor.reason.unwrap().code, "in-use");
    // What a program does is asked while somebody watches: both are answered.
    let json = control::ask(&home.worker_folder(), Request::Snapshot).await.unwrap();
    assert!(is_still(&serde_json::from_str(&json).unwrap()));
}
