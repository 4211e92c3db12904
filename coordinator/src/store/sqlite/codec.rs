//! Between numbers of the engine and of SQLite, and errors of one and the other.

use manyhands_core::block::Block;
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, UnitId};
use manyhands_core::key::Key;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;

/// SQLite's integers are signed. An instant or amount beyond them is as good as the largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Back from [`signed`].
pub(super) fn unsigned(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|error| corrupt(what, error))
}

/// An instant as a column.
pub(super) fn stamp(at: Timestamp) -> i64 {
    signed(at.0)
}

/// One integer for a unit, in the same order.
pub(super) fn unit_key(id: UnitId) -> i64 {
    signed(id.job.0.saturating_mul(1 << 32).saturating_add(u64::from(id.index)))
}

/// Back from [`unit_key`].
pub(super) fn unit_id(key: i64) -> Result<UnitId, StoreError> {
    let key = unsigned("unit id", key)?;
    let index = u32::try_from(key & u64::from(u32::MAX)).map_err(|e| corrupt("unit id", e))?;
    Ok(JobId(key >> 32).unit(index))
}

/// A digest's bytes.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest).map_err(|error| corrupt("digest", error))
}

/// A key's bytes.
pub(super) fn key(bytes: &[u8]) -> Result<Key, StoreError> {
    bytes.try_into().map(Key).map_err(|error| corrupt("key", error))
}

/// A block's bytes, or none.
pub(super) fn block_bytes(block: Option<Block>) -> Vec<u8> {
    block.map(|block| block.as_bytes().to_vec()).unwrap_or_default()
}

/// Back from [`block_bytes`].
pub(super) fn block(bytes: &[u8]) -> Result<Option<Block>, StoreError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let block = Block::from_bytes(bytes).ok_or_else(|| corrupt("block", bytes.len()))?;
    Ok(Some(block))
}

/// A number that must fit into fewer bits.
pub(super) fn narrow<N, M>(what: &'static str, number: N) -> Result<M, StoreError>
where
    M: TryFrom<N, Error: std::fmt::Display>,
{
    M::try_from(number).map_err(|error| corrupt(what, error))
}

/// A stored row that is not what it should be.
pub(super) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { what, reason: reason.to_string() }
}

/// The database failed.
pub(super) fn backend(error: rusqlite::Error) -> StoreError {
    StoreError::Backend(Box::new(error))
}

/// Whether the database failed for want of space.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}
