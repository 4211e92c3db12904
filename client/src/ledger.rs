//! The ledger as a file: exported from a coordinator, verified without one.

mod export;
mod verify;

pub use export::{ExportError, export};
pub use verify::{Verified, VerifyError, verify};
