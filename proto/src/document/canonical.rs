//! The one encoding that a JSON value has, so that its bytes can be hashed and signed.
//!
//! It is the JSON Canonicalization Scheme (RFC 8785), restricted to objects, arrays, strings and
//! integers up to 2^53 − 1 in size: no white space, members sorted by their names as UTF-16, and the
//! shortest escapes. What is left out, booleans, null and other numbers, is refused in writing and in
//! reading. Any other encoding of the same value is refused too, so a changed byte is always noticed.

use serde_json::{Map, Number, Value};

/// Largest integer that every reader of JSON understands: all of them exactly fit a double.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Why there is no canonical encoding, or why bytes are not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// More bytes than there may be.
    #[error("it has more than {max} bytes")]
    TooLong {
        /// How many there may be.
        max: usize,
    },
    /// No text.
    #[error("byte {at} is not UTF-8")]
    NotUtf8 {
        /// The first byte that is none, from 0.
        at: usize,
    },
    /// No JSON: the parser's words, which name the place.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// JSON, but written in another way.
    #[error("it is not in canonical form from byte {at} on: it was edited or reformatted")]
    Form {
        /// The first byte that differs, from 0.
        at: usize,
    },
    /// A value that such documents do not have.
    #[error("it holds {0}, and there may only be texts and integers up to 2^53 - 1")]
    Value(String),
}

/// The bytes of a value.
///
/// # Errors
/// [`CanonicalError::Value`] for what has none.
pub fn write(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = String::new();
    put(value, &mut out)?;
    Ok(out.into_bytes())
}

/// The value of these bytes, of which there may be `bytes_max`. One line feed may follow it.
///
/// # Errors
/// When they are not exactly what [`write()`] gives for some value.
pub fn read(bytes: &[u8], bytes_max: usize) -> Result<Value, CanonicalError> {
    if bytes.len() > bytes_max {
        return Err(CanonicalError::TooLong { max: bytes_max });
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|error| CanonicalError::NotUtf8 { at: error.valid_up_to() })?;
    let value: Value =
        serde_json::from_str(text).map_err(|error| CanonicalError::Json(error.to_string()))?;
    let canonical = write(&value)?;
    if canonical == bytes {
        return Ok(value);
    }
    let same = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    Err(CanonicalError::Form { at: same })
}

fn put(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Number(number) => out.push_str(&integer(number)?),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, out);
                put(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => put_members(members, out)?,
        Value::Null => return Err(CanonicalError::Value("null".to_owned())),
        Value::Bool(truth) => return Err(CanonicalError::Value(truth.to_string())),
    }
    Ok(())
}

fn put_members(members: &Map<String, Value>, out: &mut String) -> Result<(), CanonicalError> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        separate(at, out);
        out.push_str(&quoted(name));
        out.push(':');
        put(value, out)?;
    }
    out.push('}');
    Ok(())
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
}

/// The library escapes just what the scheme wants: quotes, backslashes, and control characters by
/// their short names or as `\u00xx` in small letters.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn integer(number: &Number) -> Result<String, CanonicalError> {
    let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match size {
        Some(size) if size <= INTEGER_MAX => Ok(number.to_string()),
        Some(_) | None => Err(CanonicalError::Value(format!("the number {number}"))),
    }
}
