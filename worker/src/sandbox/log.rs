//! Standard error of a guest: kept from both ends, within a bound.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use crate::sandbox::codec::{Decoder, Encoder, malformed};

/// The first and the last bytes that were written.
#[derive(Debug)]
pub(crate) struct Log {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    written_bytes: u64,
    head_bytes_max: usize,
    tail_bytes_max: usize,
}

impl Log {
    pub(crate) fn new(bytes_max: u32) -> Self {
        let bytes_max = bytes_max as usize;
        let head_bytes_max = bytes_max / 2;
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            written_bytes: 0,
            head_bytes_max,
            tail_bytes_max: bytes_max - head_bytes_max,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.written_bytes = self.written_bytes.saturating_add(bytes.len() as u64);
        let (first, rest) = bytes.split_at(bytes.len().min(self.head_bytes_max - self.head.len()));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(self.tail_bytes_max)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(self.tail_bytes_max);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
    }

    /// All that was kept, with a note where something was left out.
    pub(crate) fn text(&self) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
        match self.written_bytes - kept {
            0 => format!("{head}{tail}"),
            omitted => format!("{head}\n[{omitted} bytes left out]\n{tail}"),
        }
    }

    /// The last bytes that were written, at most `bytes_max`.
    pub(crate) fn tail(&self, bytes_max: usize) -> String {
        let joined: Vec<u8> = self.head.iter().chain(&self.tail).copied().collect();
        let last = &joined[joined.len().saturating_sub(bytes_max)..];
        String::from_utf8_lossy(last).into_owned()
    }

    pub(crate) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> io::Result<()> {
        to.u64(self.written_bytes)?;
        to.bytes(&self.head)?;
        let (a, b) = self.tail.as_slices();
        to.bytes(&[a, b].concat())
    }

    pub(crate) fn restore<R: Read>(&mut self, from: &mut Decoder<R>) -> io::Result<()> {
        self.written_bytes = from.u64()?;
        self.head = from.bytes(self.head_bytes_max as u64)?;
        self.tail = from.bytes(self.tail_bytes_max as u64)?.into();
        if self.written_bytes < (self.head.len() + self.tail.len()) as u64 {
            return Err(malformed("a log that is longer than what was written"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn keeps_both_ends() {
        let mut log = Log::new(8);
        for word in ["ab", "cdef", "ghij", "k"] {
            log.write(word.as_bytes());
        }
        assert_eq!(log.text(), "abcd\n[3 bytes left out]\nhijk");
        assert_eq!(log.tail(3), "ijk");
        assert_eq!(log.tail(100), "abcdhijk");
    }

    #[test]
    fn one_write_longer_than_everything() {
        let mut log = Log::new(4);
        log.write(b"0123456789");
        assert_eq!(log.text(), "01\n[6 bytes left out]\n89");
    }

    #[test]
    fn a_bound_of_nothing() {
        let mut log = Log::new(0);
        log.write(b"x");
        assert_eq!(log.text(), "\n[1 bytes left out]\n");
    }
}
