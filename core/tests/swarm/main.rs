//! The swarm's promises, among hosts whose messages cross in any order.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod bed;
mod hostile;
mod origin;
mod peers;
mod watch;
