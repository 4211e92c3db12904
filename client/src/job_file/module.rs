//! The program: read, checked as every sandbox will check it, and described.

use std::io::Read as _;
use std::{fs, io};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::manifest::AppVersion;
use manyhands_core::requirement;
use manyhands_prepare::{Kind, MODULE_BYTES_MAX, PROFILE, Report, prepare};

use super::error::{JobFileError, Problem};
use super::files::Files;
use super::policy::size_bytes;
use super::source::SourceText;
use super::written::{self, Written};
use crate::upload::{Content, LocalBlob};

/// Memory of a program whose job file does not say how much it needs.
const MEMORY_BYTES_DEFAULT: u64 = 256 << 20;

/// The program of a job.
#[derive(Clone, Debug)]
pub struct Module {
    /// The bytes, as the scientist built them.
    pub bytes: Bytes,
    /// What preparing it told.
    pub report: Report,
}

/// Reads and checks the module, and describes it for the manifest.
pub(super) fn module(
    source: &SourceText,
    files: &mut Files<'_>,
    written: &Written,
) -> Result<(AppVersion, Module), JobFileError> {
    let path = files.resolve(written.module.get_ref());
    let fail = |problem| source.error(written.module.span(), problem);
    let bytes = match read(&path) {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) => return Err(fail(Problem::File { key: "module", path, error })),
    };
    let report = match prepare(&bytes) {
        Ok(prepared) => prepared.report,
        Err(refusal) => return Err(fail(Problem::Module { path, refusal: refusal.into() })),
    };
    check_kind(source, written, &report)?;
    let app = AppVersion {
        module: Digest::of(&bytes),
        module_bytes: bytes.len() as u64,
        kind: domain(report.kind),
        memory_bytes_max: memory(source, written, &report)?,
        profile: PROFILE,
    };
    let content = Content::Memory(bytes.clone());
    files.add(LocalBlob { digest: app.module, size_bytes: app.module_bytes, content });
    Ok((app, Module { bytes, report }))
}

/// The file's bytes, no more than tell that there are too many.
fn read(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MODULE_BYTES_MAX as u64 + 1;
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_kind(source: &SourceText, file: &Written, report: &Report) -> Result<(), JobFileError> {
    let Some(kind) = &file.kind else { return Ok(()) };
    let written = match kind.get_ref() {
        written::Kind::Command => Kind::Command,
        written::Kind::Step => Kind::Step,
    };
    if written == report.kind {
        return Ok(());
    }
    Err(source.error(kind.span(), Problem::Kind { written, found: report.kind }))
}

fn memory(source: &SourceText, written: &Written, report: &Report) -> Result<u64, JobFileError> {
    let needed_bytes = report.memory_bytes_min;
    let default = MEMORY_BYTES_DEFAULT.max(needed_bytes);
    let allowed_bytes = size_bytes(source, "memory", written.memory.as_ref(), default)?;
    if allowed_bytes >= needed_bytes {
        return Ok(allowed_bytes);
    }
    let span = written.memory.as_ref().map_or(0..0, toml::Spanned::span);
    Err(source.error(span, Problem::Memory { needed_bytes, allowed_bytes }))
}

fn domain(kind: Kind) -> requirement::Kind {
    match kind {
        Kind::Command => requirement::Kind::Command,
        Kind::Step => requirement::Kind::Step,
    }
}
