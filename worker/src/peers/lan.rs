//! Workers of this network find each other by multicast DNS.

use std::sync::Arc;
use std::time::Duration;

use manyhands_core::peer::{PeerAddress, Reach};
use manyhands_proto::lan::{Announcement, Found, LanError, Role, Search};

use super::{Shared, key};
use crate::clock;

/// A search begins anew after so long: what was seen and is not seen again is forgotten.
const SEARCH_EVERY: Duration = Duration::from_secs(30 * 60);

/// Announces this worker, and notes whoever else does, until it is dropped.
pub(super) async fn run(shared: Arc<Shared>, port: u16) {
    let announced = Announcement::new(shared.identity.public_key(), Role::Worker, port);
    if let Err(error) = &announced {
        tracing::debug!(%error, "workers of this network will not find this one");
    }
    loop {
        let searched = tokio::time::timeout(SEARCH_EVERY, search(&shared)).await;
        if let Ok(Err(error)) = searched {
            tracing::debug!(%error, "cannot look for workers of this network");
            tokio::time::sleep(SEARCH_EVERY).await;
        }
    }
}

async fn search(shared: &Shared) -> Result<(), LanError> {
    let mut search = Search::new()?;
    while let Some(found) = search.next().await {
        if found.role == Role::Worker {
            note(shared, &found);
        }
    }
    Ok(())
}

/// The first of its addresses that is of this network.
fn note(shared: &Shared, found: &Found) {
    let addresses =
        found.addresses.iter().filter_map(|at| PeerAddress::new(at.ip(), at.port()).ok());
    let near = addresses.filter(|address| address.reach() < Reach::World).min();
    let Some(address) = near else { return };
    if let Err(reason) = shared.table().sight(key(&found.key), address, clock::now()) {
        tracing::debug!(key = %found.key, %reason, "a worker of this network is not noted");
    }
}
