//! The governor from outside: stories of single days, any order of anything, and a month of a machine.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod home;
mod month;
mod properties;
mod stories;
