//! Finding the coordinator: where it was, where the invite and its project's record say, and at last on
//! the local network. While it is away this looks for where it may be now: in the file with the record, which its owner may have
//! replaced, on the local network, and with peers. [`Whereabouts`] decides; this dials, and keeps the newest record on disk.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use manyhands_core::agent::looking::Looking;
use manyhands_core::key::Key;
use manyhands_core::peer::{CoordinatorsError, Place, SignedCoordinators, Whereabouts};
use manyhands_proto::document::coordinators::{CoordinatorsFileError, read_file, write_file};
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{self, Channel, Endpoint, LinkError, Linked};
use manyhands_proto::peer::{self, RecordError};
use manyhands_proto::v1;
use rand_core::Rng;
use tokio::time::{Instant, sleep, timeout_at};

use super::nearby::Nearby;
use crate::peers::{Carried, Peers};
use crate::{cache, clock};

/// How long to look on the local network before giving up for a while. Whoever is there is mostly found at once.
const SEARCH: Duration = Duration::from_secs(3);

/// Places that are dialled of one search: anybody on the network can announce some.
const ANNOUNCED_MAX: usize = 8;

/// Peers that are asked in one look.
const ASKED_MAX: usize = 3;

/// See the module.
#[derive(Debug)]
pub(crate) struct Finder {
    route: Route,
    /// Where the newest record is kept.
    path: PathBuf,
    nearby: Nearby,
    /// Where somebody on the local network says that it is.
    announced: Vec<Place>,
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
pub(crate) struct Connected {
    pub(crate) channel: Channel,
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
        let keyed = |mut whereabouts: Whereabouts| {
            if let Some(kept) = kept(&path) {
                whereabouts.restore(kept);
            }
            Route::Keyed(Box::new(whereabouts))
        };
        let route = match invite.endpoint() {
            Endpoint::Pinned { address, key } => {
                let place = Place { key: Key(*key.as_bytes()), address: address.to_string() };
                keyed(Whereabouts::new(place))
            }
            Endpoint::Nearby(key) => keyed(Whereabouts::of(Key(*key.as_bytes()))),
            plain @ Endpoint::Plain(_) => Route::Plain(plain.clone()),
        };
        Self { route, path, nearby: Nearby::new(lan), announced: Vec::new(), peers }
    }

    /// Dials all places, one after the other, until somebody answers who is the coordinator.
    ///
    /// # Errors
    /// What was wrong with the first place, if nobody answered anywhere.
    pub(crate) async fn connect(&mut self, identity: &Identity) -> Result<Connected, LinkError> {
        let whereabouts = match &mut self.route {
            Route::Plain(endpoint) => {
                let channel = link::connect(endpoint, identity).await?;
                return Ok(Connected { channel, place: None, endpoint: endpoint.clone() });
            }
            Route::Keyed(whereabouts) => whereabouts,
        };
        let mut announced = std::mem::take(&mut self.announced);
        announced.retain(|place| whereabouts.is_coordinator(&place.key));
        let mut found = dial_announced(announced, identity).await;
        if found.is_none() {
            found = link::connect_first(whereabouts.places(), identity).await;
        }
        let (end, mut left) = (Instant::now() + SEARCH, ANNOUNCED_MAX);
        let keys = whereabouts.keys();
        while !matches!(found, Some(Ok(_)))
            && left > 0
            && let Ok(Some(mut announced)) = timeout_at(end, self.nearby.next(&keys)).await
        {
            announced.truncate(left);
            left -= announced.len();
            found = dial_announced(announced, identity).await.or(found);
        }
        let found = found.unwrap_or(Err(LinkError::Unannounced));
        let Linked { channel, place, endpoint } = found?;
        whereabouts.answered(place.clone());
        self.nearby.end();
        Ok(Connected { channel, place: Some(place), endpoint })
    }

    /// Looks for where the coordinator may be now, until somebody says where and that is to be heeded. To be dropped when it
    /// is time to dial anyway.
    pub(super) async fn look(&mut self, looking: &mut Looking, rng: &mut impl Rng) {
        loop {
            let Route::Keyed(whereabouts) = &self.route else {
                return std::future::pending().await;
            };
            let keys = whereabouts.keys();
            let now = clock::now();
            let due = looking.next_at(now, rng);
            let is_news = tokio::select! {
                Some(places) = self.nearby.next(&keys) => {
                    self.announced = places;
                    true
                }
                () = sleep(clock::duration(due.since(now))) => {
                    let is_news = self.reread().await || self.ask_around(rng).await;
                    looking.looked(clock::now(), rng);
                    is_news
                }
            };
            if is_news && looking.heeds(clock::now()) {
                return;
            }
        }
    }

    /// Whether its owner has put a newer record where it is kept.
    async fn reread(&mut self) -> bool {
        let path = self.path.clone();
        let Some(record) = cache::blocking(move || kept(&path)).await else { return false };
        let Route::Keyed(whereabouts) = &mut self.route else { return false };
        match whereabouts.reread(record.clone(), clock::now()) {
            Ok(is_news) => {
                if is_news {
                    self.peers.hear(&record);
                }
                is_news
            }
            Err(error) => {
                tracing::debug!(%error, "the record of coordinators on the disk is not believed");
                false
            }
        }
    }

    /// Whether a few peers know of a newer record.
    async fn ask_around(&mut self, rng: &mut impl Rng) -> bool {
        let mut asked = BTreeSet::new();
        for _ in 0..ASKED_MAX {
            let Route::Keyed(whereabouts) = &self.route else { return false };
            let carried = self.peers.ask_where(whereabouts.wanted(), &mut asked, rng).await;
            let Some(Carried { by, record }) = carried else { continue };
            match self.try_hear(record, &by).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "what a peer carries is not believed"),
            }
        }
        false
    }

    /// The coordinator at `place` says where the project's coordinators are.
    pub(super) async fn hear(&mut self, record: v1::CoordinatorRecord, place: &Place) {
        let heard = match peer::open_coordinators(record) {
            Ok(record) => self.try_hear(record, &place.key).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = heard {
            tracing::warn!(%error, "a record of where the coordinators are is not believed");
        }
    }

    /// Whether it is news; then others know it too, and it is kept.
    async fn try_hear(
        &mut self,
        record: SignedCoordinators,
        from: &Key,
    ) -> Result<bool, Unbelieved> {
        let Route::Keyed(whereabouts) = &mut self.route else { return Ok(false) };
        let is_news = whereabouts.hear(record.clone(), from, clock::now())?;
        if is_news {
            self.peers.hear(&record);
            let path = self.path.clone();
            cache::blocking(move || write_file(&path, &record)).await?;
        }
        Ok(is_news)
    }
}

/// A link to whoever answers at these places. Anybody may have announced them, so what is wrong there is no reason to give up.
async fn dial_announced(
    places: Vec<Place>,
    identity: &Identity,
) -> Option<Result<Linked, LinkError>> {
    link::connect_first(places, identity).await.filter(Result::is_ok)
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

#[cfg(test)]
mod tests {
    use manyhands_proto::link::{Bounds, Incoming, server_config};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::config::{Mode, Sharing};

    fn identity(number: u8) -> Identity {
        Identity::from_seed(&[number; 32])
    }

    /// Somebody announces the coordinator's key, and holds another one. That must not end a worker that never met its
    /// coordinator, as a wrong key where the invite says would.
    #[tokio::test]
    async fn a_false_announcement_is_no_reason_to_give_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let config = server_config(&identity(66)).unwrap();
        let mut incoming = Box::pin(Incoming::tls(listener, config, Bounds::default()));
        let mut serving = JoinSet::new();
        serving.spawn(async move { while incoming.next().await.is_some() {} });

        let folder = tempfile::tempdir().unwrap();
        let invite = Invite::nearby(identity(1).public_key(), None);
        let sharing = Sharing {
            mode: Mode::Off,
            listen: None,
            upload_limit: manyhands_core::swarm::UploadLimit::HalfOfMeasured,
        };
        let pace = std::sync::Arc::new(manyhands_swarm::Pace::new(None));
        let peers =
            Peers::open((sharing, pace), &identity(2), &invite, None, folder.path().join("peers"));
        let mut finder = Finder::new(&invite, folder.path().join("record"), false, peers);
        let key = Key(*identity(1).public_key().as_bytes());
        finder.announced = vec![Place { key, address }];
        let error = finder.connect(&identity(2)).await.unwrap_err();
        assert!(matches!(error, LinkError::Unannounced), "{error}");
    }
}
