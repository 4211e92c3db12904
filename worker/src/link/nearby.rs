//! Coordinators that announce themselves on the local network. While one is sought the network is listened to all the time, so
//! whoever comes back is heard at once.

use std::collections::BTreeSet;

use manyhands_core::key::Key;
use manyhands_core::peer::Place;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::lan::{Role, Search};

/// Addresses of one announcement that are dialled: anybody on the network can announce some.
const ADDRESSES_MAX: usize = 8;

/// A search that goes on until a coordinator is there, if the network may be asked at all.
#[derive(Debug)]
pub(super) struct Nearby {
    is_allowed: bool,
    search: Option<(BTreeSet<Key>, Search)>,
}

impl Nearby {
    pub(super) fn new(is_allowed: bool) -> Self {
        Self { is_allowed, search: None }
    }

    /// Places that were announced for one of these keys; none if there is no network to ask. Each announcement is told once.
    /// Nobody has proved anything: whoever is dialled there must.
    pub(super) async fn next(&mut self, keys: &BTreeSet<Key>) -> Option<Vec<Place>> {
        loop {
            let Some(found) = self.search(keys)?.next().await else {
                // It begins anew when somebody asks again.
                self.search = None;
                return None;
            };
            if found.role == Role::Coordinator {
                let key = Key(*found.key.as_bytes());
                let addresses = found.addresses.iter().take(ADDRESSES_MAX);
                return Some(addresses.map(|at| Place { key, address: at.to_string() }).collect());
            }
        }
    }

    /// Nobody is sought any longer.
    pub(super) fn end(&mut self) {
        self.search = None;
    }

    fn search(&mut self, keys: &BTreeSet<Key>) -> Option<&mut Search> {
        if !self.is_allowed {
            return None;
        }
        if self.search.as_ref().is_none_or(|(sought, _)| sought != keys) {
            let sought = keys.iter().filter_map(|key| PublicKey::from_bytes(key.as_bytes()).ok());
            self.search = match Search::new() {
                Ok(search) => Some((keys.clone(), search.only(sought.collect()))),
                Err(error) => {
                    tracing::debug!(%error, "there is no local network to look on");
                    None
                }
            };
        }
        self.search.as_mut().map(|(_, search)| search)
    }
}
