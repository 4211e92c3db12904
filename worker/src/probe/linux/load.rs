//! What other programs compute, and would: the machine's busy time without our own, and the time in which one of them
//! waited for a core.
//!
//! Whoever is there to give way is not noticed only where the system always finds the right core. Linux takes a core in
//! which nothing but idle classes runs for free when a process begins or wakes, and then moves nobody for a while: two
//! compilers may share one core, while a program of ours has the other one to itself. So if others wait, one core more
//! is taken to be wanted than they got; once ours stand still, it shows what they really need.

use std::collections::BTreeMap;
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

/// What somebody waits in a look without being held up by us: programs that share a machine do at times.
const WAITED_MAX: i64 = 100;

/// What others want more than they got if they wait for longer, in thousandths of a core.
const ONE_MORE: i64 = 1_000;

/// How long somebody had to wait for a core by the last look, and each of our slots.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    before: Option<(Instant, Duration, BTreeMap<u32, Duration>)>,
}

impl Waiting {
    /// How many cores more than they got others want, in thousandths; both times are since the beginning, `somebody`'s
    /// includes those of our `own` slots.
    pub(super) fn more(
        &mut self,
        now: Instant,
        somebody: Duration,
        own: BTreeMap<u32, Duration>,
    ) -> i64 {
        let others = self.of_others(now, somebody, &own);
        self.before = Some((now, somebody, own));
        if others > WAITED_MAX { ONE_MORE } else { 0 }
    }

    /// In how much of the time since the last look others waited, in thousandths. Our slots often wait at the same time, so of
    /// theirs the longest wait counts, and not the sum: if they did not, one core too many is left to others.
    fn of_others(&self, now: Instant, somebody: Duration, own: &BTreeMap<u32, Duration>) -> i64 {
        let Some((at, somebody_before, own_before)) = &self.before else { return 0 };
        // A slot that was not there before began since.
        let before = |id| own_before.get(id).copied().unwrap_or_default();
        let own = own.iter().map(|(id, waited)| waited.saturating_sub(before(id)));
        let somebody = somebody.saturating_sub(*somebody_before);
        let others = somebody.saturating_sub(own.max().unwrap_or_default());
        let elapsed = now.saturating_duration_since(*at).as_micros().max(1);
        i64::try_from(others.as_micros().min(elapsed) * 1_000 / elapsed).unwrap_or(0)
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

    /// What others want more, by what somebody and our two slots waited in 200 ms.
    fn more(somebody: u64, own: [u64; 2]) -> i64 {
        let (mut waiting, begun) = (Waiting::default(), Instant::now());
        let own_after = |ms: [u64; 2]| {
            [(20, 5_000 + ms[0]), (21, 6_000 + ms[1])]
                .map(|(id, ms)| (id, Duration::from_millis(ms)))
        };
        let since = Duration::from_secs(9);
        let first = waiting.more(begun, since, own_after([0, 0]).into());
        assert_eq!(first, 0, "nothing to compare with");
        let now = begun + Duration::from_millis(200);
        waiting.more(now, since + Duration::from_millis(somebody), own_after(own).into())
    }

    #[test]
    fn who_waits_and_is_not_ours_wants_a_core_more() {
        assert_eq!(more(100, [0, 0]), 1_000);
        assert_eq!(more(20, [0, 0]), 0, "now and then everybody waits");
        assert_eq!(more(100, [95, 100]), 0, "those were ours");
        assert_eq!(more(170, [100, 100]), 1_000, "for some of that time it was somebody else");
    }

    #[test]
    fn a_slot_that_began_has_waited_since_and_a_clock_may_be_set_back() {
        let (mut waiting, begun) = (Waiting::default(), Instant::now());
        let after = |ms| begun + Duration::from_millis(ms);
        waiting.more(begun, Duration::from_secs(9), BTreeMap::new());
        let new = BTreeMap::from([(30, Duration::from_millis(90))]);
        assert_eq!(waiting.more(after(200), Duration::from_millis(9_100), new), 0);
        assert_eq!(waiting.more(after(400), Duration::from_millis(9_200), BTreeMap::new()), 1_000);
        assert_eq!(waiting.more(after(600), Duration::from_secs(1), BTreeMap::new()), 0);
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
