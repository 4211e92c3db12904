//! The border between a guest and the sandbox, as data: what a module may import and what it exports.
//!
//! The sandbox links exactly this list (a test of the worker holds the two together).

use std::fmt;

use self::Value::{I32, I64};

/// The module name of WASI preview 1.
pub const WASI: &str = "wasi_snapshot_preview1";

/// The module name of our own functions.
pub const OWN: &str = "manyhands";

/// The entry point of a command.
pub const ENTRY_COMMAND: &str = "_start";

/// The entry point of a step program: `() -> i32`, 0 for "more", 1 for "done".
pub const ENTRY_STEP: &str = "manyhands_step";

/// Called once before the first step, if exported.
pub const ENTRY_INITIALIZE: &str = "_initialize";

/// Exports whose names begin so are written by preparation only.
pub const RESERVED_PREFIX: &str = "manyhands:";

/// The reserved name under which the global that counts work, an `i64`, is exported.
pub const WORK: &str = "manyhands:work";

/// Size of a page of linear memory.
pub const PAGE_BYTES: u64 = 64 << 10;

/// The reserved name under which the mutable global `index` is exported.
#[must_use]
pub fn global_export(index: u32) -> String {
    format!("{RESERVED_PREFIX}global:{index}")
}

/// A type of the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// An importable function.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Module part of the name.
    pub module: &'static str,
    /// Name within the module.
    pub name: &'static str,
    /// Types of the parameters.
    pub params: &'static [Value],
    /// Types of the results.
    pub results: &'static [Value],
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| {
            let names = values.iter().map(|v| if *v == I32 { "i32" } else { "i64" });
            names.collect::<Vec<_>>().join(", ")
        };
        write!(f, "({}) -> ({})", list(self.params), list(self.results))
    }
}

/// Finds an importable function.
#[must_use]
pub fn find(module: &str, name: &str) -> Option<&'static Signature> {
    IMPORTS.iter().find(|s| s.module == module && s.name == name)
}

const fn wasi(name: &'static str, params: &'static [Value]) -> Signature {
    Signature { module: WASI, name, params, results: &[I32] }
}

/// Every function that a guest may import. What a deterministic machine cannot offer (sockets, links,
/// times of files) is here too and answers `ENOTSUP`, so that programs which merely mention it run.
pub const IMPORTS: &[Signature] = &[
    Signature { module: OWN, name: "progress", params: &[I32], results: &[] },
    Signature { module: WASI, name: "proc_exit", params: &[I32], results: &[] },
    wasi("proc_raise", &[I32]),
    wasi("sched_yield", &[]),
    wasi("args_get", &[I32, I32]),
    wasi("args_sizes_get", &[I32, I32]),
    wasi("environ_get", &[I32, I32]),
    wasi("environ_sizes_get", &[I32, I32]),
    wasi("clock_res_get", &[I32, I32]),
    wasi("clock_time_get", &[I32, I64, I32]),
    wasi("random_get", &[I32, I32]),
    wasi("poll_oneoff", &[I32, I32, I32, I32]),
    wasi("fd_advise", &[I32, I64, I64, I32]),
    wasi("fd_allocate", &[I32, I64, I64]),
    wasi("fd_close", &[I32]),
    wasi("fd_datasync", &[I32]),
    wasi("fd_fdstat_get", &[I32, I32]),
    wasi("fd_fdstat_set_flags", &[I32, I32]),
    wasi("fd_fdstat_set_rights", &[I32, I64, I64]),
    wasi("fd_filestat_get", &[I32, I32]),
    wasi("fd_filestat_set_size", &[I32, I64]),
    wasi("fd_filestat_set_times", &[I32, I64, I64, I32]),
    wasi("fd_pread", &[I32, I32, I32, I64, I32]),
    wasi("fd_prestat_get", &[I32, I32]),
    wasi("fd_prestat_dir_name", &[I32, I32, I32]),
    wasi("fd_pwrite", &[I32, I32, I32, I64, I32]),
    wasi("fd_read", &[I32, I32, I32, I32]),
    wasi("fd_readdir", &[I32, I32, I32, I64, I32]),
    wasi("fd_renumber", &[I32, I32]),
    wasi("fd_seek", &[I32, I64, I32, I32]),
    wasi("fd_sync", &[I32]),
    wasi("fd_tell", &[I32, I32]),
    wasi("fd_write", &[I32, I32, I32, I32]),
    wasi("path_create_directory", &[I32, I32, I32]),
    wasi("path_filestat_get", &[I32, I32, I32, I32, I32]),
    wasi("path_filestat_set_times", &[I32, I32, I32, I32, I64, I64, I32]),
    wasi("path_link", &[I32, I32, I32, I32, I32, I32, I32]),
    wasi("path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32]),
    wasi("path_readlink", &[I32, I32, I32, I32, I32, I32]),
    wasi("path_remove_directory", &[I32, I32, I32]),
    wasi("path_rename", &[I32, I32, I32, I32, I32, I32]),
    wasi("path_symlink", &[I32, I32, I32, I32, I32]),
    wasi("path_unlink_file", &[I32, I32, I32]),
    wasi("sock_accept", &[I32, I32, I32]),
    wasi("sock_recv", &[I32, I32, I32, I32, I32, I32]),
    wasi("sock_send", &[I32, I32, I32, I32, I32]),
    wasi("sock_shutdown", &[I32, I32]),
];
