//! Who is at the other end of a request.

use std::net::SocketAddr;

use http::{Extensions, HeaderMap};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::identity::{KeyError, PublicKey};

/// The header with which the caller on a plain link says its key. Ignored on TLS links.
pub const KEY_HEADER: &str = "manyhands-key";

/// The other end of a link, as a handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key: proved on a TLS link; only said, or not even that, on a plain one.
    pub key: Option<PublicKey>,
    /// Where it dialled from.
    pub addr: SocketAddr,
}

impl Peer {
    /// The peer's key, for services that serve no one without a name.
    ///
    /// # Errors
    /// [`PeerError::NoKey`] if this is a plain link and the caller said no key.
    pub fn require_key(&self) -> Result<PublicKey, PeerError> {
        self.key.ok_or(PeerError::NoKey)
    }

    /// Reads the peer from the parts of a request: for layers, which have no [`Request`] yet.
    ///
    /// # Errors
    /// [`PeerError::NotALink`], and [`PeerError::RepeatedKey`] or [`PeerError::Key`] on a plain
    /// link with a wrong header.
    pub fn read(extensions: &Extensions, headers: &HeaderMap) -> Result<Self, PeerError> {
        let proof: Proof = *extensions.get().ok_or(PeerError::NotALink)?;
        Ok(match proof {
            Proof::Tls { key, addr } => Self { key: Some(key), addr },
            Proof::Plain { addr } => Self { key: asserted_key(headers)?, addr },
        })
    }
}

/// Who sent `request`; the server must be listening through [`super::Incoming`].
///
/// # Errors
/// As [`Peer::read`]; converts to a [`Status`] with `?`.
pub fn peer<T>(request: &Request<T>) -> Result<Peer, PeerError> {
    Peer::read(request.extensions(), request.metadata().as_ref())
}

/// What a connection itself proves; each of its requests carries this in its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The other end holds the secret of this key.
    Tls {
        /// The proved key.
        key: PublicKey,
        /// The other end's address.
        addr: SocketAddr,
    },
    /// The other end is on this machine, and no more is known.
    Plain {
        /// The other end's address.
        addr: SocketAddr,
    },
}

/// Why there is no telling who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The server does not listen through [`super::Incoming`]: a mistake in the server.
    #[error("this server does not know its peers: serve it on `link::Incoming`")]
    NotALink,
    /// A plain link, and no [`KEY_HEADER`].
    #[error("say who you are: set the header {KEY_HEADER} on a plain link")]
    NoKey,
    /// More than one [`KEY_HEADER`].
    #[error("say who you are once: there are several {KEY_HEADER} headers")]
    RepeatedKey,
    /// A [`KEY_HEADER`] that is not a key.
    #[error("the header {KEY_HEADER} is wrong: {0}")]
    Key(#[from] KeyError),
}

impl From<PeerError> for Status {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::NotALink => Self::internal(error.to_string()),
            PeerError::NoKey => Self::unauthenticated(error.to_string()),
            PeerError::RepeatedKey | PeerError::Key(_) => Self::invalid_argument(error.to_string()),
        }
    }
}

fn asserted_key(headers: &HeaderMap) -> Result<Option<PublicKey>, PeerError> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(PeerError::RepeatedKey);
    }
    let text = value.to_str().map_err(|_not_ascii| KeyError::Text)?;
    Ok(Some(text.parse()?))
}

/// Says the caller's key on each request of a plain link; does nothing on a TLS link.
#[derive(Clone, Debug)]
pub struct AssertKey(Option<AsciiMetadataValue>);

impl AssertKey {
    /// For a plain link.
    pub(super) fn of(key: PublicKey) -> Self {
        let value = key.to_string().parse().expect("letters and digits are a header value");
        Self(Some(value))
    }

    /// For a TLS link, which has better than words.
    pub(super) fn nothing() -> Self {
        Self(None)
    }
}

impl Interceptor for AssertKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert(KEY_HEADER, key.clone());
        }
        Ok(request)
    }
}
