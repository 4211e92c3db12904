//! How hosts of a project find each other, and the coordinator when it has moved, without trusting
//! whoever tells them.
//!
//! Like the rest of the core this does no I/O: a host's [`Table`] is told what was heard, from whom and
//! when, and says whom to dial. `PEERS.md` states what it promises and why it is built so.
//!
//! ```text
//! record, source ──► Table::hear          keeps it, within what one source and one subnet may fill
//!            now ──► Table::next_dial ──► an address that somebody believable was answered from
//!   blob, asker  ──► Table::share     ──► at most eight records, of its holders only
//! ```
//!
//! Signatures are checked by the shell, as everywhere: a [`SignedRecord`] that comes here is its key's,
//! and its witnesses are theirs.

pub mod address;
mod answer;
pub mod candidates;
pub mod coordinators;
pub mod gossip;
pub mod holders;
pub mod naming;
pub mod record;
pub mod table;
pub mod tracker;
pub mod whereabouts;

pub use self::address::{AddressError, PORT_MIN, PeerAddress, Reach, Subnet};
pub use self::candidates::Candidates;
pub use self::coordinators::{
    CoordinatorAt, CoordinatorRecord, Coordinators, CoordinatorsError, SignedCoordinators,
};
pub use self::holders::Holders;
pub use self::naming::Naming;
pub use self::record::{Record, RecordError, SignedRecord, Visit, Witness};
pub use self::table::{Asker, Dial, Name, Source, Table, Unheard};
pub use self::tracker::{Tracker, Unregistered};
pub use self::whereabouts::{Place, Whereabouts};

use crate::time::Span;

/// Most addresses of a record.
pub const ADDRESSES_MAX: usize = 4;
/// Most counter-signatures that travel with a record.
pub const WITNESSES_MAX: usize = 8;
/// Longest time from signing a record to its end: one that has gone away is forgotten in a day.
pub const RECORD_LIFE_MAX: Span = Span::hours(24);
/// How old a counter-signature may be and still count.
pub const VISIT_LIFE_MAX: Span = Span::hours(24);
/// How far two clocks of one grid may be apart before a record is refused for it.
pub const SKEW_MAX: Span = Span::minutes(10);
/// Most records of one answer.
pub const ANSWER_MAX: usize = 8;
