//! A guest can pass any number to any function and gets an answer, never a panic of ours.

use manyhands_prepare::abi::{self, Value};
use manyhands_worker::sandbox::{Control, HostErrorKind, Input, Outcome, Program, Unit, run};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::{collection, prop_assert};

use crate::workbench::{load, outputs, run_plain, text, unit};

/// Everything importable, each under the name `$f0`, `$f1`, …
fn imports() -> String {
    let import = |(index, signature): (usize, &abi::Signature)| {
        let params: String = signature.params.iter().map(|p| wat_type(*p)).collect();
        let results: String = signature.results.iter().map(|r| wat_type(*r)).collect();
        format!(
            r#"(import "{}" "{}" (func $f{index} (param {params}) (result {results})))"#,
            signature.module, signature.name
        )
    };
    abi::IMPORTS.iter().enumerate().map(import).collect()
}

fn wat_type(value: Value) -> &'static str {
    match value {
        Value::I32 => "i32 ",
        Value::I64 => "i64 ",
    }
}

/// One call with arguments as given, cut to the types of the function.
fn call(index: usize, arguments: &[u64]) -> String {
    let signature = &abi::IMPORTS[index];
    let constants: String = signature
        .params
        .iter()
        .zip(arguments)
        .map(|(ty, value)| match ty {
            Value::I32 => format!("(i32.const {}) ", value & 0xffff_ffff),
            Value::I64 => format!("(i64.const {value}) "),
        })
        .collect();
    match signature.results {
        [] => format!("(call $f{index} {constants})"),
        _ => format!("(drop (call $f{index} {constants}))"),
    }
}

fn program(calls: &str) -> Program {
    let wat = format!(
        r#"(module {} (memory (export "memory") 1)
            (data (i32.const 0) "out/x\00in/y\00../z\00/abs\00tmp/a/b/c\00\ff\fe")
            (data (i32.const 64) "\00\00\00\00\05\00\00\00\40\00\00\00\ff\ff\ff\ff")
            (func (export "_start") {calls}))"#,
        imports()
    );
    load(&wat::parse_str(wat).unwrap())
}

/// Every function exists with the type that preparation lets pass, and answers to plain zeros.
#[test]
fn the_sandbox_links_the_whole_list() {
    let exits = |name: &str| name == "proc_exit";
    let calls: String = abi::IMPORTS
        .iter()
        .enumerate()
        .filter(|(_, signature)| !exits(signature.name))
        .map(|(index, _)| call(index, &[0; 9]))
        .collect();
    outputs(&run_plain(&program(&calls), unit()));
}

/// Numbers that are interesting as pointers, lengths, descriptors, flags and sizes.
fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..12,
        2 => Just(64u64),
        1 => 0u64..70_000,
        1 => (0u64..16).prop_map(|n| 65_536 - n),
        1 => (0u64..16).prop_map(|n| 0xffff_ffff - n),
        1 => Just(u64::MAX),
        1 => any::<u64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Forty random calls each: whatever happens is an outcome that the program owns.
    #[test]
    fn random_calls(
        calls in collection::vec((0..abi::IMPORTS.len(), collection::vec(argument(), 9)), 40),
    ) {
        let calls: String = calls
            .iter()
            .filter(|(index, _)| abi::IMPORTS[*index].name != "proc_exit")
            .map(|(index, arguments)| call(*index, arguments))
            .collect();
        let mut unit = unit();
        unit.inputs = vec![Input::new("y", "input")];
        unit.limits.output_bytes = 100_000;
        unit.limits.scratch_bytes = 100_000;
        let program = program(&calls);
        let (one, two) = (run_plain(&program, unit.clone()), run_plain(&program, unit));
        match (&one.outcome, &two.outcome) {
            (Outcome::Success(a), Outcome::Success(b)) => prop_assert!(a == b),
            (Outcome::AppError(a), Outcome::AppError(b)) => prop_assert!(a == b),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

const OPEN: &str = r#"
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))"#;

/// Opens `path` below descriptor `fd` and prints the error code as one byte.
fn open(fd: u32, path: &str, how: u32, rights: u64) -> u8 {
    let wat = format!(
        r#"(module {OPEN} (memory (export "memory") 1)
            (data (i32.const 256) "{path}")
            (data (i32.const 0) "\10\00\00\00\01\00\00\00")
            (func (export "_start")
                (i32.store (i32.const 16) (call $open (i32.const {fd}) (i32.const 0)
                    (i32.const 256) (i32.const {length}) (i32.const {how}) (i64.const {rights})
                    (i64.const 0) (i32.const 0) (i32.const 32)))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))"#,
        length = path.len()
    );
    let unit = Unit { inputs: vec![Input::new("a/y", "input")], ..unit() };
    let report = run_plain(&load(&wat::parse_str(wat).unwrap()), unit);
    text(&report, "stdout").as_bytes()[0]
}

#[test]
fn paths_stay_below_their_directory() {
    let (ok, exist, noent, notdir, rofs, notcapable) = (0, 20, 44, 54, 69, 76);
    let (read, write, create) = (2, 64, 1);
    for (fd, path, how, rights, expected) in [
        (3, "a/y", 0, read, ok),
        (6, "in/a/y", 0, read, ok),
        (6, "in/a/../a/./y", 0, read, ok),
        (3, "..", 0, read, notcapable),
        (3, "../out", 0, read, notcapable),
        (3, "a/../../out/x", create, write, notcapable),
        (6, "../etc/passwd", 0, read, notcapable),
        (3, "/in/a/y", 0, read, notcapable),
        (3, "", 0, read, noent),
        (3, "a/y/", 0, read, notdir),
        (3, "a/y/z", 0, read, notdir),
        (3, "missing/../a/y", 0, read, noent),
        (3, "a/y", 0, write, rofs),
        (3, "a/new", create, write, rofs),
        (6, "new", create, write, rofs),
        (6, "out/new", create, write, ok),
        (4, "new", create, write, ok),
        (3, "a/y", create | 4, read, exist),
        (3, "a/y", 2, read, notdir),
    ] {
        assert_eq!(open(fd, path, how, rights), expected, "{fd} {path:?}");
    }
}

/// A panic of ours would be a host error that names it; a run on its own thread survives it.
#[test]
fn a_stack_that_overflows_leaves_the_process_alive() {
    let wat = r#"(module (memory (export "memory") 1)
        (func $f (param i64 i64 i64 i64) (result i64)
            (i64.add (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3))
                (local.get 3)))
        (func (export "_start")
            (drop (call $f (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))))"#;
    let program = load(&wat::parse_str(wat).unwrap());
    for _ in 0..3 {
        let report = run(&program, unit(), Control::default());
        let Outcome::HostError(error) = report.outcome else { panic!("{:?}", report.outcome) };
        assert_eq!(error.kind, HostErrorKind::Stack);
    }
}
