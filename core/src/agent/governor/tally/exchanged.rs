//! What was exchanged with other workers.

/// Bytes of blobs that were exchanged with other workers, the coordinator not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Sent to them.
    pub given_bytes: u64,
    /// Received from them.
    pub taken_bytes: u64,
}

impl Exchanged {
    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            given_bytes: self.given_bytes.saturating_add(more.given_bytes),
            taken_bytes: self.taken_bytes.saturating_add(more.taken_bytes),
        }
    }
}
