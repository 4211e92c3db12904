//! What a person pastes to join: where a coordinator listens, the key that it must hold, and
//! perhaps a token that says who sent them.
//!
//! ```text
//! manyhands://host:port/#<key>             anyone may ask
//! manyhands://host:port/#<key>.<token>     with the token of this invitation
//! lan#<key>, lan#<key>.<token>             the same, wherever it is on the local network
//! manyhands+plain://127.0.0.1:port/        within one machine: no key, no encryption
//! ```
//!
//! Key and token come after `#`, the part of a URL that browsers and proxies do not send on.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::identity::{KeyError, PublicKey};
use crate::link::{Address, AddressError, Endpoint, LoopbackAddr, NotLoopback};

/// Longest invite, in bytes.
pub const INVITE_BYTES_MAX: usize = 512;

/// Longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 128;

const SCHEME: &str = "manyhands://";
const PLAIN_SCHEME: &str = "manyhands+plain://";
const NEARBY: &str = "lan#";

/// An invitation to a coordinator. Its `Display` form is what is pasted, and is read back as is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    endpoint: Endpoint,
    token: Option<Token>,
}

impl Invite {
    /// An invitation to the coordinator that holds `key` and listens at `address`.
    #[must_use]
    pub fn new(address: Address, key: PublicKey, token: Option<Token>) -> Self {
        Self { endpoint: Endpoint::Pinned { address, key }, token }
    }

    /// An invitation to the coordinator that holds `key`, wherever it is on the local network.
    #[must_use]
    pub fn nearby(key: PublicKey, token: Option<Token>) -> Self {
        Self { endpoint: Endpoint::Nearby(key), token }
    }

    /// An invitation to a coordinator on this machine, in plain text.
    #[must_use]
    pub fn plain(addr: LoopbackAddr) -> Self {
        Self { endpoint: Endpoint::Plain(addr), token: None }
    }

    /// What [`crate::link::connect`] dials.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What to show the coordinator when enrolling.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }
}

/// The secret part of an invitation: 1 to 128 letters, digits, `-` and `_`. Hidden in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The text, to be sent over a link or stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InviteError::Token)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Why a text is not an invite. Never repeats a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// More than [`INVITE_BYTES_MAX`] bytes.
    #[error("an invite has at most {INVITE_BYTES_MAX} bytes, not {0}: copy only the invite")]
    TooLong(usize),
    /// It begins otherwise.
    #[error("an invite starts with `{SCHEME}`: copy all of it")]
    Scheme,
    /// The host or the port is wrong.
    #[error("the invite has a wrong address: {0}")]
    Address(#[from] AddressError),
    /// There is something between the port and `#` that is not one `/`.
    #[error("after the port an invite goes on with `/#`")]
    Path,
    /// Nothing follows the address.
    #[error("the invite has no key: copy all of it, with `#` and what follows")]
    MissingKey,
    /// The text after `#` is not a key.
    #[error("the invite has a wrong key: {0}")]
    Key(#[from] KeyError),
    /// The text after the key's `.` is not a token.
    #[error("the invite has a wrong token: 1 to {TOKEN_BYTES_MAX} letters, digits, `-` or `_`")]
    Token,
    /// A plain invite with a host name instead of an IP address.
    #[error("a plain invite names 127.0.0.1 or [::1], not a host name")]
    PlainName,
    /// A plain invite to another machine.
    #[error(transparent)]
    PlainElsewhere(#[from] NotLoopback),
    /// A plain invite with a key or token, which a plain link could not honour.
    #[error("a plain invite has neither key nor token: use `{SCHEME}` for those")]
    PlainKey,
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        if text.len() > INVITE_BYTES_MAX {
            return Err(InviteError::TooLong(text.len()));
        }
        if let Some(rest) = text.strip_prefix(PLAIN_SCHEME) {
            let (address, fragment) = split(rest)?;
            return parse_plain(&address, fragment);
        }
        if let Some(fragment) = text.strip_prefix(NEARBY) {
            let (key, token) = who(fragment)?;
            return Ok(Self::nearby(key, token));
        }
        let (address, fragment) = split(text.strip_prefix(SCHEME).ok_or(InviteError::Scheme)?)?;
        let (key, token) = who(fragment.unwrap_or_default())?;
        Ok(Self::new(address, key, token))
    }
}

/// What follows `#`.
fn who(fragment: &str) -> Result<(PublicKey, Option<Token>), InviteError> {
    if fragment.is_empty() {
        return Err(InviteError::MissingKey);
    }
    Ok(match fragment.split_once('.') {
        Some((key, token)) => (key.parse()?, Some(token.parse()?)),
        None => (fragment.parse()?, None),
    })
}

/// Splits `host:port/#fragment`.
fn split(text: &str) -> Result<(Address, Option<&str>), InviteError> {
    let (place, fragment) = match text.split_once('#') {
        Some((place, fragment)) => (place, Some(fragment)),
        None => (text, None),
    };
    let end = place.find(['/', '?']).unwrap_or(place.len());
    let (address, path) = place.split_at(end);
    let address = address.parse()?;
    if path == "/" { Ok((address, fragment)) } else { Err(InviteError::Path) }
}

fn parse_plain(address: &Address, fragment: Option<&str>) -> Result<Invite, InviteError> {
    if fragment.is_some() {
        return Err(InviteError::PlainKey);
    }
    let addr: SocketAddr = address.socket_addr().ok_or(InviteError::PlainName)?;
    Ok(Invite::plain(addr.try_into()?))
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Plain(addr) => return write!(f, "{PLAIN_SCHEME}{addr}/"),
            Endpoint::Pinned { address, key } => write!(f, "{SCHEME}{address}/#{key}")?,
            Endpoint::Nearby(key) => write!(f, "{NEARBY}{key}")?,
        }
        self.token.iter().try_for_each(|token| write!(f, ".{}", token.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::Identity;

    const KEY: &str = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena";

    fn addresses() -> impl Strategy<Value = Address> {
        let host = prop_oneof![
            "[a-z_][a-z0-9_-]{0,62}(\\.[a-z]{1,20}){0,3}",
            any::<std::net::Ipv4Addr>().prop_map(|ip| ip.to_string()),
            any::<std::net::Ipv6Addr>().prop_map(|ip| format!("[{ip}]")),
        ];
        (host, 1..=u16::MAX).prop_map(|(host, port)| format!("{host}:{port}").parse().unwrap())
    }

    fn tokens() -> impl Strategy<Value = Token> {
        "[A-Za-z0-9_-]{1,128}".prop_map(|text| text.parse().unwrap())
    }

    proptest! {
        #[test]
        fn read_back_as_written(
            address in addresses(), seed: [u8; 32], token in proptest::option::of(tokens()),
        ) {
            let invite = Invite::new(address, Identity::from_seed(&seed).public_key(), token);
            prop_assert_eq!(invite.to_string().parse(), Ok(invite));
        }

        #[test]
        fn nearby_read_back_as_written(seed: [u8; 32], token in proptest::option::of(tokens())) {
            let invite = Invite::nearby(Identity::from_seed(&seed).public_key(), token);
            prop_assert_eq!(invite.to_string().parse(), Ok(invite));
        }

        #[test]
        fn plain_read_back_as_written(low: [u8; 3], port in 1..=u16::MAX) {
            let addr = SocketAddr::from(([127, low[0], low[1], low[2]], port));
            let invite = Invite::plain(addr.try_into().unwrap());
            prop_assert_eq!(invite.to_string().parse(), Ok(invite));
        }

        #[test]
        fn any_text_is_an_invite_or_an_error(text in "(manyhands(\\+plain)?://)?.{0,80}") {
            if let Ok(invite) = text.parse::<Invite>() {
                prop_assert_eq!(invite.to_string().parse(), Ok(invite));
            }
        }
    }

    #[test]
    fn bad_invites_say_why() {
        let check = |text: &str, expect: InviteError| {
            assert_eq!(text.parse::<Invite>(), Err(expect), "{text}");
        };
        let port = |text: &str| InviteError::Address(AddressError::Port(text.into()));
        check("", InviteError::Scheme);
        check(&format!("https://h:1/#{KEY}"), InviteError::Scheme);
        check(&"m".repeat(513), InviteError::TooLong(513));
        check(&format!("manyhands://h:0/#{KEY}"), port("0"));
        check(&format!("manyhands://h:1x/#{KEY}"), port("1x"));
        let missing = AddressError::MissingPort("h".into());
        check(&format!("manyhands://h/#{KEY}"), InviteError::Address(missing));
        for path in ["", "/a", "//", "?a", "/?a"] {
            check(&format!("manyhands://h:1{path}#{KEY}"), InviteError::Path);
        }
        check("manyhands://h:1/", InviteError::MissingKey);
        check("manyhands://h:1/#", InviteError::MissingKey);
        check("manyhands://h:1/#abc", InviteError::Key(KeyError::TextLength(3)));
        check(&format!("manyhands://h:1/#{}!", &KEY[1..]), InviteError::Key(KeyError::Text));
        for token in ["", "a.b", "a b", "ä", &"t".repeat(129)] {
            check(&format!("manyhands://h:1/#{KEY}.{token}"), InviteError::Token);
        }
    }

    #[test]
    fn plain_is_for_this_machine_only() {
        let read = |text: &str| text.parse::<Invite>().map(|invite| invite.to_string());
        for local in ["manyhands+plain://127.0.0.1:80/", "manyhands+plain://[::1]:80/"] {
            assert_eq!(read(local), Ok(local.to_owned()));
        }
        let elsewhere = NotLoopback("192.0.2.1:80".parse().unwrap());
        assert_eq!(read("manyhands+plain://192.0.2.1:80/"), Err(elsewhere.into()));
        assert_eq!(read("manyhands+plain://localhost:80/"), Err(InviteError::PlainName));
        assert_eq!(read("manyhands+plain://127.0.0.1:80/#"), Err(InviteError::PlainKey));
    }

    #[test]
    fn debug_hides_the_token() {
        let invite: Invite = format!("manyhands://h:1/#{KEY}.s3cret").parse().unwrap();
        assert_eq!(invite.token().map(Token::as_str), Some("s3cret"));
        assert!(!format!("{invite:?}").contains("s3cret"));
    }
}
