//! System calls, by two seccomp filters: one lets through what a slot needs and answers anything else as a
//! kernel that does not know it; the other ends the process for what no slot ever tries.
//!
//! The system asks both and takes the harder answer.

mod allowed;
mod hostile;

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

use crate::wall::Wall;

/// Calls by number; a call without rules matches whatever its arguments are.
type Calls = BTreeMap<i64, Vec<SeccompRule>>;

const NAME: &str = "system calls";

pub(super) fn raise() -> io::Result<Wall> {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(missing("there is no filter for this processor"));
    };
    let allowed = allowed::calls().map_err(io::Error::other)?;
    let count = allowed.len();
    // Not a refusal: libraries have a way around a call that is not there, and none around one that is forbidden.
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filters = [
        filter(
            hostile::calls().map_err(io::Error::other)?,
            SeccompAction::Allow,
            SeccompAction::KillProcess,
            arch,
        ),
        filter(allowed, unknown, SeccompAction::Allow, arch),
    ];
    for filter in filters {
        match apply_filter(&filter.map_err(io::Error::other)?) {
            Ok(()) => {}
            // As a kernel without it says, and an emulator that would be subject to the filter itself.
            Err(seccompiler::Error::Seccomp(error)) if is_absent(&error) => {
                return Ok(missing("this kernel, or emulator, has no filters of system calls"));
            }
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    Ok(Wall::standing(NAME, format!("seccomp, {count} system calls allowed")))
}

fn filter(
    calls: Calls,
    otherwise: SeccompAction,
    matched: SeccompAction,
    arch: TargetArch,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(calls, otherwise, matched, arch)?.try_into()
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL))
}

fn missing(why: &str) -> Wall {
    let follows = "a program that got out of the engine could use the network and start programs";
    Wall::missing(NAME, format!("{why}: {follows}"))
}

/// A call whose argument `index`, counted from 0, must be `value` in its lower 32 bits: all that the kernel reads of it.
fn argument_is(index: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    let length = SeccompCmpArgLen::Dword;
    SeccompCondition::new(index, length, SeccompCmpOp::Eq, value & u64::from(u32::MAX))
}

/// Any of several values of one argument.
fn any_of(index: u8, values: &[i32]) -> Result<Vec<SeccompRule>, BackendError> {
    let rule =
        |value: &i32| SeccompRule::new(vec![argument_is(index, u64::from(value.unsigned_abs()))?]);
    values.iter().map(rule).collect()
}
