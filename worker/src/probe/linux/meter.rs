//! What the processor draws by its own meter, where that can be read: the "running average power limit" that Linux
//! shows below `/sys/class/powercap`. Many systems let only root read it, since it can betray what is computed.

use std::path::Path;
use std::time::Instant;

use super::heat::number;

/// The meters as they were at the last look.
#[derive(Debug, Default)]
pub(super) struct Meter {
    before: Option<(Instant, Vec<Counter>)>,
}

/// One processor's, in millionths of a joule; it begins again at nothing after its maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counter {
    energy: u64,
    max: u64,
}

impl Meter {
    /// In thousandths of a watt, since the last look; `powercap` is `/sys/class/powercap`.
    pub(super) fn power(&mut self, powercap: &Path, now: Instant) -> Option<i64> {
        let counters = counters(powercap);
        if counters.is_empty() {
            return None;
        }
        let (at, before) = self.before.replace((now, counters.clone()))?;
        if before.len() != counters.len() {
            return None;
        }
        let micros = now.checked_duration_since(at)?.as_micros();
        let pairs = before.iter().zip(&counters);
        let drawn: u64 = pairs.map(|(before, now)| now.since(*before)).sum();
        i64::try_from(u128::from(drawn) * 1_000 / micros.max(1)).ok()
    }
}

impl Counter {
    fn since(self, before: Self) -> u64 {
        match self.energy.checked_sub(before.energy) {
            Some(drawn) => drawn,
            None => (self.max.saturating_sub(before.energy)).saturating_add(self.energy),
        }
    }
}

/// One for each processor: what is within one is counted in it already.
fn counters(powercap: &Path) -> Vec<Counter> {
    let entries = std::fs::read_dir(powercap).into_iter().flatten();
    let mut zones: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    zones.sort();
    let counter = |zone: &std::path::PathBuf| {
        let name = std::fs::read_to_string(zone.join("name")).ok()?;
        if !name.starts_with("package") {
            return None;
        }
        let value = |file| number(&zone.join(file)).and_then(|value| u64::try_from(value).ok());
        let max = value("max_energy_range_uj").unwrap_or(0);
        Some(Counter { energy: value("energy_uj")?, max })
    };
    zones.iter().filter_map(counter).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn zone(powercap: &Path, folder: &str, name: &str, energy: u64) {
        let zone = powercap.join(folder);
        fs::create_dir_all(&zone).unwrap();
        fs::write(zone.join("name"), format!("{name}\n")).unwrap();
        fs::write(zone.join("energy_uj"), format!("{energy}\n")).unwrap();
        fs::write(zone.join("max_energy_range_uj"), "1000000000\n").unwrap();
    }

    #[test]
    fn power_is_what_was_drawn_between_two_looks_by_all_processors() {
        let folder = tempfile::tempdir().unwrap();
        let powercap = folder.path();
        let (mut meter, begun) = (Meter::default(), Instant::now());
        assert_eq!(meter.power(powercap, begun), None, "there is no meter");
        zone(powercap, "intel-rapl:0", "package-0", 5_000_000);
        zone(powercap, "intel-rapl:1", "package-1", 999_000_000);
        zone(powercap, "intel-rapl:0:0", "core", 1);
        assert_eq!(meter.power(powercap, begun), None, "one look says nothing");
        zone(powercap, "intel-rapl:0", "package-0", 105_000_000);
        zone(powercap, "intel-rapl:1", "package-1", 49_000_000);
        let later = begun + Duration::from_secs(5);
        assert_eq!(meter.power(powercap, later), Some(30_000), "100 J and 50 J, past the end");
        assert_eq!(meter.power(&powercap.join("gone"), later), None);
    }
}
