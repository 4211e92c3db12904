//! The public half of an identity: its bytes, its text forms, and checking its signatures.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, SigningKey, VerifyingKey};

use super::{Context, KEY_BYTES, base32};

/// The name of a host, a coordinator or a project: a valid Ed25519 public key.
///
/// Written as 52 letters and digits; `{:x}` writes 64 hexadecimal digits; either is read back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; KEY_BYTES]);

/// Why bytes or text are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither text form has this length.
    #[error("a key has 52 letters and digits (or 64 hexadecimal digits), not {0} characters")]
    TextLength(usize),
    /// The length is right, but a character is not, or the last one has bits to spare.
    #[error("a key has only the letters a-z and digits 2-7 (or is hexadecimal): copy it again")]
    Text,
    /// Not 32 bytes.
    #[error("a key has 32 bytes, not {0}")]
    Length(usize),
    /// Not a point of the curve, or one for which anyone can make signatures.
    #[error("these 32 bytes are not a usable Ed25519 public key: copy it again")]
    Point,
}

/// A signature that was not made by this key, in this context, for this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match its key and message")]
pub struct BadSignature;

impl PublicKey {
    /// Takes a key off the wire.
    ///
    /// # Errors
    /// [`KeyError::Length`], or [`KeyError::Point`] if no one could hold its secret alone.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes = bytes.try_into().map_err(|_not_32| KeyError::Length(bytes.len()))?;
        match VerifyingKey::from_bytes(&bytes) {
            // A weak key accepts signatures that nobody made.
            Ok(key) if !key.is_weak() => Ok(Self(bytes)),
            _ => Err(KeyError::Point),
        }
    }

    /// The 32 bytes that travel.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Checks a signature that came as bytes.
    ///
    /// # Errors
    /// [`BadSignature`] if it is anything but this key's, for this context and message.
    pub fn verify(
        &self,
        context: Context,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let check = || {
            let signature = Signature::from_slice(signature)?;
            VerifyingKey::from_bytes(&self.0)?.verify_strict(&context.frame(message), &signature)
        };
        check().map_err(|_unspecific_by_design| BadSignature)
    }

    pub(super) fn of(signing: &SigningKey) -> Self {
        Self(signing.verifying_key().to_bytes())
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = match text.len() {
            base32::TEXT_CHARS => base32::decode(text),
            length if length == 2 * KEY_BYTES => decode_hex(text),
            length => return Err(KeyError::TextLength(length)),
        };
        Self::from_bytes(&bytes.ok_or(KeyError::Text)?)
    }
}

fn decode_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |character: u8| char::from(character).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base32::encode(&self.0))
    }
}

impl fmt::LowerHex for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::Identity;

    proptest! {
        #[test]
        fn both_texts_read_back(seed: [u8; KEY_BYTES]) {
            let key = Identity::from_seed(&seed).public_key();
            prop_assert_eq!(key.to_string().parse(), Ok(key));
            prop_assert_eq!(format!("{key:x}").parse(), Ok(key));
            prop_assert_eq!(PublicKey::from_bytes(key.as_bytes()), Ok(key));
        }

        #[test]
        fn any_text_is_a_key_or_an_error(text in ".{0,70}") {
            if let Ok(key) = text.parse::<PublicKey>() {
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }

    /// The first key of RFC 8032, section 7.1.
    #[test]
    fn known_answer() {
        let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let key: PublicKey = hex.parse().unwrap();
        assert_eq!(key.to_string(), "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena");
        assert_eq!(format!("{key:x}"), hex);
    }

    #[test]
    fn what_is_not_a_key_says_why() {
        let check = |text: &str, why| assert_eq!(text.parse::<PublicKey>(), Err(why), "{text}");
        check("", KeyError::TextLength(0));
        check(&"a".repeat(51), KeyError::TextLength(51));
        check(&"!".repeat(52), KeyError::Text);
        check(&"g".repeat(64), KeyError::Text);
        // y = 0 and y = 1 are points of small order: signatures for them can be made up.
        check(&"0".repeat(64), KeyError::Point);
        check(&format!("01{}", "0".repeat(62)), KeyError::Point);
        assert_eq!(PublicKey::from_bytes(&[1; 31]), Err(KeyError::Length(31)));
    }
}
