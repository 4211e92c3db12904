//! What a slot says. It may have been taken over by its guest, so a note is bounded before it is decoded.

use manyhands_core::limits::OUTPUTS_MAX;
use prost::Message as _;

use super::error::WireError;
use super::field::required;
use super::items::{self, List};
use crate::slot::v1::{Note, note};

/// More walls than any system has.
const WALLS_MAX: usize = 16;

const LISTS: [List; 2] =
    [("ended.success.outputs", &[4, 1, 1], OUTPUTS_MAX), ("ready.walls", &[5, 2], WALLS_MAX)];

/// The note in these bytes, its lists bounded and nothing else.
///
/// # Errors
/// When they are no note, or one with more items than any honest one has.
pub fn slot_note(bytes: &[u8]) -> Result<note::Note, WireError> {
    items::check(bytes, &LISTS).map_err(|error| error.within("note"))?;
    let note = Note::decode(bytes).map_err(|error| WireError::undecodable("note", error))?;
    required("note", note.note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::v1::{Ended, Output, Ready, Success, Wall, ended};

    fn encoded(note: note::Note) -> Vec<u8> {
        Note { note: Some(note) }.encode_to_vec()
    }

    fn ended(outputs: usize) -> Vec<u8> {
        let outcome =
            Some(ended::Outcome::Success(Success { outputs: vec![Output::default(); outputs] }));
        encoded(note::Note::Ended(Ended { outcome, ..Ended::default() }))
    }

    fn ready(walls: usize) -> Vec<u8> {
        encoded(note::Note::Ready(Ready {
            isa: String::new(),
            walls: vec![Wall::default(); walls],
        }))
    }

    #[test]
    fn floods_are_refused_before_they_are_decoded() {
        assert!(slot_note(&ended(OUTPUTS_MAX)).is_ok());
        assert!(slot_note(&ready(WALLS_MAX)).is_ok());
        for (flood, said) in [
            (
                ended(1 << 20),
                "note.ended.success.outputs: has 1048576 items where at most 64 are allowed",
            ),
            (ready(17), "note.ready.walls: has 17 items where at most 16 are allowed"),
            (Vec::new(), "note: is missing"),
        ] {
            assert_eq!(slot_note(&flood).unwrap_err().to_string(), said);
        }
    }
}
