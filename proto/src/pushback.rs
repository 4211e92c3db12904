//! When to come back: a refusal may say how long it holds.
//!
//! The name of the entry and its meaning are gRPC's own (proposal A6, server pushback).

use manyhands_core::time::Span;
use tonic::Status;
use tonic::metadata::MetadataValue;

/// The entry of a status' metadata: milliseconds.
const ENTRY: &str = "grpc-retry-pushback-ms";

/// The same refusal, which holds for so long.
#[must_use]
pub fn with_pushback(mut status: Status, rest: Span) -> Status {
    status.metadata_mut().insert(ENTRY, MetadataValue::from(rest.0));
    status
}

/// How long a refusal holds, if it says so. It came from outside, and is not bounded.
#[must_use]
pub fn pushback(status: &Status) -> Option<Span> {
    let text = status.metadata().get(ENTRY)?.to_str().ok()?;
    text.parse().ok().map(Span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pushback_survives_and_nonsense_is_none() {
        let status = Status::permission_denied("not now");
        assert_eq!(pushback(&status), None);
        assert_eq!(pushback(&with_pushback(status, Span(u64::MAX))), Some(Span(u64::MAX)));
        for text in ["", "-1", "soon", "18446744073709551616"] {
            let mut status = Status::permission_denied("not now");
            status.metadata_mut().insert(ENTRY, text.parse().unwrap());
            assert_eq!(pushback(&status), None, "{text}");
        }
    }
}
