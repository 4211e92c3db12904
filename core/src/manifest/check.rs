//! The checks that turn a draft into a manifest.

use std::collections::BTreeSet;

use super::{Axis, Draft, ManifestError, Source, Template, Values};
use crate::limits::{
    ARG_BYTES_MAX, ARGS_MAX, AXES_MAX, AXIS_VALUE_BYTES_MAX, AXIS_VALUES_MAX,
    DESCRIPTION_BYTES_MAX, INPUTS_MAX, MEMORY_BYTES_MAX, MODULE_BYTES_MAX, NAME_BYTES_MAX,
    OUTPUTS_MAX, UNITS_MAX,
};
use crate::path;

/// The name under which standard output is an output of every unit.
const STDOUT: &str = "stdout";

/// Checks everything that does not depend on the axes.
pub(super) fn plain_fields(draft: &Draft) -> Result<(), ManifestError> {
    name("name", &draft.name)?;
    length("description", &draft.description, DESCRIPTION_BYTES_MAX)?;
    let app = &draft.app;
    bounds("app.module_bytes", app.module_bytes, 8, MODULE_BYTES_MAX)?;
    bounds("app.memory_bytes_max", app.memory_bytes_max, 65_536, MEMORY_BYTES_MAX)?;
    count("args", draft.args.len(), ARGS_MAX)?;
    count("inputs", draft.inputs.len(), INPUTS_MAX)?;
    count("outputs", draft.outputs.len(), OUTPUTS_MAX - 1)?;
    paths("inputs", draft.inputs.iter().map(|input| input.path.as_str()), &[])?;
    paths("outputs", draft.outputs.iter().map(String::as_str), &[STDOUT])
}

/// Checks the axes, and counts the units that they make.
pub(super) fn grid(axes: &[Axis]) -> Result<u32, ManifestError> {
    count("axes", axes.len(), AXES_MAX)?;
    let mut seen = BTreeSet::new();
    let mut units: u128 = 1;
    for axis in axes {
        name("an axis name", &axis.name)?;
        if !seen.insert(axis.name.as_str()) {
            return Err(ManifestError::Twice { field: "axes", name: axis.name.clone() });
        }
        values(axis)?;
        units = units.saturating_mul(axis.values.count().into());
    }
    match u32::try_from(units) {
        Ok(units) if units <= UNITS_MAX => Ok(units),
        Ok(_) | Err(_) => Err(ManifestError::TooManyUnits { units, max: UNITS_MAX }),
    }
}

/// Reads the arguments, and checks that every axis they name is there.
pub(super) fn args(draft: &Draft) -> Result<Vec<Template>, ManifestError> {
    let read = |(at, text): (usize, &String)| {
        let field = format!("args[{at}]");
        length(&field, text, ARG_BYTES_MAX)?;
        if text.contains('\0') {
            return Err(ManifestError::Control { field });
        }
        let template = Template::parse(text)
            .map_err(|source| ManifestError::Template { field: field.clone(), source })?;
        let known = |name: &&str| draft.axes.iter().all(|axis| axis.name != *name);
        if let Some(axis) = template.axes().find(known) {
            return Err(ManifestError::UnknownAxis { field, axis: axis.to_owned() });
        }
        Ok(template)
    };
    draft.args.iter().enumerate().map(read).collect()
}

/// Checks that every input and the standard input can be found for every unit.
pub(super) fn sources(draft: &Draft) -> Result<(), ManifestError> {
    for input in &draft.inputs {
        source(&format!("inputs[{:?}]", input.path), &input.source, &draft.axes)?;
    }
    draft.stdin.as_ref().map_or(Ok(()), |stdin| source("stdin", stdin, &draft.axes))
}

/// Checks that private inputs have a secret. A secret without them changes nothing.
pub(super) fn privacy(draft: &Draft) -> Result<(), ManifestError> {
    if draft.secret.is_some() {
        return Ok(());
    }
    let sources = draft.inputs.iter().map(|input| &input.source).chain(&draft.stdin);
    let fixed = sources.filter_map(|source| match source {
        Source::Fixed(artefact) => Some(artefact),
        Source::Axis(_) => None,
    });
    let along = draft.axes.iter().flat_map(|axis| match &axis.values {
        Values::Files(artefacts) => artefacts.as_slice(),
        Values::List(_) | Values::Range { .. } => &[],
    });
    match fixed.chain(along).find(|artefact| artefact.salt.is_some()) {
        Some(artefact) => Err(ManifestError::NoSecret { name: artefact.name.clone() }),
        None => Ok(()),
    }
}

fn source(field: &str, source: &Source, axes: &[Axis]) -> Result<(), ManifestError> {
    let name = match source {
        Source::Fixed(artefact) => return length(field, &artefact.name, NAME_BYTES_MAX * 2),
        Source::Axis(name) => name,
    };
    let (field, axis) = (field.to_owned(), name.clone());
    match axes.iter().find(|axis| axis.name == *name).map(|axis| &axis.values) {
        Some(Values::Files(_)) => Ok(()),
        Some(Values::List(_) | Values::Range { .. }) => Err(ManifestError::NoFiles { field, axis }),
        None => Err(ManifestError::UnknownAxis { field, axis }),
    }
}

fn values(axis: &Axis) -> Result<(), ManifestError> {
    let field = format!("axis {:?}", axis.name);
    if axis.values.count() == 0 {
        return Err(ManifestError::EmptyAxis { axis: axis.name.clone() });
    }
    let texts: Box<dyn Iterator<Item = &str>> = match &axis.values {
        Values::List(texts) => {
            count(&field, texts.len(), AXIS_VALUES_MAX)?;
            Box::new(texts.iter().map(String::as_str))
        }
        Values::Files(artefacts) => {
            count(&field, artefacts.len(), AXIS_VALUES_MAX)?;
            Box::new(artefacts.iter().map(|artefact| artefact.name.as_str()))
        }
        Values::Range { .. } => return Ok(()),
    };
    for text in texts {
        length(&field, text, AXIS_VALUE_BYTES_MAX)?;
        if text.contains('\0') {
            return Err(ManifestError::Control { field });
        }
    }
    Ok(())
}

fn paths<'a>(
    field: &'static str,
    all: impl Iterator<Item = &'a str>,
    reserved: &[&'a str],
) -> Result<(), ManifestError> {
    let mut seen: BTreeSet<&str> = reserved.iter().copied().collect();
    for one in all {
        path::check(one)
            .map_err(|source| ManifestError::Path { field: field.to_owned(), source })?;
        if !seen.insert(one) {
            return Err(ManifestError::Twice { field, name: one.to_owned() });
        }
    }
    Ok(())
}

fn name(field: &str, text: &str) -> Result<(), ManifestError> {
    if text.is_empty() {
        return Err(ManifestError::Empty { field: field.to_owned() });
    }
    if text.chars().any(char::is_control) {
        return Err(ManifestError::Control { field: field.to_owned() });
    }
    length(field, text, NAME_BYTES_MAX)
}

fn length(field: &str, text: &str, max: usize) -> Result<(), ManifestError> {
    if text.len() <= max {
        return Ok(());
    }
    Err(ManifestError::TooLong { field: field.to_owned(), bytes: text.len(), max })
}

fn count(field: &str, count: usize, max: usize) -> Result<(), ManifestError> {
    if count <= max {
        return Ok(());
    }
    Err(ManifestError::TooMany { field: field.to_owned(), count, max })
}

fn bounds(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), ManifestError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ManifestError::OutOfBounds { field, value, min, max })
}
