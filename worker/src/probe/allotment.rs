//! What a cluster's scheduler gives to this process, as it says in the environment.
//!
//! Schedulers that confine what they start (control groups, CPU sets) are heard anyway. Not all do, and none
//! may be asked for more than it gave.

use std::path::Path;

/// What may be used of the machine. `None` where nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Allotment {
    pub(super) cores: Option<u32>,
    pub(super) memory_bytes: Option<u64>,
}

/// Schedulers count memory in MiB.
const MIB: u64 = 1 << 20;

/// A machine ad is hardly longer.
const AD_BYTES_MAX: u64 = 1 << 20;

impl Allotment {
    /// What the environment says, of which `variable` tells.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let ad = variable("_CONDOR_MACHINE_AD").and_then(|path| text(Path::new(&path)));
        let condor = ad.map_or_else(Self::default, |ad| Self::condor(&ad));
        let slurm = Self::slurm(&|name| variable(name)?.trim().parse().ok());
        Self {
            cores: least(slurm.cores, condor.cores),
            memory_bytes: least(slurm.memory_bytes, condor.memory_bytes),
        }
    }

    /// [Slurm's](https://slurm.schedmd.com/sbatch.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES): one worker is one
    /// task. Memory 0 is all of the node's.
    fn slurm(number: &impl Fn(&str) -> Option<u64>) -> Self {
        let cores = number("SLURM_CPUS_PER_TASK").or_else(|| number("SLURM_CPUS_ON_NODE"));
        let of_cores = || number("SLURM_MEM_PER_CPU")?.checked_mul(cores?);
        let memory = number("SLURM_MEM_PER_NODE").or_else(of_cores).filter(|it| *it > 0);
        Self {
            cores: cores.and_then(|it| it.try_into().ok()).filter(|it| *it > 0),
            memory_bytes: memory.and_then(|it| it.checked_mul(MIB)),
        }
    }

    /// [HTCondor's machine ad](https://htcondor.readthedocs.io/en/latest/users-manual/env-of-job.html): a line
    /// `Name = value` for each attribute of the slot that the job has.
    fn condor(ad: &str) -> Self {
        let number = |wanted: &str| {
            ad.lines().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                let is_it = name.trim().eq_ignore_ascii_case(wanted);
                is_it.then(|| value.trim().parse::<u64>().ok())?
            })
        };
        Self {
            cores: number("Cpus").and_then(|it| it.try_into().ok()).filter(|it| *it > 0),
            memory_bytes: number("Memory").filter(|it| *it > 0).and_then(|it| it.checked_mul(MIB)),
        }
    }
}

fn text(path: &Path) -> Option<String> {
    let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= AD_BYTES_MAX);
    is_small.then(|| std::fs::read_to_string(path).ok())?
}

/// The lesser of those that are known.
pub(super) fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> (Option<u32>, Option<u64>) {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let said = Allotment::of(|name| variables.get(name).map(|it| (*it).to_owned()));
        (said.cores, said.memory_bytes)
    }

    #[test]
    fn slurm_says_what_a_task_gets() {
        assert_eq!(of(&[]), (None, None));
        let on_node = ("SLURM_CPUS_ON_NODE", "8");
        assert_eq!(of(&[on_node]), (Some(8), None));
        let task = ("SLURM_CPUS_PER_TASK", "3");
        assert_eq!(of(&[on_node, task]), (Some(3), None));
        assert_eq!(of(&[task, ("SLURM_MEM_PER_CPU", "1000")]), (Some(3), Some(3_000 << 20)));
        assert_eq!(of(&[("SLURM_MEM_PER_NODE", "4096")]), (None, Some(4 << 30)));
        assert_eq!(of(&[("SLURM_MEM_PER_NODE", "0")]), (None, None), "all that there is");
        assert_eq!(of(&[("SLURM_CPUS_PER_TASK", "all")]), (None, None));
    }

    #[test]
    fn htcondor_says_what_a_slot_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".machine.ad");
        let text = "Activity = \"Idle\"\nCpus = 4\nDetectedCpus = 64\nMemory = 2048\nMemoryUsage = 7 * 8\n";
        std::fs::write(&path, text).unwrap();
        let ad = ("_CONDOR_MACHINE_AD", path.to_str().unwrap());
        assert_eq!(of(&[ad]), (Some(4), Some(2 << 30)));
        assert_eq!(
            of(&[ad, ("SLURM_CPUS_ON_NODE", "2")]),
            (Some(2), Some(2 << 30)),
            "inside of it"
        );
        std::fs::write(&path, "Cpus = 0\nMemory = undefined\n").unwrap();
        assert_eq!(of(&[ad]), (None, None));
        assert_eq!(of(&[("_CONDOR_MACHINE_AD", "/nowhere")]), (None, None));
    }
}
