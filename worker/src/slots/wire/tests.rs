//! Notes that a slot may send which was taken over.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![vec(any::<u8>(), 0..40), Just(vec![7; 32])].prop_map(Bytes::from)
}

fn output() -> impl Strategy<Value = v1::Output> {
    let content = prop_oneof![
        bytes().prop_map(v1::output::Content::Inline),
        bytes().prop_map(v1::output::Content::Path),
    ];
    (".{0,9}", bytes(), any::<u64>(), proptest::option::of(content)).prop_map(
        |(name, digest, size_bytes, content)| v1::Output { name, digest, size_bytes, content },
    )
}

fn outcome() -> impl Strategy<Value = v1::ended::Outcome> {
    use v1::app_error::Kind;
    use v1::ended::Outcome as O;
    let name = || prop_oneof!["[a-z_]{0,12}", Just("unreachable".to_owned())];
    let kind = prop_oneof![
        name().prop_map(Kind::Trap),
        name().prop_map(Kind::Limit),
        any::<i32>().prop_map(Kind::StepValue),
    ];
    let checkpointed = || {
        (bytes(), any::<u64>(), bytes()).prop_map(|(path, step, state_hash)| v1::Checkpointed {
            path,
            step,
            state_hash,
            size_bytes: step,
        })
    };
    prop_oneof![
        vec(output(), 0..3).prop_map(|outputs| O::Success(v1::Success { outputs })),
        (proptest::option::of(kind), bytes())
            .prop_map(|(kind, message)| O::AppError(v1::AppError { kind, message })),
        (name(), ".{0,9}")
            .prop_map(|(kind, message)| O::HostError(v1::HostError { kind, message })),
        checkpointed().prop_map(O::Drained),
        (any::<u64>(), bytes(), proptest::option::of(checkpointed())).prop_map(
            |(step, state_hash, checkpoint)| O::Halted(v1::Halted { step, state_hash, checkpoint })
        ),
    ]
}

proptest! {
    /// Whatever an end says, it makes no sense, or it is a report that says the same again.
    #[test]
    fn an_end_is_refused_or_says_the_same_again(outcome in outcome(), hash in bytes(), log in bytes()) {
        let ended = v1::Ended {
            outcome: Some(outcome),
            cpu_ms: 1,
            state_hash: hash,
            log,
            ..v1::Ended::default()
        };
        if let Ok(report) = to_report(ended) {
            let again = from_report(report).encode_to_vec();
            let Ok(v1::note::Note::Ended(ended)) = manyhands_proto::convert::slot_note(&again) else {
                return Err(TestCaseError::fail("what it says again is no end"));
            };
            let last = from_report(to_report(ended).unwrap()).encode_to_vec();
            prop_assert_eq!(last, again);
        }
    }
}
