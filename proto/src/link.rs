//! Links: gRPC connections on which both ends know each other's key.
//!
//! A link is TLS 1.3 with raw Ed25519 public keys on both sides (RFC 7250): no
//! authority, no dates; who cannot do that is shown a certificate (`certificate.rs`). The side that dials pins the key that must answer ([`connect`]); the side
//! that listens takes any key whose secret the caller proves to hold ([`Incoming`]), and what that
//! key may do is decided later, by key. Handlers ask [`peer`] who calls.
//!
//! Between processes of one machine a link may be plain text. There the caller only *says* which
//! key it is, in the header [`KEY_HEADER`]. On a TLS link that header means nothing: a connection
//! speaks for the key that it proved, and for no other.

mod accept;
mod certificate;
mod connect;
mod connection;
mod endpoint;
mod first;
mod peer;
mod tls;

pub use self::accept::{Bounds, Incoming};
pub use self::connect::{CONNECT_MAX, Channel, LinkError, connect, connect_within};
pub use self::connection::Connection;
pub use self::endpoint::{Address, AddressError, Endpoint, LoopbackAddr, NotLoopback};
pub use self::first::{Linked, connect_first};
pub use self::peer::{AssertKey, KEY_HEADER, Peer, PeerError, Proof, peer};
pub use self::tls::{ServerTls, WrongKey, server_config};

/// The one application protocol so far (ALPN): HTTP/2, and the side that dialled asks.
const ALPN_HTTP2: &[u8] = b"h2";
