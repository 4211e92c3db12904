//! The sweep: from what was written to axes.

use manyhands_core::limits::AXIS_VALUES_MAX;
use manyhands_core::manifest::{Axis, Values};
use toml::{Spanned, Value};

use super::error::{JobFileError, Problem};
use super::files::Files;
use super::source::SourceText;
use super::written;

/// All axes, in the order they were written.
pub(super) fn axes(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &[Spanned<written::Axis>],
) -> Result<Vec<Axis>, JobFileError> {
    written.iter().map(|axis| one(source, files, axis)).collect()
}

fn one(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &Spanned<written::Axis>,
) -> Result<Axis, JobFileError> {
    let axis = written.get_ref();
    let values = match (&axis.values, &axis.range, &axis.files) {
        (Some(values), None, None) => list(source, values.get_ref())?,
        (None, Some(range), None) => {
            let written::Range { start, end, step } = *range.get_ref();
            Values::Range { start, end, step }
        }
        (None, None, Some(patterns)) => {
            Values::Files(files.matching("axis.files", patterns, AXIS_VALUES_MAX)?)
        }
        _ => {
            let choices = "`values`, `range` and `files`";
            return Err(source.error(written.span(), Problem::OneOf { key: "axis", choices }));
        }
    };
    Ok(Axis { name: axis.name.get_ref().clone(), values })
}

fn list(source: &SourceText, values: &[Spanned<Value>]) -> Result<Values, JobFileError> {
    values.iter().map(|value| text(source, value)).collect::<Result<_, _>>().map(Values::List)
}

/// A value as the text that programs get.
fn text(source: &SourceText, value: &Spanned<Value>) -> Result<String, JobFileError> {
    let found = match value.get_ref() {
        Value::String(text) => return Ok(text.clone()),
        Value::Integer(number) => return Ok(number.to_string()),
        Value::Boolean(truth) => return Ok(truth.to_string()),
        // As it was written: 1e-3 and 0.10 mean something to whoever wrote them so.
        Value::Float(_) => return Ok(source.slice(value.span()).to_owned()),
        Value::Datetime(_) => return Ok(source.slice(value.span()).to_owned()),
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    };
    Err(source.error(value.span(), Problem::Value { found }))
}
