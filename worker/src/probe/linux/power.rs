//! Whether the machine lives on its battery, and how full that is.

use std::path::Path;

use manyhands_core::agent::governor::reading::{Fact, Gauge, Readings};

use super::heat::number;

/// Reads `/sys/class/power_supply`. A machine with the folder and no battery in it is known to have none.
pub(super) fn read(folder: &Path, readings: &mut Readings) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let (mut charges, mut is_discharging, mut is_plugged) = (Vec::new(), false, false);
    for supply in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let word = |name| std::fs::read_to_string(supply.join(name)).unwrap_or_default();
        // Mice and pens have batteries too.
        if word("scope").trim() == "Device" {
            continue;
        }
        match word("type").trim() {
            "Battery" => {
                is_discharging |= word("status").trim() == "Discharging";
                charges.extend(number(&supply.join("capacity")));
            }
            "Mains" | "USB" => is_plugged |= word("online").trim() == "1",
            _ => {}
        }
    }
    // The plug is believed before the battery: a full one, or one that is charged only to a limit, may
    // discharge a little on the mains.
    readings.state(Fact::OnBattery, is_discharging && !is_plugged);
    if let Some(least) = charges.into_iter().min() {
        readings.show(Gauge::Battery, least.saturating_mul(1_000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(folder: &Path, name: &str, files: &[(&str, &str)]) {
        let supply = folder.join(name);
        std::fs::create_dir_all(&supply).unwrap();
        for (file, text) in files {
            std::fs::write(supply.join(file), format!("{text}\n")).unwrap();
        }
    }

    fn seen(folder: &Path) -> (Option<bool>, Option<i64>) {
        let mut readings = Readings::default();
        read(folder, &mut readings);
        (readings.fact(&Fact::OnBattery), readings.gauge(&Gauge::Battery))
    }

    #[test]
    fn a_laptop_is_plugged_in_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(seen(&folder.join("none")), (None, None));
        assert_eq!(seen(folder), (Some(false), None), "a desktop");
        let battery = [("type", "Battery"), ("status", "Discharging"), ("capacity", "71")];
        supply(folder, "BAT0", &battery);
        assert_eq!(seen(folder), (Some(true), Some(71_000)));
        supply(folder, "AC", &[("type", "Mains"), ("online", "1")]);
        assert_eq!(seen(folder), (Some(false), Some(71_000)));
        supply(folder, "AC", &[("type", "Mains"), ("online", "0")]);
        assert_eq!(seen(folder), (Some(true), Some(71_000)));
    }

    #[test]
    fn a_mouse_is_not_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let mouse = [("type", "Battery"), ("scope", "Device"), ("status", "Discharging")];
        supply(folder.path(), "mouse", &mouse);
        assert_eq!(seen(folder.path()), (Some(false), None));
    }
}
