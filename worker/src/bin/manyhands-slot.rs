//! A slot process alone, for tests and benchmarks; people run `manyhands`, which contains it.

use std::process::ExitCode;

fn main() -> ExitCode {
    manyhands_worker::slots::slot_main()
}
