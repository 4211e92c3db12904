//! Who knows whom in the bed: as keys follow from numbers, the origin itself signs what the peers would have registered.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use manyhands_core::key::Key;
use manyhands_core::peer::{Name, PeerAddress, Record, Table, Tracker, Visit};
use manyhands_core::time::{Span, Timestamp};
use manyhands_proto::peer;

use super::{Bed, Failure, ORIGIN, PORT, identity};

/// Peers have these numbers, and the addresses that follow from them.
const PEERS: std::ops::RangeInclusive<u8> = 1..=100;

/// Knows all peers that can be dialled.
pub(crate) fn tracker(bed: &Bed) -> Result<Tracker, Failure> {
    let (own, now) = (key(ORIGIN), now());
    let mut tracker = Tracker::new(own, own, 1_000, 10);
    let (network, _) = bed.origin_ip.rsplit_once('.').ok_or("SW_ORIGIN_IP is no IPv4 address")?;
    for number in PEERS.filter(|number| !bed.dialout.contains(number)) {
        let ip: IpAddr = format!("{network}.{}", 10 + number).parse()?;
        let address = PeerAddress::new(ip, PORT)?;
        let end = now.plus(Span::hours(1));
        let record = Record::new(own, key(number), vec![address], 1, end)?;
        let record = peer::sign(&identity(number), record).ok_or("a key of another host")?;
        tracker.register(&key(number), record, ip, now)?;
        let name = Name { key: key(number), reach: address.reach() };
        let visit = Visit { project: own, key: name.key, address, seen_at: now };
        tracker.witness(&name, peer::witness(&identity(ORIGIN), &visit), now);
    }
    Ok(tracker)
}

/// Believes the origin.
pub(crate) fn table(bed: &Bed) -> Table {
    let own = Key(*bed.identity().public_key().as_bytes());
    let mut table = Table::new(own, key(ORIGIN));
    table.set_coordinators(BTreeSet::from([key(ORIGIN)]));
    table
}

fn key(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "records end by the clock of the world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
