//! Compares hits with the signals that were put in.

use thiserror::Error;

use crate::scenario::{FCH1_MHZ, FOFF_MHZ, Scenario};
use crate::signal::Signal;

/// The first line of `expected.csv`.
pub(crate) const EXPECTED_HEADER: &str = "file,drift_rate_hz_s,snr,frequency_mhz,channel\n";

/// How far a hit may be from its signal. A drift is found in steps of 0.02 Hz/s or less, and a
/// line that starts beside the signal's channel can gather as much of it.
const CHANNELS_OFF_MAX: f64 = 3.0;
const DRIFT_OFF_MAX_HZ_S: f64 = 0.06;

/// The least part of a signal's ratio that must be found: a drifting signal is spread over
/// neighbouring channels, and one line cannot gather all of it.
const SNR_PART_MIN: f64 = 0.35;

/// What does not match.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum CheckError {
    #[error("line {0} of the table is not as expected")]
    Line(usize),
    #[error("no hit for the signal at channel {}, {} Hz/s", .0.channel, .0.drift_hz_s)]
    Missed(Signal),
    #[error("a hit without a signal: channel {}, {} Hz/s, S/N {}", .0.channel, .0.drift_hz_s, .0.snr)]
    Invented(Signal),
}

/// A line of `expected.csv`.
pub(crate) fn expected_line(scenario: &Scenario, signal: &Signal) -> String {
    let frequency = FCH1_MHZ + FOFF_MHZ * signal.channel;
    let Signal { channel, drift_hz_s, snr } = signal;
    format!("{},{drift_hz_s},{snr},{frequency:.9},{channel}\n", scenario.name)
}

/// The signals of one observation, from `expected.csv`.
pub(crate) fn signals_of(table: &str, name: &str) -> Result<Vec<Signal>, CheckError> {
    let own = |line: &&str| line.starts_with(name);
    let lines = table.lines().filter(own).map(|line| line.split_once(',').unwrap_or_default().1);
    lines.enumerate().map(|(index, line)| parse(index + 1, line)).collect()
}

/// The lines of a `hits.csv`.
pub(crate) fn hits(table: &str) -> Result<Vec<Signal>, CheckError> {
    table.lines().enumerate().skip(1).map(|(index, line)| parse(index + 1, line)).collect()
}

/// `drift,snr,frequency,channel`
fn parse(number: usize, line: &str) -> Result<Signal, CheckError> {
    let values: Result<Vec<f64>, _> = line.split(',').map(str::parse).collect();
    match values.as_deref() {
        Ok(&[drift_hz_s, snr, _frequency, channel]) => Ok(Signal { channel, drift_hz_s, snr }),
        _ => Err(CheckError::Line(number)),
    }
}

/// Each signal has one hit, each hit one signal.
pub(crate) fn compare(signals: &[Signal], hits: &[Signal]) -> Result<(), CheckError> {
    let mut unexplained = hits.to_vec();
    for signal in signals {
        let hit = unexplained.iter().position(|hit| matches(signal, hit));
        unexplained.remove(hit.ok_or(CheckError::Missed(*signal))?);
    }
    unexplained.first().map_or(Ok(()), |hit| Err(CheckError::Invented(*hit)))
}

fn matches(signal: &Signal, hit: &Signal) -> bool {
    (signal.channel - hit.channel).abs() <= CHANNELS_OFF_MAX
        && (signal.drift_hz_s - hit.drift_hz_s).abs() <= DRIFT_OFF_MAX_HZ_S
        && hit.snr >= signal.snr * SNR_PART_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNAL: Signal = Signal { channel: 100.0, drift_hz_s: 0.5, snr: 30.0 };

    #[test]
    fn a_near_hit_matches() {
        let hit = Signal { channel: 101.0, drift_hz_s: 0.48, snr: 21.0 };
        assert_eq!(compare(&[SIGNAL], &[hit]), Ok(()));
    }

    #[test]
    fn missed_and_invented_signals_are_named() {
        assert_eq!(compare(&[SIGNAL], &[]), Err(CheckError::Missed(SIGNAL)));
        assert_eq!(compare(&[], &[SIGNAL]), Err(CheckError::Invented(SIGNAL)));
        assert_eq!(compare(&[SIGNAL], &[SIGNAL, SIGNAL]), Err(CheckError::Invented(SIGNAL)));
    }

    #[test]
    fn tables_are_read() {
        let expected = "file,a,b,c,d\nx.fil,0.5,30,8419.2,100\ny.fil,1,2,3,4\n";
        assert_eq!(signals_of(expected, "x.fil"), Ok(vec![SIGNAL]));
        assert_eq!(hits("a,b,c,d\n0.5,30,8419.2,100\n"), Ok(vec![SIGNAL]));
        assert_eq!(hits("a,b,c,d\n0.5,30\n"), Err(CheckError::Line(2)));
    }
}
