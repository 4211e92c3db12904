//! Where a peer may be dialled, and how near that is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Lowest port that is ever dialled. Below it live services that were there before any grid, and a
/// list of addresses must not become a weapon against them.
pub const PORT_MIN: u16 = 1_024;

/// How far away an address can be. Of two, the greater is farther.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Loopback: another process of this machine.
    Machine,
    /// Private: one site's network, or a carrier's customers.
    Site,
    /// Public.
    World,
}

impl Reach {
    /// How far away `ip` is; none for what is no place of one machine, or of one that is never meant:
    /// multicast, link-local (cloud machines find their secrets at 169.254.169.254), translated,
    /// tunnelled and reserved addresses.
    ///
    /// Addresses set aside for documentation count as public: nobody is there to be harmed.
    #[must_use]
    pub fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Option<Self> {
        match ip.octets() {
            [127, ..] => Some(Self::Machine),
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
                Some(Self::Site)
            }
            // This network; link-local; protocol assignments; 6to4 relays; benchmarks; multicast and
            // reserved (RFC 6890).
            [0, ..]
            | [169, 254, ..]
            | [192, 0, 0, _]
            | [192, 88, 99, _]
            | [198, 18..=19, ..]
            | [224..=255, ..] => None,
            _ => Some(Self::World),
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Option<Self> {
        match ip.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Some(Self::Machine),
            [0xfc00..=0xfdff, ..] => Some(Self::Site),
            // Teredo, benchmarks, ORCHID and the like (2001::/23), and 6to4: an IPv4 address hides there.
            [0x2001, 0..=0x01ff, ..] | [0x2002, ..] => None,
            [0x2000..=0x3fff, ..] => Some(Self::World),
            _ => None,
        }
    }

    /// How far away the other end of a link is. One at an address that no peer has is as far as any.
    #[must_use]
    pub fn of_link(remote: IpAddr) -> Self {
        Self::of(remote.to_canonical()).unwrap_or(Self::World)
    }
}

/// The machines that one site or one rented rack has: an IPv4 /24 or an IPv6 /48. Limits are per subnet,
/// because addresses of one subnet cost an attacker little more than one of them.
///
/// Unlike a [party's](crate::peer) public block, a private network is one, too: it is a matter of how
/// many, not of whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subnet {
    /// The first 24 bits of an IPv4 address.
    V4([u8; 3]),
    /// The first 48 bits of an IPv6 address.
    V6([u8; 6]),
}

impl Subnet {
    /// Where `ip` is.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(ip) => {
                let [a, b, c, d, e, f, ..] = ip.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }
}

/// An IP address and a port that may be dialled. There are no host names here: what a name means
/// could change between the check and the dial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddress {
    ip: IpAddr,
    port: u16,
    reach: Reach,
}

/// Why nobody is dialled there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// See [`PORT_MIN`].
    #[error("port {0} is below {PORT_MIN}")]
    Port(u16),
    /// See [`Reach::of`].
    #[error("{0} is not an address of one machine that others can reach")]
    Nowhere(IpAddr),
}

impl PeerAddress {
    /// An address that a peer says it has.
    ///
    /// # Errors
    /// When it must not be dialled. An IPv4 address written as an IPv6 one is no other way to say it.
    pub fn new(ip: IpAddr, port: u16) -> Result<Self, AddressError> {
        if port < PORT_MIN {
            return Err(AddressError::Port(port));
        }
        let reach = Reach::of(ip).ok_or(AddressError::Nowhere(ip))?;
        Ok(Self { ip, port, reach })
    }

    /// The IP address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How far away it is.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Where it is.
    #[must_use]
    pub fn subnet(&self) -> Subnet {
        Subnet::of(self.ip)
    }

    /// As sockets take it.
    #[must_use]
    pub fn socket_addr(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Adds it to what is being signed. The first byte says how many follow.
    pub(super) fn hash_into(&self, hasher: &mut blake3::Hasher) {
        match self.ip {
            IpAddr::V4(ip) => hasher.update(&[4]).update(&ip.octets()),
            IpAddr::V6(ip) => hasher.update(&[16]).update(&ip.octets()),
        };
        hasher.update(&self.port.to_le_bytes());
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket_addr().fmt(to)
    }
}

impl fmt::Debug for PeerAddress {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "PeerAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(ip: &str) -> Option<Reach> {
        Reach::of(ip.parse().unwrap())
    }

    /// First and last of each range, and the neighbours that are public again.
    #[test]
    fn every_range_has_its_reach() {
        for ip in ["127.0.0.1", "127.255.255.255", "::1"] {
            assert_eq!(reach(ip), Some(Reach::Machine), "{ip}");
        }
        for ip in [
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "fc00::",
            "fdff:ffff::1",
        ] {
            assert_eq!(reach(ip), Some(Reach::Site), "{ip}");
        }
        for ip in [
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "198.51.100.7",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:db8::1",
            "2003::1",
            "3fff:ffff::1",
        ] {
            assert_eq!(reach(ip), Some(Reach::World), "{ip}");
        }
    }

    #[test]
    fn what_no_peer_has_is_never_dialled() {
        for ip in [
            "0.0.0.0",
            "169.254.169.254",
            "192.0.0.8",
            "192.88.99.1",
            "198.18.0.1",
            "224.0.0.251",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::ffff:198.51.100.7",
            "::198.51.100.7",
            "64:ff9b::c633:6407",
            "2001::1",
            "2001:1ff::1",
            "2002:c633:6407::1",
            "4000::1",
            "fe80::1",
            "fec0::1",
            "ff02::fb",
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(PeerAddress::new(ip, 7_777), Err(AddressError::Nowhere(ip)), "{ip}");
        }
        let ip = IpAddr::from([198, 51, 100, 7]);
        for port in [0, 22, 1_023] {
            assert_eq!(PeerAddress::new(ip, port), Err(AddressError::Port(port)));
        }
        assert!(PeerAddress::new(ip, 1_024).is_ok());
    }

    /// What a listener of both families sees of an IPv4 caller is that caller.
    #[test]
    fn links_are_as_far_as_their_other_end() {
        let of_link = |ip: &str| Reach::of_link(ip.parse().unwrap());
        assert_eq!(of_link("::ffff:127.0.0.1"), Reach::Machine);
        assert_eq!(of_link("::ffff:10.1.2.3"), Reach::Site);
        assert_eq!(of_link("fe80::1"), Reach::World);
        let subnet = |ip: &str| Subnet::of(ip.parse().unwrap());
        assert_eq!(subnet("::ffff:198.51.100.7"), Subnet::V4([198, 51, 100]));
    }

    proptest! {
        #[test]
        fn addresses_of_one_subnet_share_their_first_bytes(
            a in any::<[u8; 16]>(), b in any::<[u8; 16]>(),
        ) {
            let [v6_a, v6_b] = [a, b].map(|octets| IpAddr::V6(Ipv6Addr::from(octets)));
            prop_assume!(v6_a.is_ipv6() && v6_a.to_canonical() == v6_a && v6_b.to_canonical() == v6_b);
            prop_assert_eq!(Subnet::of(v6_a) == Subnet::of(v6_b), a[..6] == b[..6]);
            let [v4_a, v4_b] = [&a, &b].map(|it| IpAddr::from([it[0], it[1], it[2], it[3]]));
            prop_assert_eq!(Subnet::of(v4_a) == Subnet::of(v4_b), a[..3] == b[..3]);
        }
    }
}
