//! Arbitrary values of the domain.

use manyhands_core::command::{Outcome, Renewal, ReplicaReport};
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::key::{Key, Signature};
use manyhands_core::lease::Replay;
use manyhands_core::manifest::{
    AppVersion, Artefact, Axis, Draft, Input, Manifest, Source, Values,
};
use manyhands_core::policy::Policy;
use manyhands_core::private::Salt;
use manyhands_core::replica::{CheckpointRef, Class, Output, Usage};
use manyhands_core::reply::LeaseGrant;
use manyhands_core::requirement::{Capabilities, Kind};
use manyhands_core::statement::{Equivocation, Path, Proof, SignedStatement, Statement};
use manyhands_core::time::{Span, Timestamp};
use manyhands_core::trust::Confidence;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

pub(super) fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

pub(super) fn replica_id() -> impl Strategy<Value = ReplicaId> {
    (1_u64.., any::<u32>(), any::<u16>())
        .prop_map(|(job, unit, number)| JobId(job).unit(unit).replica(number))
}

fn artefact() -> impl Strategy<Value = Artefact> {
    let salt = option::of(any::<[u8; 16]>().prop_map(Salt));
    ("[a-z0-9.]{1,12}", digest(), any::<u64>(), salt)
        .prop_map(|(name, digest, bytes, salt)| Artefact { name, digest, bytes, salt })
}

fn values() -> impl Strategy<Value = Values> {
    prop_oneof![
        vec("[ -~]{0,8}", 1..5).prop_map(Values::List),
        (-9_i64..9, 1_i64..9).prop_map(|(start, step)| Values::Range { start, end: 20, step }),
        vec(artefact(), 1..5).prop_map(Values::Files),
    ]
}

/// Axes of different names; the last one has files, for inputs to refer to.
fn axes() -> impl Strategy<Value = Vec<Axis>> {
    let some = btree_map("[a-z]{1,6}", values(), 0..3);
    (some, vec(artefact(), 1..4)).prop_map(|(some, files)| {
        let axis = |(name, values)| Axis { name, values };
        let last = Axis { name: "FILES".into(), values: Values::Files(files) };
        some.into_iter().map(axis).chain([last]).collect()
    })
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![artefact().prop_map(Source::Fixed), Just(Source::Axis("FILES".into()))]
}

fn confidence() -> impl Strategy<Value = Confidence> {
    let (error, hostile) = (1..=Confidence::ERROR_PPB_MAX, 1..=Confidence::HOSTILE_PPM_MAX);
    (error, hostile, 0..=Confidence::COLLUDING_PPM_MAX).prop_map(
        |(error_ppb, hostile_ppm, colluding)| Confidence {
            error_ppb,
            hostile_ppm,
            colluding_ppm: colluding.min(hostile_ppm),
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let spans = (10_000_u64..1 << 30, 0_u64..1 << 20);
    (option::of(confidence()), 1_u8..=16, 0_u8..=48, spans, any::<u8>()).prop_map(
        |(confidence, quorum, more, (lease, more_ms), priority)| Policy {
            confidence,
            quorum,
            replicas_max: quorum + more,
            deadline_ms: Span(lease + more_ms),
            lease_ms: Span(lease),
            cpu_ms_max: Span(1 + more_ms),
            output_bytes_max: 1 + more_ms,
            log_bytes_max: more_ms,
            priority,
        },
    )
}

fn app() -> impl Strategy<Value = AppVersion> {
    let kind = prop_oneof![Just(Kind::Command), Just(Kind::Step)];
    (digest(), 8_u64..1 << 20, kind, 65_536_u64..1 << 32, any::<u32>()).prop_map(
        |(module, module_bytes, kind, memory_bytes_max, profile)| AppVersion {
            module,
            module_bytes,
            kind,
            memory_bytes_max,
            profile,
        },
    )
}

pub(super) fn draft() -> impl Strategy<Value = Draft> {
    let words = ("[a-z]{1,12}", ".{0,40}", vec("[ -z]{0,8}", 0..4));
    let inputs = btree_map("[a-z]{1,6}/[a-z]{1,6}", source(), 0..4);
    let outputs = btree_set("[a-z]{1,5}[.]txt", 0..4);
    (words, app(), inputs, option::of(source()), outputs, axes(), policy()).prop_map(
        |((name, description, args), app, inputs, stdin, outputs, axes, policy)| Draft {
            name,
            description,
            app,
            args,
            inputs: inputs.into_iter().map(|(path, source)| Input { path, source }).collect(),
            stdin,
            outputs: outputs.into_iter().collect(),
            axes,
            policy,
            // There are axes of files, and some of them private.
            secret: Some(Digest([1; 32])),
        },
    )
}

pub(super) fn manifest() -> impl Strategy<Value = Manifest> {
    draft().prop_map(|draft| Manifest::new(draft).unwrap())
}

pub(super) fn capabilities() -> impl Strategy<Value = Capabilities> {
    (1_u16.., any::<u64>(), btree_set(any::<u32>(), 0..5), "[a-z0-9_]{1,8}", "[a-z]{1,8}").prop_map(
        |(slots, memory_bytes, profiles, isa, os)| Capabilities {
            slots,
            memory_bytes,
            profiles,
            isa,
            os,
            version: "engine 1.2".into(),
        },
    )
}

fn checkpoint() -> impl Strategy<Value = CheckpointRef> {
    (digest(), any::<u64>(), any::<u64>(), digest()).prop_map(
        |(digest, step, bytes, state_hash)| CheckpointRef { digest, step, bytes, state_hash },
    )
}

pub(super) fn lease() -> impl Strategy<Value = LeaseGrant> {
    let replay = (any::<u64>(), any::<bool>())
        .prop_map(|(until_step, keep_state)| Replay { until_step, keep_state });
    let deadlines = any::<[u64; 2]>();
    (replica_id(), deadlines, option::of(checkpoint()), option::of(replay)).prop_map(
        |(replica, [deadline, hard], resume_from, replay)| LeaseGrant {
            replica,
            deadline_at: Timestamp(deadline),
            hard_deadline_at: Timestamp(hard),
            resume_from,
            replay,
        },
    )
}

pub(super) fn renewal() -> impl Strategy<Value = Renewal> {
    (replica_id(), 0_u32..=1_000_000, option::of(checkpoint())).prop_map(
        |(replica, progress_ppm, checkpoint)| Renewal { replica, progress_ppm, checkpoint },
    )
}

pub(super) fn outputs() -> impl Strategy<Value = Vec<Output>> {
    let inline = vec(any::<u8>(), 0..64).prop_map(|bytes| Output::inline("", bytes));
    let blob = (digest(), any::<u64>()).prop_map(|(digest, bytes)| Output::blob("", digest, bytes));
    btree_map("[a-z]{1,8}", prop_oneof![inline, blob], 0..4).prop_map(|outputs| {
        outputs.into_iter().map(|(name, output)| Output { name, ..output }).collect()
    })
}

fn usage() -> impl Strategy<Value = Usage> {
    any::<[u64; 5]>().prop_map(|[cpu_ms, wall_ms, memory_bytes_peak, work, steps]| Usage {
        cpu_ms,
        wall_ms,
        memory_bytes_peak,
        work,
        steps,
    })
}

fn statement() -> impl Strategy<Value = SignedStatement> {
    let class = (digest(), any::<u64>(), any::<bool>());
    let class = class.prop_map(|(said, work, has_failed)| match has_failed {
        true => Class::Error { error: said, work },
        false => Class::Outputs { answer: said, work },
    });
    let proof = (any::<u16>(), vec(digest(), 0..=10), any::<[u8; 32]>());
    (digest(), digest(), replica_id(), class, proof).prop_map(
        |(key, manifest, replica, class, (at, beside, half))| {
            let at = at & ((1 << beside.len()) - 1);
            let path = Path::from_parts(at, beside).unwrap();
            let signature = Signature([half, half].concat().try_into().unwrap());
            SignedStatement {
                key: Key(key.0),
                statement: Statement { manifest, replica, class },
                proof: Proof { signature, path },
            }
        },
    )
}

pub(super) fn equivocation() -> impl Strategy<Value = Equivocation> {
    (statement(), statement()).prop_map(|(first, second)| Equivocation { first, second })
}

pub(super) fn report() -> impl Strategy<Value = ReplicaReport> {
    let outcome = prop_oneof![
        (outputs(), usage()).prop_map(|(outputs, usage)| Outcome::Success { outputs, usage }),
        (digest(), ".{0,40}", usage()).prop_map(|(error, message, usage)| Outcome::AppError {
            error,
            message,
            usage
        }),
        ".{0,40}".prop_map(|message| Outcome::HostError { message }),
        Just(Outcome::Aborted),
        (digest(), option::of(checkpoint()))
            .prop_map(|(state_hash, state)| Outcome::Replayed { state_hash, state }),
    ];
    (replica_id(), outcome).prop_map(|(replica, outcome)| ReplicaReport::unsigned(replica, outcome))
}
