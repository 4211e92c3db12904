//! Whether memory, mutable globals and the sandbox's own state are the whole state of a step program.
//!
//! Between two steps the wasm stack is empty. What else could differ from the moment of
//! instantiation? Tables, and whether a passive segment was dropped; so the instructions that change
//! these are refused. References in mutable globals have no bytes, so these are refused too. A `start`
//! function would run again when a checkpoint is resumed, on a memory that it does not expect.

use wasmparser::{Operator, Parser, Payload, ValType};

use crate::features;
use crate::refusal::{Place, Refusal};
use crate::shape::{Shape, malformed};

const TABLES: &str = "tables must stay as they are at the start; keep the state in memory";
const SEGMENTS: &str =
    "segments must stay available; build without passive segments that are dropped";
const REFERENCES: &str = "a reference has no bytes to save; keep an index into a table in memory";
const START: &str = "it would run again at each resume; export it as `_initialize` instead";

/// Accepts a step module whose whole state a checkpoint can hold.
pub(crate) fn check(wasm: &[u8], shape: &Shape<'_>) -> Result<(), Refusal> {
    if let Some(offset) = shape.start {
        return Err(refuse("the start section", Place::at(offset), START));
    }
    for (_, ty, offset) in shape.mutable_globals() {
        if matches!(ty.content_type, ValType::Ref(_)) {
            let what = "a mutable global that holds a reference";
            return Err(refuse(what, Place::at(offset), REFERENCES));
        }
    }
    check_code(wasm, shape.functions_imported())
}

fn check_code(wasm: &[u8], functions_imported: u32) -> Result<(), Refusal> {
    let mut function = functions_imported;
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.map_err(|e| malformed(&e))? else { continue };
        let mut operators = body.get_operators_reader().map_err(|e| malformed(&e))?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(|e| malformed(&e))?;
            if let Some(advice) = advice_against(&operator) {
                let what = features::name(&operator);
                return Err(refuse(&what, Place::inside(function, offset), advice));
            }
        }
        function += 1;
    }
    Ok(())
}

fn advice_against(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::TableSet { .. }
        | Operator::TableGrow { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. } => Some(TABLES),
        Operator::ElemDrop { .. } | Operator::DataDrop { .. } => Some(SEGMENTS),
        _ => None,
    }
}

fn refuse(what: &str, place: Place, advice: &'static str) -> Refusal {
    Refusal::NotCheckpointable { what: what.to_owned(), place, advice }
}
