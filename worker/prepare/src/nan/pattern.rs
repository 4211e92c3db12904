//! The instructions that make a value canonical, as bytes: written here, and recognised here.
//!
//! ```text
//! local.tee s            ;; the value
//! f64.const nan          ;; what it is if it is a NaN
//! local.get s
//! local.get s
//! f64.ge                 ;; false if it is one
//! select
//! local.tee s            ;; so that `s` is canonical too, should anyone read it
//! ```
//!
//! and for vectors the same with `f64x2.eq` and `v128.bitselect`. `f64.ge` rather than `f64.eq`, because
//! on x86-64 it takes one branch where equality takes two.

use wasm_encoder::{Encode, Ieee32, Ieee64, Instruction};
use wasmparser::{BinaryReaderError, OperatorsReader, ValType};

use super::taint::{Lane, Signs};

/// What is made canonical: the type, and the sign of the NaN for each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) lane: Lane,
    pub(super) signs: Signs,
}

impl Pattern {
    /// The type of the value.
    pub(super) fn value_type(self) -> ValType {
        match self.lane {
            Lane::F32 => ValType::F32,
            Lane::F64 => ValType::F64,
            Lane::F32x4 | Lane::F64x2 => ValType::V128,
        }
    }

    /// Writes the instructions, with `scratch` as the local.
    pub(super) fn write(self, scratch: u32, to: &mut Vec<u8>) {
        Instruction::LocalTee(scratch).encode(to);
        self.write_tail(scratch, to);
    }

    fn write_tail(self, scratch: u32, to: &mut Vec<u8>) {
        self.constant().encode(to);
        Instruction::LocalGet(scratch).encode(to);
        Instruction::LocalGet(scratch).encode(to);
        let (is_number, choose) = match self.lane {
            Lane::F32 => (Instruction::F32Ge, Instruction::Select),
            Lane::F64 => (Instruction::F64Ge, Instruction::Select),
            Lane::F32x4 => (Instruction::F32x4Eq, Instruction::V128Bitselect),
            Lane::F64x2 => (Instruction::F64x2Eq, Instruction::V128Bitselect),
        };
        is_number.encode(to);
        choose.encode(to);
        Instruction::LocalTee(scratch).encode(to);
    }

    fn constant(self) -> Instruction<'static> {
        let nan = |i: u8| {
            let sign = if self.signs >> i & 1 == 1 { self.lane.sign() } else { 0 };
            self.lane.nan() | sign
        };
        match self.lane {
            Lane::F32 => Instruction::F32Const(Ieee32::new(low_half(nan(0)))),
            Lane::F64 => Instruction::F64Const(Ieee64::new(nan(0))),
            Lane::F32x4 | Lane::F64x2 => {
                let lanes = (0..self.lane.count()).rev();
                let add = |sum: u128, i| sum << self.lane.bits() | u128::from(nan(i));
                Instruction::V128Const(lanes.fold(0, add).cast_signed())
            }
        }
    }
}

fn low_half(bits: u64) -> u32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Instructions that follow the first `local.tee`.
const TAIL: usize = 6;

/// If what follows a `local.tee` of `scratch`, of type `ty`, completes the instructions above, reads
/// past it. `wasm` is the module up to the end of the function that `operators` reads.
pub(super) fn skip(
    wasm: &[u8],
    operators: &mut OperatorsReader<'_>,
    scratch: u32,
    ty: Option<ValType>,
) -> Result<Option<Pattern>, BinaryReaderError> {
    let rest = wasm.get(operators.original_position()..).unwrap_or_default();
    let Some(pattern) = ty.and_then(|ty| recognise(rest, scratch, ty)) else { return Ok(None) };
    for _ in 0..TAIL {
        operators.read()?;
    }
    Ok(Some(pattern))
}

fn recognise(bytes: &[u8], scratch: u32, ty: ValType) -> Option<Pattern> {
    let begins_with_constant = matches!(bytes, [0x43 | 0x44, ..] | [0xfd, 0x0c, ..]);
    let candidates: &[Lane] = match ty {
        ValType::F32 if begins_with_constant => &[Lane::F32],
        ValType::F64 if begins_with_constant => &[Lane::F64],
        ValType::V128 if begins_with_constant => &[Lane::F32x4, Lane::F64x2],
        _ => &[],
    };
    let mut expected = Vec::new();
    for &lane in candidates {
        for signs in 0..=lane.all() {
            let pattern = Pattern { lane, signs };
            expected.clear();
            pattern.write_tail(scratch, &mut expected);
            if bytes.starts_with(&expected) {
                return Some(pattern);
            }
        }
    }
    None
}
