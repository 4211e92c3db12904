//! How the hosts of a coordinator that was away come back: all at once, or as if nothing had been.

mod moved;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use manyhands_core::agent::retry::{Retry, return_within};
use manyhands_core::time::{Span, Timestamp};

use crate::chance::Chance;

/// Each host is heard once in so long when nothing happens, and at once when it comes back.
const HEARTBEAT: Span = Span::minutes(1);
/// A dial at a coordinator that is away fails after so long at most: at once if its machine is there.
const REFUSED_MAX: Span = Span::seconds(10);
/// When the coordinator goes away.
const AWAY_AT: Timestamp = Timestamp(10 * 60 * 1_000);
/// How long it is watched after it has come back.
const AFTER: Span = Span::minutes(20);
/// A second is the shortest time in which a rate means something.
const WINDOW: Span = Span::seconds(1);

/// A coordinator that moved, of which all hear in the same moment, as on a local network; or one in a hundred, and the others from
/// peers.
const ANNOUNCED: &str = "moved; all hear of it at once";
const PASSED_ON: &str = "moved; one in 100 hears of it, and tells who asks";

/// One outage.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    name: &'static str,
    away: Span,
    /// Contacts in the busiest second, as multiples of the mean before the outage.
    peak: f64,
    /// The same over ten seconds, in which chance hardly shows.
    peak_10: f64,
    /// When 99 of 100 hosts were back.
    back: Span,
}

/// Outages of several lengths, with and without hosts knowing how many they are.
#[derive(Clone, Debug)]
pub struct Table {
    hosts: u32,
    outcomes: Vec<Outcome>,
}

/// Lets so many hosts lose their coordinator.
#[must_use]
pub fn table(hosts: u32, seed: u64) -> Table {
    let spread = return_within(hosts.into(), HEARTBEAT);
    let lengths =
        [Span::seconds(2), Span::seconds(30), Span::minutes(2), Span::minutes(10), Span::hours(2)];
    let told = lengths.map(|away| run("told their number", hosts, away, spread, seed));
    let alone = lengths.map(|away| run("each for itself", hosts, away, Span::ZERO, seed));
    let moved = |name, one_in| moved::run(name, hosts, one_in, seed);
    let moved = [moved(ANNOUNCED, 1), moved(PASSED_ON, 100)];
    Table { hosts, outcomes: told.into_iter().chain(alone).chain(moved).collect() }
}

/// A host and when it next does something: renews, if it is connected, or dials.
#[derive(Debug)]
struct Host {
    retry: Retry,
    is_connected: bool,
}

fn run(name: &'static str, hosts: u32, away: Span, spread: Span, seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let back_at = AWAY_AT.plus(away);
    let end_at = back_at.plus(AFTER);
    let mut agenda = BinaryHeap::new();
    let mut all = Vec::new();
    for index in 0..hosts {
        let mut retry = Retry::default();
        retry.return_within(spread);
        all.push(Host { retry, is_connected: true });
        agenda.push(Reverse((Timestamp(chance.up_to(HEARTBEAT).0), index)));
    }
    let mut contacts = Contacts::default();
    let mut lost_at_once = true;
    let mut returns = Vec::new();
    while let Some(Reverse((now, index))) = agenda.pop().filter(|Reverse((now, _))| *now < end_at) {
        if lost_at_once && now >= AWAY_AT {
            // The streams end, and everybody knows it in the same moment.
            lost_at_once = false;
            agenda.clear();
            for (index, host) in (0..).zip(&mut all) {
                host.is_connected = false;
                let pause = host.retry.failed(&mut chance);
                agenda.push(Reverse((AWAY_AT.plus(pause), index)));
            }
            continue;
        }
        let Some(host) = usize::try_from(index).ok().and_then(|at| all.get_mut(at)) else {
            continue;
        };
        if !host.is_connected && now < back_at {
            let pause = chance.up_to(REFUSED_MAX).0 + host.retry.failed(&mut chance).0;
            agenda.push(Reverse((now.plus(Span(pause)), index)));
            continue;
        }
        if !host.is_connected {
            host.is_connected = true;
            returns.push(now.since(back_at));
        }
        contacts.count(now);
        agenda.push(Reverse((now.plus(HEARTBEAT), index)));
    }
    Outcome::new(name, away, hosts, &contacts, returns)
}

impl Outcome {
    /// What came of it, by when each host came back and all contacts.
    fn new(
        name: &'static str,
        away: Span,
        hosts: u32,
        contacts: &Contacts,
        mut returns: Vec<Span>,
    ) -> Self {
        returns.sort_unstable();
        // Whoever has not come back is not left out.
        let most = (hosts as usize * 99).div_ceil(100).saturating_sub(1);
        let steady = f64::from(hosts) / (HEARTBEAT.0 as f64 / 1_000.0);
        let back_at = AWAY_AT.plus(away);
        Self {
            name,
            away,
            peak: contacts.peak_from(back_at, 1) / steady,
            peak_10: contacts.peak_from(back_at, 10) / steady,
            back: returns.get(most).copied().unwrap_or(AFTER),
        }
    }
}

/// Contacts in each second.
#[derive(Debug, Default)]
struct Contacts(Vec<u32>);

impl Contacts {
    fn count(&mut self, at: Timestamp) {
        let second = usize::try_from(at.0 / WINDOW.0).unwrap_or(usize::MAX);
        if self.0.len() <= second {
            self.0.resize(second + 1, 0);
        }
        if let Some(count) = self.0.get_mut(second) {
            *count += 1;
        }
    }

    /// The most contacts per second over so many of them.
    fn peak_from(&self, from: Timestamp, seconds: usize) -> f64 {
        let first = usize::try_from(from.0 / WINDOW.0).unwrap_or(usize::MAX);
        let after = self.0.get(first..).unwrap_or_default();
        let sums = after.windows(seconds).map(|window| window.iter().sum::<u32>());
        f64::from(sums.max().unwrap_or(0)) / seconds as f64
    }
}

impl fmt::Display for Table {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts;
        writeln!(to, "{hosts} hosts, each heard once in {HEARTBEAT} when nothing happens")?;
        writeln!(
            to,
            "{:>8} {:>10} {:>10} {:>10}  hosts",
            "away", "peak 1 s", "peak 10 s", "99 % back"
        )?;
        for Outcome { name, away, peak, peak_10, back } in &self.outcomes {
            let (away, back) = (away.to_string(), back.to_string());
            writeln!(to, "{away:>8} {peak:>8.2} x {peak_10:>8.2} x {back:>10}  {name}")?;
        }
        let worst = |name: &str| {
            let of = self.outcomes.iter().filter(|it| it.name == name);
            of.map(|it| it.peak).fold(0.0, f64::max)
        };
        let told = worst("told their number");
        writeln!(to, "figure storm_peak_over_steady {told:.2} x")?;
        writeln!(to, "figure storm_peak_untold {:.2} x", worst("each for itself"))?;
        let moved = worst(ANNOUNCED).max(worst(PASSED_ON));
        writeln!(to, "figure storm_moved_peak_over_steady {moved:.2} x")?;
        let passed_on = self.outcomes.iter().find(|it| it.name == PASSED_ON);
        let back = passed_on.map_or(AFTER, |it| it.back).0 / 1_000;
        writeln!(to, "figure storm_moved_99_percent_back_s {back} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound that is promised for 10,000 hosts, whatever the seed.
    #[test]
    fn ten_thousand_hosts_come_back_as_if_nothing_had_been() {
        let spread = return_within(10_000, HEARTBEAT);
        for seed in 1..3 {
            for away in [Span::seconds(2), Span::minutes(2), Span::minutes(10)] {
                let outcome = run("", 10_000, away, spread, seed);
                assert!(outcome.peak <= 2.0, "{outcome:?}");
                assert!(outcome.back <= Span::minutes(6), "{outcome:?}");
            }
        }
    }

    /// Nor does it matter how quickly they hear where it is.
    #[test]
    fn ten_thousand_hosts_do_not_storm_one_that_moved() {
        for (one_in, back_max) in [(1, Span::minutes(1)), (100, Span::minutes(6))] {
            let outcome = moved::run("", 10_000, one_in, 1);
            assert!(outcome.peak <= 2.0, "{outcome:?}");
            assert!(outcome.back <= back_max, "{outcome:?}");
        }
        // A lab is back as soon as one of them has heard.
        let lab = moved::run("", 30, 30, 1);
        assert!(lab.back <= Span::minutes(4), "{lab:?}");
    }
}
