//! Instants as people write them: `2027-02-03T04:05:06Z`.

use manyhands_core::time::Timestamp;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    let seconds = i64::try_from(at.0 / 1_000).map_err(S::Error::custom)?;
    let at = jiff::Timestamp::from_second(seconds).map_err(S::Error::custom)?;
    to.collect_str(&at)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    let at: jiff::Timestamp =
        text.parse().map_err(|error| D::Error::custom(format!("at: {error}")))?;
    u64::try_from(at.as_millisecond())
        .map(Timestamp)
        .map_err(|error| D::Error::custom(format!("at: {error}")))
}
