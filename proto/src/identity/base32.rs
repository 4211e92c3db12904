//! 32 bytes as 52 lower-case letters and digits (RFC 4648 base32 without padding).
//!
//! Chosen over base64 because a key in this form survives URLs, file names, shells, a double
//! click and being read aloud: no `-`, `_` or `+`, and case does not matter.

use super::KEY_BYTES;

/// Characters of an encoded key.
pub(super) const TEXT_CHARS: usize = (KEY_BYTES * 8).div_ceil(5);

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Text of `bytes`.
pub(super) fn encode(bytes: &[u8; KEY_BYTES]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    let digit = |at: usize| (0..5).fold(0, |value, offset| value << 1 | bit(at * 5 + offset));
    (0..TEXT_CHARS).map(|at| char::from(ALPHABET[usize::from(digit(at))])).collect()
}

/// Bytes of `text`, or nothing if it is not the one way to write them (case aside).
pub(super) fn decode(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != TEXT_CHARS {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (at, character) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|c| *c == character.to_ascii_lowercase())?;
        for offset in (0..5).filter(|offset| digit >> (4 - offset) & 1 == 1) {
            let bit = at * 5 + offset;
            // The last character has more bits than are left: they must be zero.
            *bytes.get_mut(bit / 8)? |= 1 << (7 - bit % 8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // `printf 'manyhands manyhands manyhands 12' | base32 | tr A-Z a-z`
        let text = "nvqw46limfxgi4zanvqw46limfxgi4zanvqw46limfxgi4zageza";
        assert_eq!(encode(b"manyhands manyhands manyhands 12"), text);
        assert_eq!(decode(text).as_ref(), Some(b"manyhands manyhands manyhands 12"));
    }

    #[test]
    fn one_text_for_one_key() {
        let text = encode(&[0xff; KEY_BYTES]);
        assert_eq!(decode(&text.to_uppercase()), Some([0xff; KEY_BYTES]));
        assert_eq!(decode(&format!("{}7", &text[..TEXT_CHARS - 1])), None, "spare bits are set");
        assert_eq!(decode(&text.replace('7', "1")), None, "1 is not in the alphabet");
        assert_eq!(decode(&text[1..]), None, "too short");
    }
}
