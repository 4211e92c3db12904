//! Finding the coordinator: where it was, where the invite and its project's record say, and at last on
//! the local network. [`Whereabouts`] decides; this dials, and keeps the newest record on disk.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use manyhands_core::key::Key;
use manyhands_core::peer::{CoordinatorsError, Place, SignedCoordinators, Whereabouts};
use manyhands_proto::document::coordinators::{CoordinatorsFileError, read_file, write_file};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::lan::{Found, Role, Search};
use manyhands_proto::link::{self, Channel, Endpoint, LinkError};
use manyhands_proto::peer::{self, RecordError};
use manyhands_proto::v1;
use tokio::time::{Instant, timeout_at};

use crate::peers::Peers;
use crate::{cache, clock};

/// How long to look on the local network. Whoever is there is mostly found at once.
const SEARCH: Duration = Duration::from_secs(3);

/// Addresses that are dialled of one search: anybody on the network can announce some.
const DIALS_MAX: usize = 8;

/// See the module.
#[derive(Debug)]
pub(crate) struct Finder {
    route: Route,
    /// Where the newest record is kept.
    path: PathBuf,
    /// Whether the local network may be asked.
    lan: bool,
    /// Who else wants to know of new records.
    peers: Peers,
}

#[derive(Debug)]
enum Route {
    /// A coordinator on this machine, which has no key and does not move.
    Plain(Endpoint),
    /// One with a key.
    Keyed(Box<Whereabouts>),
}

/// A link to a coordinator.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) channel: Channel,
    /// Whose key was proved where; none for a coordinator without one.
    pub(super) place: Option<Place>,
    /// Where it was dialled.
    pub(super) endpoint: Endpoint,
}

/// Why a coordinator record is not taken up.
#[derive(Debug, thiserror::Error)]
enum Unbelieved {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Refused(#[from] CoordinatorsError),
    #[error("it cannot be kept: {0}")]
    Kept(#[from] io::Error),
}

impl Finder {
    /// Knows what the invite says, and the record at `path` if there is one.
    pub(crate) fn new(invite: &Invite, path: PathBuf, lan: bool, peers: Peers) -> Self {
        let route = match invite.endpoint() {
            Endpoint::Pinned { address, key } => {
                let place = Place { key: Key(*key.as_bytes()), address: address.to_string() };
                let mut whereabouts = Whereabouts::new(place);
                if let Some(kept) = kept(&path) {
                    whereabouts.restore(kept);
                }
                Route::Keyed(Box::new(whereabouts))
            }
            plain @ Endpoint::Plain(_) => Route::Plain(plain.clone()),
        };
        Self { route, path, lan, peers }
    }

    /// Dials all places, one after the other, until somebody answers who is the coordinator.
    ///
    /// # Errors
    /// What was wrong with the first place, if nobody answered anywhere.
    pub(super) async fn connect(&mut self, identity: &Identity) -> Result<Connected, LinkError> {
        let whereabouts = match &mut self.route {
            Route::Plain(endpoint) => {
                let channel = link::connect(endpoint, identity).await?;
                return Ok(Connected { channel, place: None, endpoint: endpoint.clone() });
            }
            Route::Keyed(whereabouts) => whereabouts,
        };
        let places = whereabouts.places().into_iter();
        let mut places = places.filter_map(|place| Some((endpoint(&place)?, place)));
        let mut first_error = None;
        let found = loop {
            let Some((endpoint, place)) = places.next() else {
                break if self.lan { search(&whereabouts.keys(), identity).await } else { None };
            };
            match link::connect(&endpoint, identity).await {
                Ok(channel) => break Some((channel, place, endpoint)),
                Err(error) => {
                    tracing::debug!(%error, "the coordinator is not there");
                    first_error.get_or_insert(error);
                }
            }
        };
        match (found, first_error) {
            (Some((channel, place, endpoint)), _) => {
                whereabouts.answered(place.clone());
                Ok(Connected { channel, place: Some(place), endpoint })
            }
            (None, Some(error)) => Err(error),
            // There is always one place at least; addresses in invites and records are such.
            (None, None) => Err(LinkError::Unreachable {
                endpoint: "any known place".to_owned(),
                source: io::ErrorKind::AddrNotAvailable.into(),
            }),
        }
    }

    /// The coordinator at `place` says where the project's coordinators are.
    pub(super) async fn hear(&mut self, record: v1::CoordinatorRecord, place: &Place) {
        if let Err(error) = self.try_hear(record, place).await {
            tracing::warn!(%error, "a record of where the coordinators are is not believed");
        }
    }

    async fn try_hear(
        &mut self,
        record: v1::CoordinatorRecord,
        place: &Place,
    ) -> Result<(), Unbelieved> {
        let Route::Keyed(whereabouts) = &mut self.route else { return Ok(()) };
        let heard = peer::open_coordinators(record)?;
        if whereabouts.hear(heard.clone(), &place.key, clock::now())? {
            self.peers.hear(&heard);
            let path = self.path.clone();
            cache::blocking(move || write_file(&path, &heard)).await?;
        }
        Ok(())
    }
}

/// The record that an earlier process kept.
pub(crate) fn kept(path: &Path) -> Option<SignedCoordinators> {
    match read_file(path) {
        Ok(record) => Some(record),
        Err(CoordinatorsFileError::Read(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            // The coordinator tells it again.
            tracing::warn!(path = %path.display(), %error, "what was known of coordinators is lost");
            None
        }
    }
}

fn endpoint(place: &Place) -> Option<Endpoint> {
    let key = PublicKey::from_bytes(place.key.as_bytes()).ok()?;
    Some(Endpoint::Pinned { address: place.address.parse().ok()?, key })
}

/// Looks on the local network for whoever holds one of these keys, and dials them.
async fn search(keys: &BTreeSet<Key>, identity: &Identity) -> Option<(Channel, Place, Endpoint)> {
    let keys = keys.iter().filter_map(|key| PublicKey::from_bytes(key.as_bytes()).ok());
    let mut search = match Search::new() {
        Ok(search) => search.only(keys.collect()),
        Err(error) => {
            tracing::debug!(%error, "there is no local network to look on");
            return None;
        }
    };
    let (end, mut dials) = (Instant::now() + SEARCH, 0);
    while dials < DIALS_MAX
        && let Ok(Some(found)) = timeout_at(end, search.next()).await
    {
        let Found { key, role, addresses } = found;
        let is_coordinator = role == Role::Coordinator;
        for address in addresses.into_iter().filter(|_| is_coordinator).take(DIALS_MAX - dials) {
            dials += 1;
            let endpoint = Endpoint::Pinned { address: address.into(), key };
            match link::connect(&endpoint, identity).await {
                Ok(channel) => {
                    let key = Key(*key.as_bytes());
                    return Some((channel, Place { key, address: address.to_string() }, endpoint));
                }
                Err(error) => tracing::debug!(%error, "announced, but not there"),
            }
        }
    }
    None
}
