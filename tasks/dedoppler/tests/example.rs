//! The search on the observations of the example, whose signals are known.

use std::fs;
use std::path::Path;

use dedoppler::filterbank::Filterbank;
use dedoppler::flatten::flatten;
use dedoppler::hits;
use dedoppler::picture;
use dedoppler::search::{Search, SearchError};

fn observation(name: &str) -> Filterbank {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/dedoppler/data");
    let bytes = fs::read(folder.join(name)).expect("the example is complete");
    Filterbank::parse(&bytes).expect("the example is valid")
}

/// The channels of the hits, the strongest first.
fn channels_of_hits(name: &str) -> Vec<usize> {
    let observation = observation(name);
    let plane = flatten(&observation.samples);
    let search = Search::run(&plane, &observation.header, 4.0).expect("4 Hz/s is not too fast");
    hits::find(&plane, &search, 10.0).iter().map(|hit| hit.line.channel).collect()
}

#[test]
fn noise_alone_gives_no_hit() {
    assert!(channels_of_hits("1-quiet.fil").is_empty());
}

#[test]
fn signals_that_cross_are_told_apart() {
    assert_eq!(channels_of_hits("3-crossing.fil"), [470, 560, 600]);
}

#[test]
fn a_pulse_over_the_whole_band_is_no_hit_and_hides_none() {
    assert_eq!(channels_of_hits("5-interference.fil"), [233, 650]);
}

#[test]
fn rows_that_are_no_power_of_two_are_searched() {
    assert_eq!(channels_of_hits("6-sixteen-bit.fil"), [256]);
}

#[test]
fn a_drift_too_fast_for_the_observation_is_refused() {
    let observation = observation("1-quiet.fil");
    let plane = flatten(&observation.samples);
    let error = Search::run(&plane, &observation.header, 1000.0).unwrap_err();
    assert!(matches!(error, SearchError::TooFast { most, .. } if most > 100.0 && most < 130.0));
}

#[test]
fn a_picture_is_a_png_and_the_same_each_time() {
    let observation = observation("6-sixteen-bit.fil");
    let plane = flatten(&observation.samples);
    let search = Search::run(&plane, &observation.header, 4.0).unwrap();
    let draw = || {
        let hits = hits::find(&plane, &search, 10.0);
        picture::draw(&observation.header, &plane, &search, &hits, 10.0).to_png().unwrap()
    };
    let png = draw();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(png, draw());
}

/// One channel, or two rows, are the least that the arithmetic must bear.
#[test]
fn the_smallest_observations_are_searched_and_drawn() {
    for (channels, rows) in [(1, 2), (1, 100), (3, 3), (2000, 2)] {
        let mut observation = observation("6-sixteen-bit.fil");
        observation.header.channels = channels;
        let cells = (0..rows * channels).map(|i| (i * 31 % 17) as f32).collect();
        let plane = flatten(&dedoppler::plane::Plane::from_cells(channels, cells));
        let search = Search::run(&plane, &observation.header, 4.0).unwrap();
        let hits = hits::find(&plane, &search, 1.0);
        assert!(picture::draw(&observation.header, &plane, &search, &hits, 1.0).to_png().is_ok());
    }
}
