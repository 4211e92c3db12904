//! Finds narrow-band signals that drift in frequency.
//!
//! A transmitter on another world moves against us, so its signal drifts: in a waterfall of power
//! by time and frequency it is a slanted line, usually too weak to be seen in any one row. The
//! search adds the power along every line, for every start channel and every drift rate, and
//! reports the lines that stand out. From file to result:
//!
//! [`filterbank`] reads the observation, [`flatten`] takes the receiver's shape out of it,
//! [`taylor`] adds along all lines at once, [`search`] compares the sums with their noise,
//! [`hits`] tells signals from their shadows, [`table`] and [`picture`] write the results.

pub mod arguments;
pub mod filterbank;
pub mod flatten;
pub mod hits;
pub mod picture;
pub mod plane;
mod robust;
pub mod search;
pub mod table;
pub mod taylor;
