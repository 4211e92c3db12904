//! Hosts pass a blob's pieces to each other, so that its origin sends little more than one copy.
//!
//! Like the rest of the core this does no I/O: [`Exchange`] is one host's part in one blob's swarm.
//! It is told what happened and when, and says what to do. `SWARM.md` states what it promises and
//! why it is built so.
//!
//! ```text
//! Event ──► Exchange::handle(event, now, rng) ──► [Effect]      the shell moves the bytes
//! ```

mod allowance;
mod deal;
mod event;
mod exchange;
mod geometry;
mod message;
mod neighbour;
mod pieces;
mod uplink;

use crate::time::Span;

pub use self::event::{Effect, Event, Fault, PeerId, Role};
pub use self::exchange::{Exchange, Load};
pub use self::geometry::{
    BLOB_BYTES_MAX, GROUP_BYTES, Geometry, GeometryError, PIECE_BYTES_MAX, PIECE_BYTES_MIN,
    PIECES_MAX,
};
pub use self::message::Message;
pub use self::pieces::{Pieces, PiecesError};
pub use self::uplink::{PathId, Uplink, UploadLimit};

/// A blob of up to so many bytes comes whole: pieces would be more talk than they save.
pub const WHOLE_BYTES_MAX: u64 = 64 * 1_024;
/// Most neighbours of one blob.
pub const NEIGHBOURS_MAX: usize = 64;
/// With fewer than these a host looks for more.
pub const NEIGHBOURS_MIN: usize = 4;
/// Most pieces asked of one neighbour and not yet here.
pub const WANTS_MAX: usize = 2;
/// Most pieces on their way to others at once, from one host, unless its shell says otherwise.
pub const UPLOADS_MAX: usize = 3;
/// Of those, most to one neighbour: a place is always left for another.
pub const UPLOADS_EACH_MAX: usize = 2;
/// Most pieces that an origin deals to one peer at once.
pub const DEALS_MAX: usize = 2;
/// Most pieces that one [`Message::Have`] may name.
pub const HAVE_MAX: usize = 1_024;
/// Most bytes of a piece's encoding in one message.
pub const PART_BYTES_MAX: u64 = 64 * 1_024;
/// Least bytes of a part that is not the last one of its piece.
pub const PART_BYTES_MIN: u64 = 4 * 1_024;
/// So many neighbours may say of a peer that it sends bytes that do not match before an origin stops
/// being its last resort.
pub const ACCUSERS_MAX: usize = 2;
/// So many accusations of one neighbour are heard.
pub const ACCUSATIONS_MAX: usize = 2;
/// Beyond the one copy that it deals, an origin gives one part in so many of a blob away to speed
/// things up.
pub const SPARE_SHARE: u64 = 16;

/// A transfer that moved no byte for so long has failed.
pub const STALL_MAX: Span = Span::seconds(15);
/// A piece that a neighbour has not begun to send by then is asked of another one.
pub const QUEUE_MAX: Span = Span::seconds(20);
/// A neighbour that refused or kept us waiting is left alone for so long, and longer each time.
pub const REST: Span = Span::seconds(10);
/// The longest such rest.
pub const REST_MAX: Span = Span::minutes(5);
/// A host for which nobody has had anything for so long asks the origin.
pub const PATIENCE: Span = Span::seconds(3);
/// How often, at most, a host looks for more neighbours.
pub const SEEK_EVERY: Span = Span::seconds(10);
/// How often the shell must send [`Event::Tick`] while there are neighbours.
pub const TICK: Span = Span::seconds(1);
