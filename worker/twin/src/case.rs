//! One guest with one unit: what every machine must answer alike.

use bytes::Bytes;
use manyhands_worker::sandbox::{Limits, Unit};

/// A guest, as its author gave it, and what it is run on.
#[derive(Clone, Debug)]
pub struct Case {
    /// `part/name`, where the part says how the case was made.
    pub name: String,
    /// The module, not prepared.
    pub wasm: Vec<u8>,
    /// What it may know.
    pub unit: Unit,
}

impl Case {
    /// A case with an empty unit.
    #[must_use]
    pub fn new(name: String, wasm: Vec<u8>) -> Self {
        Self { name, wasm, unit: unit(&["program"]) }
    }
}

/// A unit with these arguments and nothing else.
pub(crate) fn unit(args: &[&str]) -> Unit {
    Unit {
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [7; 32],
        limits: Limits { memory_bytes: 64 << 20, ..Limits::default() },
    }
}
