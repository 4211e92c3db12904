//! How many list items a message has, counted before anything is allocated for them: the two bytes of an
//! empty item become a hundred when it is decoded.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::error::WireError;
use super::field::at_most;

/// A list in a kind of message: its name, the numbers of the fields that lead there, most items.
pub(super) type List = (&'static str, &'static [u32], usize);

/// Refuses an encoded message with more items in one of `lists` than are allowed.
pub(super) fn check(message: &[u8], lists: &[List]) -> Result<(), WireError> {
    for (field, path, max) in lists {
        let items = count(message, path).map_err(|error| WireError::undecodable(field, error))?;
        at_most(field, *max, items)?;
    }
    Ok(())
}

/// How often the field at the end of `path` occurs in a message.
fn count(mut message: &[u8], path: &[u32]) -> Result<usize, DecodeError> {
    let Some((number, deeper)) = path.split_first() else { return Ok(1) };
    let mut items = 0;
    while !message.is_empty() {
        let (found, wire_type) = decode_key(&mut message)?;
        if found != *number || wire_type != WireType::LengthDelimited {
            skip_field(wire_type, found, &mut message, DecodeContext::default())?;
            continue;
        }
        let length = usize::try_from(decode_varint(&mut message)?).unwrap_or(usize::MAX);
        let Some((item, rest)) = message.split_at_checked(length) else {
            // It is cut off: decoding says so.
            return Ok(items);
        };
        items += count(item, deeper)?;
        message = rest;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::v1::{self, axis};

    fn axes(list: usize, files: usize) -> Vec<u8> {
        let list = axis::Values::List(axis::List { values: vec![String::new(); list] });
        let files = vec![v1::Artefact::default(); files];
        let files = axis::Values::Files(axis::Files { files });
        let axis = |values| v1::Axis { name: String::new(), values: Some(values) };
        let manifest =
            v1::Manifest { axes: vec![axis(list), axis(files)], ..v1::Manifest::default() };
        manifest.encode_to_vec()
    }

    const LISTS: [List; 3] = [
        ("axes", &[8], 2),
        ("axes.list.values", &[8, 2, 1], 5),
        ("axes.files.files", &[8, 4, 1], 5),
    ];

    #[test]
    fn items_are_counted_wherever_they_are() {
        let counts = LISTS.map(|(_, path, _)| count(&axes(3, 5), path).unwrap());
        assert_eq!(counts, [2, 3, 5]);
    }

    #[test]
    fn floods_of_empty_items_are_refused() {
        assert_eq!(check(&axes(5, 5), &LISTS), Ok(()));
        let refusal = |bytes: &[u8]| check(bytes, &LISTS).unwrap_err().to_string();
        let most = "has 6 items where at most 5 are allowed";
        assert_eq!(refusal(&axes(6, 0)), format!("axes.list.values: {most}"));
        assert_eq!(refusal(&axes(0, 6)), format!("axes.files.files: {most}"));
        // A list that comes in pieces, each in a message of its own, is one list.
        let pieces = [axes(5, 0), axes(1, 0)].concat();
        assert!(check(&pieces, &LISTS).is_err());
    }
}
