//! Tells signals from their shadows.
//!
//! A strong signal also lifts every line that crosses it. So the strongest line is taken first
//! and its cells are cleared; a line whose sum no longer stands out without them was a shadow.

use crate::plane::Plane;
use crate::search::{Line, Search};

/// Most hits reported: an observation with more is full of interference.
pub const HITS_MAX: usize = 1000;

/// Channels to each side of a signal that belong to it.
const HALF_WIDTH: u64 = 2;

/// A line that stands out by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Where it is.
    pub line: Line,
    /// By how much it stands out.
    pub snr: f32,
}

/// All lines of at least `snr_min`, the strongest first, without shadows.
#[must_use]
pub fn find(plane: &Plane, search: &Search, snr_min: f32) -> Vec<Hit> {
    let mut rest = plane.clone();
    let mut hits = Vec::new();
    for candidate in candidates(search, snr_min) {
        if search.snr(candidate.line.drift, sum_along(&rest, search, candidate.line)) >= snr_min {
            clear_along(&mut rest, search, candidate.line);
            hits.push(candidate);
            if hits.len() == HITS_MAX {
                break;
            }
        }
    }
    hits
}

/// The best line of each channel, if it is good enough: the strongest first, then by channel.
fn candidates(search: &Search, snr_min: f32) -> Vec<Hit> {
    let mut candidates: Vec<Hit> = search
        .best()
        .iter()
        .enumerate()
        .filter(|(_, best)| best.snr >= snr_min)
        .map(|(channel, best)| Hit { line: Line { channel, drift: best.drift }, snr: best.snr })
        .collect();
    candidates.sort_by(|a, b| b.snr.total_cmp(&a.snr).then(a.line.channel.cmp(&b.line.channel)));
    candidates
}

fn sum_along(plane: &Plane, search: &Search, line: Line) -> f32 {
    (0..plane.rows())
        .filter_map(|row| search.channel_at(line, row).map(|channel| plane.row(row)[channel]))
        .sum()
}

fn clear_along(plane: &mut Plane, search: &Search, line: Line) {
    // A signal that moves by several channels within a row fills them all.
    let blur = line.drift.unsigned_abs().div_ceil(search.rows() as u64 - 1);
    let half = usize::try_from(HALF_WIDTH + blur).unwrap_or(usize::MAX);
    for row in 0..plane.rows() {
        if let Some(channel) = search.channel_at(line, row) {
            let end = channel.saturating_add(half + 1).min(plane.channels());
            plane.row_mut(row)[channel.saturating_sub(half)..end].fill(0.0);
        }
    }
}
