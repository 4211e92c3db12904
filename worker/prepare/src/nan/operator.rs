//! What each instruction does with floats and vectors, as data.
//!
//! An instruction that is not named here sees every bit of its operands and gives the same bits on
//! every machine. A test holds this list against the decoder's: every instruction with a float in its
//! name must be named here.

use wasmparser::Operator;

use super::graph::{BitOp, Need};
use super::taint::{Lane, Taint};
use super::transfer::ConstOp;

/// What an instruction does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Looks at each operand, passes none on, and makes what it makes. What is no float and no vector
    /// counts as clean.
    Plain {
        need: Need,
        taint: Taint,
    },
    /// Sets each lane's sign to 0, or flips it.
    Sign {
        lane: Lane,
        keep: bool,
        flip: bool,
    },
    /// The smaller or larger operand, bit by bit.
    Pick(Lane),
    Splat(Lane),
    Extract {
        lane: Lane,
        index: u8,
    },
    Replace {
        lane: Lane,
        index: u8,
    },
    Shuffle([u8; 16]),
    Bits(BitOp, ConstOp),
    Not,
    Blend,
}

const F32: Lane = Lane::F32;
const F64: Lane = Lane::F64;
const F32X4: Lane = Lane::F32x4;
const F64X2: Lane = Lane::F64x2;

/// The rule for an instruction that only acts on the operand stack and memory; control, locals, calls,
/// constants and `select` are the walk's.
pub(super) fn rule(operator: &Operator<'_>) -> Rule {
    arithmetic(operator)
        .or_else(|| comparison(operator))
        .or_else(|| conversion(operator))
        .or_else(|| passing(operator))
        .or_else(|| bits(operator))
        .unwrap_or(SEES_BITS)
}

const SEES_BITS: Rule = Rule::Plain { need: Need::Bits, taint: Taint::Clean };

const fn makes(lane: Lane, taint: Taint) -> Option<Rule> {
    Some(Rule::Plain { need: Need::Numbers(lane), taint })
}

/// Arithmetic proper: the NaNs that it makes may have any bits.
#[rustfmt::skip]
fn arithmetic(operator: &Operator<'_>) -> Option<Rule> {
    use Operator as O;
    let lane = match operator {
        O::F32Add | O::F32Sub | O::F32Mul | O::F32Div | O::F32Sqrt | O::F32Min | O::F32Max
        | O::F32Ceil | O::F32Floor | O::F32Trunc | O::F32Nearest => F32,
        O::F64Add | O::F64Sub | O::F64Mul | O::F64Div | O::F64Sqrt | O::F64Min | O::F64Max
        | O::F64Ceil | O::F64Floor | O::F64Trunc | O::F64Nearest => F64,
        O::F32x4Add | O::F32x4Sub | O::F32x4Mul | O::F32x4Div | O::F32x4Sqrt | O::F32x4Min
        | O::F32x4Max | O::F32x4Ceil | O::F32x4Floor | O::F32x4Trunc | O::F32x4Nearest => F32X4,
        O::F64x2Add | O::F64x2Sub | O::F64x2Mul | O::F64x2Div | O::F64x2Sqrt | O::F64x2Min
        | O::F64x2Max | O::F64x2Ceil | O::F64x2Floor | O::F64x2Trunc | O::F64x2Nearest => F64X2,
        _ => return None,
    };
    makes(lane, Taint::Dirty(lane, 0))
}

/// A comparison tells whether an operand is a NaN, but not which.
#[rustfmt::skip]
fn comparison(operator: &Operator<'_>) -> Option<Rule> {
    use Operator as O;
    match operator {
        O::F32Eq | O::F32Ne | O::F32Lt | O::F32Gt | O::F32Le | O::F32Ge => makes(F32, Taint::Clean),
        O::F64Eq | O::F64Ne | O::F64Lt | O::F64Gt | O::F64Le | O::F64Ge => makes(F64, Taint::Clean),
        O::F32x4Eq | O::F32x4Ne | O::F32x4Lt | O::F32x4Gt | O::F32x4Le | O::F32x4Ge => {
            makes(F32X4, Taint::Mask(F32X4))
        }
        O::F64x2Eq | O::F64x2Ne | O::F64x2Lt | O::F64x2Gt | O::F64x2Le | O::F64x2Ge => {
            makes(F64X2, Taint::Mask(F64X2))
        }
        O::I32x4Eq | O::I32x4Ne | O::I32x4LtS | O::I32x4LtU | O::I32x4GtS | O::I32x4GtU
        | O::I32x4LeS | O::I32x4LeU | O::I32x4GeS | O::I32x4GeU => {
            Some(Rule::Plain { need: Need::Bits, taint: Taint::Mask(F32X4) })
        }
        O::I64x2Eq | O::I64x2Ne | O::I64x2LtS | O::I64x2GtS | O::I64x2LeS | O::I64x2GeS => {
            Some(Rule::Plain { need: Need::Bits, taint: Taint::Mask(F64X2) })
        }
        _ => None,
    }
}

/// From one type of number to another: integers have no NaN, and a NaN traps or gives 0 as an integer.
#[rustfmt::skip]
fn conversion(operator: &Operator<'_>) -> Option<Rule> {
    use Operator as O;
    let from_integer = |lane| Some(Rule::Plain { need: Need::Bits, taint: Taint::Number(lane) });
    match operator {
        O::F32DemoteF64 => makes(F64, Taint::Dirty(F32, 0)),
        O::F64PromoteF32 => makes(F32, Taint::Dirty(F64, 0)),
        O::F32x4DemoteF64x2Zero => makes(F64X2, Taint::Dirty(F32X4, 0)),
        O::F64x2PromoteLowF32x4 => makes(F32X4, Taint::Dirty(F64X2, 0)),
        O::I32TruncF32S | O::I32TruncF32U | O::I64TruncF32S | O::I64TruncF32U
        | O::I32TruncSatF32S | O::I32TruncSatF32U | O::I64TruncSatF32S | O::I64TruncSatF32U => {
            makes(F32, Taint::Clean)
        }
        O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF64S | O::I64TruncF64U
        | O::I32TruncSatF64S | O::I32TruncSatF64U | O::I64TruncSatF64S | O::I64TruncSatF64U => {
            makes(F64, Taint::Clean)
        }
        O::I32x4TruncSatF32x4S | O::I32x4TruncSatF32x4U => makes(F32X4, Taint::Clean),
        O::I32x4TruncSatF64x2SZero | O::I32x4TruncSatF64x2UZero => makes(F64X2, Taint::Clean),
        O::F32ConvertI32S | O::F32ConvertI32U | O::F32ConvertI64S | O::F32ConvertI64U => {
            from_integer(F32)
        }
        O::F64ConvertI32S | O::F64ConvertI32U | O::F64ConvertI64S | O::F64ConvertI64U => {
            from_integer(F64)
        }
        O::F32x4ConvertI32x4S | O::F32x4ConvertI32x4U => from_integer(F32X4),
        O::F64x2ConvertLowI32x4S | O::F64x2ConvertLowI32x4U => from_integer(F64X2),
        _ => None,
    }
}

/// Lanes move, and signs change; nothing is computed.
fn passing(operator: &Operator<'_>) -> Option<Rule> {
    use Operator as O;
    let abs = |lane| Rule::Sign { lane, keep: false, flip: false };
    let neg = |lane| Rule::Sign { lane, keep: true, flip: true };
    Some(match operator {
        O::F32Abs => abs(F32),
        O::F64Abs => abs(F64),
        O::F32x4Abs => abs(F32X4),
        O::F64x2Abs => abs(F64X2),
        O::F32Neg => neg(F32),
        O::F64Neg => neg(F64),
        O::F32x4Neg => neg(F32X4),
        O::F64x2Neg => neg(F64X2),
        O::F32x4PMin | O::F32x4PMax => Rule::Pick(F32X4),
        O::F64x2PMin | O::F64x2PMax => Rule::Pick(F64X2),
        O::F32x4Splat => Rule::Splat(F32X4),
        O::F64x2Splat => Rule::Splat(F64X2),
        O::F32x4ExtractLane { lane } => Rule::Extract { lane: F32X4, index: *lane },
        O::F64x2ExtractLane { lane } => Rule::Extract { lane: F64X2, index: *lane },
        O::F32x4ReplaceLane { lane } => Rule::Replace { lane: F32X4, index: *lane },
        O::F64x2ReplaceLane { lane } => Rule::Replace { lane: F64X2, index: *lane },
        O::I8x16Shuffle { lanes } => Rule::Shuffle(*lanes),
        _ => return None,
    })
}

/// Bits as bits.
fn bits(operator: &Operator<'_>) -> Option<Rule> {
    use Operator as O;
    Some(match operator {
        O::V128And => Rule::Bits(BitOp::And, ConstOp::And),
        O::V128AndNot => Rule::Bits(BitOp::AndNot, ConstOp::AndNot),
        O::V128Or => Rule::Bits(BitOp::OrXor, ConstOp::Or),
        O::V128Xor => Rule::Bits(BitOp::OrXor, ConstOp::Xor),
        O::V128Not => Rule::Not,
        O::V128Bitselect => Rule::Blend,
        // The sign's NaN is seen, and which of two signs the result's NaN has is not known before.
        O::F32Copysign | O::F64Copysign => SEES_BITS,
        O::F32Load { .. }
        | O::F64Load { .. }
        | O::F32Store { .. }
        | O::F64Store { .. }
        | O::F32ReinterpretI32
        | O::F64ReinterpretI64
        | O::I32ReinterpretF32
        | O::I64ReinterpretF64 => SEES_BITS,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    macro_rules! names {
        ($(@$proposal:ident $name:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
            &[$((stringify!($proposal), stringify!($name))),*]
        };
    }

    const INSTRUCTIONS: &[(&str, &str)] = wasmparser::for_each_operator!(names);

    /// The default, to see bits and to make clean ones, is wrong for arithmetic: a decoder that knows
    /// one instruction on floats more must not go unseen.
    #[test]
    fn every_instruction_with_a_float_in_its_name_is_named_here() {
        let source = include_str!("operator.rs");
        let words: Vec<&str> = source.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let is_ours = |proposal| ["mvp", "saturating_float_to_int", "simd"].contains(&proposal);
        let has_float = |name: &str| name.contains("F32") || name.contains("F64");
        let floats = INSTRUCTIONS.iter().filter(|(proposal, _)| is_ours(*proposal));
        let floats: Vec<&str> = floats.map(|(_, name)| *name).filter(|n| has_float(n)).collect();
        assert!(floats.len() > 100, "only {floats:?}");
        let are_constants = ["F32Const", "F64Const"];
        let missing: Vec<_> = floats
            .into_iter()
            .filter(|name| !words.contains(name) && !are_constants.contains(name))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
