//! What every test here needs: a sandbox, programs from text or from `tests/guests`, and a unit.

use std::sync::OnceLock;

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    AppError, Content, Control, HostError, Limits, Outcome, Output, Program, RunReport, Sandbox,
    Unit, run,
};

/// C with wasi-libc: `guests/tour.c`.
pub(crate) const TOUR_C: &[u8] = include_bytes!("../guests/tour-c.wasm");
/// Rust with its standard library: `guests/tour.rs`.
pub(crate) const TOUR_RUST: &[u8] = include_bytes!("../guests/tour-rust.wasm");
/// A step program in C: `guests/walk.c`.
pub(crate) const WALK: &[u8] = include_bytes!("../guests/walk.wasm");

/// One engine for all tests of a process.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::new(None).unwrap())
}

pub(crate) fn load(wasm: &[u8]) -> Program {
    let prepared = prepare(wasm).unwrap();
    sandbox().load(&prepared.digest, || Ok(prepared.bytes)).unwrap()
}

/// A module with one page of memory, these declarations, and `body` as `_start`.
pub(crate) fn command(declarations: &str, body: &str) -> Program {
    let wat = format!(
        r#"(module {declarations} (memory (export "memory") 1) (func (export "_start") {body}))"#
    );
    load(&wat::parse_str(wat).unwrap())
}

pub(crate) fn unit() -> Unit {
    Unit {
        args: vec!["program".to_owned()],
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [7; 32],
        limits: Limits { memory_bytes: 64 << 20, ..Limits::default() },
    }
}

pub(crate) fn run_plain(program: &Program, unit: Unit) -> RunReport {
    run(program, unit, Control::default())
}

#[track_caller]
pub(crate) fn outputs(report: &RunReport) -> &[Output] {
    match &report.outcome {
        Outcome::Success(outputs) => outputs,
        other => panic!("no success but {other:?}; log: {}", report.log),
    }
}

#[track_caller]
pub(crate) fn app_error(report: &RunReport) -> &AppError {
    match &report.outcome {
        Outcome::AppError(error) => error,
        other => panic!("no app error but {other:?}"),
    }
}

#[track_caller]
pub(crate) fn host_error(report: &RunReport) -> &HostError {
    match &report.outcome {
        Outcome::HostError(error) => error,
        other => panic!("no host error but {other:?}"),
    }
}

#[track_caller]
pub(crate) fn text(report: &RunReport, name: &str) -> String {
    let output = outputs(report).iter().find(|output| output.name == name);
    match &output.unwrap_or_else(|| panic!("no output {name}")).content {
        Content::Inline(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Content::File(path) => panic!("{} is a file", path.display()),
    }
}
