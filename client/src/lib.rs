//! The scientist's library: describe a job, submit it, fetch what it found.
//!
//! - [`job_file`] turns a TOML file into a manifest and the blobs that it names;
//! - [`profile`] is who you are and which coordinator you joined, [`session`] the link to it, and [`following`] finds it
//!   where it is now;
//! - [`upload`] and [`download`] move blobs, each verified by its digest;
//! - [`mod@fetch`] gets outputs as files, [`layout`] says which output becomes which file;
//! - [`receipt`] and [`ledger`] get what the coordinator signs, and [`fetched`] and [`ledger`] check it
//!   without a coordinator.
//!
//! The `manyhands` program is a thin shell around this, the coordinator and the worker.

pub mod download;
pub mod fetch;
pub mod fetched;
pub mod following;
pub mod job_file;
pub mod layout;
pub mod ledger;
pub mod profile;
pub mod quantity;
pub mod receipt;
pub mod rehearsal;
pub mod session;
pub mod upload;
