//! Who may call what: everyone who joined, or only the operator.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use manyhands_core::host::Host;
use manyhands_core::key::Key;
use manyhands_core::store::Store as _;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link;
use tonic::{Request, Status};

use super::status;
use crate::desk::Reader;

/// Members remembered, so that a thousand chunks do not ask the database a thousand times.
const MEMBERS_MAX: usize = 65_536;

/// Knows callers by their keys.
#[derive(Debug)]
pub(crate) struct Callers {
    operator: PublicKey,
    reader: Reader,
    members: Mutex<BTreeSet<PublicKey>>,
}

impl Callers {
    /// `operator` is the coordinator's own key: who holds it, holds the data folder anyway.
    pub(crate) fn new(operator: PublicKey, reader: Reader) -> Self {
        Self { operator, reader, members: Mutex::default() }
    }

    /// The caller's key.
    pub(super) fn key<T>(&self, request: &Request<T>) -> Result<PublicKey, Status> {
        Ok(link::peer(request)?.require_key()?)
    }

    /// Whether the key is the operator's.
    pub(super) fn is_operator(&self, key: PublicKey) -> bool {
        key == self.operator
    }

    /// Refuses everyone but the operator.
    pub(super) fn operator<T>(&self, request: &Request<T>) -> Result<(), Status> {
        if self.is_operator(self.key(request)?) {
            return Ok(());
        }
        let refused = "only the coordinator's own key may do this: use its data folder";
        Err(Status::permission_denied(refused))
    }

    /// Refuses whoever is neither a host that is not forgotten, nor a scientist, nor the operator.
    pub(super) async fn member<T>(&self, request: &Request<T>) -> Result<PublicKey, Status> {
        let public = self.key(request)?;
        if self.is_operator(public) || self.is_known(public) {
            return Ok(public);
        }
        let key = engine_key(public);
        let joined = self.reader.read(move |store| {
            let is_host = |host: Host| !host.is_forgotten();
            Ok(store.account(&key)?.is_some() || store.host_by_key(&key)?.is_some_and(is_host))
        });
        if !joined.await.map_err(status::desk)? {
            return Err(Status::permission_denied("join or enrol first"));
        }
        self.remember(public);
        Ok(public)
    }

    /// The next call with this key is looked up anew.
    pub(super) fn forget(&self, key: PublicKey) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn is_known(&self, key: PublicKey) -> bool {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).contains(&key)
    }

    fn remember(&self, key: PublicKey) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        // Forgetting all of them costs only lookups.
        if members.len() >= MEMBERS_MAX {
            members.clear();
        }
        members.insert(key);
    }
}

/// A proved key as the engine knows it.
pub(super) fn engine_key(key: PublicKey) -> Key {
    Key(*key.as_bytes())
}
