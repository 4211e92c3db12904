//! Random bytes as a function of the unit's seed.

use std::io::{self, Read, Write};

use crate::sandbox::codec::{Decoder, Encoder};

/// A stream of random bytes: the extendable output of BLAKE3 keyed with the seed. The place in it is
/// one number, so a checkpoint costs 8 bytes and any machine can go on from there.
#[derive(Debug)]
pub(crate) struct Random {
    seed: [u8; 32],
    position: u64,
}

impl Random {
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, position: 0 }
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        let mut stream = blake3::Hasher::new_keyed(&self.seed).finalize_xof();
        stream.set_position(self.position);
        stream.fill(bytes);
        self.position = self.position.wrapping_add(bytes.len() as u64);
    }

    pub(crate) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> io::Result<()> {
        to.u64(self.position)
    }

    pub(crate) fn restore<R: Read>(&mut self, from: &mut Decoder<R>) -> io::Result<()> {
        self.position = from.u64()?;
        Ok(())
    }
}
