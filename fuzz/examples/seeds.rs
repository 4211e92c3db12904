//! Writes the seeds: one message of each kind as an honest program sends it, from which a fuzzer begins.
//!
//! `cargo run --example seeds` in `fuzz/`; what it writes is in the repository.

use std::error::Error;
use std::fs;
use std::path::Path;

use manyhands_core::agent::selfchosen::Commitment;
use manyhands_core::credit::MicroCredits;
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::key::Key;
use manyhands_core::ledger::{Entry, Head, Kind};
use manyhands_core::peer::{
    CoordinatorAt, CoordinatorRecord, PeerAddress, Record, SignedRecord, Visit,
};
use manyhands_core::replica::Class;
use manyhands_core::time::Timestamp;
use manyhands_proto::document::{canonical, ledger};
use manyhands_proto::identity::Identity;
use manyhands_proto::v1::{self, axis, peer_message, report, signed_statement, source};
use manyhands_proto::{chosen, peer};
use prost::Message;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    discovery()?;
    neighbours()?;
    stream()?;
    slot()?;
    jobs()?;
    manifest()?;
    evidence()?;
    documents()?;
    texts()
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

fn say(target: &str, name: &str, message: &impl Message) -> Result<(), Failure> {
    write(target, name, &message.encode_to_vec())
}

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn key(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

/// Peer 1 of project 9, whom 2 has visited, and where that project's coordinator is.
fn discovery() -> Result<(), Failure> {
    let address = PeerAddress::new([198, 51, 100, 7].into(), 7_777)?;
    let record = Record::new(key(9), key(1), vec![address], 5, Timestamp(1_000))?;
    let signed = peer::sign(&identity(1), record.clone()).ok_or("another peer's record")?;
    let visit = Visit { project: key(9), key: key(1), address, seen_at: Timestamp(900) };
    let witness = peer::witness(&identity(2), &visit);
    let record: v1::PeerRecord =
        SignedRecord::new(record, *signed.signature(), vec![witness])?.into();
    let at = CoordinatorAt { key: key(9), addresses: vec!["grid.example.org:443".to_owned()] };
    let coordinators = CoordinatorRecord::new(key(9), vec![at], 3, Timestamp(1_000))?;
    let coordinators = peer::sign_coordinators(&identity(9), coordinators).ok_or("another's")?;
    let reply = v1::RegisterReply {
        record: Some(record.clone()),
        ip: vec![198, 51, 100, 7].into(),
        coordinators: Some(coordinators.clone().into()),
    };
    say("discovery", "peer", &record)?;
    say("discovery", "coordinators", &v1::CoordinatorRecord::from(coordinators))?;
    say("discovery", "reply", &reply)?;
    say("discovery", "chosen", &chosen_units())
}

/// Peer 1 has done unit 5 of a job of its own choice.
fn chosen_units() -> v1::ChosenUnits {
    let (manifest, answer) = (Digest([7; 32]), Digest([8; 32]));
    let class = Class::Outputs { answer, work: 5 };
    let commitment = Commitment::new(manifest, 5, key(1), class, &[9; 32]);
    chosen::message(&manifest, &[chosen::sign(&identity(1), commitment)])
}

fn neighbours() -> Result<(), Failure> {
    use peer_message::Kind;
    let open = v1::PeerOpen { digest: vec![7; 32].into(), size_bytes: 1 << 26 };
    let part = v1::PeerPart { piece: 3, offset: 0, is_last: true, data: vec![1; 99].into() };
    let accused = identity(3).public_key().as_bytes().to_vec();
    let kinds = [
        ("open", Kind::Open(open)),
        ("holds", Kind::Holds(v1::PeerHolds { pieces: vec![0xff; 33].into() })),
        ("have", Kind::Have(v1::PeerHave { pieces: vec![1, 2, 258] })),
        ("want", Kind::Want(v1::PeerWant { piece: 4, is_stranded: true })),
        ("cancel", Kind::Cancel(4)),
        ("refuse", Kind::Refuse(4)),
        ("part", Kind::Part(part)),
        ("seek", Kind::Seek(v1::PeerSeek {})),
        ("accuse", Kind::Accuse(accused.into())),
        ("when", Kind::When(7)),
        ("read_at", Kind::ReadAt(v1::PeerReadAt { when: 7, at_ms: 0xdead_beef })),
    ];
    for (name, kind) in kinds {
        say("peer_message", name, &v1::PeerMessage { kind: Some(kind) })?;
    }
    Ok(())
}

fn replica() -> Option<v1::ReplicaId> {
    Some(v1::ReplicaId { job: 1, unit: 2, number: 3 })
}

fn checkpoint() -> Option<v1::Checkpoint> {
    let (digest, state_hash) = (vec![1; 32].into(), vec![2; 32].into());
    Some(v1::Checkpoint { digest, size_bytes: 65_536, step: 8, state_hash })
}

fn artefact(name: &str) -> v1::Artefact {
    let inline = bytes::Bytes::from_static(b"42\n");
    let digest = manyhands_core::digest::Digest::of(&inline);
    let digest = digest.as_bytes().to_vec().into();
    v1::Artefact {
        name: name.to_owned(),
        digest,
        size_bytes: 3,
        inline: Some(inline),
        ..Default::default()
    }
}

fn stream() -> Result<(), Failure> {
    let usage = v1::Usage { cpu_ms: 1, wall_ms: 2, memory_peak_bytes: 3, steps: 4, work: 5 };
    let outcomes = [
        ("success", report::Outcome::Success(v1::Success { outputs: vec![artefact("stdout")] })),
        (
            "app-error",
            report::Outcome::AppError(v1::AppError {
                error: vec![4; 32].into(),
                message: "no".to_owned(),
            }),
        ),
        ("host-error", report::Outcome::HostError(v1::HostError { message: "disk".to_owned() })),
        ("aborted", report::Outcome::Aborted(v1::Aborted { checkpoint: checkpoint() })),
        (
            "replayed",
            report::Outcome::Replayed(v1::Replayed {
                state_hash: vec![5; 32].into(),
                state: checkpoint(),
            }),
        ),
    ];
    let mut reports = Vec::new();
    for (name, outcome) in outcomes {
        let report = v1::Report {
            replica: replica(),
            usage: Some(usage),
            outcome: Some(outcome),
            ..v1::Report::default()
        };
        say("work", name, &report)?;
        reports.push(report);
    }
    say("work", "reports", &v1::Reports { batch: 1, reports, signature: vec![6; 64].into() })?;
    let renewal =
        v1::Renewal { replica: replica(), progress_ppm: 500_000, checkpoint: checkpoint() };
    say("work", "renewal", &renewal)?;
    say("work", "renew", &v1::Renew { renewals: vec![renewal] })?;
    let lease = v1::Lease {
        replica: replica(),
        deadline_at_ms: 10,
        resume: checkpoint(),
        hard_deadline_at_ms: 20,
        replay: Some(v1::Replay { until_step: 9, keep_state: true }),
        input_keys: vec![vec![5; 32].into()],
    };
    say("work", "lease", &lease)?;
    let has = v1::Capabilities {
        slots: 4,
        memory_bytes: 1 << 30,
        profiles: vec![2],
        isa: "x86_64".to_owned(),
        os: "linux".to_owned(),
        ..v1::Capabilities::default()
    };
    say("work", "capabilities", &has)
}

/// What an honest slot says of itself and of a run.
fn slot() -> Result<(), Failure> {
    use manyhands_proto::slot::v1::{
        Ended, Note, Output, Ready, Success, Wall, ended, note, output,
    };
    let wall = Wall { name: "network".to_owned(), stands: true, detail: "seccomp".to_owned() };
    let ready = note::Note::Ready(Ready { isa: "x86_64".to_owned(), walls: vec![wall] });
    say("slot", "ready", &Note { note: Some(ready) })?;
    let content = Some(output::Content::Inline("42\n".into()));
    let digest = manyhands_core::digest::Digest::of(b"42\n").as_bytes().to_vec().into();
    let output = Output { name: "stdout".to_owned(), digest, size_bytes: 3, content };
    let outcome = Some(ended::Outcome::Success(Success { outputs: vec![output] }));
    let ended = note::Note::Ended(Ended { outcome, cpu_ms: 5, steps: 6, ..Ended::default() });
    say("slot", "ended", &Note { note: Some(ended) })
}

fn jobs() -> Result<(), Failure> {
    let unit = v1::UnitRef { job: 1, unit: 2 };
    say("jobs", "why", &v1::WhyRequest { about: Some(v1::why_request::About::Unit(unit)) })?;
    let counts =
        v1::UnitCounts { total: 3, waiting: 1, open: 1, validated: 1, ..v1::UnitCounts::default() };
    say("jobs", "counts", &counts)?;
    let outputs = vec![artefact("stdout")];
    say("jobs", "outputs", &v1::unit_outputs::Canonical { outputs, answer: vec![1; 32].into() })?;
    let row = v1::LedgerRow {
        seq: 1,
        kind: v1::LedgerKind::Grant.into(),
        replica: replica(),
        host: 4,
        volunteer: 5,
        amount_micro: 6,
        at_ms: 7,
        chain: vec![8; 32].into(),
    };
    say("jobs", "rows", &v1::LedgerRowsReply { rows: vec![row] })
}

fn manifest() -> Result<(), Failure> {
    let app = v1::AppVersion {
        module: vec![1; 32].into(),
        module_bytes: 4_096,
        kind: v1::Kind::Step.into(),
        memory_bytes_max: 1 << 26,
        profile: 2,
    };
    let salt = vec![4; 16].into();
    let file = v1::Artefact { inline: None, salt, ..artefact("a.fil") };
    let values = [
        ("N", axis::Values::Range(axis::Range { start: 1, end: 9, step: 2 })),
        ("MODE", axis::Values::List(axis::List { values: vec!["fast".to_owned()] })),
        ("FILE", axis::Values::Files(axis::Files { files: vec![file.clone()] })),
    ];
    let axes =
        values.map(|(name, values)| v1::Axis { name: name.to_owned(), values: Some(values) });
    let from = |source| Some(v1::Source { source: Some(source) });
    let input = v1::Input {
        path: "a.fil".to_owned(),
        source: from(source::Source::Axis("FILE".to_owned())),
    };
    let policy = v1::Policy {
        quorum: 2,
        replicas_max: 8,
        deadline_ms: 86_400_000,
        lease_ms: 600_000,
        cpu_ms_max: 60_000,
        output_bytes_max: 1 << 20,
        log_bytes_max: 4_096,
        priority: 1,
        confidence: Some(v1::Confidence {
            error_ppb: 1_000_000,
            hostile_ppm: 200_000,
            colluding_ppm: 200_000,
        }),
    };
    let manifest = v1::Manifest {
        name: "sweep".to_owned(),
        description: "a sweep".to_owned(),
        app: Some(app),
        args: ["sweep", "{N}", "{MODE}"].map(str::to_owned).into(),
        inputs: vec![input],
        stdin: from(source::Source::Fixed(file)),
        outputs: vec!["spectrum.txt".to_owned()],
        axes: axes.into(),
        policy: Some(policy),
        secret: vec![3; 32].into(),
    };
    say("manifest", "sweep", &manifest)
}

fn evidence() -> Result<(), Failure> {
    let statement = |answer: u8| v1::SignedStatement {
        key: vec![1; 32].into(),
        manifest: vec![2; 32].into(),
        replica: replica(),
        said: Some(signed_statement::Said::Answer(vec![answer; 32].into())),
        work: 9,
        signature: vec![3; 64].into(),
        at: 1,
        beside: vec![vec![4; 32].into()],
    };
    let reply = v1::EvidenceReply { first: Some(statement(5)), second: Some(statement(6)) };
    say("evidence", "contradiction", &reply)
}

fn documents() -> Result<(), Failure> {
    let entry = Entry {
        kind: Kind::Grant,
        replica: JobId(1).unit(2).replica(3),
        host: HostId(4),
        volunteer: VolunteerId(5),
        amount: MicroCredits(6),
        at: Timestamp(7),
    };
    let mut head = Head::EMPTY;
    let row = head.append(entry);
    write("documents", "row", &ledger::row_line(&row)?)?;
    write("documents", "head", &ledger::head_line(&identity(1), head)?)?;
    let value = serde_json::json!({ "a": [1, -1, "ä\n"], "b": {} });
    write("documents", "value", &canonical::write(&value)?)
}

fn texts() -> Result<(), Failure> {
    let key = identity(1).public_key();
    write("texts", "invite", format!("manyhands://grid.example.org:443/#{key}.ab2c").as_bytes())?;
    write("texts", "address", b"[2001:db8::7]:7777")?;
    write("texts", "key", key.to_string().as_bytes())?;
    write("texts", "unit", b"3/17")?;
    write("texts", "replica", b"3/17/2")?;
    for (name, rule) in manyhands_core::agent::governor::defaults::DEFAULT_RULES {
        write("texts", name, rule.as_bytes())?;
    }
    Ok(())
}
