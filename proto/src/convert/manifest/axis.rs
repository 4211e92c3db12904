//! The grid of a manifest.

use manyhands_core::limits::{AXIS_VALUES_MAX, NAME_BYTES_MAX};
use manyhands_core::manifest::{Axis, Values};

use crate::convert::error::WireError;
use crate::convert::field::{at_most, bounded, list, required};
use crate::v1::{self, axis};

impl From<Axis> for v1::Axis {
    fn from(axis: Axis) -> Self {
        let values = match axis.values {
            Values::List(values) => axis::Values::List(axis::List { values }),
            Values::Range { start, end, step } => {
                axis::Values::Range(axis::Range { start, end, step })
            }
            Values::Files(files) => {
                let files = files.into_iter().map(Into::into).collect();
                axis::Values::Files(axis::Files { files })
            }
        };
        Self { name: axis.name, values: Some(values) }
    }
}

impl TryFrom<v1::Axis> for Axis {
    type Error = WireError;

    fn try_from(wire: v1::Axis) -> Result<Self, WireError> {
        let values = match required("values", wire.values)? {
            axis::Values::List(axis::List { values }) => {
                at_most("list.values", AXIS_VALUES_MAX, values.len())?;
                Values::List(values)
            }
            axis::Values::Range(axis::Range { start, end, step }) => {
                Values::Range { start, end, step }
            }
            axis::Values::Files(axis::Files { files }) => {
                Values::Files(list("files.files", AXIS_VALUES_MAX, files)?)
            }
        };
        Ok(Self { name: bounded("name", NAME_BYTES_MAX, wire.name)?, values })
    }
}
