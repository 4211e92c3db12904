//! A link to whoever of several places answers.

use std::collections::BTreeSet;

use manyhands_core::peer::Place;

use super::{Channel, Endpoint, LinkError, connect};
use crate::identity::{Identity, PublicKey};

/// A link, and to whom.
#[derive(Debug)]
pub struct Linked {
    /// The connection.
    pub channel: Channel,
    /// Whose key was proved where.
    pub place: Place,
    /// The same, as it was dialled.
    pub endpoint: Endpoint,
}

/// Dials the places one after the other, each once, until somebody proves the key; nothing if there is none.
///
/// # Errors
/// What was wrong with the first place, if nobody answers anywhere: [`connect`].
pub async fn connect_first(
    places: impl IntoIterator<Item = Place>,
    identity: &Identity,
) -> Option<Result<Linked, LinkError>> {
    let mut first_error = None;
    let mut dialled = BTreeSet::new();
    for place in places {
        let Some(endpoint) = endpoint(&place).filter(|_| dialled.insert(place.clone())) else {
            continue;
        };
        match connect(&endpoint, identity).await {
            Ok(channel) => return Some(Ok(Linked { channel, place, endpoint })),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map(Err)
}

fn endpoint(place: &Place) -> Option<Endpoint> {
    let key = PublicKey::from_bytes(place.key.as_bytes()).ok()?;
    Some(Endpoint::Pinned { address: place.address.parse().ok()?, key })
}
