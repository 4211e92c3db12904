//! The observations of the example.

use crate::signal::Signal;

/// One observation: how it is made, and what is in it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) seed: u64,
    pub(crate) channels: u16,
    pub(crate) rows: u16,
    /// 8 or 16.
    pub(crate) bits: u8,
    pub(crate) signals: Vec<Signal>,
    /// A row in which a broad-band pulse lights up every channel.
    pub(crate) pulse: Option<u16>,
}

/// Centre of the first channel, in MHz: the X band.
pub(crate) const FCH1_MHZ: f64 = 8_419.297_028;

/// From one channel to the next, in MHz: a 500 MHz band in 2^26 · 8/3 channels, downwards.
pub(crate) const FOFF_MHZ: f64 = -2.793_967_723_846_435_5e-6;

/// Length of a row, in seconds: four times the inverse of a channel's width.
pub(crate) const TSAMP_S: f64 = 1.431_655_765_333_333_3;

/// When the observations begin.
pub(crate) const TSTART_MJD: f64 = 61_000.25;

/// All observations, in the order of the files' names.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let plain = |name, source, seed, signals| Scenario {
        name,
        source,
        seed,
        channels: 1024,
        rows: 128,
        bits: 8,
        signals,
        pulse: None,
    };
    let signal = |channel, drift_hz_s, snr| Signal { channel, drift_hz_s, snr };
    vec![
        plain("1-quiet.fil", "Quiet sky", 1, vec![]),
        plain(
            "2-spacecraft.fil",
            "Far spacecraft",
            2,
            vec![
                signal(300.0, -0.36, 26.0),
                signal(520.0, -0.36, 90.0),
                signal(740.0, -0.36, 26.0),
            ],
        ),
        plain(
            "3-crossing.fil",
            "Crossing signals",
            3,
            vec![signal(600.0, 1.21, 45.0), signal(470.0, -0.94, 60.0), signal(560.0, 0.0, 40.0)],
        ),
        plain(
            "4-fast.fil",
            "Fast movers",
            4,
            vec![signal(380.0, -3.1, 60.0), signal(700.0, 2.62, 60.0)],
        ),
        Scenario {
            pulse: Some(40),
            ..plain(
                "5-interference.fil",
                "Radar and more",
                5,
                vec![signal(233.0, 0.0, 300.0), signal(650.0, 0.41, 24.0)],
            )
        },
        Scenario {
            channels: 512,
            rows: 100,
            bits: 16,
            ..plain("6-sixteen-bit.fil", "Other recorder", 6, vec![signal(256.0, -0.8, 35.0)])
        },
    ]
}
