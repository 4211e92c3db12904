//! Who someone is on the grid: an Ed25519 key, kept in a file that only its owner can read.
//!
//! One key serves a host, a coordinator or a project: it proves both ends of a link and signs
//! records that others pass on. Losing the file is losing the identity with all its trust;
//! copying it is becoming that host.

mod base32;
mod key_file;
mod public_key;

use std::fmt;
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use manyhands_core::agent::selfchosen::Salt;
use manyhands_core::digest::Digest;
use manyhands_core::private::JobSecret;

pub use self::key_file::KeyFileError;
pub use self::public_key::{BadSignature, KeyError, PublicKey};

/// Bytes of a secret seed and of a public key.
pub const KEY_BYTES: usize = 32;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// What a signature is for, so that one made for one purpose is worth nothing for another.
///
/// Each kind of signed record declares its own constant and never reuses a name for a new layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(&'static str);

impl Context {
    /// Names a purpose, for instance `"manifest 1"`.
    ///
    /// # Panics
    /// If the name is empty or longer than 255 bytes: in a constant, when it is compiled.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(!name.is_empty() && name.len() <= 255, "a context has 1 to 255 bytes");
        Self(name)
    }

    /// The bytes that are signed: prefix, length of the name, name, message.
    ///
    /// The length makes the split unambiguous. TLS signs with the same key, but its transcripts
    /// start with 64 spaces, so neither signature can pass for the other.
    fn frame(self, message: &[u8]) -> Vec<u8> {
        let length = u8::try_from(self.0.len()).expect("`new` bounds the name");
        [b"manyhands signature\0", [length].as_slice(), self.0.as_bytes(), message].concat()
    }
}

/// A secret key with its public half. Its `Debug` form shows the public half only.
#[derive(Clone)]
pub struct Identity {
    signing: SigningKey,
}

impl Identity {
    /// Reads the key file at `path`, or creates it with a fresh key if there is none.
    ///
    /// When several processes create it at once, one wins and all return the winner's key. The new
    /// file has mode 600 and is on disk, directory entry included, before this returns.
    ///
    /// # Errors
    /// [`KeyFileError`]: the file cannot be read or made, others can read it, or its text is
    /// not a key.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyFileError> {
        key_file::load_or_create(path)
    }

    /// A fresh key that is kept nowhere.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut seed = [0; KEY_BYTES];
        getrandom::fill(&mut seed)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that grows from `seed`, which is the secret itself.
    #[must_use]
    pub fn from_seed(seed: &[u8; KEY_BYTES]) -> Self {
        Self { signing: SigningKey::from_bytes(seed) }
    }

    /// The half that everyone may know.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(&self.signing)
    }

    /// Signs `message` for the purpose named by `context`; [`PublicKey::verify`] checks it.
    #[must_use]
    pub fn sign(&self, context: Context, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.signing.sign(&context.frame(message)).to_bytes()
    }

    /// The secret of the private inputs that the owner of this key submits to a coordinator: the same each time, so that
    /// the same job is the same job, and worth nothing at another coordinator.
    #[must_use]
    pub fn job_secret(&self, coordinator: Option<&PublicKey>) -> JobSecret {
        let coordinator = coordinator.map_or([0; KEY_BYTES], |key| *key.as_bytes());
        let context = "manyhands 2026 a submitter's secret of private inputs v1";
        JobSecret(blake3::derive_key(context, &[*self.seed(), coordinator].concat()))
    }

    /// The salt with which this host seals its answer to a unit that it chose itself: nobody else can guess it, and it need
    /// not be written down.
    #[must_use]
    pub fn seal_salt(&self, manifest: &Digest, unit: u32) -> Salt {
        let context = "manyhands 2026 salts of sealed answers v1";
        let of_unit = [self.seed().as_slice(), manifest.as_bytes(), &unit.to_le_bytes()].concat();
        blake3::derive_key(context, &of_unit)
    }

    /// The secret: only for the key file, the TLS stack, and what is derived from it here.
    pub(crate) fn seed(&self) -> &[u8; KEY_BYTES] {
        self.signing.as_bytes()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.public_key()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: Context = Context::new("test 1");

    #[test]
    fn signature_holds_for_its_key_message_and_context_only() {
        let alice = Identity::from_seed(&[1; KEY_BYTES]);
        let bob = Identity::from_seed(&[2; KEY_BYTES]);
        let signature = alice.sign(CONTEXT, b"unit 7");

        assert_eq!(alice.public_key().verify(CONTEXT, b"unit 7", &signature), Ok(()));
        assert_eq!(bob.public_key().verify(CONTEXT, b"unit 7", &signature), Err(BadSignature));
        assert_eq!(alice.public_key().verify(CONTEXT, b"unit 8", &signature), Err(BadSignature));
        // The same bytes, split elsewhere.
        let moved = Context::new("test 1u");
        assert_eq!(alice.public_key().verify(moved, b"nit 7", &signature), Err(BadSignature));
        assert_eq!(alice.public_key().verify(CONTEXT, b"unit 7", &[0; 3]), Err(BadSignature));
    }

    #[test]
    fn debug_hides_the_secret() {
        let identity = Identity::from_seed(&[7; KEY_BYTES]);
        let shown = format!("{identity:?}");
        assert_eq!(shown, format!("Identity(PublicKey({}))", identity.public_key()));
        assert!(!shown.contains(&base32::encode(identity.seed())));
    }
}
