//! Finding a grid on the local network without any set-up: multicast DNS (RFC 6762, RFC 6763).
//!
//! What is announced is a key and a port, and nothing of project, owner or machine. Nobody signs it,
//! because that would prove nothing: a signed text can be announced by anybody who heard it. What
//! counts is that whoever answers there holds the key, and that is proved by the link. So an announcement is
//! a place to dial, for somebody who knows already which key to look for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use manyhands_core::peer::Reach;
use mdns_sd::{Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use tokio::time::{Instant, timeout_at};

use crate::identity::PublicKey;

/// The kind of service, as DNS names it.
const SERVICE: &str = "_manyhands._tcp.local.";

/// The properties of a service: its key, what it is, and the version of all this.
const KEY: &str = "key";
const ROLE: &str = "role";
const VERSION: (&str, &str) = ("v", "1");

/// Most addresses of one announcement that are looked at.
const ADDRESSES_MAX: usize = 8;

/// Most keys that a search remembers, so that a flood of announcements has an end.
pub const FOUND_MAX: usize = 64;

/// Who announces itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A coordinator.
    Coordinator,
    /// A worker that takes calls.
    Worker,
}

impl Role {
    fn text(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Worker => "worker",
        }
    }
}

/// Why nothing can be announced or searched.
#[derive(Debug, thiserror::Error)]
#[error("cannot use multicast DNS on this network: {0}")]
pub struct LanError(#[from] mdns_sd::Error);

/// Says on the local network, on all interfaces and as they come and go, who listens here. Dropped, it
/// takes that back.
#[derive(Debug)]
pub struct Announcement {
    _daemon: Daemon,
}

impl Announcement {
    /// Announces that the holder of `key` listens at `port` on all of this machine's addresses.
    ///
    /// # Errors
    /// When there is no multicast DNS here.
    pub fn new(key: PublicKey, role: Role, port: u16) -> Result<Self, LanError> {
        let daemon = Daemon::start()?;
        let name = key.to_string();
        // The machine's own name is nobody's business.
        let host = format!("{name}.local.");
        let key = format!("{key}");
        let properties = [(KEY, key.as_str()), (ROLE, role.text()), VERSION];
        let service = ServiceInfo::new(SERVICE, &name, &host, "", port, &properties[..])?;
        daemon.0.register(service.enable_addr_auto())?;
        Ok(Self { _daemon: daemon })
    }
}

/// Somebody on the local network, by their own unproved word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub key: PublicKey,
    /// What.
    pub role: Role,
    /// Where, in ascending order; at least one.
    pub addresses: Vec<SocketAddr>,
}

/// A search that goes on until it is dropped.
#[derive(Debug)]
pub struct Search {
    _daemon: Daemon,
    events: Receiver<ServiceEvent>,
    told: BTreeMap<PublicKey, Vec<SocketAddr>>,
    wanted: Option<BTreeSet<PublicKey>>,
}

impl Search {
    /// Begins to search.
    ///
    /// # Errors
    /// When there is no multicast DNS here.
    pub fn new() -> Result<Self, LanError> {
        let daemon = Daemon::start()?;
        let events = daemon.0.browse(SERVICE)?;
        Ok(Self { _daemon: daemon, events, told: BTreeMap::new(), wanted: None })
    }

    /// Tells of these keys only, so that however many others are announced, they are found.
    #[must_use]
    pub fn only(self, keys: BTreeSet<PublicKey>) -> Self {
        Self { wanted: Some(keys), ..self }
    }

    /// The next one who is found, or who has moved; nobody if the search has failed.
    pub async fn next(&mut self) -> Option<Found> {
        loop {
            let event = self.events.recv_async().await.ok()?;
            if let ServiceEvent::ServiceResolved(service) = event
                && let Some(found) = read(&service)
                && self.is_news(&found)
            {
                return Some(found);
            }
        }
    }

    /// The first coordinator with one of these keys, if it is found in that time.
    pub async fn coordinator(self, keys: BTreeSet<PublicKey>, within: Duration) -> Option<Found> {
        let mut search = self.only(keys);
        let end = Instant::now() + within;
        while let Ok(found) = timeout_at(end, search.next()).await {
            let found = found?;
            if found.role == Role::Coordinator {
                return Some(found);
            }
        }
        None
    }

    fn is_news(&mut self, found: &Found) -> bool {
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&found.key)) {
            return false;
        }
        if self.told.get(&found.key) == Some(&found.addresses) {
            return false;
        }
        if self.told.len() >= FOUND_MAX && !self.told.contains_key(&found.key) {
            return false;
        }
        self.told.insert(found.key, found.addresses.clone());
        true
    }
}

/// What an announcement says, if it is one of ours and there is an address that others can reach.
fn read(service: &ResolvedService) -> Option<Found> {
    let value = |name: &str| service.txt_properties.get_property_val_str(name);
    let role = match value(ROLE)? {
        "coordinator" => Role::Coordinator,
        "worker" => Role::Worker,
        _ => return None,
    };
    let ips = service.addresses.iter().take(ADDRESSES_MAX).map(mdns_sd::ScopedIp::to_ip_addr);
    found(value(KEY)?, role, ips, service.port)
}

fn found(key: &str, role: Role, ips: impl Iterator<Item = IpAddr>, port: u16) -> Option<Found> {
    let is_near = |ip: &IpAddr| matches!(Reach::of(*ip), Some(Reach::Site | Reach::World));
    let mut addresses: Vec<_> = ips.filter(is_near).map(|ip| SocketAddr::new(ip, port)).collect();
    addresses.sort_unstable();
    let is_somewhere = port > 0 && !addresses.is_empty();
    Some(Found { key: key.parse().ok()?, role, addresses }).filter(|_| is_somewhere)
}

/// The thread that speaks multicast DNS. It ends with this.
struct Daemon(ServiceDaemon);

impl Daemon {
    fn start() -> Result<Self, LanError> {
        Ok(Self(ServiceDaemon::new()?))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It takes back what it announced and ends by itself; there is nothing to wait for.
        drop(self.0.shutdown());
    }
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Daemon")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;

    #[test]
    fn an_announcement_is_a_key_and_places_that_others_reach() {
        let key = Identity::from_seed(&[1; 32]).public_key();
        let read = |key: &str, ips: &[&str], port| {
            let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
            found(key, Role::Coordinator, ips.into_iter(), port)
        };
        let text = key.to_string();
        let some = read(&text, &["10.0.0.2", "127.0.0.1", "fe80::1", "10.0.0.1"], 7_654).unwrap();
        let expected = ["10.0.0.1:7654", "10.0.0.2:7654"].map(|it| it.parse().unwrap());
        assert_eq!((some.key, some.addresses), (key, expected.to_vec()));
        assert_eq!(read(&text, &["127.0.0.1", "169.254.1.1", "224.0.0.1"], 7_654), None);
        assert_eq!(read(&text, &["10.0.0.1"], 0), None);
        assert_eq!(read("no key", &["10.0.0.1"], 7_654), None);
    }
}
