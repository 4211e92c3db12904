//! The list of functions that the engine offers to guests: `manyhands_prepare::abi::IMPORTS`, each
//! bound to the method of the same name.

use manyhands_prepare::abi;
use wasmtime::{Caller, Linker};

use crate::sandbox::host::Host;
use crate::sandbox::instance::Guest;
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;

/// Binds WASI names to methods of [`Host`].
macro_rules! methods {
    ($linker:ident: $($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $($linker.func_wrap(
            abi::WASI,
            stringify!($name),
            |mut caller: Caller<'_, Guest>, $($arg: $ty),*| {
                enter(&mut caller, |host, memory| host.$name(memory, $($arg),*))
            },
        )?;)*
    };
}

/// Binds names of things that a deterministic machine cannot have.
macro_rules! unsupported {
    ($linker:ident: $($name:ident($($ty:ty),*);)*) => {
        $($linker.func_wrap(abi::WASI, stringify!($name), |$(_: $ty),*| {
            u32::from(Errno::NOTSUP.0)
        })?;)*
    };
}

/// Offers every importable function through `linker`.
pub(crate) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    link_process(linker)?;
    link_descriptors(linker)?;
    link_paths(linker)?;
    unsupported! { linker:
        path_filestat_set_times(u32, u32, u32, u32, u64, u64, u32);
        path_link(u32, u32, u32, u32, u32, u32, u32);
        path_readlink(u32, u32, u32, u32, u32, u32);
        path_symlink(u32, u32, u32, u32, u32);
        sock_accept(u32, u32, u32);
        sock_recv(u32, u32, u32, u32, u32, u32);
        sock_send(u32, u32, u32, u32, u32);
        sock_shutdown(u32, u32);
    }
    Ok(())
}

fn link_process(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(abi::OWN, "progress", |mut caller: Caller<'_, Guest>, ppm: u32| {
        enter(&mut caller, |host, memory| host.progress(memory, ppm))?;
        caller.data_mut().tell_progress();
        Ok(())
    })?;
    linker.func_wrap(abi::WASI, "proc_exit", |mut caller: Caller<'_, Guest>, code: u32| {
        enter(&mut caller, |host, memory| host.proc_exit(memory, code)).map(drop)
    })?;
    methods! { linker:
        proc_raise(signal: u32);
        sched_yield();
        args_get(pointers: u32, text: u32);
        args_sizes_get(count: u32, bytes: u32);
        environ_get(pointers: u32, text: u32);
        environ_sizes_get(count: u32, bytes: u32);
        clock_res_get(clock: u32, resolution: u32);
        clock_time_get(clock: u32, precision: u64, time: u32);
        random_get(pointer: u32, length: u32);
        poll_oneoff(subscriptions: u32, events: u32, count: u32, events_count: u32);
    }
    Ok(())
}

fn link_descriptors(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    methods! { linker:
        fd_advise(fd: u32, offset: u64, length: u64, advice: u32);
        fd_allocate(fd: u32, offset: u64, length: u64);
        fd_close(fd: u32);
        fd_fdstat_get(fd: u32, status: u32);
        fd_fdstat_set_flags(fd: u32, flags: u32);
        fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64);
        fd_filestat_get(fd: u32, status: u32);
        fd_filestat_set_size(fd: u32, size: u64);
        fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, flags: u32);
        fd_pread(fd: u32, buffers: u32, count: u32, offset: u64, read: u32);
        fd_prestat_get(fd: u32, status: u32);
        fd_prestat_dir_name(fd: u32, pointer: u32, length: u32);
        fd_pwrite(fd: u32, buffers: u32, count: u32, offset: u64, written: u32);
        fd_read(fd: u32, buffers: u32, count: u32, read: u32);
        fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, used: u32);
        fd_renumber(from: u32, to: u32);
        fd_seek(fd: u32, delta: i64, whence: u32, position: u32);
        fd_sync(fd: u32);
        fd_tell(fd: u32, position: u32);
        fd_write(fd: u32, buffers: u32, count: u32, written: u32);
    }
    // Nothing here survives the process, so there is no data apart from the rest.
    linker.func_wrap(abi::WASI, "fd_datasync", |mut caller: Caller<'_, Guest>, fd: u32| {
        enter(&mut caller, |host, memory| host.fd_sync(memory, fd))
    })?;
    Ok(())
}

fn link_paths(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    methods! { linker:
        path_create_directory(directory: u32, path: u32, length: u32);
        path_filestat_get(directory: u32, lookup: u32, path: u32, length: u32, status: u32);
        path_open(
            directory: u32, lookup: u32, path: u32, length: u32, how: u32, rights: u64,
            inheriting: u64, flags: u32, opened: u32
        );
        path_remove_directory(directory: u32, path: u32, length: u32);
        path_rename(
            from_directory: u32, from: u32, from_length: u32, to_directory: u32, to: u32,
            to_length: u32
        );
        path_unlink_file(directory: u32, path: u32, length: u32);
    }
    Ok(())
}

/// Steps from the guest into `call`, with the guest's memory as it is now.
fn enter(
    caller: &mut Caller<'_, Guest>,
    call: impl FnOnce(&mut Host, &mut GuestMemory<'_>) -> Result<(), Fault>,
) -> wasmtime::Result<u32> {
    // Until instantiation is over, only a `start` function can get here, and only the export knows
    // the memory.
    let memory = match caller.data().memory {
        Some(memory) => memory,
        None => caller
            .get_export("memory")
            .and_then(wasmtime::Extern::into_memory)
            .ok_or_else(|| wasmtime::Error::msg("a module without memory"))?,
    };
    let (bytes, guest) = memory.data_and_store_mut(&mut *caller);
    match call(&mut guest.host, &mut GuestMemory(bytes)) {
        Ok(()) => Ok(0),
        Err(Fault::Errno(errno)) => Ok(errno.0.into()),
        Err(Fault::End(end)) => Err(wasmtime::Error::new(end)),
    }
}
