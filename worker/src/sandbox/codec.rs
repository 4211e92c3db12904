//! The few shapes of which a state's canonical bytes are made: little-endian numbers and byte strings
//! with their length in front. The reader trusts nothing.

use std::io::{self, Read, Write};

/// Writes canonical bytes.
pub(crate) struct Encoder<W>(pub(crate) W);

impl<W: Write> Encoder<W> {
    pub(crate) fn u8(&mut self, value: u8) -> io::Result<()> {
        self.0.write_all(&[value])
    }

    pub(crate) fn u32(&mut self, value: u32) -> io::Result<()> {
        self.0.write_all(&value.to_le_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> io::Result<()> {
        self.0.write_all(&value.to_le_bytes())
    }

    pub(crate) fn length(&mut self, length: usize) -> io::Result<()> {
        self.u64(length as u64)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length(bytes.len())?;
        self.0.write_all(bytes)
    }
}

/// Reads canonical bytes; every length is checked against a bound before it is believed.
pub(crate) struct Decoder<R>(pub(crate) R);

impl<R: Read> Decoder<R> {
    pub(crate) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn u8(&mut self) -> io::Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn flag(&mut self) -> io::Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(malformed("a flag that is neither 0 nor 1")),
        }
    }

    pub(crate) fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn length(&mut self, max: u64) -> io::Result<usize> {
        let length = self.u64()?;
        match usize::try_from(length) {
            Ok(small) if length <= max => Ok(small),
            _ => Err(malformed("a length beyond its limit")),
        }
    }

    /// A byte string of at most `max` bytes. Memory is taken as the bytes come, not as they are promised.
    pub(crate) fn bytes(&mut self, max: u64) -> io::Result<Vec<u8>> {
        let length = self.length(max)?;
        let mut bytes = Vec::new();
        self.0.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    pub(crate) fn string(&mut self, max: u64) -> io::Result<String> {
        String::from_utf8(self.bytes(max)?)
            .map_err(|_not_utf8| malformed("a name that is not UTF-8"))
    }
}

pub(crate) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
