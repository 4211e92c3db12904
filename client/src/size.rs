//! Sizes as people read them.

use manyhands::quantity::Size;

/// Bytes in a unit that a person would choose.
pub(crate) fn human(bytes: u64) -> String {
    Size { bytes }.to_string()
}
