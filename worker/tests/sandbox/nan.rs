//! NaN bits: a prepared module computes, on an engine that leaves them to the processor, exactly what the
//! given module computes on an engine that makes each one canonical.
//!
//! That engine, with its own switch for it, is the judge here; it knows nothing of preparation.

mod forgotten;
mod random;
mod routes;

use std::sync::OnceLock;

use manyhands_prepare::{Prepared, abi, prepare};
use wasmtime::{Config, Engine, Linker, Module, Store, StoreLimitsBuilder, Trap, Val};

/// Most memory of a module; what a run leaves is copied, and some grow it by all that they can get.
const MEMORY_BYTES_MAX: usize = 16 << 20;

/// What a run leaves behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    trap: Option<Trap>,
    pub(crate) memory: Vec<u8>,
    globals: Vec<u128>,
}

fn engine(is_canonical: bool) -> Engine {
    let mut config = Config::new();
    config.cranelift_nan_canonicalization(is_canonical);
    config.wasm_backtrace_max_frames(None);
    Engine::new(&config).unwrap()
}

/// The engine that leaves NaNs to the processor, as sandboxes use it.
pub(crate) fn plain() -> &'static Engine {
    static PLAIN: OnceLock<Engine> = OnceLock::new();
    PLAIN.get_or_init(|| engine(false))
}

/// The engine that makes every NaN canonical.
pub(crate) fn judge() -> &'static Engine {
    static JUDGE: OnceLock<Engine> = OnceLock::new();
    JUDGE.get_or_init(|| engine(true))
}

/// Runs `_start` and reads memory and exported globals.
pub(crate) fn leave(engine: &Engine, wasm: &[u8]) -> Left {
    let module = Module::new(engine, wasm).unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(MEMORY_BYTES_MAX).build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    let instance = Linker::new(engine).instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    let trap = start.call(&mut store, ()).err().map(|error| *error.downcast_ref::<Trap>().unwrap());
    // The count of its work is preparation's own; what was given has none.
    let exports = instance.exports(&mut store).filter(|export| export.name() != abi::WORK);
    let exports: Vec<_> = exports.map(|export| export.into_extern()).collect();
    let globals = exports.into_iter().filter_map(|export| export.into_global());
    let globals: Vec<_> = globals.collect();
    let globals = globals.into_iter().map(|global| match global.get(&mut store) {
        Val::I32(bits) => u128::from(bits.cast_unsigned()),
        Val::I64(bits) => u128::from(bits.cast_unsigned()),
        Val::F32(bits) => u128::from(bits),
        Val::F64(bits) => u128::from(bits),
        Val::V128(bits) => bits.as_u128(),
        _ => 0,
    });
    let globals = globals.collect();
    let memory = instance.get_memory(&mut store, "memory").unwrap().data(&store).to_vec();
    Left { trap, memory, globals }
}

/// Prepares `wasm`, and holds its run against the judge's run of what was given.
#[track_caller]
pub(crate) fn check(wasm: &[u8]) -> Left {
    let prepared = prepare(wasm).unwrap();
    check_prepared(wasm, &prepared)
}

/// The same, for a module that is prepared already.
#[track_caller]
pub(crate) fn check_prepared(wasm: &[u8], prepared: &Prepared) -> Left {
    let left = leave(plain(), &prepared.bytes);
    let expected = leave(judge(), wasm);
    if [left.trap, expected.trap].contains(&Some(Trap::StackOverflow)) {
        // No result of anything: how much stack a call takes is the machine's matter.
        return left;
    }
    let differs_at = left.memory.iter().zip(&expected.memory).position(|(a, b)| a != b);
    assert_eq!(differs_at, None, "other bytes in memory; globals {:?}", left.globals);
    assert_eq!((left.trap, &left.globals), (expected.trap, &expected.globals));
    assert_eq!(left.memory.len(), expected.memory.len());
    let again = prepare(&prepared.bytes).unwrap();
    assert_eq!(again.bytes, prepared.bytes, "preparing twice is not preparing once");
    assert_eq!(again.report.nan_points, prepared.report.nan_points);
    left
}
