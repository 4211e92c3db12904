//! What a slot does while all is well.

use std::fs;

use manyhands_core::private::InputKey;
use manyhands_proto::private::Cipher;
use manyhands_worker::sandbox::{Content, Halt, HostErrorKind, Outcome, RunReport};
use manyhands_worker::slots::{
    FRAME_BYTES_MAX, InputFile, Priority, RunSpec, SlotError, SlotEvent,
};

use crate::workbench::{
    Bench, COUNT, ENDLESS_STEPS, LOOP, SOON, TOUR_C, WALK, checkpointed, end, run, started,
    state_of,
};

fn with_input(bench: &Bench, bytes: &[u8]) -> RunSpec {
    let host_path = bench.path("blob");
    fs::write(&host_path, bytes).unwrap();
    let digest = blake3::hash(bytes).into();
    let inputs =
        vec![InputFile { guest_path: "numbers.txt".to_owned(), host_path, digest, key: None }];
    RunSpec { inputs, ..bench.spec(TOUR_C) }
}

/// One process runs replica after replica, of the same module and, once they are known here, of others.
#[tokio::test]
async fn a_warm_slot() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    let spec = with_input(&bench, b"5 4 3");
    let first = run(&mut slot, &spec).await;
    let other = run(&mut slot, &bench.spec(WALK)).await;
    let process = slot.process_id().unwrap();
    let again = run(&mut slot, &with_input(&bench, b"5 4 3")).await;
    let (Outcome::Success(a), Outcome::Success(b)) = (&first.outcome, &again.outcome) else {
        panic!("{first:?}, {again:?}")
    };
    assert_eq!(a, b);
    assert_eq!(first.log, "done\n");
    assert_eq!(other.usage.steps, 200);
    assert!(other.state_hash.is_some() && first.state_hash.is_none());
    assert_eq!(slot.process_id(), Some(process));
}

#[tokio::test]
async fn an_input_that_is_not_what_its_digest_says() {
    let bench = Bench::new();
    let spec = with_input(&bench, b"5 4 3");
    fs::write(bench.path("blob"), b"5 4 4").unwrap();
    let mut slot = bench.slot();
    let Outcome::HostError(error) = run(&mut slot, &spec).await.outcome else { panic!() };
    assert_eq!(error.kind, HostErrorKind::Input);
    assert!(error.message.contains("`numbers.txt`"), "{error}");
    fs::remove_file(bench.path("blob")).unwrap();
    let Outcome::HostError(error) = run(&mut slot, &spec).await.outcome else { panic!() };
    assert_eq!(error.kind, HostErrorKind::Input);
}

/// A private input lies on disk as ciphertext; the program reads it as it was.
#[tokio::test]
async fn a_private_input_is_decrypted_in_the_slot() {
    let bench = Bench::new();
    let digests = |report: RunReport| match report.outcome {
        Outcome::Success(outputs) => Vec::from_iter(outputs.iter().map(|output| output.digest)),
        other => panic!("{other:?}"),
    };
    let plain = run(&mut bench.slot(), &with_input(&bench, b"1 2 3\n")).await;
    let key = InputKey([7; 32]);
    let mut bytes = b"1 2 3\n".to_vec();
    Cipher::new(&key).apply(&mut bytes);
    let mut spec = with_input(&bench, &bytes);
    spec.inputs[0].key = Some(key);
    let private = run(&mut bench.slot(), &spec).await;
    assert_eq!(digests(private), digests(plain));
    spec.inputs[0].digest[0] ^= 1;
    let other = run(&mut bench.slot(), &spec).await;
    let Outcome::HostError(error) = other.outcome else { panic!("{other:?}") };
    assert_eq!(error.kind, HostErrorKind::Input);
}

#[tokio::test]
async fn a_module_that_is_gone() {
    let bench = Bench::new();
    let spec = bench.spec(WALK);
    fs::remove_file(&spec.module_path).unwrap();
    let mut slot = bench.slot();
    let Outcome::HostError(error) = run(&mut slot, &spec).await.outcome else { panic!() };
    assert_eq!(error.kind, HostErrorKind::Module);
}

/// Outputs beyond a message come as files, with the digests of their bytes.
#[tokio::test]
async fn large_outputs() {
    let bench = Bench::new();
    let numbers = "123456789\n".repeat(200_000);
    let report = run(&mut bench.slot(), &with_input(&bench, numbers.as_bytes())).await;
    let Outcome::Success(outputs) = report.outcome else { panic!("{report:?}") };
    assert_eq!(outputs.len(), 2);
    for output in outputs {
        let Content::File(path) = output.content else { panic!("{} is inline", output.name) };
        assert!(path.starts_with(bench.path("out")));
        let bytes = fs::read(path).unwrap();
        assert_eq!(bytes.len() as u64, output.size_bytes);
        assert_eq!(*blake3::hash(&bytes).as_bytes(), output.digest);
    }
}

#[tokio::test]
async fn a_standard_input_beyond_the_frame() {
    let bench = Bench::new();
    let stdin = vec![b'x'; FRAME_BYTES_MAX].into();
    let spec = RunSpec { stdin, ..bench.spec(WALK) };
    let mut slot = bench.slot();
    let error = slot.start(&spec).await.unwrap_err();
    assert!(matches!(error, SlotError::TooLong { .. }), "{error}");
    run(&mut slot, &bench.spec(WALK)).await;
}

/// The process says for which processor it compiles; without a process, nobody says it.
#[tokio::test]
async fn a_slot_that_says_what_it_is() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    assert_eq!(slot.isa(), None);
    slot.warm_up().await.unwrap();
    assert_eq!(slot.isa(), Some(std::env::consts::ARCH));
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let bench = Bench::new();
    let mut slot = manyhands_worker::slots::Slot::new(manyhands_worker::slots::SlotCommand {
        program: bench.path("nothing"),
        args: Vec::new(),
        compiled_folder: bench.path("compiled"),
        room: bench.room(),
        priority: Priority::Inherited,
        group: None,
    });
    let error = slot.start(&bench.spec(WALK)).await.unwrap_err();
    assert!(matches!(error, SlotError::Start { .. }), "{error}");
}

/// A paused slot is stopped by the system; it goes on where it was.
#[tokio::test]
async fn paused_and_resumed() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    slot.warm_up().await.unwrap();
    let process = slot.process_id().unwrap();
    let mut run = slot.start(&bench.spec_of_text(ENDLESS_STEPS)).await.unwrap();
    started(&mut run).await;
    let control = run.control();
    control.pause().await;
    // The next beat comes after the wish was carried out.
    assert!(matches!(run.next().await, Some(SlotEvent::Progress { .. })));
    assert_eq!(state_of(process), 'T');
    control.resume().await;
    control.checkpoint_now().await;
    let first = checkpointed(&mut run).await;
    assert_ne!(state_of(process), 'T');
    control.pause().await;
    control.drain().await;
    let Outcome::Drained(last) = end(&mut run).await.outcome else { panic!("not drained") };
    assert!(last.step > first.step);
}

#[tokio::test]
async fn checkpoints_by_interval() {
    let bench = Bench::new();
    let spec = RunSpec { checkpoint_interval: SOON, ..bench.spec_of_text(ENDLESS_STEPS) };
    let mut slot = bench.slot();
    let mut run = slot.start(&spec).await.unwrap();
    started(&mut run).await;
    let (one, two) = (checkpointed(&mut run).await, checkpointed(&mut run).await);
    assert!(one.step < two.step);
    assert_ne!(one.state_hash, two.state_hash);
    assert_eq!(one.path, two.path);
    run.control().kill().await;
    while let Some(event) = run.next().await {
        if let SlotEvent::Ended(report) = event {
            panic!("{report:?}");
        }
    }
    assert!(two.path.exists());
}

/// Drained in the middle, resumed in another slot: as if it had run through.
#[tokio::test]
async fn drained_and_moved() {
    let bench = Bench::new();
    let spec = bench.spec_of_text(COUNT);
    let whole = run(&mut bench.slot(), &spec).await;
    let mut slot = bench.slot();
    let mut run_here = slot.start(&spec).await.unwrap();
    started(&mut run_here).await;
    run_here.control().drain().await;
    let Outcome::Drained(checkpoint) = end(&mut run_here).await.outcome else {
        panic!("not drained")
    };
    drop(run_here);
    let elsewhere = RunSpec { resume: Some(checkpoint.path), ..spec };
    let mut other = bench.slot();
    let mut rest = other.start(&elsewhere).await.unwrap();
    assert_eq!(started(&mut rest).await, checkpoint.step);
    let rest = end(&mut rest).await;
    assert_eq!(rest.state_hash, whole.state_hash);
    let (Outcome::Success(a), Outcome::Success(b)) = (rest.outcome, whole.outcome) else {
        panic!("no success")
    };
    assert_eq!(a, b);
}

#[tokio::test]
async fn killed_as_asked() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    let mut run_here = slot.start(&bench.spec_of_text(LOOP)).await.unwrap();
    started(&mut run_here).await;
    run_here.control().kill().await;
    assert!(matches!(run_here.next().await, Some(SlotEvent::Killed)));
    assert!(run_here.next().await.is_none());
    drop(run_here);
    assert_eq!(run(&mut slot, &bench.spec(WALK)).await.usage.steps, 200);
}

/// Halted at a step, its state handed over, and replayed from there: as by one run.
#[tokio::test]
async fn halted_and_replayed() {
    let bench = Bench::new();
    let spec = bench.spec(WALK);
    let halt = |step, folder| Some(Halt { step, folder });
    let mut slot = bench.slot();
    let to_the_half = RunSpec { halt: halt(100, Some(bench.path("out"))), ..spec.clone() };
    let Outcome::Halted(half) = run(&mut slot, &to_the_half).await.outcome else {
        panic!("not halted")
    };
    let kept = half.checkpoint.unwrap();
    assert_eq!((half.step, kept.step, half.state_hash), (100, 100, kept.state_hash));
    let one_step = RunSpec { halt: halt(101, None), resume: Some(kept.path), ..spec.clone() };
    let Outcome::Halted(judged) = run(&mut slot, &one_step).await.outcome else {
        panic!("not halted")
    };
    let from_the_start = RunSpec { halt: halt(101, None), ..spec };
    let Outcome::Halted(claimed) = run(&mut bench.slot(), &from_the_start).await.outcome else {
        panic!("not halted")
    };
    assert_eq!(judged, claimed);
}

fn kept(bench: &Bench) -> usize {
    fs::read_dir(bench.path("compiled")).unwrap().count()
}

/// What one process compiles, others run as their own code: only one that no guest was in yet may keep it.
#[tokio::test]
async fn a_new_module_goes_to_a_process_that_has_run_no_guest() {
    let bench = Bench::new();
    let mut slot = bench.slot();
    run(&mut slot, &bench.spec(WALK)).await;
    let first = slot.process_id().unwrap();
    assert_eq!(kept(&bench), 1);
    run(&mut slot, &bench.spec(TOUR_C)).await;
    let second = slot.process_id().unwrap();
    assert_ne!(first, second);
    assert_eq!(kept(&bench), 2);

    // Known here, so the process stays; what it has to compile once more it runs, and does not keep.
    for entry in fs::read_dir(bench.path("compiled")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let report = run(&mut slot, &bench.spec(WALK)).await;
    assert!(matches!(report.outcome, Outcome::Success(_)), "{:?}", report.outcome);
    assert_eq!((slot.process_id(), kept(&bench)), (Some(second), 0));
}
