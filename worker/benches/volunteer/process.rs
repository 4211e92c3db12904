//! Processes, as `/proc` shows them.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::time::ClockId;
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::Failure;

/// The children of a process: of a worker, its slots.
pub(super) fn children(id: u32) -> Result<Vec<u32>, Failure> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        let text = fs::read_to_string(thread?.path().join("children"))?;
        children.extend(text.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(children)
}

/// Processor time that a process has used.
pub(super) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    let clock = ClockId::pid_cpu_clock_id(pid(id)?)?;
    Ok(clock.now()?.into())
}

/// Processor time of this process, and of its children that have ended.
pub(super) fn own_cpu_time() -> Result<Duration, Failure> {
    let of = |who| -> Result<Duration, Failure> {
        let usage = getrusage(who)?;
        let time = usage.user_time() + usage.system_time();
        Ok(Duration::from_micros(u64::try_from(time.num_microseconds())?))
    };
    Ok(of(UsageWho::RUSAGE_SELF)? + of(UsageWho::RUSAGE_CHILDREN)?)
}

/// Time in which any core of this machine did anything, all cores together.
pub(super) fn machine_cpu_time() -> Result<Duration, Failure> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let fields: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    let [user, nice, system, _idle, _waiting, irq, softirq, ..] = fields[..] else {
        return Err("an unknown form of /proc/stat".into());
    };
    ticks(user + nice + system + irq + softirq)
}

/// As many ticks of the kernel's clock.
fn ticks(count: u64) -> Result<Duration, Failure> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?.and_then(|it| u32::try_from(it).ok());
    Ok(Duration::from_secs(count) / per_second.unwrap_or(100))
}

/// Processor time of a process's children that have ended.
pub(super) fn ended_cpu_time(id: u32) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in brackets, may have spaces.
    let (_, rest) = stat.rsplit_once(')').ok_or("an unknown form of /proc/…/stat")?;
    let of_children = rest.split_whitespace().skip(13).take(2);
    ticks(of_children.filter_map(|it| it.parse::<u64>().ok()).sum())
}

/// Bytes of a process that are in the machine's memory.
pub(super) fn resident_bytes(id: u32) -> Result<u64, Failure> {
    let statm = fs::read_to_string(format!("/proc/{id}/statm"))?;
    let pages = statm.split_whitespace().nth(1).ok_or("an unknown form of /proc/…/statm")?;
    let page = sysconf(SysconfVar::PAGE_SIZE)?.and_then(|it| u64::try_from(it).ok());
    Ok(pages.parse::<u64>()? * page.unwrap_or(4096))
}

/// Whether a process stands still.
pub(super) fn is_stopped(id: u32) -> Result<bool, Failure> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    Ok(stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')))
}

fn pid(id: u32) -> Result<Pid, Failure> {
    Ok(Pid::from_raw(i32::try_from(id)?))
}

/// Stops a process, or lets it go on.
pub(super) fn signal(id: u32, signal: Signal) -> Result<(), Failure> {
    Ok(kill(pid(id)?, signal)?)
}
