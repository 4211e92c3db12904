//! Sensors that the machine's owner provides: files with a number in them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use manyhands_core::agent::governor::reading::{Gauge, Name, Readings};

use super::faked::thousandths;

/// More than this is no number.
const BYTES_MAX: u64 = 64;

/// What the files say now; one that says nothing is unknown.
pub(super) fn read(sensors: &BTreeMap<Name, PathBuf>) -> Readings {
    let mut readings = Readings::default();
    for (name, path) in sensors {
        let mut text = String::new();
        let is_read =
            File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
        if is_read.is_ok()
            && let Some(value) = thousandths(text.trim())
        {
            readings.show(Gauge::Sensor(Arc::clone(name)), value);
        }
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_number_is_a_sensor() {
        let folder = tempfile::tempdir().unwrap();
        let [price, broken] = ["price", "broken"].map(|name| folder.path().join(name));
        std::fs::write(&price, "0.31\n").unwrap();
        std::fs::write(&broken, "dear\n").unwrap();
        let none = folder.path().join("none");
        let names = [("price", price), ("broken", broken), ("none", none)];
        let readings = read(&names.map(|(name, path)| (name.into(), path)).into());
        let mut expected = Readings::default();
        expected.show(Gauge::Sensor("price".into()), 310);
        assert_eq!(readings, expected);
    }
}
