//! Runs a module twice, once as prepared and once with the plain counter.

use manyhands_prepare::{abi, prepare};
use wasmtime::{Config, Engine, Extern, Linker, Module, Store, Val};

use crate::naive::{self, NAIVE};

/// Fuel of the engine, which ends what would go on for too long.
const FUEL: u64 = 400_000;

/// How a run ended, and what it counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) work: u64,
    /// `None` if it returned, else the name of the trap.
    pub(crate) trap: Option<String>,
    pub(crate) is_out_of_fuel: bool,
    memory: [u8; 32],
}

/// Both counts of a command.
pub(crate) struct Twins {
    pub(crate) metered: Counted,
    pub(crate) naive: Counted,
    /// Loops of the prepared module that are not counted inside.
    pub(crate) settled: usize,
}

/// Runs the command `wat` both ways.
pub(crate) fn twins(wat: &str) -> Twins {
    twins_of(&wat::parse_str(wat).unwrap())
}

/// Runs a command both ways.
pub(crate) fn twins_of(wasm: &[u8]) -> Twins {
    let prepared = prepare(wasm).unwrap().bytes;
    let again = prepare(&prepared).unwrap().bytes;
    assert_eq!(prepared, again, "preparing twice is not preparing once");
    Twins {
        metered: run(&prepared, abi::WORK),
        naive: run(&naive::instrument(wasm), NAIVE),
        settled: settled(&prepared),
    }
}

/// The same, for a program that returns: asserts that the counts are equal and returns the count.
#[track_caller]
pub(crate) fn equal(wat: &str) -> Twins {
    let twins = twins(wat);
    assert_eq!(twins.metered.trap, None);
    assert_eq!(twins.metered, twins.naive, "{wat}");
    twins
}

fn run(wasm: &[u8], counter: &str) -> Counted {
    let mut config = Config::new();
    config.consume_fuel(true).cranelift_opt_level(wasmtime::OptLevel::None);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker
        .func_wrap(abi::WASI, "proc_exit", |code: i32| -> wasmtime::Result<()> {
            Err(wasmtime::Error::msg(format!("exit {code}")))
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(FUEL).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, abi::ENTRY_COMMAND).unwrap();
    let error = start.call(&mut store, ()).err();
    let trap = error.as_ref().map(|error| match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    });
    let is_out_of_fuel = trap.as_deref() == Some(&*wasmtime::Trap::OutOfFuel.to_string());
    let Some(Extern::Global(global)) = instance.get_export(&mut store, counter) else {
        panic!("no counter")
    };
    let Val::I64(work) = global.get(&mut store) else { panic!("no number") };
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let memory = blake3::hash(memory.data(&store)).into();
    Counted { work: work.cast_unsigned(), trap, is_out_of_fuel, memory }
}

/// How often the prepared module multiplies a number of iterations: once where a loop is left.
fn settled(wasm: &[u8]) -> usize {
    let mut found = 0;
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        let operators = body.get_operators_reader().unwrap().into_iter().map(Result::unwrap);
        found += operators.filter(|it| matches!(it, wasmparser::Operator::I64Mul)).count();
    }
    found
}
