//! The canonical state: step, globals, host, memory.
//!
//! Memory is written as its size and the maximal runs of grains that are not all zero. Which grains
//! are zero is a fact about the state, so the form is canonical; and untouched memory, most of it in
//! many programs, costs a look.

use std::io::{self, Read, Write};

use manyhands_prepare::abi::PAGE_BYTES;
use wasmtime::{Global, Val};

use crate::sandbox::codec::{Decoder, Encoder, malformed};
use crate::sandbox::instance::Running;
use crate::sandbox::program::Program;

const GRAIN: usize = 4096;
const ZEROS: [u8; GRAIN] = [0; GRAIN];

const I32: u8 = 1;
const I64: u8 = 2;
const F32: u8 = 3;
const F64: u8 = 4;
const V128: u8 = 5;

pub(super) fn encode<W: Write>(
    to: &mut Encoder<W>,
    program: &Program,
    running: &mut Running,
    step: u64,
) -> io::Result<()> {
    to.u64(step)?;
    to.length(program.globals.len())?;
    for name in &program.globals {
        let value = global(running, name)?.get(&mut running.store);
        encode_value(to, &value)?;
    }
    running.store.data().host.encode(to)?;
    encode_memory(to, running.memory.data(&running.store))
}

/// Puts a state into a fresh instance and returns its step.
pub(super) fn decode<R: Read>(
    from: &mut Decoder<R>,
    program: &Program,
    running: &mut Running,
) -> io::Result<u64> {
    let step = from.u64()?;
    if from.length(program.globals.len() as u64)? != program.globals.len() {
        return Err(malformed("another number of globals"));
    }
    for name in &program.globals {
        let value = decode_value(from)?;
        global(running, name)?
            .set(&mut running.store, value)
            .map_err(|_wrong_type| malformed("a global of another type"))?;
    }
    running.store.data_mut().host.restore(from)?;
    decode_memory(from, running)?;
    Ok(step)
}

fn global(running: &mut Running, name: &str) -> io::Result<Global> {
    running
        .instance
        .get_global(&mut running.store, name)
        .ok_or_else(|| malformed("a global that is not exported"))
}

fn encode_value<W: Write>(to: &mut Encoder<W>, value: &Val) -> io::Result<()> {
    let (tag, bits) = match value {
        Val::I32(bits) => (I32, u128::from(bits.cast_unsigned())),
        Val::I64(bits) => (I64, u128::from(bits.cast_unsigned())),
        Val::F32(bits) => (F32, u128::from(*bits)),
        Val::F64(bits) => (F64, u128::from(*bits)),
        Val::V128(bits) => (V128, bits.as_u128()),
        _ => return Err(malformed("a global that holds a reference")),
    };
    to.u8(tag)?;
    to.0.write_all(&bits.to_le_bytes())
}

fn decode_value<R: Read>(from: &mut Decoder<R>) -> io::Result<Val> {
    let tag = from.u8()?;
    let bits = u128::from_le_bytes(from.array()?);
    let narrow = u32::try_from(bits).map_err(|_too_wide| malformed("a global beyond its type"));
    let wide = u64::try_from(bits).map_err(|_too_wide| malformed("a global beyond its type"));
    Ok(match tag {
        I32 => Val::I32(narrow?.cast_signed()),
        I64 => Val::I64(wide?.cast_signed()),
        F32 => Val::F32(narrow?),
        F64 => Val::F64(wide?),
        V128 => Val::V128(bits.into()),
        _ => return Err(malformed("a global of an unknown type")),
    })
}

fn encode_memory<W: Write>(to: &mut Encoder<W>, memory: &[u8]) -> io::Result<()> {
    to.length(memory.len())?;
    let mut rest = memory;
    while !rest.is_empty() {
        let zeros = grains_while(rest, |grain| grain == ZEROS);
        let run = &rest[zeros * GRAIN..];
        let length = grains_while(run, |grain| grain != ZEROS);
        if length > 0 {
            to.length(zeros)?;
            to.bytes(&run[..length * GRAIN])?;
        }
        rest = &run[length * GRAIN..];
    }
    // A run of no bytes ends the list.
    to.length(0)?;
    to.length(0)
}

/// How many grains at the beginning of `memory` satisfy `wanted`. Memory is whole pages, and a page
/// is whole grains.
fn grains_while(memory: &[u8], wanted: impl Fn(&[u8]) -> bool) -> usize {
    memory.chunks_exact(GRAIN).take_while(|grain| wanted(grain)).count()
}

fn decode_memory<R: Read>(from: &mut Decoder<R>, running: &mut Running) -> io::Result<()> {
    let granted = running.store.data().host.limits.memory_bytes;
    let size = from.length(granted)?;
    let size_now = running.memory.data_size(&running.store);
    let growth =
        size.checked_sub(size_now).ok_or_else(|| malformed("less memory than at first"))?;
    let pages = growth as u64 / PAGE_BYTES;
    running
        .memory
        .grow(&mut running.store, pages)
        .map_err(|_refused| malformed("more memory than the program can have"))?;
    let mut rest = running.memory.data_mut(&mut running.store);
    if rest.len() != size {
        return Err(malformed("memory that is not whole pages"));
    }
    loop {
        let skipped = from.length((rest.len() / GRAIN) as u64)?;
        let (gap, after) = rest.split_at_mut(skipped * GRAIN);
        clear(gap);
        let length = from.length(after.len() as u64)?;
        let (run, after) = after.split_at_mut(length);
        from.0.read_exact(run)?;
        if length == 0 {
            clear(after);
            return Ok(());
        }
        if length % GRAIN != 0 {
            return Err(malformed("a run that is not whole grains"));
        }
        rest = after;
    }
}

/// Makes memory zero, without touching what already is.
fn clear(memory: &mut [u8]) {
    for grain in memory.chunks_exact_mut(GRAIN) {
        if grain != ZEROS {
            grain.fill(0);
        }
    }
}
