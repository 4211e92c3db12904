//! Networks as people write them: `"130.83.0.0/16"`.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use manyhands_core::block::Block;
use serde::Deserialize;

/// A network of the operator's own, in CIDR notation. Its hosts count for themselves, also if their
/// addresses are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It is not an address with a prefix length.
    #[error(
        "`{0}` is no network: write its first address, a slash and the length of its prefix, such as \
         `130.83.0.0/16`"
    )]
    Shape(String),
    /// It is an address within a network.
    #[error("`{0}` has bits behind its prefix: the network is `{1}`")]
    Bits(String, IpNet),
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let net: IpNet = text.parse().map_err(|_shape| NetworkError::Shape(text.to_owned()))?;
        if net.trunc() != net {
            return Err(NetworkError::Bits(text.to_owned(), net.trunc()));
        }
        Ok(Self(net))
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

/// The public block of a remote address; none if it is on a network of the operator's own.
pub(super) fn block(own: &[Network], address: IpAddr) -> Option<Block> {
    let address = address.to_canonical();
    let is_own = own.iter().any(|network| network.0.contains(&address));
    if is_own { None } else { Block::of(address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_network_has_no_blocks() {
        let own: Vec<Network> =
            ["130.83.0.0/16", "2001:db8::/32"].iter().map(|text| text.parse().unwrap()).collect();
        let block = |address: &str| block(&own, address.parse().unwrap());
        assert_eq!(block("130.83.200.1"), None);
        assert_eq!(block("::ffff:130.83.200.1"), None);
        assert_eq!(block("2001:db8:9::1"), None);
        assert_eq!(block("130.84.0.1"), Some(Block::V4([130, 84, 0])));
        assert_eq!(block("2001:db9::1"), Some(Block::V6([0x20, 0x01, 0x0d, 0xb9, 0, 0])));
        assert_eq!(block("192.168.0.1"), None);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        let refusal = |text: &str| text.parse::<Network>().unwrap_err();
        for text in ["", "130.83.0.0", "130.83.0.0/33", "130.83/16", "lab", "::/129"] {
            assert_eq!(refusal(text), NetworkError::Shape(text.to_owned()));
        }
        assert_eq!(
            refusal("130.83.7.0/16").to_string(),
            "`130.83.7.0/16` has bits behind its prefix: the network is `130.83.0.0/16`"
        );
    }
}
