//! Which hosts were leased units of which files, so that a host that has a file may get more units that read it.
//!
//! It only helps to choose who gets a fresh unit. So it is kept in memory, and a restart or a bound may forget any
//! of it: whatever is forgotten is found again from the rows of units, or given in the order of the job.
//! `engine/LOCALITY.md` says what follows from it, and what must not.

use std::collections::BTreeMap;

use crate::id::{HostId, JobId};
use crate::limits::JOBS_OPEN_MAX;

/// Files of all jobs that one host is known to have.
pub const FILES_PER_HOST_MAX: usize = 16;

/// Hosts of which something is known.
const HOSTS_MAX: usize = 65_536;

/// Files of all jobs of which is known where to look for units that nobody had.
const FILES_MAX: usize = 131_072;

/// A file of a job: its place on the axis.
type File = (JobId, u32);

/// What is known of hosts and files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locality {
    /// What each host was leased, the newest last.
    hosts: BTreeMap<HostId, Vec<File>>,
    /// From which of a file's units on to look for one that nobody had.
    nexts: BTreeMap<File, u32>,
    /// The file that the next host without one is given.
    turns: BTreeMap<JobId, u32>,
}

impl Locality {
    /// Takes up that the host was leased a unit that reads this file.
    pub fn note(&mut self, host: HostId, job: JobId, file: u32) {
        let files = self.hosts.entry(host).or_default();
        files.retain(|known| *known != (job, file));
        files.push((job, file));
        if files.len() > FILES_PER_HOST_MAX {
            files.remove(0);
        }
        if self.hosts.len() > HOSTS_MAX {
            self.hosts.pop_first();
        }
    }

    /// Takes everything away that is known of the host.
    pub fn forget(&mut self, host: HostId) {
        self.hosts.remove(&host);
    }

    /// The files of the job that the host was leased, the newest first.
    #[must_use]
    pub fn files(&self, host: HostId, job: JobId) -> Vec<u32> {
        let files = self.hosts.get(&host).into_iter().flatten().rev();
        files.filter(|(of, _)| *of == job).map(|(_, file)| *file).collect()
    }

    /// From which of the file's units on to look for one that nobody had.
    #[must_use]
    pub fn next_unit(&self, job: JobId, file: u32) -> u32 {
        self.nexts.get(&(job, file)).copied().unwrap_or(0)
    }

    /// Takes up that those before the `nth` unit of the file need not be looked at any more.
    pub fn note_next(&mut self, job: JobId, file: u32, nth: u32) {
        let known = self.nexts.entry((job, file)).or_default();
        *known = nth.max(*known);
        if self.nexts.len() > FILES_MAX {
            self.nexts.pop_first();
        }
    }

    /// The next of so many files in turn, around in a circle.
    pub fn next_file(&mut self, job: JobId, files: u32) -> u32 {
        let turn = self.turns.entry(job).or_default();
        let file = *turn % files.max(1);
        *turn = (file + 1) % files.max(1);
        if self.turns.len() > JOBS_OPEN_MAX {
            self.turns.pop_first();
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: JobId = JobId(7);

    #[test]
    fn the_newest_files_of_a_host_are_known() {
        let mut locality = Locality::default();
        let host = HostId(1);
        locality.note(host, JobId(6), 99);
        (0..20).chain([10]).for_each(|file| locality.note(host, JOB, file));
        let files = locality.files(host, JOB);
        assert_eq!(files.len(), FILES_PER_HOST_MAX);
        assert_eq!(files[..3], [10, 19, 18]);
        assert_eq!(locality.files(host, JobId(6)), []);
        assert_eq!(locality.files(HostId(2), JOB), []);
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut locality = Locality::default();
        for n in 0..=HOSTS_MAX as u64 {
            locality.note(HostId(n), JOB, 0);
        }
        assert_eq!(
            (locality.files(HostId(0), JOB), locality.files(HostId(1), JOB)),
            (vec![], vec![0])
        );
        for n in 0..=u32::try_from(FILES_MAX).unwrap() {
            locality.note_next(JOB, n, 5);
        }
        assert_eq!((locality.next_unit(JOB, 0), locality.next_unit(JOB, 1)), (0, 5));
        for n in 0..=JOBS_OPEN_MAX as u64 {
            locality.next_file(JobId(n), 3);
        }
        assert_eq!((locality.next_file(JobId(1), 3), locality.turns.len()), (1, JOBS_OPEN_MAX));
    }

    #[test]
    fn nobody_looks_back_and_turns_go_round() {
        let mut locality = Locality::default();
        locality.note_next(JOB, 3, 5);
        locality.note_next(JOB, 3, 2);
        assert_eq!(locality.next_unit(JOB, 3), 5);
        let turns: Vec<u32> = (0..5).map(|_| locality.next_file(JOB, 2)).collect();
        assert_eq!(turns, [0, 1, 0, 1, 0]);
    }
}
