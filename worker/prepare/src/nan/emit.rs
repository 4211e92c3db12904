//! Writes a function with the patterns put in.

use wasm_encoder::Encode;
use wasmparser::{BinaryReaderError, FunctionBody, ValType};

use super::locals::Locals;
use super::pattern::Pattern;

/// A pattern, and the offset in the module behind which it belongs.
pub(super) type Insertion = (usize, Pattern);

/// Types that may need a local of their own, in the order in which these are added.
const TYPES: [ValType; 3] = [ValType::F32, ValType::F64, ValType::V128];

/// The locals that a function needs beside its own.
#[derive(Debug)]
pub(super) struct Scratch {
    first: u32,
    types: Vec<ValType>,
}

impl Scratch {
    /// One for each type in `insertions`, behind `locals`.
    pub(super) fn new(locals: &Locals, insertions: &[Insertion]) -> Self {
        let is_needed = |ty: &ValType| insertions.iter().any(|(_, p)| p.value_type() == *ty);
        let types = TYPES.into_iter().filter(is_needed).collect();
        Self { first: locals.count(), types }
    }

    /// How many.
    pub(super) fn count(&self) -> u32 {
        (0..).zip(&self.types).map(|(i, _)| i + 1).last().unwrap_or(0)
    }

    fn local(&self, ty: ValType) -> u32 {
        let places = (self.first..).zip(&self.types);
        places.filter(|(_, own)| **own == ty).map(|(local, _)| local).last().unwrap_or(self.first)
    }
}

/// The bytes of `body`, a function of `wasm`, with `insertions`, which are sorted by offset.
pub(super) fn emit(
    wasm: &[u8],
    body: &FunctionBody<'_>,
    scratch: &Scratch,
    insertions: &[Insertion],
) -> Result<Vec<u8>, BinaryReaderError> {
    let groups = body.get_locals_reader()?;
    let code = body.get_operators_reader()?.original_position();
    let mut bytes = Vec::with_capacity(body.range().len() + 32 * insertions.len());
    (groups.get_count() + scratch.count()).encode(&mut bytes);
    bytes.extend_from_slice(&wasm[groups.original_position()..code]);
    for ty in &scratch.types {
        1u32.encode(&mut bytes);
        encoded(*ty).encode(&mut bytes);
    }
    let mut from = code;
    for (offset, pattern) in insertions {
        bytes.extend_from_slice(&wasm[from..*offset]);
        pattern.write(scratch.local(pattern.value_type()), &mut bytes);
        from = *offset;
    }
    bytes.extend_from_slice(&wasm[from..body.range().end]);
    Ok(bytes)
}

fn encoded(ty: ValType) -> wasm_encoder::ValType {
    match ty {
        ValType::F32 => wasm_encoder::ValType::F32,
        ValType::F64 => wasm_encoder::ValType::F64,
        _ => wasm_encoder::ValType::V128,
    }
}
