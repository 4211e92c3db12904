//! What would differ if nothing was prepared: the same guests in a plain engine.
//!
//! WebAssembly leaves the sign and the payload of a NaN that an operation makes to the processor.
//! Here nothing makes up for that, so the cases in which two machines differ are those that
//! preparation is for.

use wasmtime::{Config, Engine, Instance, Module, Store};

use crate::answer::{Answer, How, hex};
use crate::case::Case;
use crate::machine::Machine;

/// An engine without any of the sandbox's settings.
///
/// # Errors
/// If it cannot run here.
pub fn engine(machine: Machine) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    if machine == Machine::Pulley {
        config.target("pulley64")?;
    }
    Engine::new(&config)
}

/// Calls one step of a guest that imports nothing, and hashes its memory.
#[must_use]
pub fn answer(engine: &Engine, case: &Case) -> Answer {
    match memory_after_a_step(engine, case) {
        Ok(hash) => Answer { how: How::Success, detail: format!("memory {}", hex(&hash)) },
        Err(error) => match error.downcast_ref::<wasmtime::Trap>() {
            Some(trap) => Answer { how: How::Trap, detail: trap.to_string() },
            None => Answer { how: How::HostError, detail: format!("{error:#}") },
        },
    }
}

fn memory_after_a_step(engine: &Engine, case: &Case) -> wasmtime::Result<[u8; 32]> {
    let module = Module::new(engine, &case.wasm)?;
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let step = instance.get_typed_func::<(), i32>(&mut store, "manyhands_step")?;
    step.call(&mut store, ())?;
    let memory = instance
        .get_memory(&mut store, "memory")
        .ok_or_else(|| wasmtime::Error::msg("it exports no memory"))?;
    Ok(blake3::hash(memory.data(&store)).into())
}
