//! What a slot does when it is killed, runs out of time, or its worker dies.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use manyhands_proto::slot::v1;
use manyhands_worker::sandbox::{AppErrorKind, HostErrorKind, Limit, Outcome};
use manyhands_worker::slots::{Priority, RunSpec, Slot, SlotCommand, SlotError, SlotEvent};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use prost::Message;

use crate::workbench::{Bench, COUNT, LOOP, SOON, WALK, checkpointed, end, run, started, state_of};

fn kill_9(process: u32) {
    kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGKILL).unwrap();
}

/// Killed in the middle of a run: a host error, then a new process; and the run goes on from its
/// checkpoint to the same state and outputs.
#[tokio::test]
async fn kill_9_and_resume() {
    let bench = Bench::new();
    let spec = bench.spec_of_text(COUNT);
    let whole = run(&mut bench.slot(), &spec).await;

    let mut slot = bench.slot();
    slot.warm_up().await.unwrap();
    let process = slot.process_id().unwrap();
    let often = RunSpec { checkpoint_interval: SOON, ..spec.clone() };
    let mut run_here = slot.start(&often).await.unwrap();
    started(&mut run_here).await;
    checkpointed(&mut run_here).await;
    let checkpoint = checkpointed(&mut run_here).await;
    kill_9(process);
    let Outcome::HostError(error) = end(&mut run_here).await.outcome else { panic!("not dead") };
    assert_eq!(error.kind, HostErrorKind::Slot);
    assert_eq!(error.message, "the slot died by signal 9 (SIGKILL)");
    drop(run_here);

    let resumed = RunSpec { resume: Some(checkpoint.path), ..spec };
    let rest = run(&mut slot, &resumed).await;
    assert_ne!(slot.process_id(), Some(process));
    assert_eq!(rest.state_hash, whole.state_hash);
    let (Outcome::Success(a), Outcome::Success(b)) = (rest.outcome, whole.outcome) else {
        panic!("no success")
    };
    assert_eq!(a, b);
}

/// A cluster's scheduler that wants a machine back tells every process of the job. Only the worker heeds it.
#[tokio::test]
async fn a_slot_does_not_hear_who_asks_it_to_end() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    slot.warm_up().await.unwrap();
    let process = Pid::from_raw(slot.process_id().unwrap().try_into().unwrap());
    let mut run_here = slot.start(&bench.spec_of_text(COUNT)).await.unwrap();
    started(&mut run_here).await;
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1] {
        kill(process, signal).unwrap();
    }
    let report = end(&mut run_here).await;
    assert!(matches!(report.outcome, Outcome::Success(_)), "{report:?}");
}

/// Killed between two runs: the next one does not notice, or reports it and the one after is well.
#[tokio::test]
async fn killed_while_idle() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    run(&mut slot, &bench.spec(WALK)).await;
    kill_9(slot.process_id().unwrap());
    let next = run(&mut slot, &bench.spec(WALK)).await;
    if let Outcome::HostError(error) = next.outcome {
        assert_eq!(error.kind, HostErrorKind::Slot);
        assert_eq!(run(&mut slot, &bench.spec(WALK)).await.usage.steps, 200);
    }
}

#[tokio::test]
async fn a_guest_that_loops() {
    let bench = Bench::new();
    let mut spec = bench.spec_of_text(LOOP);
    spec.limits.cpu_ms = 100;
    let report = run(&mut bench.slot(), &spec).await;
    let Outcome::AppError(error) = report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind, AppErrorKind::Limit(Limit::CpuTime));
    assert_eq!(error.message, "");
    assert!(report.usage.cpu_ms >= 100);
}

/// A stopped process hears no signal but the one that cannot be refused.
#[tokio::test]
async fn a_paused_run_that_is_killed() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    slot.warm_up().await.unwrap();
    let process = slot.process_id().unwrap();
    let mut run = slot.start(&bench.spec_of_text(LOOP)).await.unwrap();
    started(&mut run).await;
    run.control().pause().await;
    assert!(matches!(run.next().await, Some(SlotEvent::Progress { .. })));
    assert_eq!(state_of(process), 'T');
    run.control().kill().await;
    assert!(matches!(run.next().await, Some(SlotEvent::Killed)));
    assert!(!Path::new("/proc").join(process.to_string()).exists());
}

/// Who waits for a run may turn to other things at any moment: the end of the process is told all the same.
#[tokio::test]
async fn the_end_of_a_run_whose_waiting_is_given_up_again_and_again() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    let mut run_here = slot.start(&bench.spec_of_text(LOOP)).await.unwrap();
    started(&mut run_here).await;
    run_here.control().kill().await;
    let told = loop {
        let woken = tokio::select! {
            biased;
            woken = run_here.woken() => woken.expect("nothing was told yet"),
            () = tokio::task::yield_now() => continue,
        };
        if let Some(event) = run_here.react(woken).await {
            break event;
        }
    };
    assert!(matches!(told, SlotEvent::Killed), "{told:?}");
    assert!(run_here.woken().await.is_none());
}

/// A process that reads no wishes does not keep those from being heard who want it gone.
#[tokio::test]
async fn a_process_that_hears_no_wishes() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    slot.warm_up().await.unwrap();
    let process = slot.process_id().unwrap();
    let mut run_here = slot.start(&bench.spec_of_text(LOOP)).await.unwrap();
    started(&mut run_here).await;
    let control = run_here.control();
    control.pause().await;
    let report = loop {
        // More and more, until its socket is full.
        tokio::select! {
            biased;
            () = control.checkpoint_now() => {}
            () = std::future::ready(()) => {}
        }
        let woken = run_here.woken().await.expect("nothing was told yet");
        match run_here.react(woken).await {
            Some(SlotEvent::Ended(report)) => break report,
            Some(SlotEvent::Progress { .. }) | None => {}
            Some(other) => panic!("{other:?}"),
        }
    };
    let Outcome::HostError(error) = report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind, HostErrorKind::Slot);
    assert!(!Path::new("/proc").join(process.to_string()).exists());
}

/// While it is paused, a unit comes no nearer to its limit, however long that takes.
#[tokio::test]
async fn time_on_the_wall_does_not_count() {
    let bench = Bench::new();
    let mut spec = bench.spec_of_text(LOOP);
    spec.limits.cpu_ms = 2_000;
    let mut slot = bench.slot();
    let mut run = slot.start(&spec).await.unwrap();
    started(&mut run).await;
    run.control().pause().await;
    let mut used = Vec::new();
    // One beat a second: together they are longer than the limit.
    for _ in 0..4 {
        let Some(SlotEvent::Progress { cpu_ms, .. }) = run.next().await else { panic!("ended") };
        used.push(cpu_ms);
    }
    assert!(used.iter().all(|cpu_ms| *cpu_ms == used[0] && *cpu_ms < 2_000), "{used:?}");
    run.control().resume().await;
    let report = end(&mut run).await;
    let Outcome::AppError(error) = report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind, AppErrorKind::Limit(Limit::CpuTime));
    // Each machine ends it elsewhere, so what it had counted must not count.
    assert_eq!(report.usage.work, 0);
}

/// A run that is given up takes its process along, and the slot starts another.
#[tokio::test]
async fn a_run_that_is_dropped() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    let mut run_here = slot.start(&bench.spec_of_text(LOOP)).await.unwrap();
    started(&mut run_here).await;
    drop(run_here);
    assert_eq!(slot.process_id(), None);
    assert_eq!(run(&mut slot, &bench.spec(WALK)).await.usage.steps, 200);
}

/// A process that is no slot is told from one.
#[tokio::test]
async fn a_process_that_talks_nonsense() {
    let bench = Bench::new();
    for (program, args) in
        [("/bin/echo", vec!["\0\0\0\x01nonsense".replace('\0', " ")]), ("/bin/false", vec![])]
    {
        let mut slot = Slot::new(SlotCommand {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            compiled_folder: bench.path("compiled"),
            room: bench.room(),
            priority: Priority::Inherited,
            group: None,
        });
        let error = slot.start(&bench.spec(WALK)).await.unwrap_err();
        assert!(matches!(error, SlotError::NotReady { .. }), "{error}");
        assert_eq!(slot.process_id(), None);
    }
}

/// When the worker is gone, so is the slot: the end of its input ends it.
#[test]
fn the_end_of_input_ends_the_process() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_manyhands-slot"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    let mut notes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut notes).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(notes.is_empty());
}

/// Also if a guest is running, which hears nothing: the end of the other input ends it.
#[test]
fn the_end_of_the_worker_ends_a_run() {
    let bench = Bench::new();
    let Looping { mut child, orders, wishes } = Looping::start(&bench);
    drop((orders, wishes));
    assert!(child.wait().unwrap().success());
}

/// And if it stands still, or is about to: the system ends it with the thread that started it. Its inputs are open still.
#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_worker_ends_what_stands_still() {
    let bench = Bench::new();
    let worker = thread::Builder::new().name("worker".to_owned());
    let start = move || {
        let looping = Looping::start(&bench);
        kill(Pid::from_raw(looping.child.id().try_into().unwrap()), Signal::SIGSTOP).unwrap();
        looping
    };
    let mut looping = worker.spawn(start).unwrap().join().unwrap();
    assert_eq!(looping.child.wait().unwrap().signal(), Some(Signal::SIGKILL as i32));
}

/// A process that runs an endless loop, and the ways to it.
struct Looping {
    child: Child,
    orders: ChildStdin,
    wishes: UnixStream,
}

impl Looping {
    fn start(bench: &Bench) -> Self {
        let spec = bench.spec_of_text(LOOP);
        let (wishes, theirs) = UnixStream::pair().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_manyhands-slot"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(OwnedFd::from(theirs))
            .spawn()
            .unwrap();
        let mut orders = child.stdin.take().unwrap();
        let folders = |folders: Vec<PathBuf>| {
            folders.into_iter().map(|it| it.into_os_string().into_vec().into()).collect()
        };
        let room = bench.room();
        let setup = v1::Setup {
            compiled_folder: bench.path("compiled").into_os_string().into_vec().into(),
            readable_folders: folders(room.readable),
            writable_folders: folders(room.writable),
            lowest_priority: false,
        };
        order(&mut orders, v1::order::Order::Setup(setup));
        let run = v1::Run {
            module_path: spec.module_path.into_os_string().into_vec().into(),
            module_digest: spec.module_digest.to_vec().into(),
            seed: spec.seed.to_vec().into(),
            limits: Some(v1::Limits {
                memory_bytes: 64 << 20,
                cpu_ms: 3_600_000,
                ..v1::Limits::default()
            }),
            number: 1,
            ..v1::Run::default()
        };
        order(&mut orders, v1::order::Order::Run(Box::new(run)));
        let mut notes = child.stdout.take().unwrap();
        assert!(matches!(note(&mut notes), v1::note::Note::Ready(_)));
        assert!(matches!(note(&mut notes), v1::note::Note::Started(_)));
        Self { child, orders, wishes }
    }
}

fn order(pipe: &mut impl Write, order: v1::order::Order) {
    let bytes = v1::Order { order: Some(order) }.encode_to_vec();
    pipe.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
    pipe.write_all(&bytes).unwrap();
}

fn note(pipe: &mut impl Read) -> v1::note::Note {
    let mut length = [0; 4];
    pipe.read_exact(&mut length).unwrap();
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    pipe.read_exact(&mut bytes).unwrap();
    v1::Note::decode(bytes.as_slice()).unwrap().note.unwrap()
}
