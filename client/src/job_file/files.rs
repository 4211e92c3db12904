//! The files that a job file names: found, hashed, and remembered for the upload.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use manyhands_core::digest::Digest;
use manyhands_core::manifest::Artefact;
use manyhands_core::private::{JobSecret, Salt};
use manyhands_proto::private::Cipher;
use toml::Spanned;

use super::error::{JobFileError, Problem};
use super::source::SourceText;
use super::written::Patterns;
use crate::upload::{Content, LocalBlob};

/// Bytes read at once while a file is hashed.
const READ_BYTES: usize = 256 * 1024;

/// Every file that the job names, by digest.
#[derive(Debug)]
pub(super) struct Files<'a> {
    source: &'a SourceText,
    /// If the files are private.
    secret: Option<JobSecret>,
    blobs: BTreeMap<Digest, LocalBlob>,
}

/// Where in the job file a path was written, and under which key.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) key: &'static str,
    pub(super) span: Range<usize>,
}

impl<'a> Files<'a> {
    pub(super) fn new(source: &'a SourceText, secret: Option<JobSecret>) -> Self {
        Self { source, secret, blobs: BTreeMap::new() }
    }

    /// All blobs, each once.
    pub(super) fn into_blobs(self) -> Vec<LocalBlob> {
        self.blobs.into_values().collect()
    }

    /// The folder that relative paths start from, joined with `written`.
    pub(super) fn resolve(&self, written: &str) -> PathBuf {
        self.source.folder().join(written)
    }

    /// Remembers a blob that is sent with the job.
    pub(super) fn add(&mut self, blob: LocalBlob) {
        self.blobs.insert(blob.digest, blob);
    }

    /// One file.
    pub(super) fn one(
        &mut self,
        key: &'static str,
        written: &Spanned<String>,
    ) -> Result<Artefact, JobFileError> {
        let origin = Origin { key, span: written.span() };
        self.artefact(&origin, &self.resolve(written.get_ref()))
    }

    /// Every file that matches, at most `max`, in the order of the patterns and within each in the
    /// order of paths. No file twice.
    pub(super) fn matching(
        &mut self,
        key: &'static str,
        patterns: &Spanned<Patterns>,
        max: usize,
    ) -> Result<Vec<Artefact>, JobFileError> {
        let origin = Origin { key, span: patterns.span() };
        let mut paths: Vec<PathBuf> = Vec::new();
        for pattern in patterns.get_ref().all() {
            let found = self.glob(&origin, pattern)?;
            paths.extend(found);
        }
        let mut seen = std::collections::BTreeSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        if paths.len() > max {
            let problem = Problem::TooManyFiles { key, count: paths.len(), max };
            return Err(self.source.error(origin.span, problem));
        }
        paths.iter().map(|path| self.artefact(&origin, path)).collect()
    }

    /// The files that match one pattern, sorted; folders that match are left out.
    fn glob(&self, origin: &Origin, pattern: &str) -> Result<Vec<PathBuf>, JobFileError> {
        let key = origin.key;
        let fail = |problem| self.source.error(origin.span.clone(), problem);
        let base = self.source.folder();
        // The folder's own name is no pattern, whatever characters it has.
        let full = Path::new(&glob::Pattern::escape(&base.to_string_lossy())).join(pattern);
        let wrong = |error: glob::PatternError| {
            fail(Problem::Pattern { key, pattern: pattern.to_owned(), error: error.msg })
        };
        let mut paths = Vec::new();
        for path in glob::glob(&full.to_string_lossy()).map_err(wrong)? {
            match path {
                Ok(path) if path.is_dir() => {}
                Ok(path) => paths.push(path),
                Err(error) => {
                    let path = error.path().to_owned();
                    return Err(fail(Problem::File { key, path, error: error.into() }));
                }
            }
        }
        if paths.is_empty() {
            let (pattern, base) = (pattern.to_owned(), base.to_owned());
            return Err(fail(Problem::NoMatch { key, pattern, base }));
        }
        paths.sort();
        Ok(paths)
    }

    /// Hashes a file and remembers it. Only its own name goes into the manifest, so that the
    /// folder it lies in does not change the job.
    fn artefact(&mut self, origin: &Origin, path: &Path) -> Result<Artefact, JobFileError> {
        let key = origin.key;
        let fail = |problem| self.source.error(origin.span.clone(), problem);
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(fail(Problem::FileName { key, path: path.to_owned() }));
        };
        let (found, salt) = match self.look(path) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(fail(Problem::NotFile { key, path: path.to_owned() })),
            Err(error) => return Err(fail(Problem::File { key, path: path.to_owned(), error })),
        };
        let LocalBlob { digest, size_bytes: bytes, .. } = found;
        self.blobs.insert(digest, found);
        Ok(Artefact { name: name.to_owned(), digest, bytes, salt })
    }

    /// A file as the blob that it will be; `None` if it is no file.
    fn look(&self, path: &Path) -> io::Result<Option<(LocalBlob, Option<Salt>)>> {
        let Some((digest, size_bytes)) = hash(path, None)? else { return Ok(None) };
        let Some(secret) = self.secret else {
            let content = Content::File(path.to_owned(), None);
            return Ok(Some((LocalBlob { digest, size_bytes, content }, None)));
        };
        let salt = secret.salt(&digest);
        let key = secret.key(&salt);
        let content = Content::File(path.to_owned(), Some(key));
        let Some((digest, size_bytes)) = hash(path, Some(Cipher::new(&key)))? else {
            return Ok(None);
        };
        Ok(Some((LocalBlob { digest, size_bytes, content }, Some(salt))))
    }
}

impl Patterns {
    fn all(&self) -> &[String] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Many(patterns) => patterns,
        }
    }
}

/// The digest and size of a file, or of its ciphertext, read once from beginning to end; `None` if it is no
/// file.
fn hash(path: &Path, mut cipher: Option<Cipher>) -> io::Result<Option<(Digest, u64)>> {
    // Asked before it is opened: opening a pipe would wait for its other end.
    if !path.metadata()?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some((Digest(hasher.finalize().into()), size))),
            Ok(read) => {
                if let Some(cipher) = &mut cipher {
                    cipher.apply(&mut buffer[..read]);
                }
                hasher.update(&buffer[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
