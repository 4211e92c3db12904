//! Temperatures and fans, as far as their sensors can be believed.

use std::path::Path;

/// Chips whose temperatures are wired: board chips report inputs with nothing on them, often as 127 °C.
const CHIPS: &[&str] = &[
    "amdgpu",
    "applesmc",
    "coretemp",
    "cpu_thermal",
    "k10temp",
    "nouveau",
    "nvme",
    "radeon",
    "soc_thermal",
    "thinkpad",
    "zenpower",
];

/// Zones of `/sys/class/thermal` that are the processor's, where no chip is known.
const ZONES: &[&str] = &["x86_pkg_temp", "cpu", "soc"];

/// What no sensor measures, in thousandths of a degree.
const BELIEVED: std::ops::RangeInclusive<i64> = 1..=130_000;

/// The hottest part, in thousandths of a degree Celsius; `class` is `/sys/class`.
pub(super) fn temperature(class: &Path) -> Option<i64> {
    let chips = folders(&class.join("hwmon")).filter(|chip| {
        let name = std::fs::read_to_string(chip.join("name")).unwrap_or_default();
        CHIPS.contains(&name.trim())
    });
    let of_chips = chips.flat_map(|chip| inputs(&chip, "temp"));
    let hottest = of_chips.filter(|value| BELIEVED.contains(value)).max();
    hottest.or_else(|| {
        let zones = folders(&class.join("thermal")).filter(|zone| {
            let kind = std::fs::read_to_string(zone.join("type")).unwrap_or_default();
            ZONES.iter().any(|known| kind.trim().starts_with(known))
        });
        let values = zones.filter_map(|zone| number(&zone.join("temp")));
        values.filter(|value| BELIEVED.contains(value)).max()
    })
}

/// The fastest fan, in thousandths of a revolution a minute.
pub(super) fn fan(hwmon: &Path) -> Option<i64> {
    let fans = folders(hwmon).flat_map(|chip| inputs(&chip, "fan"));
    fans.max().map(|rpm| rpm.saturating_mul(1_000))
}

/// The number that is all of a file.
pub(super) fn number(file: &Path) -> Option<i64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn folders(parent: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// Values of `temp1_input` and its like.
fn inputs(chip: &Path, kind: &'static str) -> impl Iterator<Item = i64> + use<> {
    folders(chip).filter_map(move |file| {
        let name = file.file_name()?.to_str()?;
        let is_input = name.starts_with(kind) && name.ends_with("_input");
        is_input.then(|| number(&file)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn the_hottest_wired_sensor_counts() {
        let folder = tempfile::tempdir().unwrap();
        let class = folder.path();
        assert_eq!(temperature(class), None);
        write(class, "thermal/thermal_zone0/type", "x86_pkg_temp\n");
        write(class, "thermal/thermal_zone0/temp", "41000\n");
        assert_eq!(temperature(class), Some(41_000));
        write(class, "hwmon/hwmon0/name", "coretemp\n");
        write(class, "hwmon/hwmon0/temp1_input", "52000\n");
        write(class, "hwmon/hwmon0/temp2_input", "56000\n");
        write(class, "hwmon/hwmon0/temp2_crit", "100000\n");
        write(class, "hwmon/hwmon1/name", "nct6775\n");
        write(class, "hwmon/hwmon1/temp7_input", "127000\n");
        write(class, "hwmon/hwmon1/fan2_input", "1200\n");
        assert_eq!(temperature(class), Some(56_000));
        assert_eq!(fan(&class.join("hwmon")), Some(1_200_000));
        write(class, "hwmon/hwmon0/temp3_input", "-128000\n");
        write(class, "hwmon/hwmon0/temp4_input", "255000\n");
        assert_eq!(temperature(class), Some(56_000));
    }
}
