//! A guest in the engine: its store, its limits, and what an error of the engine means.

use manyhands_prepare::abi;
use thiserror::Error;
use wasmtime::{Instance, Memory, ResourceLimiter, Store, TypedFunc};

use crate::sandbox::control::Teller;
use crate::sandbox::failure::{AppError, AppErrorKind, HostError, HostErrorKind, Limit, Trap};
use crate::sandbox::host::Host;
use crate::sandbox::outcome::Outcome;
use crate::sandbox::program::Program;
use crate::sandbox::wasi::errno::End;

/// Most entries of a guest's tables; a table cannot grow beyond it on any machine.
const TABLE_ENTRIES_MAX: usize = 1 << 20;
/// How much of the guest's last words an error carries.
const MESSAGE_BYTES_MAX: usize = 2 << 10;

/// What belongs to one run, beside memory and globals.
pub(crate) struct Guest {
    pub(crate) host: Host,
    /// The guest's memory, known once it is instantiated.
    pub(crate) memory: Option<Memory>,
    memory_bytes_max: u64,
    teller: Teller,
}

impl Guest {
    pub(crate) fn new(host: Host, teller: Teller) -> Self {
        let memory_bytes_max = host.limits.memory_bytes;
        Self { host, memory: None, memory_bytes_max, teller }
    }

    pub(crate) fn tell_progress(&mut self) {
        self.teller.tell_progress(self.host.progress_ppm);
    }

    pub(crate) fn teller(&mut self) -> &mut Teller {
        &mut self.teller
    }
}

/// The machine could not give what the guest was granted.
#[derive(Debug, Error)]
#[error("cannot have memory that was granted: {0}")]
struct OutOfMemory(String);

impl ResourceLimiter for Guest {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let declared = maximum.is_none_or(|maximum| desired <= maximum);
        Ok(declared && desired as u64 <= self.memory_bytes_max)
    }

    /// The guest must not learn that this machine is short of memory: the run ends instead.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // Growth beyond 4 GiB fails with plain words, and everywhere. Whatever has a type comes from
        // the operating system.
        let is_plain = error.is::<String>() || error.is::<&'static str>();
        if is_plain { Ok(()) } else { Err(OutOfMemory(format!("{error:#}")).into()) }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES_MAX)
    }
}

/// A guest between two calls.
pub(crate) struct Running {
    pub(crate) store: Store<Guest>,
    pub(crate) instance: Instance,
    pub(crate) memory: Memory,
}

impl Running {
    /// Instantiates `program`.
    pub(crate) fn new(program: &Program, guest: Guest) -> Result<Self, (Store<Guest>, Ended)> {
        let granted = guest.memory_bytes_max;
        let mut store = Store::new(program.linked.module().engine(), guest);
        store.limiter(|guest| guest);
        if program.counts_fuel
            && let Err(error) = store.set_fuel(u64::MAX)
        {
            return Err((store, ended(&error)));
        }
        if program.memory_bytes_min > granted {
            return Err((store, Ended::App(AppErrorKind::Limit(Limit::Memory))));
        }
        let instance = match program.linked.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Err((store, ended(&error))),
        };
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            let error = HostError::new(HostErrorKind::Module, "it exports no memory");
            return Err((store, Ended::Host(error)));
        };
        store.data_mut().memory = Some(memory);
        Ok(Self { store, instance, memory })
    }

    /// Calls `_start` of a command.
    pub(crate) fn start(&mut self) -> Result<(), Ended> {
        let start = self.function::<()>(abi::ENTRY_COMMAND)?;
        start.call(&mut self.store, ()).map_err(|error| ended(&error))
    }

    /// Calls `_initialize` of a step program, if it has one.
    pub(crate) fn initialize(&mut self) -> Result<(), Ended> {
        if self.instance.get_func(&mut self.store, abi::ENTRY_INITIALIZE).is_none() {
            return Ok(());
        }
        let initialize = self.function::<()>(abi::ENTRY_INITIALIZE)?;
        initialize.call(&mut self.store, ()).map_err(|error| ended(&error))
    }

    /// The step function.
    pub(crate) fn step(&mut self) -> Result<TypedFunc<(), i32>, Ended> {
        self.function(abi::ENTRY_STEP)
    }

    /// Work that the guest has counted. The instance may have trapped: what calls under way then had not
    /// yet handed over is missing, and it is the same on every machine.
    pub(crate) fn work(&mut self) -> u64 {
        let counter = self.instance.get_global(&mut self.store, abi::WORK);
        let count = counter.and_then(|counter| counter.get(&mut self.store).i64());
        count.unwrap_or_default().cast_unsigned()
    }

    fn function<R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
    ) -> Result<TypedFunc<(), R>, Ended> {
        self.instance
            .get_typed_func(&mut self.store, name)
            .map_err(|error| Ended::Host(HostError::new(HostErrorKind::Module, error)))
    }
}

/// Why a guest will not be called again.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It is done.
    Well,
    App(AppErrorKind),
    Host(HostError),
}

/// What an error from the engine means.
pub(crate) fn ended(error: &wasmtime::Error) -> Ended {
    if let Some(end) = error.downcast_ref::<End>() {
        return match *end {
            End::Exit(0) => Ended::Well,
            End::Exit(code) => Ended::App(AppErrorKind::Exit(code)),
            End::Limit(limit) => Ended::App(AppErrorKind::Limit(limit)),
        };
    }
    if let Some(trap) = error.downcast_ref::<wasmtime::Trap>() {
        return trapped(*trap);
    }
    let kind = match error.downcast_ref::<OutOfMemory>() {
        Some(_) => HostErrorKind::Memory,
        None => HostErrorKind::Engine,
    };
    Ended::Host(HostError::new(kind, format!("{error:#}")))
}

fn trapped(trap: wasmtime::Trap) -> Ended {
    use wasmtime::Trap as T;
    let trap = match trap {
        T::UnreachableCodeReached => Trap::Unreachable,
        T::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        T::TableOutOfBounds => Trap::TableOutOfBounds,
        T::IndirectCallToNull => Trap::NullFunction,
        T::BadSignature => Trap::WrongSignature,
        T::IntegerOverflow => Trap::IntegerOverflow,
        T::IntegerDivisionByZero => Trap::DivisionByZero,
        T::BadConversionToInteger => Trap::BadConversion,
        T::StackOverflow => {
            return Ended::Host(HostError::new(HostErrorKind::Stack, "calls are nested too deep"));
        }
        other => return Ended::Host(HostError::new(HostErrorKind::Engine, other)),
    };
    Ended::App(AppErrorKind::Trap(trap))
}

/// The outcome of a guest that ended so.
pub(crate) fn outcome(ended: Ended, host: &mut Host) -> Outcome {
    let app_error = |kind, host: &Host| {
        Outcome::AppError(AppError { kind, message: host.log.tail(MESSAGE_BYTES_MAX) })
    };
    match ended {
        Ended::Host(error) => Outcome::HostError(error),
        Ended::App(kind) => app_error(kind, host),
        Ended::Well => match host.outputs() {
            Ok(outputs) => Outcome::Success(outputs),
            Err(limit) => app_error(AppErrorKind::Limit(limit), host),
        },
    }
}
