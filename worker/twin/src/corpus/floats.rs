//! Every float instruction, on every kind of operand, along every way by which the bits of its result
//! can be seen.
//!
//! One guest for each pair of an instruction and a *route*. It applies the instruction to all pairs of
//! operands (signalling and quiet NaNs of both signs and several payloads, zeros, infinities,
//! subnormals) and sends each result along the route, at the end of which bits lie in memory. So the
//! state hash holds everything that can be seen.
//!
//! Map: `operands` are the values, `instructions` what is applied to them, `routes` where results go.

mod instructions;
mod operands;
mod routes;

use self::instructions::Instruction;
use self::routes::Route;
use crate::case::Case;

/// Where results begin in memory; below are the operands.
const RESULTS_AT: usize = 4096;
/// Distance of two results.
const RESULT_BYTES: usize = 16;

/// The guests of this part whose names begin with `prefix`. The others are not even made: that
/// would take longer, under an emulator, than running a few.
#[must_use]
pub fn floats(prefix: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |instruction: &Instruction, name: &str, wat: &dyn Fn() -> String| {
        let name = format!("floats/{}/{name}", instruction.name);
        if name.starts_with(prefix) {
            // A text that is no module becomes an empty one, which preparation refuses.
            cases.push(Case::new(name, wat::parse_str(wat()).unwrap_or_default()));
        }
    };
    for instruction in &instructions::all() {
        for route in routes::from(instruction.result) {
            add(instruction, route.name, &|| looped(instruction, &route));
        }
        if instruction.traps {
            // A trap ends the guest, so each operand has its own.
            for index in 0..operands::COUNT {
                let name = format!("operand-{index}");
                add(instruction, &name, &|| single(instruction, index));
            }
        } else {
            add(instruction, "constants", &|| unrolled(instruction));
        }
    }
    cases
}

/// A guest around this body of a step; `$at` is where results go.
fn module(step: &str) -> String {
    format!(
        r#"(module
            (memory (export "memory") 1)
            {data}
            {declarations}
            (func (export "manyhands_step") (result i32)
                (local $i i32) (local $j i32) (local $at i32)
                (local $f32 f32) (local $f64 f64) (local $v128 v128)
                (local.set $at (i32.const {RESULTS_AT}))
                {step}
                (i32.const 1)))"#,
        data = operands::data(),
        declarations = routes::DECLARATIONS,
    )
}

/// Applies an instruction to all operands, read from memory.
fn looped(instruction: &Instruction, route: &Route) -> String {
    let operands: Vec<String> = instruction
        .params
        .iter()
        .zip(["$i", "$j"])
        .map(|(shape, index)| operands::load(*shape, index))
        .collect();
    let body = route.apply(&instruction.apply(&operands));
    let count = operands::COUNT;
    let next = |index: &str, count: usize| {
        format!(
            "(i32.lt_u (local.tee {index} (i32.add (local.get {index}) (i32.const 1)))
                (i32.const {count}))"
        )
    };
    // An instruction of one operand goes through the inner loop once.
    let inner = if instruction.params.len() == 2 { count } else { 1 };
    module(&format!(
        "(loop $all
            (local.set $j (i32.const 0))
            (loop $pairs
                {body}
                (local.set $at (i32.add (local.get $at) (i32.const {RESULT_BYTES})))
                (br_if $pairs {}))
            (br_if $all {}))",
        next("$j", inner),
        next("$i", count),
    ))
}

/// Applies an instruction to one operand, read from memory.
fn single(instruction: &Instruction, index: usize) -> String {
    let operands: Vec<String> =
        instruction.params.iter().map(|shape| operands::load(*shape, "$i")).collect();
    let applied = instruction.apply(&operands);
    let routes = routes::from(instruction.result);
    let body = routes.first().map(|route| route.apply(&applied)).unwrap_or_default();
    module(&format!("(local.set $i (i32.const {index})) {body}"))
}

/// Applies an instruction to constants, which a compiler may compute by itself.
fn unrolled(instruction: &Instruction) -> String {
    let routes = routes::from(instruction.result);
    let body = |applied: &str| routes.first().map(|route| route.apply(applied)).unwrap_or_default();
    let second = if instruction.params.len() == 2 { operands::COUNT } else { 1 };
    let mut step = String::new();
    for i in 0..operands::COUNT {
        for j in 0..second {
            let operands: Vec<String> = instruction
                .params
                .iter()
                .zip([i, j])
                .map(|(shape, index)| operands::constant(*shape, index))
                .collect();
            step += &body(&instruction.apply(&operands));
            step +=
                &format!("(local.set $at (i32.add (local.get $at) (i32.const {RESULT_BYTES})))\n");
        }
    }
    module(&step)
}

#[cfg(test)]
mod tests {
    use manyhands_prepare::prepare;

    use super::*;

    /// A guest that could not be written down would compare nothing.
    #[test]
    fn every_guest_is_accepted() {
        for case in floats("") {
            assert!(!case.wasm.is_empty(), "{} is no module", case.name);
            if let Err(refusal) = prepare(&case.wasm) {
                panic!("{}: {refusal}", case.name);
            }
        }
    }
}
