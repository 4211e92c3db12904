//! Which of the units that nobody ever had a request gets.
//!
//! First those whose file the host has, as far as it was leased it here, then those of a file that is next in turn,
//! then those that come next in the order of the job. `LOCALITY.md` says why, and for whom not.

use std::collections::BTreeSet;

use super::rows::Rows;
use super::search::Role;
use crate::file_axis::FileAxis;
use crate::id::{HostId, JobId, UnitId};
use crate::job::Job;
use crate::locality::Locality;
use crate::store::{Store, StoreError};
use crate::work_unit::WorkUnit;

/// Units begun ahead of the order that one request passes over, at most, when it needs those behind them.
const AHEAD_LOOKED_AT_MAX: u32 = 1_024;

/// The same, for each unit that it took for its file, that one included, so that they are not all passed over at the end.
const PASSED_PER_UNIT: u32 = 2;

/// Units that were begun already which one request looks at in vain for those of a file.
const BEGUN_LOOKED_AT_MAX: u32 = 64;

/// Files that one request looks at in turn. Of most of them is known how far they were begun.
const FILES_LOOKED_AT_MAX: u32 = 256;

/// Units that nobody ever had, for one request.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// Their indices: those that were chosen for their file, then those that come next in the order.
    units: Vec<u32>,
    /// How many were chosen for their file.
    chosen: u32,
    /// How many units begun ahead of the order, those just chosen included, the order passes over.
    passed: u32,
    /// Whether it ended before it had looked at all.
    pub(super) has_unseen: bool,
}

impl Fresh {
    /// How many units there are.
    pub(super) fn len(&self) -> usize {
        self.units.len()
    }
}

/// Finds at most `wanted` units of the job, of which so many wait.
pub(super) fn find(
    store: &dyn Store,
    job: &Job,
    (host, role): (HostId, Role),
    wanted: usize,
    locality: &mut Locality,
) -> Result<Fresh, StoreError> {
    let mut fresh = Fresh::default();
    if let Some(axis) = axis(job, role) {
        Choosing { store, job, axis, wanted, left: BEGUN_LOOKED_AT_MAX, found: &mut fresh.units }
            .choose(host, locality)?;
    }
    fresh.chosen = u32::try_from(fresh.units.len()).unwrap_or(u32::MAX);
    follow(store, job, wanted, &mut fresh)?;
    Ok(fresh)
}

/// The axis of the job's files, where a host may be preferred that has one of them.
pub(super) fn axis(job: &Job, role: Role) -> Option<FileAxis> {
    match role {
        Role::Voter => job.file_axis,
        // Whoever mostly got fresh units of files that it has would know the others for audits.
        Role::Founder | Role::Believed | Role::Newcomer => None,
    }
}

/// Makes rows for the units.
pub(super) fn begin(rows: &mut Rows, id: JobId, fresh: &Fresh) -> Vec<UnitId> {
    let job = rows.job_mut(id);
    let count = u32::try_from(fresh.units.len()).unwrap_or(u32::MAX);
    job.counts.waiting -= count;
    job.counts.open += count;
    job.begun_ahead += fresh.chosen;
    job.begun_ahead -= fresh.passed;
    let begun: Vec<UnitId> = fresh.units.iter().map(|index| id.unit(*index)).collect();
    begun.iter().for_each(|unit| rows.new_unit(WorkUnit::new(*unit)));
    begun
}

/// Goes on in the order of the job, to the units that are still wanted, and passes over what was begun ahead of it.
fn follow(
    store: &dyn Store,
    job: &Job,
    wanted: usize,
    fresh: &mut Fresh,
) -> Result<(), StoreError> {
    let ahead = job.begun_ahead.saturating_add(fresh.chosen);
    let chosen: BTreeSet<u32> = fresh.units.iter().copied().collect();
    for nth in job.order_at()..job.units_total {
        let is_full = fresh.units.len() >= wanted;
        let tidied = fresh.chosen.saturating_mul(PASSED_PER_UNIT);
        if fresh.passed >= if is_full { tidied } else { AHEAD_LOOKED_AT_MAX } {
            fresh.has_unseen = !is_full;
            break;
        }
        let index = job.order.index(nth, job.units_total);
        let may_be_begun = fresh.passed < ahead;
        if may_be_begun && (chosen.contains(&index) || store.unit(job.id.unit(index))?.is_some()) {
            fresh.passed += 1;
        } else if is_full {
            break;
        } else {
            fresh.units.push(index);
        }
    }
    Ok(())
}

/// The choice of units for their files.
struct Choosing<'a> {
    store: &'a dyn Store,
    job: &'a Job,
    axis: FileAxis,
    wanted: usize,
    /// So many units may still be looked at in vain.
    left: u32,
    found: &'a mut Vec<u32>,
}

impl Choosing<'_> {
    fn choose(mut self, host: HostId, locality: &mut Locality) -> Result<(), StoreError> {
        for file in locality.files(host, self.job.id) {
            self.take_of(file, locality)?;
        }
        for _ in 0..self.axis.files.min(FILES_LOOKED_AT_MAX) {
            if self.is_over() {
                break;
            }
            let file = locality.next_file(self.job.id, self.axis.files);
            self.take_of(file, locality)?;
        }
        Ok(())
    }

    /// Takes units of one file, from where it is known that some may be left.
    fn take_of(&mut self, file: u32, locality: &mut Locality) -> Result<(), StoreError> {
        let units = self.axis.units_each(self.job.units_total);
        let mut nth = locality.next_unit(self.job.id, file);
        while nth < units && !self.is_over() {
            if self.is_begun(file, nth)? {
                nth = self.behind(file, nth, units)?;
            } else {
                self.found.extend(self.axis.unit(file, nth));
                nth += 1;
            }
        }
        locality.note_next(self.job.id, file, nth);
        Ok(())
    }

    /// Where the begun units of a file end that follow the `begun` one: by steps that double, then by halves, since a file's
    /// units are begun one after the other. Where they were not, some that nobody had are behind it; those
    /// are given in the order of the job.
    fn behind(&mut self, file: u32, mut begun: u32, units: u32) -> Result<u32, StoreError> {
        let mut step = 1;
        while begun.saturating_add(step) < units && self.is_begun(file, begun + step)? {
            begun += step;
            step *= 2;
        }
        let mut end = begun.saturating_add(step).min(units);
        while end - begun > 1 && self.left > 0 {
            let middle = begun + (end - begun) / 2;
            if self.is_begun(file, middle)? {
                begun = middle;
            } else {
                end = middle;
            }
        }
        Ok(begun + 1)
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.found.len() == self.wanted
    }

    /// Whether a unit of the file has a row or is just being taken. Counts what it looks at in vain.
    fn is_begun(&mut self, file: u32, nth: u32) -> Result<bool, StoreError> {
        let Some(index) = self.axis.unit(file, nth) else { return Ok(true) };
        let is_found = self.found.contains(&index);
        let is_begun = is_found || self.store.unit(self.job.id.unit(index))?.is_some();
        self.left = self.left.saturating_sub(u32::from(is_begun));
        Ok(is_begun)
    }
}
