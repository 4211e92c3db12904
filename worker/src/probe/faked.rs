//! Sensors that a file pretends, for tests and to try out rules: a line for each, and nothing else is known.
//!
//! ```text
//! idle = 600 s
//! temperature = 81
//! on battery = no
//! program "blender" runs = yes
//! sensor "price" = 0.3
//! ```

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use manyhands_core::agent::governor::reading::{Fact, Gauge, Readings};

use super::board::Board;
use super::{Hurry, LEISURE, Thread};

/// A file of sensors is hardly larger.
const BYTES_MAX: usize = 64 << 10;

/// Between two looks whether the file changed.
const QUICK: Duration = Duration::from_millis(500);

/// Starts to watch the file, as real sensors are watched.
pub(super) fn start(path: &Path, board: &Arc<Board>, hurry: &Arc<Hurry>) -> Vec<Thread> {
    let (path, board, hurry) = (path.to_owned(), Arc::clone(board), Arc::clone(hurry));
    let watch = move |end: Receiver<()>| {
        let mut seen = read(&path);
        while !super::is_over(&end, hurry.pause(QUICK, LEISURE)) {
            let now = read(&path);
            if now != seen {
                seen = now;
                board.touch();
            }
        }
    };
    super::thread("probe-faked", watch).into_iter().collect()
}

/// What the file says; nothing, if it is not there. Lines that say nothing are passed over.
pub(super) fn read(path: &Path) -> Readings {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut readings = Readings::default();
    for line in text.get(..BYTES_MAX.min(text.len())).unwrap_or_default().lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        take(&mut readings, name.trim(), value.trim());
    }
    readings
}

fn take(readings: &mut Readings, name: &str, value: &str) {
    let holds = match value {
        "yes" => true,
        "no" => false,
        number => {
            let number = number.split_once(' ').map_or(number, |(number, _unit)| number);
            if let (Some(gauge), Some(value)) = (gauge(name), thousandths(number)) {
                readings.show(gauge, value);
            }
            return;
        }
    };
    if let Some(fact) = fact(name) {
        readings.state(fact, holds);
    }
}

fn gauge(name: &str) -> Option<Gauge> {
    let sensor = name.strip_prefix("sensor \"").and_then(|rest| rest.strip_suffix('"'));
    let known = || Gauge::ALL.into_iter().find(|gauge| gauge.to_string() == name);
    sensor.map(|sensor| Gauge::Sensor(sensor.into())).or_else(known)
}

fn fact(name: &str) -> Option<Fact> {
    let program = name.strip_prefix("program \"").and_then(|rest| rest.strip_suffix("\" runs"));
    let known = || Fact::ALL.into_iter().find(|fact| fact.to_string() == name);
    program.map(|program| Fact::Program(program.into())).or_else(known)
}

/// A decimal number in thousandths; what is finer is cut off.
pub(super) fn thousandths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = !digits.is_empty()
        && digits.len() <= 12
        && digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let shown = format!("{whole}{:0<3}", fraction.get(..3.min(fraction.len()))?);
    shown.parse().ok()
}

#[cfg(test)]
mod tests {
    use manyhands_core::time::Span;

    use super::*;

    #[test]
    fn a_file_is_a_machine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sensors");
        assert_eq!(read(&path), Readings::default());
        let text = "idle = 600 s\ntemperature = 81.25\n\non battery = no\nnonsense\nfan = fast\n\
                    program \"blender\" runs = yes\nsensor \"price\" = -0.3\nunknown = yes\n";
        std::fs::write(&path, text).unwrap();
        let mut expected = Readings::default();
        expected.untouched_for(Span::minutes(10));
        expected.show(Gauge::Temperature, 81_250);
        expected.state(Fact::OnBattery, false);
        expected.state(Fact::Program("blender".into()), true);
        expected.show(Gauge::Sensor("price".into()), -300);
        assert_eq!(read(&path), expected);
    }

    #[test]
    fn numbers_are_read_to_the_thousandth() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1.5", Some(1_500)),
            ("-0.0019", Some(-1)),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("9999999999999", None),
            ("1.é", None),
        ] {
            assert_eq!(thousandths(text), expected, "{text}");
        }
    }
}
