//! What a program may not have more of, and every trap it can end in.

use manyhands_worker::sandbox::{AppErrorKind, HostErrorKind, Input, Limit, Limits, Trap, Unit};

use crate::workbench::{app_error, command, host_error, outputs, run_plain, text, unit};

/// Imports and a data segment that spell `path_open`, `fd_write` and names below `/out` and `/tmp`.
const FILES: &str = r#"
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_create_directory"
        (func $mkdir (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_size"
        (func $set_size (param i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pwrite"
        (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (func $check (param i32) (if (local.get 0) (then unreachable)))
    (func $create (param $dir i32) (result i32)
        (call $check (call $open (local.get $dir) (i32.const 0) (i32.const 0) (i32.const 4)
            (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 64)))
        (i32.load (i32.const 64)))
    (data (i32.const 0) "name")
    (data (i32.const 16) "\00\01\00\00\00\10\00\00")
"#;

#[track_caller]
fn check_kind(declarations: &str, body: &str, expected: AppErrorKind) {
    let program = command(declarations, body);
    let (one, two) = (run_plain(&program, small()), run_plain(&program, small()));
    assert_eq!(app_error(&one).kind, expected);
    assert_eq!(app_error(&one).digest(), app_error(&two).digest());
}

fn small() -> Unit {
    let limits = Limits {
        memory_bytes: 2 << 16,
        output_bytes: 10_000,
        scratch_bytes: 20_000,
        files: 10,
        log_bytes: 100,
        cpu_ms: 1_000,
    };
    Unit { limits, ..unit() }
}

#[test]
fn traps() {
    for (body, trap) in [
        ("unreachable", Trap::Unreachable),
        ("(drop (i32.load (i32.const 65536)))", Trap::MemoryOutOfBounds),
        ("(i64.store (i32.const -1) (i64.const 0))", Trap::MemoryOutOfBounds),
        ("(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))", Trap::MemoryOutOfBounds),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", Trap::DivisionByZero),
        ("(drop (i64.rem_u (i64.const 1) (i64.const 0)))", Trap::DivisionByZero),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", Trap::IntegerOverflow),
        ("(drop (i32.trunc_f32_s (f32.const 1e30)))", Trap::IntegerOverflow),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", Trap::BadConversion),
    ] {
        check_kind("", body, AppErrorKind::Trap(trap));
    }
    let table = "(table 3 funcref) (func $f (param i32)) (elem (i32.const 0) $f)";
    for (index, trap) in
        [(0, Trap::WrongSignature), (1, Trap::NullFunction), (3, Trap::TableOutOfBounds)]
    {
        check_kind(
            table,
            &format!("(call_indirect (i32.const {index}))"),
            AppErrorKind::Trap(trap),
        );
    }
}

#[test]
fn exit_codes() {
    let import = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
    check_kind(import, "(call $exit (i32.const 42))", AppErrorKind::Exit(42));
    check_kind(import, "(call $exit (i32.const -1))", AppErrorKind::Exit(u32::MAX));
    let report = run_plain(&command(import, "(call $exit (i32.const 0)) unreachable"), small());
    assert!(outputs(&report).is_empty());
}

/// Growth within the limit works, beyond it is refused to the program, and neither ends it.
#[test]
fn memory_growth() {
    for pages in [2, 65_535, 65_536, -1] {
        let body = format!(
            "(if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then unreachable))
             (if (i32.ne (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))"
        );
        let report = run_plain(&command("", &body), small());
        assert!(outputs(&report).is_empty());
        assert_eq!(report.usage.memory_bytes_peak, 2 << 16);
    }
}

#[test]
fn more_memory_at_the_start_than_granted() {
    let mut unit = small();
    unit.limits.memory_bytes = 1;
    let report = run_plain(&command("", ""), unit);
    assert_eq!(app_error(&report).kind, AppErrorKind::Limit(Limit::Memory));
}

/// How deep calls can be nested depends on the machine, so this is never a result.
#[test]
fn recursion_without_end() {
    let program = command(
        "(func $f (param i64) (call $f (i64.const 1)) (call $f (i64.const 2)))",
        "(call $f (i64.const 0))",
    );
    assert_eq!(host_error(&run_plain(&program, small())).kind, HostErrorKind::Stack);
}

#[test]
fn too_much_output() {
    // Each write is 4,096 bytes from address 256.
    let write = "(loop (call $check (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 64))) (br 0))";
    check_kind(FILES, write, AppErrorKind::Limit(Limit::OutputBytes));
    let file = "(local $fd i32) (local.set $fd (call $create (i32.const 4)))
        (loop (call $check (call $write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 64))) (br 0))";
    check_kind(FILES, file, AppErrorKind::Limit(Limit::FileBytes));
    let at_the_end =
        "(call $check (call $set_size (call $create (i32.const 4)) (i64.const 10001)))";
    check_kind(FILES, at_the_end, AppErrorKind::Limit(Limit::OutputBytes));
    let far = "(drop (call $pwrite (call $create (i32.const 5)) (i32.const 16) (i32.const 1) (i64.const 0x7fffffffffff) (i32.const 64)))";
    check_kind(FILES, far, AppErrorKind::Limit(Limit::FileBytes));
}

/// What is in `/tmp` is no output.
#[test]
fn scratch_files() {
    let body = "(call $check (call $set_size (call $create (i32.const 5)) (i64.const 20000)))
        (call $check (call $set_size (call $create (i32.const 4)) (i64.const 10)))";
    let report = run_plain(&command(FILES, body), small());
    assert_eq!(text(&report, "out/name"), "\0".repeat(10));
    assert_eq!(outputs(&report).len(), 1);
}

#[test]
fn too_many_files() {
    let deeper = "(loop
        (i32.store8 (i32.const 3) (i32.add (i32.load8_u (i32.const 3)) (i32.const 1)))
        (call $check (call $close (call $create (i32.const 5)))) (br 0))";
    check_kind(FILES, deeper, AppErrorKind::Limit(Limit::Files));
}

/// The log has no limit, only a memory that keeps both ends.
#[test]
fn a_flood_on_standard_error() {
    let body = "(local $i i32) (loop
        (call $check (call $write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 64)))
        (br_if 0 (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))";
    let report = run_plain(&command(FILES, body), small());
    assert!(report.log.contains("[4095900 bytes left out]"), "{}", report.log.len());
}

#[test]
fn inputs_with_impossible_names() {
    let program = command("", "");
    for path in ["", "/abs", "../up", "a//b", "a/./b", "a\0b", "dir/", "x/y"] {
        let inputs = vec![Input::new("x", "is a file"), Input::new(path, "")];
        let report = run_plain(&program, Unit { inputs, ..unit() });
        assert_eq!(host_error(&report).kind, HostErrorKind::Input, "{path:?}");
    }
    let inputs = vec![Input::new("same", "1"), Input::new("same", "2")];
    let report = run_plain(&program, Unit { inputs, ..unit() });
    assert!(host_error(&report).message.contains("given twice"));
}

#[test]
fn limits_beyond_what_is_possible() {
    let program = command("", "");
    for (limits, word) in [
        (Limits { memory_bytes: (4 << 30) + 1, ..unit().limits }, "memory bytes"),
        (Limits { output_bytes: u64::MAX, ..unit().limits }, "output bytes"),
        (Limits { scratch_bytes: u64::MAX, ..unit().limits }, "scratch bytes"),
        (Limits { files: u32::MAX, ..unit().limits }, "files"),
        (Limits { log_bytes: u32::MAX, ..unit().limits }, "log bytes"),
    ] {
        let report = run_plain(&program, Unit { limits, ..unit() });
        assert!(host_error(&report).message.contains(word), "{:?}", report.outcome);
    }
}

/// Listings are kept by the sandbox, so a guest cannot have them without end.
#[test]
fn too_many_open_listings() {
    let imports = r#"
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_readdir"
            (func $list (param i32 i32 i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (data (i32.const 0) ".")"#;
    let body = "(local $error i32) (loop
        (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2)
                (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)) (then unreachable))
        (local.set $error (call $list (i32.load (i32.const 64)) (i32.const 128) (i32.const 500)
            (i64.const 0) (i32.const 72)))
        (if (local.get $error) (then (call $exit (local.get $error))))
        (br 0))";
    let inputs = (0..1_000).map(|n| Input::new(format!("input-{n}"), "")).collect();
    let report = run_plain(&command(imports, body), Unit { inputs, ..unit() });
    assert_eq!(app_error(&report).kind, AppErrorKind::Exit(41), "{:?}", report.outcome);
}
