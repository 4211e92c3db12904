//! Finding the coordinator that was joined, also when it has moved: with the newest record that its project's key has signed,
//! which the profile keeps, and on the local network if it was there.

use std::net::SocketAddr;
use std::time::Duration;

use manyhands_core::key::Key;
use manyhands_core::peer::{Place, Reach, Whereabouts};
use manyhands_core::time::Timestamp;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::lan::{Found as Announced, Search};
use manyhands_proto::link::{self, Endpoint, LinkError, Linked};
use manyhands_proto::peer;
use manyhands_proto::v1;
use thiserror::Error;
use tokio::time::timeout;

use crate::profile::{Profile, ProfileError};
use crate::session::Session;

/// How long to look on the local network for a coordinator that is nowhere else.
const SEARCH_MAX: Duration = Duration::from_secs(3);

/// Longest wait for the coordinator's word on where it may be found later.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// A link to the coordinator.
#[derive(Debug)]
pub struct Found {
    /// The link.
    pub session: Session,
    /// Where it is, if that is not where it was the last time.
    pub moved_to: Option<String>,
}

/// Why there is no link.
#[derive(Debug, Error)]
pub enum FollowError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The coordinator answers nowhere.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// Dials the coordinator that was joined: where it was, then where the newest record says, then whoever announces one of its keys,
/// if it was on the local network. Each must prove its key. The profile remembers where it was found, and its newest
/// record.
///
/// # Errors
/// [`FollowError`]: what is wrong with the profile, or where the coordinator was.
pub async fn open(
    profile: &Profile,
    identity: &Identity,
    now: Timestamp,
) -> Result<Found, FollowError> {
    let invite = profile.coordinator()?;
    let Some(mut whereabouts) = whereabouts(&invite) else {
        let session = Session::open(invite.endpoint(), identity).await?;
        return Ok(Found { session, moved_to: None });
    };
    if let Some(kept) = profile.record() {
        whereabouts.restore(kept);
    }
    let mut found = link::connect_first(whereabouts.places(), identity).await;
    if !matches!(found, Some(Ok(_))) && is_near(invite.endpoint()) {
        let announced = search(&whereabouts).await;
        found = link::connect_first(announced, identity).await.filter(Result::is_ok).or(found);
    }
    let Linked { channel, place, endpoint } = found.unwrap_or(Err(LinkError::Unannounced))?;
    let session = Session::over(channel);
    learn(profile, &session, &mut whereabouts, &place.key, now).await?;
    let mut moved_to = None;
    if let (Endpoint::Pinned { .. }, Endpoint::Pinned { address, key }) =
        (invite.endpoint(), &endpoint)
        && *invite.endpoint() != endpoint
    {
        profile.save_coordinator(&Invite::new(address.clone(), *key, None))?;
        moved_to = Some(place.address);
    }
    Ok(Found { session, moved_to })
}

/// Begins to follow the coordinator of an invite, to which there is a link. What was known of another one is forgotten.
///
/// # Errors
/// When the profile cannot be written.
pub async fn begin(
    profile: &Profile,
    session: &Session,
    invite: &Invite,
    now: Timestamp,
) -> Result<(), ProfileError> {
    profile.save_coordinator(invite)?;
    profile.forget_record()?;
    let Some(key) = invite.endpoint().key() else { return Ok(()) };
    let Some(mut whereabouts) = whereabouts(invite) else { return Ok(()) };
    learn(profile, session, &mut whereabouts, &Key(*key.as_bytes()), now).await
}

/// What an invite says; nothing of a coordinator without a key, which does not move.
fn whereabouts(invite: &Invite) -> Option<Whereabouts> {
    match invite.endpoint() {
        Endpoint::Pinned { address, key } => {
            let place = Place { key: Key(*key.as_bytes()), address: address.to_string() };
            Some(Whereabouts::new(place))
        }
        Endpoint::Nearby(key) => Some(Whereabouts::of(Key(*key.as_bytes()))),
        Endpoint::Plain(_) => None,
    }
}

/// Whether a coordinator is, or was, on the local network or this machine, which may be part of one.
fn is_near(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Pinned { address, .. } => {
            address.socket_addr().is_some_and(|at| Reach::of_link(at.ip()) <= Reach::Site)
        }
        Endpoint::Nearby(_) => true,
        Endpoint::Plain(_) => false,
    }
}

/// Where the first of the coordinators is that announces itself on the local network.
async fn search(whereabouts: &Whereabouts) -> Vec<Place> {
    let keys = whereabouts.keys();
    let sought = keys.iter().filter_map(|key| PublicKey::from_bytes(key.as_bytes()).ok());
    let Ok(search) = Search::new() else { return Vec::new() };
    let found = search.coordinator(sought.collect(), SEARCH_MAX).await;
    let place = |key: PublicKey, at: SocketAddr| Place {
        key: Key(*key.as_bytes()),
        address: at.to_string(),
    };
    found.map_or_else(Vec::new, |Announced { key, addresses, .. }| {
        addresses.into_iter().map(|at| place(key, at)).collect()
    })
}

/// Asks the coordinator, which has proved the key `from`, where it may be found later, and keeps what is new and believed. Without an
/// answer everything else works.
async fn learn(
    profile: &Profile,
    session: &Session,
    whereabouts: &mut Whereabouts,
    from: &Key,
    now: Timestamp,
) -> Result<(), ProfileError> {
    let asked = v1::CoordinatorsRequest { project: Vec::new().into(), seq: 0 };
    let answer = timeout(ANSWER_MAX, session.whereabouts().coordinators(asked)).await;
    let record = match answer {
        Ok(Ok(answer)) => answer.into_inner().record,
        Ok(Err(_)) | Err(_) => None,
    };
    let opened = record.and_then(|record| peer::open_coordinators(record).ok());
    let Some(record) = opened else { return Ok(()) };
    match whereabouts.hear(record.clone(), from, now) {
        Ok(true) => profile.save_record(&record),
        Ok(false) | Err(_) => Ok(()),
    }
}
