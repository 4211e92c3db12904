//! Writes an observation as a SIGPROC filterbank file.

use crate::noise::Noise;
use crate::scenario::{FCH1_MHZ, FOFF_MHZ, Scenario, TSAMP_S, TSTART_MJD};

/// Of 8-bit samples; 16-bit ones are 64 times larger.
const LEVEL: f64 = 96.0;
const SIGMA: f64 = 9.0;

/// The whole file.
pub(crate) fn write(scenario: &Scenario) -> Vec<u8> {
    let mut file = header(scenario);
    let mut noise = Noise::new(scenario.seed);
    for row in 0..scenario.rows {
        for (channel, power) in (0..).zip(powers(scenario, row, &mut noise)) {
            push(&mut file, scenario.bits, power * gain(channel, scenario.channels));
        }
    }
    file
}

/// One row as a perfect receiver would see it.
fn powers(scenario: &Scenario, row: u16, noise: &mut Noise) -> Vec<f64> {
    let pulse = if scenario.pulse == Some(row) { 3.0 * SIGMA } else { 0.0 };
    let mut cells: Vec<f64> =
        (0..scenario.channels).map(|_| LEVEL + pulse + SIGMA * noise.next()).collect();
    for signal in &scenario.signals {
        // The noise of a sum over n rows is √n times that of one.
        let power = signal.snr * SIGMA / f64::from(scenario.rows).sqrt();
        signal.add_to(&mut cells, row, power);
    }
    cells
}

/// The receiver's gain: it falls by a quarter towards both ends of the band.
fn gain(channel: u16, channels: u16) -> f64 {
    let position = 2.0 * f64::from(channel) / f64::from(channels) - 1.0;
    1.0 - 0.25 * position * position
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a recorder saturates, as the cast does"
)]
fn push(file: &mut Vec<u8>, bits: u8, power: f64) {
    if bits == 8 {
        file.push((power + 0.5) as u8);
    } else {
        file.extend(((power * 64.0 + 0.5) as u16).to_le_bytes());
    }
}

fn header(scenario: &Scenario) -> Vec<u8> {
    let mut header = Vec::new();
    let text = |header: &mut Vec<u8>, text: &str| {
        header.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        header.extend(text.as_bytes());
    };
    text(&mut header, "HEADER_START");
    text(&mut header, "source_name");
    text(&mut header, scenario.source);
    let numbers = [
        ("machine_id", 0),
        ("telescope_id", 0),
        ("data_type", 1),
        ("nchans", i32::from(scenario.channels)),
        ("nbits", i32::from(scenario.bits)),
        ("nifs", 1),
    ];
    for (keyword, value) in numbers {
        text(&mut header, keyword);
        header.extend(value.to_le_bytes());
    }
    let doubles =
        [("fch1", FCH1_MHZ), ("foff", FOFF_MHZ), ("tsamp", TSAMP_S), ("tstart", TSTART_MJD)];
    for (keyword, value) in doubles {
        text(&mut header, keyword);
        header.extend(value.to_le_bytes());
    }
    text(&mut header, "HEADER_END");
    header
}
