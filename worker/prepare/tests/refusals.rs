//! Each thing that a module must not do, and the words in which it is refused.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use manyhands_prepare::{Kind, Refusal, prepare};

fn refusal(wat: &str) -> String {
    prepare(&wat::parse_str(wat).unwrap()).unwrap_err().to_string()
}

#[track_caller]
fn check(wat: &str, expected: &[&str]) {
    let message = refusal(wat);
    for part in expected {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;

fn command(body: &str) -> String {
    format!(r#"(module {MEMORY} {body} (func (export "_start")))"#)
}

fn step(body: &str) -> String {
    format!(r#"(module {MEMORY} {body} (func (export "manyhands_step") (result i32) i32.const 1))"#)
}

#[test]
fn bytes_that_are_no_module() {
    assert_eq!(prepare(b""), Err(Refusal::NotWasm));
    assert_eq!(prepare(b"#!/bin/sh\n"), Err(Refusal::NotWasm));
    assert_eq!(prepare(b"\x7fELF\x02\x01\x01\0"), Err(Refusal::NotWasm));
    assert_eq!(prepare(b"\0asm\x0d\0\x01\0"), Err(Refusal::Component));
    let large = vec![0; manyhands_prepare::MODULE_BYTES_MAX + 1];
    assert!(matches!(prepare(&large), Err(Refusal::TooLarge { .. })));
}

#[test]
fn every_truncation_is_refused() {
    let wasm = wat::parse_str(command("(func (result f64) f64.const 1.5)")).unwrap();
    for length in 0..wasm.len() {
        assert!(prepare(&wasm[..length]).is_err(), "accepted the first {length} bytes");
    }
    assert!(matches!(prepare(&wasm[..wasm.len() - 3]), Err(Refusal::Truncated { .. })));
}

#[test]
fn proposals_outside_the_list() {
    let atomic = "(func (drop (i32.atomic.load (i32.const 0))))";
    check(&command(atomic), &["`I32AtomicLoad`", "in function 0 at byte 0x", "`threads`"]);
    check("(module (memory 1 1 shared))", &["`threads`"]);
    let relaxed = "(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))";
    check(&command(relaxed), &["`I32x4RelaxedTruncF32x4S`", "`relaxed-simd`"]);
    check(&command("(func $f return_call $f)"), &["`ReturnCall`", "`tail-call`"]);
    check(&command("(tag)"), &["`exceptions`"]);
    check(r#"(module (memory (export "memory") i64 1))"#, &["`memory64`"]);
    check("(module (memory 1) (memory 1))", &["`multi-memory`"]);
    check("(module (type (struct)))", &["`gc`"]);
    check("(module (func (param externref)))", &["externref"]);
    check("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", &["`extended-const`"]);
    let wide = "(func (result i64 i64) i64.const 1 i64.const 1 i64.mul_wide_s)";
    check(&command(wide), &["`wide-arithmetic`"]);
}

#[test]
fn code_that_is_not_valid() {
    let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x6a\x0b";
    let message = prepare(wasm).unwrap_err().to_string();
    assert!(message.contains("in function 0 at byte 0x"), "{message}");
}

#[test]
fn imports_outside_the_list() {
    let unknown = command(r#"(import "env" "gettimeofday" (func))"#)
        .replace(MEMORY, "")
        .replace("(func (export", &format!("{MEMORY} (func (export"));
    check(&unknown, &["`env.gettimeofday`", "a function"]);
    let typed =
        unknown.replace("env", "wasi_snapshot_preview1").replace("gettimeofday", "fd_close");
    check(&typed, &["as () -> ()", "it is (i32) -> (i32)"]);
    check(r#"(module (import "env" "memory" (memory 1)))"#, &["`env.memory`, a memory"]);
    check(r#"(module (import "env" "g" (global i32)))"#, &["`env.g`, a global"]);
    check(r#"(module (import "env" "t" (table 1 funcref)))"#, &["`env.t`, a table"]);
}

#[test]
fn memory_and_entry_points() {
    check(r#"(module (func (export "_start")))"#, &["export it as `memory`"]);
    check(r#"(module (memory 1) (func (export "_start")))"#, &["export it as `memory`"]);
    check(&format!("(module {MEMORY})"), &["neither `_start`"]);
    check(
        &step(r#"(func (export "_start"))"#),
        &["both `_start` and, at byte", "`manyhands_step`"],
    );
    check(
        &format!(r#"(module {MEMORY} (func (export "manyhands_step")))"#),
        &["the export `manyhands_step` at byte", "is () -> ()", "must be () -> (i32)"],
    );
    check(
        &step(r#"(func (export "_initialize") (param i32))"#),
        &["the export `_initialize` at byte", "is (i32) -> ()"],
    );
}

#[test]
fn reserved_names() {
    check(&step(r#"(func (export "manyhands:anything"))"#), &["`manyhands:anything`"]);
    let wrong_index = r#"(global $a (mut i32) (i32.const 0)) (global $b (mut i32) (i32.const 0))
        (export "manyhands:global:1" (global $a))"#;
    check(&step(wrong_index), &["`manyhands:global:1`"]);
    let constant = r#"(global (export "manyhands:global:0") i32 (i32.const 0))"#;
    check(&step(constant), &["`manyhands:global:0`"]);
}

#[test]
fn state_that_a_checkpoint_cannot_hold() {
    let table = "(table 1 funcref)";
    for (code, name) in [
        ("(table.set (i32.const 0) (ref.null func))", "`TableSet`"),
        ("(drop (table.grow (ref.null func) (i32.const 1)))", "`TableGrow`"),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 1))", "`TableFill`"),
        ("(table.copy (i32.const 0) (i32.const 0) (i32.const 1))", "`TableCopy`"),
    ] {
        let module = step(&format!("{table} (func {code})"));
        check(&module, &[name, "in function 0 at byte 0x", "cannot be checkpointed"]);
        assert_eq!(kind(&command(&format!("{table} (func {code})"))), Kind::Command);
    }
    check(&step(r#"(data $d "x") (func (data.drop $d))"#), &["`DataDrop`"]);
    check(&step("(func $f) (elem $e func $f) (func (elem.drop $e))"), &["`ElemDrop`"]);
    check(&step("(global (mut funcref) (ref.null func))"), &["holds a reference"]);
    check(&step("(func $s) (start $s)"), &["start section", "`_initialize`"]);
}

fn kind(wat: &str) -> Kind {
    prepare(&wat::parse_str(wat).unwrap()).unwrap().report.kind
}
