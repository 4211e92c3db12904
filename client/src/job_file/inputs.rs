//! Inputs and standard input: from what was written to paths and blobs.

use manyhands_core::limits::INPUTS_MAX;
use manyhands_core::manifest::{Input, Source};
use toml::Spanned;

use super::error::{JobFileError, Problem};
use super::files::Files;
use super::source::SourceText;
use super::written;

/// All inputs, in the order they were written, globs in the order of paths.
pub(super) fn inputs(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &[Spanned<written::Input>],
) -> Result<Vec<Input>, JobFileError> {
    let mut inputs = Vec::new();
    for input in written {
        inputs.extend(one(source, files, input)?);
    }
    Ok(inputs)
}

/// What one `[[input]]` stands for: one input, or one for each file that matches.
fn one(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &Spanned<written::Input>,
) -> Result<Vec<Input>, JobFileError> {
    let fail = |problem| source.error(written.span(), problem);
    let input = written.get_ref();
    let path = input.path.as_ref().map(|path| below("/in/", path.get_ref()));
    match (&input.file, &input.files, &input.axis) {
        (Some(file), None, None) => {
            let artefact = files.one("input.file", file)?;
            let path = path.unwrap_or_else(|| artefact.name.clone());
            Ok(vec![Input { path, source: Source::Fixed(artefact) }])
        }
        (None, Some(patterns), None) => {
            let found = files.matching("input.files", patterns, INPUTS_MAX)?;
            let placed = |artefact: &str| match &path {
                Some(folder) => format!("{folder}/{artefact}"),
                None => artefact.to_owned(),
            };
            let input = |artefact: manyhands_core::manifest::Artefact| Input {
                path: placed(&artefact.name),
                source: Source::Fixed(artefact),
            };
            Ok(found.into_iter().map(input).collect())
        }
        (None, None, Some(axis)) => {
            // Each unit has another file there, so no file's own name can be the path.
            let Some(path) = path else {
                return Err(fail(Problem::Missing { key: "input", missing: "path" }));
            };
            Ok(vec![Input { path, source: Source::Axis(axis.get_ref().clone()) }])
        }
        _ => Err(fail(Problem::OneOf { key: "input", choices: "`file`, `files` and `axis`" })),
    }
}

/// A path as manifests have it, relative to the folder that programs see it in. People may write it
/// as their program does.
pub(super) fn below(folder: &str, path: &str) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_owned()
}

/// The standard input.
pub(super) fn stdin(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &Spanned<written::Stdin>,
) -> Result<Source, JobFileError> {
    let stdin = written.get_ref();
    match (&stdin.file, &stdin.axis) {
        (Some(file), None) => files.one("stdin.file", file).map(Source::Fixed),
        (None, Some(axis)) => Ok(Source::Axis(axis.get_ref().clone())),
        _ => {
            let problem = Problem::OneOf { key: "stdin", choices: "`file` and `axis`" };
            Err(source.error(written.span(), problem))
        }
    }
}
