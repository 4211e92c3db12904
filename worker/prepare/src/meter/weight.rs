//! How much work an instruction is.

use wasmparser::Operator;

/// Work of entering a function.
pub const CALLED: u64 = 1;

/// What compiled code has no instruction for.
const FREE: u64 = 0;
/// What a processor does in about a cycle, or overlaps with its neighbours.
const PLAIN: u64 = 1;
/// Division and square root: a long wait for one result.
const LONG: u64 = 4;
/// A call that checks a type; an instruction on a whole range of memory or of a table.
const HEAVY: u64 = 8;

/// The work that one execution of `operator` counts.
///
/// The table is coarse on purpose: the count has to be equal everywhere and fair between programs, and
/// no finer table would be right on two processors. Instructions that only name values or places are
/// free, because the compiler makes nothing of them; so the work of a loop does not depend on how its
/// compiler likes to shuffle locals.
#[must_use]
pub fn work_of(operator: &Operator<'_>) -> u64 {
    use Operator as O;
    match operator {
        O::Nop
        | O::Block { .. }
        | O::Loop { .. }
        | O::Else
        | O::End
        | O::Drop
        | O::Unreachable
        | O::LocalGet { .. }
        | O::LocalSet { .. }
        | O::LocalTee { .. }
        | O::I32Const { .. }
        | O::I64Const { .. }
        | O::F32Const { .. }
        | O::F64Const { .. }
        | O::V128Const { .. }
        | O::RefNull { .. }
        | O::RefFunc { .. } => FREE,
        O::I32DivS
        | O::I32DivU
        | O::I32RemS
        | O::I32RemU
        | O::I64DivS
        | O::I64DivU
        | O::I64RemS
        | O::I64RemU
        | O::F32Div
        | O::F64Div
        | O::F32Sqrt
        | O::F64Sqrt
        | O::F32x4Div
        | O::F64x2Div
        | O::F32x4Sqrt
        | O::F64x2Sqrt => LONG,
        O::CallIndirect { .. }
        | O::MemoryGrow { .. }
        | O::MemoryFill { .. }
        | O::MemoryCopy { .. }
        | O::MemoryInit { .. }
        | O::TableFill { .. }
        | O::TableCopy { .. }
        | O::TableInit { .. }
        | O::TableGrow { .. } => HEAVY,
        _ => PLAIN,
    }
}
