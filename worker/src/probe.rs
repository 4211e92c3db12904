//! What this machine has. The only file that asks the machine about itself.

use std::num::NonZeroU32;
use std::thread;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Cores that this process may use; 1 if the system does not say.
#[must_use]
pub(crate) fn cores() -> NonZeroU32 {
    let cores = thread::available_parallelism().ok().and_then(|cores| cores.try_into().ok());
    cores.unwrap_or(NonZeroU32::MIN)
}

/// Memory of the machine, or of the control group that this process is confined to; `None` if the
/// system does not say.
#[must_use]
pub(crate) fn memory_bytes() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    let group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    Some(system.total_memory().min(group))
}
