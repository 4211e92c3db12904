//! The sandbox's side of a running guest: what the guest's calls act on.

use std::io::{self, Read, Write};

use bytes::Bytes;

use crate::sandbox::codec::{Decoder, Encoder, malformed};
use crate::sandbox::descriptors::Descriptors;
use crate::sandbox::failure::Limit;
use crate::sandbox::files::{Files, NodeId};
use crate::sandbox::log::Log;
use crate::sandbox::outcome::Output;
use crate::sandbox::random::Random;
use crate::sandbox::unit::{Limits, Unit, UnitError};

/// Where the guest's clocks stand when it begins: 2020-01-01T00:00:00Z, in nanoseconds.
pub(crate) const CLOCK_START_NS: u64 = 1_577_836_800_000_000_000;

/// How far a clock goes on each time that the guest looks at it. A program that waits for a time to
/// come thus gets there, and a program that measures itself never divides by zero.
pub(crate) const CLOCK_TICK_NS: u64 = 1_000_000;

/// Names of all outputs together; they travel in one message.
const OUTPUT_NAMES_BYTES_MAX: usize = 1 << 20;

/// Everything outside of the guest's memory and globals that can influence it.
#[derive(Debug)]
pub(crate) struct Host {
    // Given by the unit.
    pub(crate) args: Vec<String>,
    pub(crate) stdin: Bytes,
    pub(crate) limits: Limits,
    // Changed by the guest: the part that a checkpoint holds.
    pub(crate) files: Files,
    pub(crate) descriptors: Descriptors,
    pub(crate) clock_ns: u64,
    pub(crate) random: Random,
    pub(crate) stdout: Vec<u8>,
    pub(crate) log: Log,
    pub(crate) progress_ppm: u32,
}

impl Host {
    /// The host as `unit` begins.
    pub(crate) fn new(unit: Unit) -> Result<Self, UnitError> {
        unit.validate()?;
        Ok(Self {
            files: Files::new(&unit.inputs, &unit.limits)?,
            descriptors: Descriptors::new(),
            clock_ns: CLOCK_START_NS,
            random: Random::new(unit.seed),
            stdout: Vec::new(),
            log: Log::new(unit.limits.log_bytes),
            progress_ppm: 0,
            args: unit.args,
            stdin: unit.stdin,
            limits: unit.limits,
        })
    }

    /// Looks at the clock.
    pub(crate) fn now_ns(&mut self) -> u64 {
        self.clock_ns = self.clock_ns.saturating_add(CLOCK_TICK_NS);
        self.clock_ns
    }

    /// Adds to standard output, which is an artefact and so has the artefacts' limit.
    pub(crate) fn write_stdout(&mut self, bytes: &[u8]) -> Result<(), Limit> {
        let before = self.stdout.len() as u64;
        let after = before.saturating_add(bytes.len() as u64);
        if after > self.limits.output_bytes {
            return Err(Limit::OutputBytes);
        }
        self.files.charge(before, after)?;
        self.stdout.extend_from_slice(bytes);
        Ok(())
    }

    /// Lets go of a node that a descriptor, or a directory, referred to until now.
    pub(crate) fn release(&mut self, node: NodeId) {
        if !self.descriptors.refer_to(node) {
            self.files.release(node);
        }
    }

    /// The artefacts, sorted by name; standard output only if there was any.
    pub(crate) fn outputs(&mut self) -> Result<Vec<Output>, Limit> {
        let files = self.files.outputs();
        let files_bytes: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let names_bytes: usize = files.iter().map(|(name, _)| name.len()).sum();
        if names_bytes > OUTPUT_NAMES_BYTES_MAX {
            return Err(Limit::Files);
        }
        if files_bytes.saturating_add(self.stdout.len() as u64) > self.limits.output_bytes {
            return Err(Limit::OutputBytes);
        }
        let mut outputs: Vec<Output> = files
            .into_iter()
            .map(|(name, bytes)| Output::inline(name, Bytes::copy_from_slice(bytes)))
            .collect();
        // "out/…" comes before "stdout", so the order is already right.
        if !self.stdout.is_empty() {
            let stdout = std::mem::take(&mut self.stdout);
            outputs.push(Output::inline("stdout".to_owned(), stdout.into()));
        }
        Ok(outputs)
    }

    pub(crate) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> io::Result<()> {
        to.u64(self.clock_ns)?;
        self.random.encode(to)?;
        to.u32(self.progress_ppm)?;
        self.log.encode(to)?;
        to.bytes(&self.stdout)?;
        self.files.encode(to)?;
        self.descriptors.encode(to)
    }

    /// Takes the state of a checkpoint into a host that is as the unit begins.
    pub(crate) fn restore<R: Read>(&mut self, from: &mut Decoder<R>) -> io::Result<()> {
        self.clock_ns = from.u64()?;
        self.random.restore(from)?;
        self.progress_ppm = from.u32()?;
        self.log.restore(from)?;
        let stdout = from.bytes(self.limits.output_bytes)?;
        self.write_stdout(&stdout).map_err(|_limit| malformed("more output than the limit"))?;
        self.files.restore(from)?;
        self.descriptors = Descriptors::decode(from)?;
        for node in self.descriptors.nodes() {
            self.files
                .kind(node)
                .map_err(|_errno| malformed("an open file that does not exist"))?;
        }
        Ok(())
    }
}
