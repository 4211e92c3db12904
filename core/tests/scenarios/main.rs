//! Stories about the engine: each test is one, told in commands and read from replies, effects and
//! queries. The whole store is checked after every command.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod blame;
mod blocks;
mod cancel;
mod chains;
mod confidence;
mod credit;
mod disputes;
mod engines;
mod equivocation;
mod faults;
mod forgetting;
mod grid;
mod joining;
mod life;
mod locality;
mod orders;
mod pardon;
mod quarrel;
mod quorum;
mod reading;
mod refusals;
mod reopening;
mod seldom;
mod selfchosen;
mod turns;
