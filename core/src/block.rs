//! A block of addresses: the machines that stand in one place, as far as the network shows it.
//!
//! Whoever rents a rack gets names for nothing, but its addresses come in blocks. So the hosts of one
//! public block count as one volunteer wherever different people are wanted: see [`Party`].
//!
//! [`Party`]: crate::party::Party

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A public block, of a size that one site gets: an IPv4 /24 or an IPv6 /48. It names a place, not a
/// machine; the rest of the address is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// The first 24 bits of an IPv4 address.
    V4([u8; 3]),
    /// The first 48 bits of an IPv6 address.
    V6([u8; 6]),
}

impl Block {
    /// The block of an address from which somebody was heard.
    ///
    /// None for addresses that the Internet does not route: private (RFC 1918), shared by a carrier's
    /// customers (RFC 6598), link-local, loopback and unique local (RFC 4193) ones. Whoever comes
    /// from there is on the operator's own network. An IPv4 address inside an IPv6 one, mapped or of
    /// 6to4 (RFC 3056), counts as itself, for each of them has a whole /48.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Option<Self> {
        let [a, b, c, _] = address.octets();
        let is_shared = a == 100 && (64..128).contains(&b);
        let is_own = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
            || is_shared;
        (!is_own).then_some(Self::V4([a, b, c]))
    }

    fn of_v6(address: Ipv6Addr) -> Option<Self> {
        let is_own = address.is_loopback()
            || address.is_unspecified()
            || address.is_unique_local()
            || address.is_unicast_link_local();
        let [a, b, c, d, e, f, ..] = address.octets();
        if (a, b) == (0x20, 0x02) {
            return Self::of_v4(Ipv4Addr::new(c, d, e, f));
        }
        (!is_own).then_some(Self::V6([a, b, c, d, e, f]))
    }

    /// The bytes that its addresses begin with: 3 or 6.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }

    /// The block whose addresses begin with these bytes, if they are 3 or 6.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let v4 = bytes.try_into().ok().map(Self::V4);
        v4.or_else(|| bytes.try_into().ok().map(Self::V6))
    }
}

impl fmt::Display for Block {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(to, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Self::V6([a, b, c, d, e, f]) => {
                let group = |high, low| u16::from_be_bytes([high, low]);
                let first = Ipv6Addr::new(group(a, b), group(c, d), group(e, f), 0, 0, 0, 0, 0);
                write!(to, "{first}/48")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(address: &str) -> Option<String> {
        Block::of(address.parse().unwrap()).map(|block| block.to_string())
    }

    #[test]
    fn a_public_address_has_a_block() {
        assert_eq!(block("198.51.100.7").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(block("2001:db8:1:2::3").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(block("::ffff:198.51.100.7").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(block("2002:c633:6407:9::1").as_deref(), Some("198.51.100.0/24"));
    }

    /// First and last address of each range, and the neighbours that are public again.
    #[test]
    fn the_operators_own_networks_are_no_blocks() {
        for own in [
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "169.254.0.0",
            "169.254.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "0.0.0.0",
            "::1",
            "::",
            "fc00::",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "::ffff:10.1.2.3",
            "2002:0a01:0203::1",
        ] {
            assert_eq!(block(own), None, "{own}");
        }
        for public in [
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "fbff::1",
            "fe00::1",
        ] {
            assert!(block(public).is_some(), "{public}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_addresses_share_a_block_if_their_first_three_bytes_are_equal(
            a in any::<[u8; 4]>(), last in any::<u8>(), other in any::<[u8; 4]>(),
        ) {
            let of = |[a, b, c, d]: [u8; 4]| Block::of(Ipv4Addr::new(a, b, c, d).into());
            prop_assert_eq!(of(a), of([a[0], a[1], a[2], last]));
            if let (Some(one), Some(two)) = (of(a), of(other)) {
                prop_assert_eq!(one == two, a[..3] == other[..3]);
            }
        }

        #[test]
        fn ipv6_addresses_share_a_block_if_their_first_six_bytes_are_equal(
            site in any::<[u8; 6]>(), rest in any::<[u8; 10]>(), other in any::<[u8; 10]>(),
        ) {
            // The first ten bytes of mapped and local addresses are 0, so the sixteen say which they are.
            prop_assume!(site != [0; 6]);
            let of = |rest: [u8; 10]| {
                let mut bytes = [0; 16];
                bytes[..6].copy_from_slice(&site);
                bytes[6..].copy_from_slice(&rest);
                Block::of(Ipv6Addr::from(bytes).into())
            };
            prop_assert_eq!(of(rest), of(other));
        }

        #[test]
        fn bytes_and_blocks_are_the_same(bytes in prop::collection::vec(any::<u8>(), 0..9)) {
            let found = Block::from_bytes(&bytes);
            prop_assert_eq!(found.is_some(), bytes.len() == 3 || bytes.len() == 6);
            if let Some(block) = found {
                prop_assert_eq!(block.as_bytes(), &bytes[..]);
            }
        }
    }
}
