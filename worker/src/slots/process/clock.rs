//! CPU time of a process where there is no clock of it to read: the system's list of processes has it.

use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::process::Child;

/// CPU time that a child has used since it was started; `None` if it is gone, or the system does not say.
pub(in crate::slots) fn cpu_time(child: &Child) -> Option<Duration> {
    let pid = Pid::from_u32(child.id()?);
    let mut system = System::new().ok()?;
    let wanted = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
    system.process(pid).map(|process| Duration::from_millis(process.accumulated_cpu_time()))
}
