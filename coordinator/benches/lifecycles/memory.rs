//! What a million units cost that nobody has begun.

use std::time::{Duration, Instant};

use manyhands_proto::v1::coordinator_message::Message as In;

use crate::grid::Grid;
use crate::load::Stream;

/// What waiting units cost.
pub(crate) struct Waiting {
    pub(crate) memory_bytes: u64,
    pub(crate) disk_bytes: u64,
    /// From the start of a coordinator to a lease in a host's hand.
    pub(crate) restart: Duration,
}

/// Submits so many units, looks at the memory, starts again.
pub(crate) async fn waiting(units: u32) -> Waiting {
    let grid = Grid::start(tempfile::tempdir().unwrap()).await;
    // A first job makes everything that is made once.
    grid.submit(1).await;
    let before = resident_bytes();
    grid.submit(units).await;
    let memory_bytes = resident_bytes().saturating_sub(before);
    let dir = grid.stop().await;
    let disk_bytes = std::fs::metadata(dir.path().join("coordinator.db")).unwrap().len();

    let began_at = Instant::now();
    let grid = Grid::start(dir).await;
    let mut stream = Stream::attach(0, grid.channel().await).await;
    stream.round(1, Vec::new()).await;
    assert!(matches!(stream.next().await, Some(In::Leases(_))));
    let restart = began_at.elapsed();
    drop(stream);
    grid.stop().await;
    Waiting { memory_bytes, disk_bytes, restart }
}

/// Memory of this process that is in use, where the system tells (Linux).
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok());
    kib.unwrap_or(0) * 1_024_u64
}
