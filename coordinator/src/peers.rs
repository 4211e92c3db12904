//! The shell of [`Tracker`]: dials back, and signs what it saw.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manyhands_core::key::Key;
use manyhands_core::peer::{
    CoordinatorAt, CoordinatorRecord, Name, PeerAddress, SignedCoordinators, SignedRecord, Tracker,
    Unregistered, Visit,
};
use manyhands_core::time::{Span, Timestamp};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{Address, Endpoint, connect_within};
use manyhands_proto::peer;
use manyhands_swarm::Known;
use tokio::sync::Semaphore;
use tonic::Status;

use crate::clock;

/// Longest wait for a peer that is dialled back.
const VISIT_MAX: Duration = Duration::from_secs(5);

/// Peers that are dialled back at once. Others wait their turn, within the time that a call has.
const VISITS_MAX: usize = 64;

/// Blobs whose holders are remembered.
const BLOBS_MAX: usize = 65_536;

/// How long a coordinator record counts. It is signed anew every day.
const RECORD_LIFE_DAYS: u64 = 30;

const DAY: Span = Span::hours(24);

/// What this coordinator knows of where hosts are, and itself.
///
/// Where its project has a key of its own, that key says where it is; else it is its project, and says so itself.
#[derive(Debug)]
pub(crate) struct Peers {
    tracker: Arc<Mutex<Tracker>>,
    visits: Semaphore,
    address: Option<Address>,
    /// By the word of the project's key.
    record: Option<SignedCoordinators>,
    started_at: Timestamp,
}

impl Peers {
    /// Knows nobody yet. `address` is where others find this coordinator, `record` what its project says
    /// of that, if it is not its own.
    pub(crate) fn new(
        identity: &Identity,
        address: Option<Address>,
        record: Option<SignedCoordinators>,
        hosts_max: usize,
        started_at: Timestamp,
    ) -> Self {
        let own = key(identity.public_key());
        let project = record.as_ref().map_or(own, |signed| *signed.record.project());
        // From inside a site and from outside, a host may have a record each.
        let tracker = Tracker::new(own, project, hosts_max.saturating_mul(2), BLOBS_MAX);
        let visits = Semaphore::new(VISITS_MAX);
        Self { tracker: Arc::new(Mutex::new(tracker)), visits, address, record, started_at }
    }

    /// What is known of where hosts are, for whoever names them.
    pub(crate) fn known(&self) -> Known {
        Known::Tracker(Arc::clone(&self.tracker))
    }

    /// Registers a record, whose signatures were checked, of a caller from `from`; dials back and returns
    /// it with this coordinator's signatures.
    ///
    /// # Errors
    /// When the record does not count; nothing is registered then.
    pub(crate) async fn register(
        &self,
        identity: &Identity,
        caller: PublicKey,
        heard: SignedRecord,
        from: IpAddr,
    ) -> Result<SignedRecord, Status> {
        let name = Name { key: key(caller), reach: heard.record().reach() };
        let project = *heard.record().project();
        let due = self.tracker().register(&name.key, heard, from, clock::now());
        for address in due.map_err(|why| refused(&why))? {
            if !self.is_answered(identity, caller, address).await {
                continue;
            }
            let seen_at = clock::now();
            let visit = Visit { project, key: name.key, address, seen_at };
            self.tracker().witness(&name, peer::witness(identity, &visit), seen_at);
        }
        let registered = self.tracker().record(&name).cloned();
        registered
            .ok_or_else(|| Status::aborted("the record has expired meanwhile: sign a new one"))
    }

    /// Where this host said that it takes calls.
    pub(crate) fn addresses(&self, of: PublicKey) -> Vec<String> {
        let addresses = self.tracker().addresses(key(of));
        addresses.iter().map(ToString::to_string).collect()
    }

    /// Tells nobody any more where this host is.
    pub(crate) fn leave(&self, left: PublicKey) {
        self.tracker().leave(key(left));
    }

    /// Where the coordinators of the project are, if that is known; nothing that has expired.
    pub(crate) fn coordinators(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Option<SignedCoordinators> {
        if let Some(signed) = &self.record {
            return (now <= signed.record.expires_at()).then(|| signed.clone());
        }
        let own = key(identity.public_key());
        let at = CoordinatorAt { key: own, addresses: vec![self.address.as_ref()?.to_string()] };
        // A later start has a higher number than any day of an earlier one, and so has a later day.
        let days = now.since(self.started_at).0 / DAY.0;
        let seq = self.started_at.0.saturating_add(days);
        let end = self.started_at.plus(Span(DAY.0.saturating_mul(days + RECORD_LIFE_DAYS)));
        let record = CoordinatorRecord::new(own, vec![at], seq, end).ok()?;
        peer::sign_coordinators(identity, record)
    }

    /// Whether the peer itself answers at this address.
    async fn is_answered(&self, identity: &Identity, key: PublicKey, address: PeerAddress) -> bool {
        let Ok(_turn) = self.visits.acquire().await else { return false };
        let endpoint = Endpoint::Pinned { address: address.socket_addr().into(), key };
        let answered = connect_within(VISIT_MAX, &endpoint, identity).await;
        if let Err(error) = &answered {
            tracing::debug!(%address, %error, "a host cannot be dialled back");
        }
        answered.is_ok()
    }

    fn tracker(&self) -> MutexGuard<'_, Tracker> {
        // Whatever panicked, what is known of peers is a hint.
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(of: PublicKey) -> Key {
    Key(*of.as_bytes())
}

fn refused(why: &Unregistered) -> Status {
    let words = why.to_string();
    match why {
        Unregistered::Record(_) | Unregistered::TooNear => Status::invalid_argument(words),
        Unregistered::Other => Status::permission_denied(words),
        Unregistered::Replayed { .. } => Status::failed_precondition(words),
        Unregistered::Full => Status::resource_exhausted(words),
    }
}
