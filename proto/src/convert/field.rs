//! Checks that several messages share: presence, lengths, lists.

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::key::{Key, Signature};

use super::error::{Fault, WireError};

/// `field` must be there.
pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, WireError> {
    value.ok_or_else(|| WireError::missing(field))
}

/// A sub-message that must be there, converted.
pub(super) fn nested<W, D>(field: &str, value: Option<W>) -> Result<D, WireError>
where
    D: TryFrom<W, Error = WireError>,
{
    D::try_from(required(field, value)?).map_err(|error| error.within(field))
}

/// A sub-message that may be absent, converted.
pub(super) fn optional<W, D>(field: &str, value: Option<W>) -> Result<Option<D>, WireError>
where
    D: TryFrom<W, Error = WireError>,
{
    value.map(D::try_from).transpose().map_err(|error| error.within(field))
}

/// A list of at most `max` sub-messages, converted. Nothing is converted when there are more.
pub(super) fn list<W, D>(field: &str, max: usize, values: Vec<W>) -> Result<Vec<D>, WireError>
where
    D: TryFrom<W, Error = WireError>,
{
    at_most(field, max, values.len())?;
    let convert = |(index, value)| {
        D::try_from(value).map_err(|error: WireError| error.within(&format!("{field}[{index}]")))
    };
    values.into_iter().enumerate().map(convert).collect()
}

/// A list may have `max` items.
pub(super) fn at_most(field: &str, max: usize, actual: usize) -> Result<(), WireError> {
    if actual > max {
        return Err(WireError::new(field, Fault::TooMany { max, actual }));
    }
    Ok(())
}

/// A text or bytes may have `max` bytes.
pub(super) fn bounded<T: AsRef<[u8]>>(field: &str, max: usize, value: T) -> Result<T, WireError> {
    let actual = value.as_ref().len();
    if actual > max {
        return Err(WireError::new(field, Fault::TooLong { max, actual }));
    }
    Ok(value)
}

/// Exactly `N` bytes.
pub(super) fn array<const N: usize>(field: &str, bytes: &[u8]) -> Result<[u8; N], WireError> {
    let wrong = |_| WireError::new(field, Fault::Length { expected: N, actual: bytes.len() });
    bytes.try_into().map_err(wrong)
}

/// Bytes that may be left out, which is the same as none.
pub(super) fn if_any<T>(
    bytes: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, WireError>,
) -> Result<Option<T>, WireError> {
    if bytes.is_empty() { Ok(None) } else { read(bytes).map(Some) }
}

/// A number that the domain keeps in fewer bits.
pub(super) fn narrow<W, D>(field: &str, value: W) -> Result<D, WireError>
where
    W: Copy + Into<u64>,
    D: TryFrom<W> + Bounded,
{
    let wrong = |_| WireError::new(field, Fault::TooLarge { max: D::MAX, actual: value.into() });
    D::try_from(value).map_err(wrong)
}

/// The largest value of a type of number.
pub(super) trait Bounded {
    /// That value.
    const MAX: u64;
}

impl Bounded for u8 {
    const MAX: u64 = Self::MAX as u64;
}

impl Bounded for u16 {
    const MAX: u64 = Self::MAX as u64;
}

impl Bounded for u32 {
    const MAX: u64 = Self::MAX as u64;
}

/// A digest's 32 bytes.
///
/// # Errors
/// When there are more or fewer.
pub fn digest(field: &str, bytes: &[u8]) -> Result<Digest, WireError> {
    array(field, bytes).map(Digest)
}

/// A public key's 32 bytes.
///
/// # Errors
/// When there are more or fewer.
pub fn key(field: &str, bytes: &[u8]) -> Result<Key, WireError> {
    array(field, bytes).map(Key)
}

/// A signature's 64 bytes.
///
/// # Errors
/// When there are more or fewer.
pub fn signature(field: &str, bytes: &[u8]) -> Result<Signature, WireError> {
    array(field, bytes).map(Signature)
}

/// A digest as a field.
pub(super) fn digest_bytes(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}
