//! What reading every unit of a million for a receipt costs, beside the same reads alone.

use std::time::{Duration, Instant};

use manyhands_coordinator::store::sqlite::SqliteStore;
use manyhands_core::id::JobId;
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::query::Survey;
use manyhands_core::store::{Store as _, Write};

use crate::floor;
use crate::memory::resident_bytes;

/// What a survey cost.
pub(crate) struct Surveyed {
    pub(crate) took: Duration,
    /// The longest that another question waited for a page.
    pub(crate) page_max: Duration,
    /// The same pages, read and dropped.
    pub(crate) reads_alone: Duration,
    pub(crate) memory_bytes: u64,
}

/// Surveys so many units that are done, two replicas each.
pub(crate) fn survey(units: u32) -> Surveyed {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("receipt.db")).unwrap();
    store.begin().unwrap();
    for index in 0..units {
        store.apply(vec![Write::PutUnit(floor::unit(index, 4))]).unwrap();
    }
    store.commit().unwrap();
    // The first round brings pages of the file into memory, for both alike.
    read(&store, |_| {});
    let (reads_alone, _) = read(&store, |_| {});
    let before = resident_bytes();
    let mut survey = Survey::new(units);
    let (took, page_max) = read(&store, |unit| survey.add(unit));
    assert_eq!(survey.results.digest().files, u64::from(units));
    let memory_bytes = resident_bytes().saturating_sub(before);
    Surveyed { took, page_max, reads_alone, memory_bytes }
}

/// Reads all units page by page: how long that took, and the longest page.
fn read(
    store: &SqliteStore,
    mut each: impl FnMut(&manyhands_core::work_unit::WorkUnit),
) -> (Duration, Duration) {
    let (began_at, mut from, mut page_max) = (Instant::now(), Some(0), Duration::ZERO);
    while let Some(first) = from {
        let page_began_at = Instant::now();
        let page = store.units(JobId(1), first, PAGE_MAX).unwrap();
        page.iter().for_each(&mut each);
        from = page.last().and_then(|unit| unit.id.index.checked_add(1));
        page_max = page_max.max(page_began_at.elapsed());
    }
    (began_at.elapsed(), page_max)
}
