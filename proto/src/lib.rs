//! The wire: messages, and the only conversions between them and the domain.

/// Generated messages and services; their documentation is in `proto/**/*.proto`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    clippy::excessive_nesting,
    clippy::too_many_lines,
    reason = "its generator has its own style"
)]
pub mod generated {
    /// The grid's services, version 1.
    pub mod v1 {
        tonic::include_proto!("manyhands.v1");
    }

    /// Between a worker and the slot processes that it starts.
    pub mod slot {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("manyhands.slot.v1");
        }
    }
}

pub mod chosen;
pub mod convert;
pub mod disk;
pub mod document;
pub mod identity;
pub mod invite;
pub mod lan;
pub mod link;
pub mod peer;
pub mod private;
pub mod pushback;
pub mod statement;

pub use generated::{slot, v1};

/// Descriptors of all services, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
