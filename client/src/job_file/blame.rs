//! Which line of the job file broke a rule of all jobs.

use std::ops::Range;

use manyhands_core::manifest::ManifestError;
use toml::Spanned;

use super::inputs::below;
use super::written::Written;

/// Where the text that broke the rule was written; `None` if it follows from the whole.
pub(super) fn span(written: &Written, error: &ManifestError) -> Option<Range<usize>> {
    match error {
        ManifestError::TooManyUnits { .. } => written.axis.first().map(Spanned::span),
        ManifestError::EmptyAxis { axis } => axis_span(written, axis),
        // A job file says that all of its inputs are private, or none.
        ManifestError::NoSecret { .. } => None,
        ManifestError::Policy(error) => policy_span(written, error.field),
        ManifestError::OutOfBounds { field, .. } => field_span(written, field),
        ManifestError::Twice { field, name } => twice_span(written, field, name),
        ManifestError::TooLong { field, .. }
        | ManifestError::Empty { field }
        | ManifestError::Control { field }
        | ManifestError::TooMany { field, .. }
        | ManifestError::UnknownAxis { field, .. }
        | ManifestError::NoFiles { field, .. }
        | ManifestError::Template { field, .. }
        | ManifestError::Path { field, .. } => field_span(written, field),
    }
}

/// Where a field of a manifest was written. Fields look like `name`, `args[3]` or `axis "p"`.
fn field_span(written: &Written, field: &str) -> Option<Range<usize>> {
    let (name, rest) = field.split_at(field.find(['[', ' ', '.']).unwrap_or(field.len()));
    let index = rest.trim_matches(['[', ']']);
    match name {
        "name" => Some(written.name.span()),
        "description" => written.description.as_ref().map(Spanned::span),
        "app" if rest == ".module_bytes" => Some(written.module.span()),
        "app" => written.memory.as_ref().map(Spanned::span),
        "args" => {
            let at = index.parse().unwrap_or(0_usize);
            written.args.get(at).map(Spanned::span)
        }
        "inputs" => {
            let at = |input: &&Spanned<super::written::Input>| {
                let path = input.get_ref().path.as_ref();
                path.is_some_and(|path| format!("{:?}", below("/in/", path.get_ref())) == index)
            };
            written.input.iter().find(at).or_else(|| written.input.first()).map(Spanned::span)
        }
        "outputs" => written.outputs.first().map(Spanned::span),
        "stdin" => written.stdin.as_ref().map(Spanned::span),
        "axis" => axis_span(written, rest.trim().trim_matches('"')),
        "axes" | "an" => written.axis.first().map(Spanned::span),
        _ => None,
    }
}

fn axis_span(written: &Written, name: &str) -> Option<Range<usize>> {
    let axis = written.axis.iter().find(|axis| axis.get_ref().name.get_ref() == name)?;
    Some(axis.span())
}

/// The second of two that have the same name.
fn twice_span(written: &Written, field: &str, name: &str) -> Option<Range<usize>> {
    match field {
        "axes" => {
            let named =
                |axis: &&Spanned<super::written::Axis>| axis.get_ref().name.get_ref() == name;
            written.axis.iter().rfind(named).map(Spanned::span)
        }
        "inputs" => {
            let named = |input: &&Spanned<super::written::Input>| {
                input
                    .get_ref()
                    .path
                    .as_ref()
                    .is_some_and(|path| below("/in/", path.get_ref()) == name)
            };
            written.input.iter().rfind(named).or_else(|| written.input.last()).map(Spanned::span)
        }
        "outputs" => {
            let named = |output: &&Spanned<String>| below("/out/", output.get_ref()) == name;
            written.outputs.iter().rfind(named).map(Spanned::span)
        }
        _ => None,
    }
}

fn policy_span(written: &Written, field: &str) -> Option<Range<usize>> {
    let limits = &written.limits;
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(Spanned::span);
    match field {
        "quorum" => written.quorum.size.as_ref().map(Spanned::span),
        "replicas_max" => {
            let replicas = written.quorum.replicas.as_ref().or(written.quorum.size.as_ref());
            replicas.map(Spanned::span)
        }
        "deadline_ms" => text(&limits.deadline),
        "lease_ms" => text(&limits.lease).or_else(|| text(&limits.deadline)),
        "cpu_ms_max" => text(&limits.cpu),
        "output_bytes_max" => text(&limits.output),
        "log_bytes_max" => text(&limits.log),
        _ => None,
    }
}
