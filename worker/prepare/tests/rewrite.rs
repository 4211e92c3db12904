//! What preparation changes, and that doing it twice is doing it once.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use manyhands_prepare::{Kind, prepare};

const STEP: &str = r#"(module
    (import "manyhands" "progress" (func $progress (param i32)))
    (memory (export "memory") 2 8)
    (global $stack (mut i32) (i32.const 1024))
    (global $base i32 (i32.const 8))
    (global $seen (export "seen") (mut f64) (f64.const 0))
    (global $lanes (mut v128) (v128.const i64x2 1 2))
    (func (export "manyhands_step") (result i32)
        (call $progress (i32.const 500000))
        (global.set $stack (i32.const 1))
        (i32.const 1))
    (@custom "producers" "any compiler"))"#;

#[test]
fn hidden_globals_are_exported_and_custom_sections_dropped() {
    let given = wat::parse_str(STEP).unwrap();
    let prepared = prepare(&given).unwrap();
    assert_eq!(prepared.digest, *blake3::hash(&prepared.bytes).as_bytes());
    let report = &prepared.report;
    assert_eq!((report.kind, report.functions, report.mutable_globals), (Kind::Step, 1, 3));
    assert_eq!(report.imports, ["manyhands.progress"]);
    assert_eq!((report.memory_bytes_min, report.memory_bytes_max), (2 << 16, Some(8 << 16)));

    let exports = exports(&prepared.bytes);
    let names: Vec<&str> = exports.iter().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "memory",
            "seen",
            "manyhands_step",
            "manyhands:global:0",
            "manyhands:global:2",
            "manyhands:global:3",
            "manyhands:work"
        ]
    );
    assert!(!prepared.bytes.windows(12).any(|w| w == b"any compiler"));
}

#[test]
fn preparing_twice_changes_nothing() {
    let once = prepare(&wat::parse_str(STEP).unwrap()).unwrap();
    let twice = prepare(&once.bytes).unwrap();
    assert_eq!(once.bytes, twice.bytes);
    assert_eq!(once.digest, twice.digest);
}

/// A module in which someone wrote one of the reserved exports by hand comes out like the others.
#[test]
fn a_partly_prepared_module_becomes_the_same() {
    let by_hand = STEP.replace(
        "(global $stack (mut i32)",
        r#"(global $stack (export "manyhands:global:0") (mut i32)"#,
    );
    let given = prepare(&wat::parse_str(STEP).unwrap()).unwrap();
    assert_eq!(prepare(&wat::parse_str(by_hand).unwrap()).unwrap().bytes, given.bytes);
}

#[test]
fn a_command_gets_a_counter_only() {
    let wat = r#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 0))
        (func $f) (start $f) (func (export "_start")))"#;
    let given = wat::parse_str(wat).unwrap();
    let prepared = prepare(&given).unwrap();
    assert_eq!(prepared.report.kind, Kind::Command);
    assert_eq!(exports(&prepared.bytes), ["memory", "_start", "manyhands:work"]);
    assert_eq!(prepare(&prepared.bytes).unwrap().bytes, prepared.bytes);
}

fn exports(wasm: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::ExportSection(exports) = payload.unwrap() {
            names.extend(exports.into_iter().map(|e| e.unwrap().name.to_owned()));
        }
    }
    names
}
