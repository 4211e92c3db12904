//! How much of the machine may be used at most, while a person uses it and while nobody does.

use crate::time::Span;

/// How many cores, as the owner says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// So many.
    Count(u32),
    /// A part of those that the machine has, in percent; at least one core unless it is 0.
    Percent(u8),
}

impl Cores {
    /// All of them.
    pub const ALL: Self = Self::Percent(100);

    /// How many that are on a machine with `cores`; never more than it has.
    #[must_use]
    pub fn of(self, cores: u32) -> u32 {
        match self {
            Self::Count(count) => count.min(cores),
            Self::Percent(0) => 0,
            Self::Percent(percent) => {
                let part = u64::from(cores) * u64::from(percent) / 100;
                u32::try_from(part).unwrap_or(u32::MAX).clamp(1, cores.max(1))
            }
        }
    }
}

/// What programs may use together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Cores, one for each program that runs.
    pub cores: Cores,
    /// Of each second, in percent, 1 to 100: for the rest of it they are stopped.
    pub cpu_percent: u8,
    /// Memory of all programs together.
    pub memory_bytes: u64,
}

/// What the owner of a machine allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// While a person uses the machine, and while that is unknown.
    pub in_use: Allowance,
    /// While nobody does.
    pub idle: Allowance,
    /// Nobody uses a machine that was not touched for so long.
    pub idle_after: Span,
    /// Whether what other programs compute is taken off the cores that may be used.
    pub yields: bool,
    /// Bytes that may be sent and received on one day; none for any number.
    pub network_day_bytes: Option<u64>,
    /// Bytes of blobs and checkpoints that may be written to disk on one day; none for any number. When they are
    /// written, nothing runs until the next day: programs that run would be saved again and again.
    pub disk_day_bytes: Option<u64>,
    /// A pause that lasts longer gives the programs' memory back.
    pub memory_after: Span,
}

impl Limits {
    /// Never disturbs, and takes what nobody uses: nothing while the machine is in use, and all cores,
    /// and half of its memory, when it was left alone for three minutes.
    #[must_use]
    pub const fn gentle(memory_bytes: u64) -> Self {
        let idle =
            Allowance { cores: Cores::ALL, cpu_percent: 100, memory_bytes: memory_bytes / 2 };
        Self {
            in_use: Allowance { cores: Cores::Count(0), ..idle },
            idle,
            idle_after: Span::minutes(3),
            yields: true,
            network_day_bytes: None,
            disk_day_bytes: None,
            memory_after: Span::minutes(10),
        }
    }
}

/// What a machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Cores that may be computed on, at least one.
    pub cores: u32,
    /// Most programs at once, whatever else is allowed.
    pub slots: u32,
    /// Memory that one program may have.
    pub slot_bytes: u64,
}

impl Machine {
    /// How many programs fit into an allowance.
    #[must_use]
    pub fn slots_within(&self, allowance: &Allowance) -> u32 {
        let fit = allowance.memory_bytes / self.slot_bytes.max(1);
        let fit = u32::try_from(fit).unwrap_or(u32::MAX);
        allowance.cores.of(self.cores).min(fit).min(self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_cores_is_at_least_one() {
        let of = |percent, cores| Cores::Percent(percent).of(cores);
        assert_eq!([of(0, 8), of(1, 8), of(25, 8), of(99, 8), of(100, 8)], [0, 1, 2, 7, 8]);
        assert_eq!([Cores::Count(3).of(2), Cores::ALL.of(1), Cores::Count(0).of(9)], [2, 1, 0]);
    }

    #[test]
    fn programs_need_memory_too() {
        let machine = Machine { cores: 8, slots: 6, slot_bytes: 1 << 30 };
        let mut allowance = Limits::gentle(8 << 30).idle;
        assert_eq!(machine.slots_within(&allowance), 4);
        allowance.memory_bytes = u64::MAX;
        assert_eq!(machine.slots_within(&allowance), 6);
        allowance.memory_bytes = (1 << 30) - 1;
        assert_eq!(machine.slots_within(&allowance), 0);
    }
}
