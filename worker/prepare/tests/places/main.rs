//! Every refusal says where in the module the reason is, if it is anywhere.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod large;

use std::collections::BTreeSet;

use manyhands_prepare::{MODULE_BYTES_MAX, Refusal, prepare};
use wasmparser::{Parser, Payload};

/// What a refusal must point at.
#[derive(Debug, Clone, Copy)]
enum At {
    /// The module as a whole, or something that is not there.
    Nothing,
    /// The only instruction of this name, in the function with this index and name.
    Instruction(u32, Option<&'static str>, &'static str),
    /// The beginning of the body of the function with this index and name.
    Body(u32, Option<&'static str>),
    Byte(usize),
    Import(&'static str),
    Export(&'static str),
    Global(usize),
    Start,
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const STEP: &str = r#"(func $step (export "manyhands_step") (result i32) i32.const 1)"#;

fn module(declarations: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {declarations})")).unwrap()
}

fn command(declarations: &str) -> Vec<u8> {
    module(&format!(r#"{declarations} {MEMORY} (func (export "_start"))"#))
}

fn step(declarations: &str) -> Vec<u8> {
    module(&format!("{declarations} {MEMORY} {STEP}"))
}

/// Name of the variant, the module, and the place. All variants, by the match in [`variant`].
fn cases() -> Vec<(&'static str, Vec<u8>, At)> {
    use At::{Body, Byte, Export, Global, Import, Instruction, Nothing, Start};
    let atomic = "(func) (func $racy (drop (i32.atomic.load (i32.const 0))))";
    let exported = r#"(func (export "lanes") (param v128)
        (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))"#;
    let nameless = "(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))";
    let imported = r#"(import "manyhands" "progress" (func (param i32)))"#;
    let unknown = r#"(import "env" "system" (func))"#;
    let other_type = r#"(import "wasi_snapshot_preview1" "fd_close" (func))"#;
    let table = "(table 1 funcref) (func $grow (table.set (i32.const 0) (ref.null func)))";
    let locals = format!(
        "(func) (func $wide (local {}) (f64.store (i32.const 0) (f64.sqrt (local.get 0))))",
        "f64 ".repeat(50_000)
    );
    let mut cut = command("");
    let exports = exports_at(&cut);
    cut.truncate(exports + 2);
    let add_without_operands =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x6a\x0b";
    vec![
        ("NotWasm", b"#!/bin/sh".to_vec(), Nothing),
        ("Component", b"\0asm\x0d\0\x01\0".to_vec(), Nothing),
        ("TooLarge", vec![0; MODULE_BYTES_MAX + 1], Nothing),
        ("Truncated", cut, Byte(exports)),
        ("Invalid", add_without_operands.to_vec(), Instruction(0, None, "I32Add")),
        ("Proposal", command(atomic), Instruction(1, Some("racy"), "I32AtomicLoad")),
        ("Proposal", command(exported), Instruction(0, Some("lanes"), "I32x4RelaxedTruncF32x4S")),
        ("Proposal", command(nameless), Instruction(0, None, "I32x4RelaxedTruncF32x4S")),
        (
            "Proposal",
            command(&format!("{imported} (func $f return_call $f)")),
            Instruction(1, Some("f"), "ReturnCall"),
        ),
        ("Import", command(&format!("{imported} {unknown}")), Import("system")),
        ("Import", command(r#"(import "env" "g" (global i32))"#), Import("g")),
        ("ImportType", command(&format!("{imported} {other_type}")), Import("fd_close")),
        ("NoMemory", module(r#"(func (export "_start"))"#), Nothing),
        ("NoEntry", module(MEMORY), Nothing),
        ("TwoEntries", command(STEP), Export("manyhands_step")),
        (
            "EntryType",
            step(r#"(global (export "_initialize") i32 (i32.const 0))"#),
            Export("_initialize"),
        ),
        (
            "EntryType",
            module(&format!(r#"{MEMORY} (func (export "_start") (param i64))"#)),
            Export("_start"),
        ),
        (
            "ReservedName",
            step(r#"(func (export "manyhands:global:0"))"#),
            Export("manyhands:global:0"),
        ),
        ("ReservedName", step(r#"(func (export "manyhands:work"))"#), Export("manyhands:work")),
        ("TooManyLocals", command(&locals), Body(1, Some("wide"))),
        ("FunctionTooLarge", large::nans(), Body(1, None)),
        ("FunctionTooLarge", large::branches(), Body(1, None)),
        ("NotCheckpointable", step(table), Instruction(0, Some("grow"), "TableSet")),
        (
            "NotCheckpointable",
            step("(global i32 (i32.const 0)) (global (mut funcref) (ref.null func))"),
            Global(1),
        ),
        ("NotCheckpointable", step("(func $s) (start $s)"), Start),
        ("NoRoom", large::globals(), Nothing),
    ]
}

const VARIANTS: usize = 17;

/// The name of a refusal's variant. Who adds one adds it here, to [`VARIANTS`] and to [`cases`].
fn variant(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotWasm => "NotWasm",
        Refusal::Component => "Component",
        Refusal::TooLarge { .. } => "TooLarge",
        Refusal::Truncated { .. } => "Truncated",
        Refusal::Invalid { .. } => "Invalid",
        Refusal::Proposal { .. } => "Proposal",
        Refusal::Import { .. } => "Import",
        Refusal::ImportType { .. } => "ImportType",
        Refusal::NoMemory => "NoMemory",
        Refusal::NoEntry => "NoEntry",
        Refusal::TwoEntries { .. } => "TwoEntries",
        Refusal::EntryType { .. } => "EntryType",
        Refusal::ReservedName { .. } => "ReservedName",
        Refusal::TooManyLocals { .. } => "TooManyLocals",
        Refusal::FunctionTooLarge { .. } => "FunctionTooLarge",
        Refusal::NotCheckpointable { .. } => "NotCheckpointable",
        Refusal::NoRoom { .. } => "NoRoom",
    }
}

#[test]
fn every_refusal_says_where() {
    let mut seen = BTreeSet::new();
    for (name, wasm, at) in cases() {
        let refusal = prepare(&wasm).map(drop).unwrap_err();
        assert_eq!(variant(&refusal), name, "{refusal}");
        seen.insert(name);
        let found = refusal.place().map(|place| {
            let said = format!("{place}");
            assert!(refusal.to_string().contains(&said), "`{said}` is missing in: {refusal}");
            (place.function, place.name.as_deref(), place.offset)
        });
        assert_eq!(found, expected(&wasm, at), "{name} at {at:?}: {refusal}");
    }
    assert_eq!(seen.len(), VARIANTS, "{seen:?}");
}

#[test]
fn names_come_from_strangers() {
    let naughty = r#"(func $f (@name "\1b[2J red") (drop (i32.atomic.load (i32.const 0))))"#;
    let message = prepare(&command(naughty)).unwrap_err().to_string();
    assert!(message.contains(r"(`\u{1b}[2J red`)"), "{message}");
    let endless = format!(r#"(func (@name "{}") (return_call 0))"#, "é".repeat(10_000));
    let message = prepare(&command(&endless)).unwrap_err().to_string();
    assert!(message.contains(&format!("{}…`", "é".repeat(100))), "{message}");
}

/// Function, its name and the offset, found without the help of preparation.
fn expected(wasm: &[u8], at: At) -> Option<(Option<u32>, Option<&'static str>, usize)> {
    let offset = |find: &dyn Fn(&Payload<'_>) -> Option<usize>| {
        Parser::new(0).parse_all(wasm).find_map(|payload| find(&payload.unwrap())).unwrap()
    };
    let in_body = |index: u32, instruction: Option<&str>| {
        let mut bodies =
            Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
                Payload::CodeSectionEntry(body) => Some(body),
                _ => None,
            });
        let body = bodies.nth((index - functions_imported(wasm)) as usize).unwrap();
        let Some(name) = instruction else { return body.range().start };
        let operators = body.get_operators_reader().unwrap().into_iter_with_offsets();
        let mut found = operators.map(Result::unwrap).filter(|(op, _)| {
            let shown = format!("{op:?}");
            shown.split([' ', '{']).next() == Some(name)
        });
        found.next().unwrap().1
    };
    Some(match at {
        At::Nothing => return None,
        At::Instruction(index, name, instruction) => {
            (Some(index), name, in_body(index, Some(instruction)))
        }
        At::Body(index, name) => (Some(index), name, in_body(index, None)),
        At::Byte(offset) => (None, None, offset),
        At::Import(name) => {
            let find = |payload: &Payload<'_>| {
                let Payload::ImportSection(imports) = payload else { return None };
                let mut imports = imports.clone().into_imports_with_offsets().map(Result::unwrap);
                imports.find(|(_, import)| import.name == name).map(|(offset, _)| offset)
            };
            (None, None, offset(&find))
        }
        At::Export(name) => {
            let find = |payload: &Payload<'_>| {
                let Payload::ExportSection(exports) = payload else { return None };
                let mut exports = exports.clone().into_iter_with_offsets().map(Result::unwrap);
                exports.find(|(_, export)| export.name == name).map(|(offset, _)| offset)
            };
            (None, None, offset(&find))
        }
        At::Global(index) => {
            let find = |payload: &Payload<'_>| {
                let Payload::GlobalSection(globals) = payload else { return None };
                let mut globals = globals.clone().into_iter_with_offsets().map(Result::unwrap);
                globals.nth(index).map(|(offset, _)| offset)
            };
            (None, None, offset(&find))
        }
        At::Start => {
            let find = |payload: &Payload<'_>| match payload {
                Payload::StartSection { range, .. } => Some(range.start),
                _ => None,
            };
            (None, None, offset(&find))
        }
    })
}

fn exports_at(wasm: &[u8]) -> usize {
    let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let mut found = payloads.filter_map(|payload| match payload {
        Payload::ExportSection(exports) => Some(exports.range().start),
        _ => None,
    });
    found.next().unwrap()
}

fn functions_imported(wasm: &[u8]) -> u32 {
    let imports = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let counts = imports.map(|payload| match payload {
        Payload::ImportSection(imports) => imports
            .into_imports()
            .filter(|import| matches!(import.as_ref().unwrap().ty, wasmparser::TypeRef::Func(_)))
            .count(),
        _ => 0,
    });
    u32::try_from(counts.sum::<usize>()).unwrap()
}
