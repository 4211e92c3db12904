//! Hosts earn standing by answers that are compared: of jobs with the confidence of
//! [`confident_mersenne`](crate::examples::confident_mersenne).

use serde_json::Value;

use crate::grid::Grid;

/// So many such jobs are more than enough. One may not be: it may be done by those few hosts that were first to
/// translate its program.
pub(crate) const TRUE_JOBS_MAX: usize = 10;

/// Answers that are compared before a host has standing.
const PROBATION: u64 = 10;

/// Hosts of standing without which answers are voted on.
const FOUNDERS: usize = 8;

/// Whether this one and so many others have standing that one is believed alone.
pub(crate) fn have_standing(grid: &Grid, host: &str) -> bool {
    let hosts = grid.hosts();
    let believed = hosts.as_array().unwrap().iter();
    let believed = believed.filter(|host| host["compared"].as_u64().unwrap() >= PROBATION);
    let names: Vec<&Value> = believed.map(|host| &host["nickname"]).collect();
    names.len() >= FOUNDERS && names.iter().any(|name| **name == host)
}
