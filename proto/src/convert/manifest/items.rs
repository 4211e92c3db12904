//! How many list items a manifest has, counted before anything is allocated for them: the two
//! bytes of an empty item become a hundred when it is decoded.

use manyhands_core::limits::{ARGS_MAX, AXES_MAX, AXIS_VALUES_MAX, INPUTS_MAX, OUTPUTS_MAX};
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::convert::error::WireError;
use crate::convert::field::at_most;

/// The lists of a manifest: name, the numbers of the fields that lead there, most items.
const LISTS: [(&str, &[u32], usize); 6] = [
    ("args", &[4], ARGS_MAX),
    ("inputs", &[5], INPUTS_MAX),
    ("outputs", &[7], OUTPUTS_MAX),
    ("axes", &[8], AXES_MAX),
    ("axes.list.values", &[8, 2, 1], AXES_MAX * AXIS_VALUES_MAX),
    ("axes.files.files", &[8, 4, 1], AXES_MAX * AXIS_VALUES_MAX),
];

/// Refuses an encoding with more items than any manifest may have.
pub(super) fn check(manifest: &[u8]) -> Result<(), WireError> {
    for (field, path, max) in LISTS {
        let items = count(manifest, path);
        let items = items.map_err(|error| WireError::undecodable("manifest", error))?;
        at_most(field, max, items).map_err(|error| error.within("manifest"))?;
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

    fn axes(list: usize, files: usize) -> v1::Manifest {
        let list = axis::Values::List(axis::List { values: vec![String::new(); list] });
        let files = vec![v1::Artefact::default(); files];
        let files = axis::Values::Files(axis::Files { files });
        let axis = |values| v1::Axis { name: String::new(), values: Some(values) };
        v1::Manifest { axes: vec![axis(list), axis(files)], ..v1::Manifest::default() }
    }

    fn refusal(manifest: &v1::Manifest) -> String {
        check(&manifest.encode_to_vec()).unwrap_err().to_string()
    }

    #[test]
    fn the_numbers_are_those_of_the_lists() {
        let bytes = axes(3, 5).encode_to_vec();
        let counts = LISTS.map(|(_, path, _)| count(&bytes, path).unwrap());
        assert_eq!(counts, [0, 0, 0, 2, 3, 5]);
        let flat = v1::Manifest {
            args: vec![String::new(); 2],
            inputs: vec![v1::Input::default(); 3],
            outputs: vec![String::new(); 4],
            ..v1::Manifest::default()
        };
        let bytes = flat.encode_to_vec();
        let counts = LISTS.map(|(_, path, _)| count(&bytes, path).unwrap());
        assert_eq!(counts, [2, 3, 4, 0, 0, 0]);
    }

    #[test]
    fn floods_of_empty_items_are_refused() {
        let max = AXES_MAX * AXIS_VALUES_MAX;
        assert_eq!(check(&axes(max, max).encode_to_vec()), Ok(()));
        let most = format!("items where at most {max} are allowed");
        let many = max + 1;
        assert_eq!(
            refusal(&axes(many, 0)),
            format!("manifest.axes.list.values: has {many} {most}")
        );
        assert_eq!(
            refusal(&axes(0, many)),
            format!("manifest.axes.files.files: has {many} {most}")
        );
        // A list that comes in pieces, each in a message of its own, is one list.
        let pieces = [axes(max, 0).encode_to_vec(), axes(1, 0).encode_to_vec()].concat();
        assert!(check(&pieces).is_err());
    }
}
