//! Where the other end of a link is, and what makes us believe that it is the right one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use crate::identity::PublicKey;

/// Longest host name, in bytes (RFC 1035).
const NAME_BYTES_MAX: usize = 253;

/// Longest part of a host name between dots, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

/// Where to dial, and how to know who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// TLS; whoever answers must hold this key.
    Pinned {
        /// Where to dial.
        address: Address,
        /// The only key that may answer.
        key: PublicKey,
    },
    /// TLS; the coordinator that holds this key, wherever it announces itself on the local network.
    Nearby(PublicKey),
    /// No encryption and no proof: only within this machine.
    Plain(LoopbackAddr),
}

impl Endpoint {
    /// The only key that may answer, if one must be proved.
    #[must_use]
    pub fn key(&self) -> Option<PublicKey> {
        match self {
            Self::Pinned { key, .. } | Self::Nearby(key) => Some(*key),
            Self::Plain(_) => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { address, .. } => address.fmt(f),
            Self::Nearby(_) => f.write_str("the local network"),
            Self::Plain(addr) => addr.fmt(f),
        }
    }
}

/// A socket address that never leaves this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopbackAddr(SocketAddr);

/// A plain-text link was asked for to or from another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a loopback address: plain text never leaves this machine, use a key")]
pub struct NotLoopback(pub SocketAddr);

impl TryFrom<SocketAddr> for LoopbackAddr {
    type Error = NotLoopback;

    fn try_from(addr: SocketAddr) -> Result<Self, NotLoopback> {
        // Canonical, because `::ffff:127.0.0.1` is a loopback address too.
        if addr.ip().to_canonical().is_loopback() { Ok(Self(addr)) } else { Err(NotLoopback(addr)) }
    }
}

impl From<LoopbackAddr> for SocketAddr {
    fn from(addr: LoopbackAddr) -> Self {
        addr.0
    }
}

impl fmt::Display for LoopbackAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A host and a port: `grid.example.org:7777`, `192.0.2.1:7777` or `[2001:db8::1]:7777`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Host {
    Ip(IpAddr),
    /// Lower-case, checked by [`is_name`].
    Name(String),
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `:port` at the end.
    #[error("`{0}` names no port: write host:port")]
    MissingPort(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` is not a port: write a number from 1 to 65535")]
    Port(String),
    /// The host is empty, not a valid name, or not a valid IP address.
    #[error("`{0}` is not a host: write a name, an IPv4 address, or an IPv6 address in brackets")]
    Host(String),
}

impl Address {
    /// The host as a resolver wants it: a name, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        }
    }

    /// The port, from 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The socket address, if the host is an IP address.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            Host::Name(_) => None,
        }
    }
}

/// The address that this socket address is, for instance of a listener that just bound.
impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Self {
        Self { host: Host::Ip(addr.ip()), port: addr.port() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(ip) => SocketAddr::new(*ip, self.port).fmt(f),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let missing = || AddressError::MissingPort(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(missing)?;
        if host.starts_with('[') && !host.ends_with(']') {
            return Err(missing());
        }
        Ok(Self { host: parse_host(host)?, port: parse_port(port)? })
    }
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(AddressError::Port(text.to_owned())),
    }
}

fn parse_host(text: &str) -> Result<Host, AddressError> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host = match bracketed {
        Some(inside) => inside.parse().ok().map(|ip| Host::Ip(IpAddr::V6(ip))),
        None => match text.parse::<Ipv4Addr>() {
            Ok(ip) => Some(Host::Ip(IpAddr::V4(ip))),
            Err(_) => is_name(text).then(|| Host::Name(text.to_ascii_lowercase())),
        },
    };
    host.ok_or_else(|| AddressError::Host(text.to_owned()))
}

/// Whether a resolver may be asked for `text`.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
    };
    // A number at the end means that an IPv4 address was mistyped, as in `256.0.0.1`.
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= NAME_BYTES_MAX
        && text.split('.').all(is_label)
        && !text.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let check = |text: &str, expect: &str| {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), expect);
        };
        check("Grid.Example.org:7777", "grid.example.org:7777");
        check("lab_1:1", "lab_1:1");
        check("192.0.2.1:65535", "192.0.2.1:65535");
        check("[2001:db8:0:0::1]:80", "[2001:db8::1]:80");
    }

    #[test]
    fn bad_addresses_say_why() {
        let check = |text: &str, expect: AddressError| {
            assert_eq!(text.parse::<Address>(), Err(expect), "{text}");
        };
        let missing = |text: &str| AddressError::MissingPort(text.into());
        check("", missing(""));
        check("host", missing("host"));
        check("[::1]", missing("[::1]"));
        for port in ["", "0", "65536", "+80", "-1", "http"] {
            check(&format!("host:{port}"), AddressError::Port(port.into()));
        }
        let long = "a".repeat(LABEL_BYTES_MAX + 1);
        for host in
            ["", "::1", "[::g]", "[1.2.3.4]", "256.0.0.1", "a..b", "-a", "a b", "a@b", &long]
        {
            check(&format!("{host}:80"), AddressError::Host(host.into()));
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let check = |text: &str| LoopbackAddr::try_from(text.parse::<SocketAddr>().unwrap());
        for local in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(check(local).is_ok(), "{local}");
        }
        for other in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[::ffff:10.0.0.1]:1"] {
            assert_eq!(check(other), Err(NotLoopback(other.parse().unwrap())));
        }
    }
}
