//! Moves the bytes of a swarm: what `manyhands_core::swarm` decides, this does.
//!
//! ```text
//! Swarm ── one task per blob: Exchange (core), its neighbours, its Blob on disk
//!            │  ▲                 │
//!   effects  ▼  │ events          └─ whom to dial, whom to name: Known (core's table or tracker)
//!          links: one gRPC stream per neighbour, whoever dialled
//! ```
//!
//! - [`Blob`] is a blob on disk whose pieces are checked against its digest before they count.
//! - [`Swarm`] serves and fetches blobs; a shell serves the gRPC service, looks at each [`Opening`], begins to share the
//!   blob if it has it, and lets the swarm [admit](Swarm::admit) the stream.
//! - [`Known`] is what the host knows of others.
//!
//! Coordinator and worker are the same here, but for the coordinator being an origin: its blobs are
//! dealt out, and it names peers to each other.

mod blob;
mod clock;
mod dealings;
mod dial;
#[cfg(fuzzing)]
pub mod fuzzing;
mod known;
mod link;
mod opening;
mod pace;
mod swarm;
mod task;
mod wire;

pub use self::blob::{Blob, BlobError};
pub use self::dealings::{Dealing, Flow};
pub use self::known::Known;
pub use self::opening::Opening;
pub use self::pace::Pace;
pub use self::swarm::{
    ExchangeStream, FetchError, MESSAGE_BYTES_MAX, Settings, Status, Swarm, UplinkStatus,
};
