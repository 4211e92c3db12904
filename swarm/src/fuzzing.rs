//! What a fuzzer may call, and nobody else.

use manyhands_core::peer::ANSWER_MAX;
use manyhands_core::swarm::{HAVE_MAX, PART_BYTES_MAX};
use manyhands_proto::v1;
use prost::Message as _;

use crate::wire::{Heard, heard, opened, said};

/// A number of pieces that fills no byte.
const PIECES: u32 = 259;

/// A neighbour's message: refused, or within its bounds and read as it was meant.
///
/// # Panics
/// If it is neither.
pub fn peer_message(bytes: &[u8]) {
    let Ok(message) = v1::PeerMessage::decode(bytes) else { return };
    drop(opened(message.clone()));
    match heard(message, PIECES) {
        Ok(Heard::Message(message)) => {
            if let manyhands_core::swarm::Message::Have(pieces) = &message {
                assert!(pieces.len() <= HAVE_MAX);
            }
            let again = heard(said(&message), PIECES);
            assert!(matches!(again, Ok(Heard::Message(again)) if again == message));
        }
        Ok(Heard::Part(part)) => assert!(part.data.len() as u64 <= PART_BYTES_MAX),
        Ok(Heard::Records(records)) => assert!(records.len() <= ANSWER_MAX),
        Ok(Heard::Seek | Heard::Accused(_) | Heard::When(_) | Heard::ReadAt { .. }) | Err(_) => {}
    }
}
