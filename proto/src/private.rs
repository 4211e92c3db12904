//! The cipher of private inputs: ChaCha20 with a counter of 64 bits, under a key that is used once.
//!
//! [`manyhands_core::private`] says how keys come about, and why nothing but its digest needs to prove a
//! ciphertext.

use std::fmt;

use chacha20::ChaCha20Legacy;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use manyhands_core::private::InputKey;

/// Works through one blob from its beginning, piece by piece.
pub struct Cipher(ChaCha20Legacy);

impl Cipher {
    /// For the blob that this is the key of.
    #[must_use]
    pub fn new(key: &InputKey) -> Self {
        Self(ChaCha20Legacy::new(&key.0.into(), &[0; 8].into()))
    }

    /// Encrypts or decrypts the next bytes in place.
    ///
    /// # Panics
    /// After 2^70 bytes.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: InputKey = InputKey([7; 32]);

    proptest! {
        #[test]
        fn what_was_encrypted_in_any_pieces_is_decrypted_whole(
            plain in proptest::collection::vec(any::<u8>(), 0..1000),
            cut in 0..1000_usize,
        ) {
            let mut bytes = plain.clone();
            let (head, tail) = bytes.split_at_mut(cut.min(plain.len()));
            let mut cipher = Cipher::new(&KEY);
            cipher.apply(head);
            cipher.apply(tail);
            if plain.len() >= 16 {
                prop_assert_ne!(&bytes, &plain);
            }
            Cipher::new(&KEY).apply(&mut bytes);
            prop_assert_eq!(bytes, plain);
        }
    }

    /// The stream of an all-zero key and nonce, as everybody publishes it.
    #[test]
    fn the_stream_is_chacha20() {
        let mut bytes = [0; 8];
        Cipher::new(&InputKey([0; 32])).apply(&mut bytes);
        assert_eq!(bytes, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }
}
