//! Between messages on the wire and what they mean. What comes is bounded here, before it is believed.

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::peer::{ANSWER_MAX, SignedRecord};
use manyhands_core::swarm::{
    Geometry, GeometryError, HAVE_MAX, Message, PART_BYTES_MAX, PART_BYTES_MIN, Pieces, PiecesError,
};
use manyhands_proto::identity::{KeyError, PublicKey};
use manyhands_proto::peer::{self, RecordError};
use manyhands_proto::v1;
use manyhands_proto::v1::peer_message::Kind;

/// Largest message: a part and what is around it.
pub const MESSAGE_BYTES_MAX: usize = 65 * 1_024;
const _: () = assert!(MESSAGE_BYTES_MAX as u64 == PART_BYTES_MAX + 1_024);

/// What a neighbour says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Message(Message),
    Part(Part),
    Records(Vec<SignedRecord>),
    Seek,
    Accused(PublicKey),
    /// The question with this number, when it was read.
    When(u32),
    ReadAt {
        question: u32,
        at_ms: u32,
    },
}

/// Some bytes of a piece's encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) piece: u32,
    pub(crate) offset: usize,
    pub(crate) is_last: bool,
    pub(crate) data: Bytes,
}

/// The first message of whoever dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) digest: Digest,
    pub(crate) geometry: Geometry,
}

/// Why a message means nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the message says nothing")]
    Empty,
    #[error("`open` is the first message, and only that")]
    Order,
    #[error("`digest` has {0} bytes, not 32")]
    Digest(usize),
    #[error(transparent)]
    Size(#[from] GeometryError),
    #[error(transparent)]
    Pieces(#[from] PiecesError),
    #[error("{found} {what} in one message: at most {max}")]
    TooMany { what: &'static str, found: usize, max: u64 },
    #[error("a part of {0} bytes: {PART_BYTES_MIN} to {PART_BYTES_MAX}, or less if it is the last")]
    Part(usize),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("record {0}: {1}")]
    Record(usize, Box<RecordError>),
}

/// Reads a message that is not the first.
pub(crate) fn heard(message: v1::PeerMessage, pieces: u32) -> Result<Heard, WireError> {
    let message = match message.kind.ok_or(WireError::Empty)? {
        Kind::Open(_) => return Err(WireError::Order),
        Kind::Holds(holds) => Message::Holds(Pieces::from_bytes(pieces, &holds.pieces)?),
        Kind::Have(have) => {
            bounded("pieces", have.pieces.len(), HAVE_MAX as u64)?;
            Message::Have(have.pieces)
        }
        Kind::Want(want) => Message::Want { piece: want.piece, is_stranded: want.is_stranded },
        Kind::Cancel(piece) => Message::Cancel(piece),
        Kind::Refuse(piece) => Message::Refuse(piece),
        Kind::Part(part) => return read_part(part).map(Heard::Part),
        Kind::Names(names) => return read_records(names).map(Heard::Records),
        Kind::Seek(v1::PeerSeek {}) => return Ok(Heard::Seek),
        Kind::Accuse(key) => return Ok(Heard::Accused(PublicKey::from_bytes(&key)?)),
        Kind::When(question) => return Ok(Heard::When(question)),
        Kind::ReadAt(v1::PeerReadAt { when, at_ms }) => {
            return Ok(Heard::ReadAt { question: when, at_ms });
        }
    };
    Ok(Heard::Message(message))
}

/// Reads the first message.
pub(crate) fn opened(message: v1::PeerMessage) -> Result<Open, WireError> {
    let Kind::Open(open) = message.kind.ok_or(WireError::Empty)? else {
        return Err(WireError::Order);
    };
    let digest = <[u8; 32]>::try_from(&open.digest[..]);
    let digest = digest.map_err(|_length| WireError::Digest(open.digest.len()))?;
    Ok(Open { digest: Digest(digest), geometry: Geometry::new(open.size_bytes)? })
}

fn bounded(what: &'static str, found: usize, max: u64) -> Result<(), WireError> {
    let is_within = found as u64 <= max;
    if is_within { Ok(()) } else { Err(WireError::TooMany { what, found, max }) }
}

fn read_part(part: v1::PeerPart) -> Result<Part, WireError> {
    let bytes = part.data.len() as u64;
    let least = if part.is_last { 1 } else { PART_BYTES_MIN };
    if !(least..=PART_BYTES_MAX).contains(&bytes) {
        return Err(WireError::Part(part.data.len()));
    }
    let offset = usize::try_from(part.offset).unwrap_or(usize::MAX);
    Ok(Part { piece: part.piece, offset, is_last: part.is_last, data: part.data })
}

/// Records whose signatures are checked: at most 72 of them.
fn read_records(names: v1::PeerNames) -> Result<Vec<SignedRecord>, WireError> {
    bounded("records", names.records.len(), ANSWER_MAX as u64)?;
    let read = |(at, record): (usize, v1::PeerRecord)| {
        peer::open(record).map_err(|error| WireError::Record(at, Box::new(error)))
    };
    names.records.into_iter().enumerate().map(read).collect()
}

/// Writes a message.
pub(crate) fn said(message: &Message) -> v1::PeerMessage {
    wrapped(match message {
        Message::Holds(pieces) => Kind::Holds(v1::PeerHolds { pieces: pieces.to_bytes().into() }),
        Message::Have(pieces) => Kind::Have(v1::PeerHave { pieces: pieces.clone() }),
        Message::Want { piece, is_stranded } => {
            Kind::Want(v1::PeerWant { piece: *piece, is_stranded: *is_stranded })
        }
        Message::Cancel(piece) => Kind::Cancel(*piece),
        Message::Refuse(piece) => Kind::Refuse(*piece),
    })
}

/// Writes the first message.
pub(crate) fn open(open: Open) -> v1::PeerMessage {
    wrapped(Kind::Open(v1::PeerOpen {
        digest: open.digest.0.to_vec().into(),
        size_bytes: open.geometry.size_bytes(),
    }))
}

/// Some of a piece's encoding, cut off at `begin`.
pub(crate) fn part(piece: u32, encoded: &Bytes, begin: usize, bytes: u64) -> v1::PeerMessage {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let end = begin.saturating_add(bytes).min(encoded.len());
    wrapped(Kind::Part(v1::PeerPart {
        piece,
        offset: u32::try_from(begin).unwrap_or(u32::MAX),
        is_last: end == encoded.len(),
        data: encoded.slice(begin..end),
    }))
}

/// Writes records, at most [`ANSWER_MAX`].
pub(crate) fn records(records: Vec<SignedRecord>) -> v1::PeerMessage {
    let records = records.into_iter().take(ANSWER_MAX).map(Into::into).collect();
    wrapped(Kind::Names(v1::PeerNames { records }))
}

/// Asks for records.
pub(crate) fn seek() -> v1::PeerMessage {
    wrapped(Kind::Seek(v1::PeerSeek {}))
}

/// Names who sent bytes that do not match.
pub(crate) fn accuse(key: &PublicKey) -> v1::PeerMessage {
    wrapped(Kind::Accuse(key.as_bytes().to_vec().into()))
}

/// Asks when this is read.
pub(crate) fn when(question: u32) -> v1::PeerMessage {
    wrapped(Kind::When(question))
}

/// Says when a question was read.
pub(crate) fn read_at(question: u32, at_ms: u32) -> v1::PeerMessage {
    wrapped(Kind::ReadAt(v1::PeerReadAt { when: question, at_ms }))
}

fn wrapped(kind: Kind) -> v1::PeerMessage {
    v1::PeerMessage { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use manyhands_core::key::Key;
    use manyhands_core::peer::{PeerAddress, Record};
    use manyhands_core::time::Timestamp;
    use manyhands_proto::identity::Identity;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    const PIECES: u32 = 20;

    fn message() -> impl Strategy<Value = Message> {
        prop_oneof![
            prop::collection::vec(0..PIECES, 0..40).prop_map(|listed| {
                let mut pieces = Pieces::none(PIECES);
                listed.into_iter().for_each(|piece| _ = pieces.insert(piece));
                Message::Holds(pieces)
            }),
            prop::collection::vec(any::<u32>(), 0..40).prop_map(Message::Have),
            any::<(u32, bool)>()
                .prop_map(|(piece, is_stranded)| Message::Want { piece, is_stranded }),
            any::<u32>().prop_map(Message::Cancel),
            any::<u32>().prop_map(Message::Refuse),
        ]
    }

    proptest! {
        #[test]
        fn messages_are_read_as_they_were_meant(message in message()) {
            let read = heard(said(&message), PIECES).unwrap();
            prop_assert_eq!(read, Heard::Message(message));
        }

        #[test]
        fn the_parts_of_an_encoding_make_it_again(
            encoded in prop::collection::vec(any::<u8>(), 1..200_000),
            sizes in prop::collection::vec(PART_BYTES_MIN..=PART_BYTES_MAX, 1..5),
        ) {
            let encoded = Bytes::from(encoded);
            let mut whole = Vec::new();
            let mut was_last = false;
            for bytes in sizes.into_iter().cycle() {
                let message = part(3, &encoded, whole.len(), bytes);
                let Heard::Part(part) = heard(message, PIECES).unwrap() else { panic!("a part") };
                prop_assert_eq!((part.piece, part.offset), (3, whole.len()));
                whole.extend_from_slice(&part.data);
                was_last = part.is_last;
                if whole.len() >= encoded.len() {
                    break;
                }
                prop_assert!(!was_last);
            }
            prop_assert!(was_last);
            prop_assert_eq!(whole, encoded);
        }

        #[test]
        fn questions_and_answers_are_read_as_they_were_meant(question: u32, at_ms: u32) {
            prop_assert_eq!(heard(when(question), PIECES).unwrap(), Heard::When(question));
            let answer = heard(read_at(question, at_ms), PIECES).unwrap();
            prop_assert_eq!(answer, Heard::ReadAt { question, at_ms });
        }

        /// Bytes that nobody would send, and bytes that are nearly a message.
        #[test]
        fn whatever_comes_is_read_within_its_bounds_or_refused(
            message in message(),
            noise in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
            bytes: Vec<u8>,
        ) {
            let mut nearly = said(&message).encode_to_vec();
            for (at, byte) in noise {
                let at = at % nearly.len();
                nearly[at] = byte;
            }
            for bytes in [nearly, bytes] {
                let Ok(message) = v1::PeerMessage::decode(&bytes[..]) else { continue };
                drop(opened(message.clone()));
                match heard(message, PIECES) {
                    Ok(Heard::Message(Message::Have(pieces))) => prop_assert!(pieces.len() <= HAVE_MAX),
                    Ok(Heard::Message(Message::Holds(pieces))) => {
                        prop_assert_eq!(pieces.count(), PIECES);
                    }
                    Ok(Heard::Part(part)) => prop_assert!(part.data.len() as u64 <= PART_BYTES_MAX),
                    Ok(Heard::Records(records)) => prop_assert!(records.len() <= ANSWER_MAX),
                    Ok(_) | Err(_) => {}
                }
            }
        }

        #[test]
        fn an_opening_is_read_as_it_was_meant(
            digest: [u8; 32],
            size_bytes in 1_u64..1 << 36,
        ) {
            let geometry = Geometry::new(size_bytes).unwrap();
            let mine = Open { digest: Digest(digest), geometry };
            prop_assert_eq!(opened(open(mine)).unwrap(), mine);
        }
    }

    /// A record of the host with this seed, at that port of this machine.
    fn record(seed: u8, port: u16) -> SignedRecord {
        let identity = Identity::from_seed(&[seed; 32]);
        let key = Key(*identity.public_key().as_bytes());
        let address = PeerAddress::new([127, 0, 0, 1].into(), port).unwrap();
        let record = Record::new(Key([9; 32]), key, vec![address], 1, Timestamp(1)).unwrap();
        peer::sign(&identity, record).unwrap()
    }

    #[test]
    fn records_are_read_as_they_were_meant_and_never_lead_to_low_ports() {
        let some = vec![record(1, 7_777), record(2, 65_535)];
        assert_eq!(heard(records(some.clone()), PIECES).unwrap(), Heard::Records(some.clone()));
        let written = |change: fn(&mut v1::PeerRecord)| {
            let mut records: Vec<v1::PeerRecord> = some.iter().cloned().map(Into::into).collect();
            change(&mut records[1]);
            let names = wrapped(Kind::Names(v1::PeerNames { records }));
            heard(names, PIECES).unwrap_err().to_string()
        };
        let low = written(|record| record.addresses[0].port = 25);
        assert!(low.starts_with("record 1: ") && low.contains("port 25 is below"), "{low}");
        let forged = written(|record| record.seq = 2);
        assert!(forged.starts_with("record 1: signature: "), "{forged}");
        let records = vec![v1::PeerRecord::default(); 9];
        let many = wrapped(Kind::Names(v1::PeerNames { records }));
        assert!(matches!(heard(many, PIECES), Err(WireError::TooMany { found: 9, .. })));
    }

    #[test]
    fn what_means_nothing_is_refused_by_name() {
        let check = |kind: Option<Kind>, expected: &str| {
            let refused = heard(v1::PeerMessage { kind }, PIECES).unwrap_err();
            assert_eq!(refused.to_string(), expected);
        };
        check(None, "the message says nothing");
        check(
            Some(Kind::Open(v1::PeerOpen::default())),
            "`open` is the first message, and only that",
        );
        let have = v1::PeerHave { pieces: vec![0; HAVE_MAX + 1] };
        check(Some(Kind::Have(have)), "1025 pieces in one message: at most 1024");
        let holds = v1::PeerHolds { pieces: Bytes::from_static(&[0; 4]) };
        check(Some(Kind::Holds(holds)), "4 bytes for a set of 20 pieces: it takes 3");
        let part = v1::PeerPart { data: vec![0; 65_537].into(), ..v1::PeerPart::default() };
        let bounds = "4096 to 65536, or less if it is the last";
        check(Some(Kind::Part(part)), &format!("a part of 65537 bytes: {bounds}"));
        let crumb = v1::PeerPart { data: vec![0].into(), ..v1::PeerPart::default() };
        check(Some(Kind::Part(crumb)), &format!("a part of 1 bytes: {bounds}"));

        let open = v1::PeerOpen { digest: vec![0; 32].into(), size_bytes: 1 };
        let check = |open: v1::PeerOpen, expected: &str| {
            assert_eq!(opened(wrapped(Kind::Open(open))).unwrap_err().to_string(), expected);
        };
        check(
            v1::PeerOpen { digest: vec![0; 31].into(), ..open.clone() },
            "`digest` has 31 bytes, not 32",
        );
        let empty = "a blob of 0 bytes is not for a swarm: from 1 to 68719476736 are";
        check(v1::PeerOpen { size_bytes: 0, ..open }, empty);
        let first = opened(seek());
        assert!(matches!(first, Err(WireError::Order)));
    }
}
