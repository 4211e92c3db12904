//! The swarm of `core::swarm` under thousands of virtual hosts: how long until the last one has the
//! blob, and how much its origin sends.
//!
//! The exchanges are the real ones. What is virtual is the network: an uplink sends one part of a
//! piece after the other, in turn for all that it uploads; a downlink takes parts in the order in
//! which they were sent; what is said waits behind the part that is just being sent. Packets, TCP
//! and the proofs that travel along are left out, so the network namespaces have the last word about
//! eight hosts; this has it about ten thousand.

mod agenda;
mod line;
mod node;
mod outcome;
mod plan;
mod table;
mod world;

pub use self::outcome::Outcome;
pub use self::plan::Plan;
pub use self::table::{Row, Table, table};
pub use self::world::run;
