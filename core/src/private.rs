//! Private inputs: what only those read who compute with it.
//!
//! Blobs are named by their digest and pass through many hands. A private one travels and lies on disks as
//! ciphertext only, and that is what its digest names, so that whoever passes it on can verify it and not read it.
//! The key of each blob comes with the lease of a unit that reads it, and opens no other one.
//!
//! Invariant: a job's secret and a blob's key are known to the submitter and the coordinator; a blob's key
//! also to hosts that were leased a unit which reads it. The manifest, which every such host reads, has only
//! salts, and a commitment by which the coordinator knows the right secret.
//!
//! ```text
//! salt       = first 16 bytes of keyed-BLAKE3(derive(secret, "salt"), digest of the plaintext)
//! key        = keyed-BLAKE3(derive(secret, "key"), salt)
//! ciphertext = plaintext xor ChaCha20(key, nonce 0)            RFC 8439, 64-bit counter
//! ```
//!
//! A key is the key of one plaintext, so its nonce never meets another. Nothing authenticates a ciphertext
//! but its digest, which the submitter signed. The same file in two jobs of one submitter has one ciphertext:
//! who sees both knows that they are equal, and caches hold it once.

use std::fmt;

use crate::digest::Digest;

/// Tells apart the plaintexts under one secret; no secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Salt(pub [u8; 16]);

/// From which the keys of all private inputs of a job follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JobSecret(pub [u8; 32]);

/// Opens one blob.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InputKey(pub [u8; 32]);

impl JobSecret {
    /// What a manifest says of its secret, so that a wrong one is known.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest(blake3::derive_key("manyhands 2026 commitment to a job's secret v1", &self.0))
    }

    /// The salt for a plaintext of that digest.
    #[must_use]
    pub fn salt(&self, plaintext: &Digest) -> Salt {
        let key = blake3::derive_key("manyhands 2026 salts of private inputs v1", &self.0);
        let mut salt = Salt([0; 16]);
        let hash = blake3::keyed_hash(&key, plaintext.as_bytes());
        salt.0.copy_from_slice(&hash.as_bytes()[..16]);
        salt
    }

    /// The key of the blob with that salt.
    #[must_use]
    pub fn key(&self, salt: &Salt) -> InputKey {
        let key = blake3::derive_key("manyhands 2026 keys of private inputs v1", &self.0);
        InputKey(blake3::keyed_hash(&key, &salt.0).into())
    }
}

impl fmt::Debug for JobSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobSecret(..)")
    }
}

impl fmt::Debug for InputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InputKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: JobSecret = JobSecret([7; 32]);

    #[test]
    fn each_plaintext_and_each_secret_has_its_own_key() {
        let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
        let keys = [
            SECRET.key(&SECRET.salt(&one)),
            SECRET.key(&SECRET.salt(&two)),
            JobSecret([8; 32]).key(&SECRET.salt(&one)),
        ];
        assert!(keys[0] != keys[1] && keys[0] != keys[2]);
        assert_ne!(SECRET.commitment(), JobSecret([8; 32]).commitment());
    }

    #[test]
    fn debug_hides_secrets() {
        let shown = format!("{SECRET:?} {:?}", InputKey([7; 32]));
        assert_eq!(shown, "JobSecret(..) InputKey(..)");
    }
}
