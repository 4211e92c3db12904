//! Messages in a pipe: a length of four bytes, big-endian, then the message.

use std::io::{self, Read, Write};

use bytes::{BufMut, BytesMut};
use prost::Message;
use tokio_util::codec::LengthDelimitedCodec;

/// Longest message in either direction, its length not counted.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// The worker's half, for asynchronous pipes.
pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(FRAME_BYTES_MAX).new_codec()
}

/// Reads the next message; `None` if the other end is gone.
pub(super) fn read<M: Message + Default>(pipe: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame beyond its limit"));
    }
    let mut bytes = vec![0; length];
    pipe.read_exact(&mut bytes)?;
    Ok(Some(M::decode(bytes.as_slice())?))
}

/// Writes a message with one call, so that the other end wakes once.
pub(super) fn write(pipe: &mut impl Write, message: &impl Message) -> io::Result<()> {
    let length = message.encoded_len();
    let header = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES_MAX);
    let header = header.ok_or_else(|| io::Error::other("a message beyond the limit of a frame"))?;
    let mut bytes = BytesMut::with_capacity(4 + length);
    bytes.put_u32(header);
    message.encode(&mut bytes).map_err(io::Error::other)?;
    pipe.write_all(&bytes)
}
