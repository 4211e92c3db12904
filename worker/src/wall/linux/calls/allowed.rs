//! The system calls that a slot needs, and why. Found by watching every test of the slots under `strace`; what
//! changes here is a change of what an escaped guest can do.

use nix::libc;
use seccompiler::{BackendError, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

use super::{Calls, any_of, argument_is};

/// Allowed whatever their arguments are.
const ALWAYS: &[libc::c_long] = &[
    // Pipes and a socket: orders, notes, wishes and last words.
    libc::SYS_read,
    libc::SYS_write,
    // Files of the room: modules, inputs, compiled code, checkpoints, outputs.
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_statx,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_fsync,
    libc::SYS_getdents64,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    // Memory: the allocator; the engine's guests, their machine code, and images that they are started from.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_memfd_create,
    // Newly written machine code is made visible to all cores.
    libc::SYS_membarrier,
    // Threads: the guest's, and one that writes a checkpoint. How one is made is below.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // The allocator has as many heaps as cores.
    libc::SYS_sched_getaffinity,
    // Signals: a guest's trap is one, and handled on a stack of its own.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time, of the wall and of the processor.
    libc::SYS_clock_gettime,
    libc::SYS_getrusage,
    // Seeds of hash tables.
    libc::SYS_getrandom,
    // A smaller room: nothing is ever won by these.
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
    // The end.
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Older forms of calls above, which the C library still takes on this processor.
#[cfg(target_arch = "x86_64")]
const OLDER: &[libc::c_long] = &[libc::SYS_rename, libc::SYS_unlink];
#[cfg(target_arch = "aarch64")]
const OLDER: &[libc::c_long] = &[libc::SYS_renameat];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const OLDER: &[libc::c_long] = &[];

/// What the C libraries ask for to make a thread: glibc, and musl with one bit that no kernel reads.
const THREAD_FLAGS: [i32; 2] = [0x003d_0f00, 0x007d_0f00];

/// Commands on open files; not those that have a signal sent to another process.
const FILE_COMMANDS: [i32; 6] = [
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    // The engine seals its images.
    libc::F_ADD_SEALS,
    libc::F_GET_SEALS,
];

/// All that is allowed.
pub(super) fn calls() -> Result<Calls, BackendError> {
    let mut calls: Calls = ALWAYS.iter().chain(OLDER).map(|number| (*number, Vec::new())).collect();
    let own_id = u64::from(std::process::id());
    let own_cpu_limit = vec![argument_is(0, 0)?, argument_is(1, CPU_LIMIT)?];
    calls.extend([
        // Threads, never processes. The newer `clone3` cannot be looked into; the C library does without it.
        (libc::SYS_clone, thread_flags()?),
        // To end itself when something is badly wrong.
        (libc::SYS_tgkill, vec![SeccompRule::new(vec![argument_is(0, own_id)?])?]),
        // Names of threads; and, before a smaller room, that there are no new privileges, which is so already.
        (libc::SYS_prctl, any_of(0, &[libc::PR_SET_NAME, libc::PR_SET_NO_NEW_PRIVS])?),
        (libc::SYS_fcntl, any_of(1, &FILE_COMMANDS)?),
        // The limit of CPU time, which is set anew for each run.
        (libc::SYS_prlimit64, vec![SeccompRule::new(own_cpu_limit)?]),
    ]);
    Ok(calls)
}

const CPU_LIMIT: u64 = libc::RLIMIT_CPU as u64;

fn thread_flags() -> Result<Vec<SeccompRule>, BackendError> {
    let equal = |flags: i32| {
        let length = SeccompCmpArgLen::Qword;
        let flags = u64::from(flags.unsigned_abs());
        SeccompRule::new(vec![SeccompCondition::new(0, length, SeccompCmpOp::Eq, flags)?])
    };
    THREAD_FLAGS.into_iter().map(equal).collect()
}
