//! What other programs compute, and would: the machine's busy time without our own, and the time in which somebody waited
//! for a core.
//!
//! Whoever is there to give way is not noticed only where the system always finds the right core. Linux takes a core in
//! which nothing but idle classes runs for free when a process begins or wakes, and then moves nobody for a while: two
//! compilers may share one core, while a program of ours has the other one to itself. So wherever somebody waits, one
//! core more is taken to be wanted; once ours stand still, it shows what others really need.

use std::path::Path;
use std::time::{Duration, Instant};

/// Ticks as they were at the last look.
#[derive(Debug, Default)]
pub(super) struct Load {
    before: Option<(Ticks, u64)>,
}

/// Of all processors together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    all: u64,
    busy: u64,
    cores: u64,
}

impl Load {
    /// How many cores others kept busy since the last look, in thousandths; `own` is our own time in ticks.
    pub(super) fn of_others(&mut self, stat: &Path, own: u64) -> Option<i64> {
        let now = Ticks::parse(&std::fs::read_to_string(stat).ok()?)?;
        let (before, own_before) = self.before.replace((now, own))?;
        let all = now.all.checked_sub(before.all).filter(|all| *all > 0)?;
        let busy = now.busy.saturating_sub(before.busy);
        let others = busy.saturating_sub(own.saturating_sub(own_before));
        i64::try_from(u128::from(others) * 1_000 * u128::from(now.cores) / u128::from(all)).ok()
    }
}

/// For how long somebody had to wait for a core by the last look.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    before: Option<(Duration, Instant)>,
}

impl Waiting {
    /// In how much of the time since the last look somebody waited, in thousandths; `waited` is since the machine started.
    pub(super) fn share(&mut self, waited: Duration, now: Instant) -> i64 {
        let Some((before, at)) = self.before.replace((waited, now)) else { return 0 };
        let elapsed = now.saturating_duration_since(at).as_micros().max(1);
        let waited = waited.saturating_sub(before).as_micros().min(elapsed);
        i64::try_from(waited * 1_000 / elapsed).unwrap_or(0)
    }
}

impl Ticks {
    fn parse(stat: &str) -> Option<Self> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
        let fields: Vec<u64> = fields.take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        let [user, nice, system, idle, waiting, irq, softirq, steal] = fields[..] else {
            return None;
        };
        let busy = user + nice + system + irq + softirq;
        let is_core = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
        let cores = stat.lines().filter(is_core).count();
        let cores = u64::try_from(cores).ok().filter(|cores| *cores > 0)?;
        Some(Self { all: busy + idle + waiting + steal, busy, cores })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_a_share_of_the_time() {
        let (mut waiting, begun) = (Waiting::default(), Instant::now());
        let after = |ms| begun + Duration::from_millis(ms);
        assert_eq!(waiting.share(Duration::from_secs(9), begun), 0, "nothing to compare with");
        assert_eq!(waiting.share(Duration::from_millis(9_050), after(200)), 250);
        assert_eq!(waiting.share(Duration::from_secs(12), after(400)), 1_000, "all of it at most");
        assert_eq!(waiting.share(Duration::from_secs(1), after(600)), 0, "it was set back");
    }

    #[test]
    fn what_is_not_ours_is_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let stat = folder.path().join("stat");
        let write = |user: u64, idle: u64| {
            let text = format!("cpu  {user} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 2\ncpu1 3 4\nintr 5\n");
            std::fs::write(&stat, text).unwrap();
        };
        let mut load = Load::default();
        write(1_000, 5_000);
        assert_eq!(load.of_others(&stat, 70), None, "nothing to compare with");
        write(1_600, 5_400);
        assert_eq!(load.of_others(&stat, 170), Some(1_000), "500 of 1000 ticks on two cores");
        write(1_700, 5_400);
        assert_eq!(load.of_others(&stat, 370), Some(0), "ours may be read a little later");
        assert_eq!(load.of_others(&stat, 370), None, "no time has passed");
    }
}
