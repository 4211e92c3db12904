//! Moves the bytes of a swarm: what `manyhands_core::swarm` decides, this does.
//!
//! ```text
//! Swarm ── one task per blob: Exchange (core), its neighbours, its Blob on disk
//!            │  ▲
//!   effects  ▼  │ events
//!          links: one gRPC stream per neighbour, whoever dialled
//! ```
//!
//! - [`Blob`] is a blob on disk whose pieces are checked against its digest before they count.
//! - [`Swarm`] serves and fetches blobs; [`Swarm::service`] is what others dial.
//!
//! Coordinator and worker are the same here, but for the coordinator being an origin: its blobs are
//! dealt out, and it names peers to each other.

mod blob;
mod dial;
#[cfg(fuzzing)]
pub mod fuzzing;
mod link;
mod names;
mod swarm;
mod task;
mod wire;

pub use self::blob::{Blob, BlobError};
pub use self::swarm::{FetchError, Settings, Status, Swarm};
