//! Job files: a job as a scientist writes it, in TOML.
//!
//! ```toml
//! name = "mersenne"
//! module = "mersenne.wasm"
//! args = ["{p}"]
//! outputs = ["result.txt"]
//! memory = "64 MiB"
//!
//! [quorum]
//! size = 2
//!
//! [[axis]]
//! name = "p"
//! values = [3, 5, 7, 11]
//! ```
//!
//! Instead of `[quorum]`, `confidence = "1e-3 against 20 % colluding"` asks for an error and leaves
//! it to the grid how it is kept.
//!
//! Reading goes in two steps: [`written`] is the file as it was written, and the rest turns that
//! into what is meant, a [`Manifest`] and the blobs that it names. Every error says the line and
//! the key. Two readings of the same files give the same bytes: globs are sorted, and neither
//! folders nor times go into a manifest.

mod axes;
mod blame;
mod confidence;
mod error;
mod files;
mod inputs;
mod module;
mod policy;
mod source;
mod written;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{Draft, Manifest};
use manyhands_core::private::JobSecret;
use manyhands_proto::convert::encode_manifest;

pub use self::confidence::ConfidenceTextError;
pub use self::error::{JobFileError, Place, Problem};
use self::files::Files;
pub use self::module::Module;
use self::source::SourceText;
use self::written::Written;
use crate::upload::{Content, LocalBlob};

/// Largest job file.
const JOB_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A job that is ready to be submitted.
#[derive(Clone, Debug)]
pub struct JobFile {
    /// What the job is.
    pub manifest: Manifest,
    /// The manifest's one encoding.
    pub encoded: Bytes,
    /// The digest of `encoded`: the job's name.
    pub digest: Digest,
    /// The program.
    pub module: Module,
    /// Every blob of the job, each once: module, inputs, and the manifest itself.
    pub blobs: Vec<LocalBlob>,
    /// What the keys of its inputs follow from, if they are private.
    pub secret: Option<JobSecret>,
}

impl JobFile {
    /// Reads a job file and hashes every file that it names. Nothing is sent. If its inputs are private, they will be
    /// encrypted under `secret`.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, key and limit.
    pub fn read(path: &Path, secret: JobSecret) -> Result<Self, JobFileError> {
        let text = read_text(path).map_err(|problem| JobFileError::whole(path, problem))?;
        let source = SourceText::new(path, text);
        let written = parse(&source)?;
        describe(&source, &written, written.private.then_some(secret))
    }
}

fn read_text(path: &Path) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Problem::Read)?;
    file.take(JOB_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Problem::Read)?;
    if bytes.len() as u64 > JOB_FILE_BYTES_MAX {
        return Err(Problem::TooLarge { max: JOB_FILE_BYTES_MAX });
    }
    if bytes.starts_with(WASM_MAGIC) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Err(Problem::Program { name });
    }
    String::from_utf8(bytes)
        .map_err(|error| Problem::NotText { at: error.utf8_error().valid_up_to() })
}

/// How every WebAssembly program begins.
const WASM_MAGIC: &[u8] = b"\0asm";

fn parse(source: &SourceText) -> Result<Written, JobFileError> {
    toml::from_str(source.text()).map_err(|error| {
        let problem = Problem::Toml(error.message().to_owned());
        match error.span() {
            Some(span) => source.error(span, problem),
            None => source.whole(problem),
        }
    })
}

/// What is written, as it is meant.
fn describe(
    source: &SourceText,
    written: &Written,
    secret: Option<JobSecret>,
) -> Result<JobFile, JobFileError> {
    let mut files = Files::new(source, secret);
    let stdin = written.stdin.as_ref();
    let (app, module) = module::module(source, &mut files, written)?;
    let draft = Draft {
        name: written.name.get_ref().clone(),
        description: written
            .description
            .as_ref()
            .map_or_else(String::new, |it| it.get_ref().clone()),
        app,
        args: written.args.iter().map(|arg| arg.get_ref().clone()).collect(),
        inputs: inputs::inputs(source, &mut files, &written.input)?,
        stdin: stdin.map(|stdin| inputs::stdin(source, &mut files, stdin)).transpose()?,
        outputs: written
            .outputs
            .iter()
            .map(|path| inputs::below("/out/", path.get_ref()))
            .collect(),
        axes: axes::axes(source, &mut files, &written.axis)?,
        policy: policy::policy(source, written)?,
        secret: secret.map(|secret| secret.commitment()),
    };
    let manifest = Manifest::new(draft).map_err(|error| match blame::span(written, &error) {
        Some(span) => source.error(span, error.into()),
        None => source.whole(error.into()),
    })?;
    let (encoded, digest) =
        encode_manifest(&manifest).map_err(|error| source.whole(error.into()))?;
    let content = Content::Memory(encoded.clone());
    files.add(LocalBlob { digest, size_bytes: encoded.len() as u64, content });
    Ok(JobFile { manifest, encoded, digest, module, blobs: files.into_blobs(), secret })
}
