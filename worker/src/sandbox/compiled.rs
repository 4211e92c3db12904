//! Compiled modules on disk.
//!
//! An entry is machine code that this machine made for itself; it never comes from elsewhere. Its name
//! says for which module and engine it was made, and its first bytes are the BLAKE3 of the rest, so
//! that what a crash or a bad disk left behind is compiled anew instead of run.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use manyhands_proto::disk;
use thiserror::Error;
use wasmtime::{Engine, Module};

use crate::os;

/// Most entries that are kept; the oldest go first.
const ENTRIES_MAX: usize = 64;
const HASH_BYTES: usize = 32;

/// Why compiled modules cannot be kept.
#[derive(Debug, Error)]
#[error("cannot use {} for compiled modules: {error}; give a folder of this user", .folder.display())]
pub struct CompiledError {
    folder: PathBuf,
    error: io::Error,
}

/// A folder of compiled modules, for one engine.
#[derive(Debug)]
pub(crate) struct Compiled {
    folder: PathBuf,
    fingerprint: [u8; 32],
}

impl Compiled {
    pub(crate) fn new(folder: &Path, fingerprint: [u8; 32]) -> Result<Self, CompiledError> {
        os::private_folder(folder)
            .and_then(|()| os::close_folder(folder))
            .map_err(|error| CompiledError { folder: folder.to_owned(), error })?;
        Ok(Self { folder: folder.to_owned(), fingerprint })
    }

    /// Finds the module with this digest. Anything wrong with an entry is the same as no entry.
    pub(crate) fn get(&self, engine: &Engine, digest: &[u8; 32]) -> Option<Module> {
        let entry = fs::read(self.path(digest)).ok()?;
        let (hash, code) = entry.split_first_chunk::<HASH_BYTES>()?;
        if blake3::hash(code) != *hash {
            return None;
        }
        // SAFETY: `code` is what `Module::serialize` returned on this machine for this engine: the
        // folder is written by this user only (mode 700, entries 600), the name binds module, engine
        // version and settings, and the hash just checked excludes a damaged file. Whoever can forge
        // an entry, hash included, already runs code as this user.
        #[expect(
            unsafe_code,
            reason = "own code, verified by hash; compiling takes 1,000 times longer"
        )]
        let module = unsafe { Module::deserialize(engine, code) };
        module.ok()
    }

    /// Keeps a compiled module. Its file appears whole or not at all.
    pub(crate) fn put(&self, digest: &[u8; 32], module: &Module) -> io::Result<()> {
        let code = module.serialize().map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.path(digest);
        let temporary = path.with_extension(format!("new-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let mut file =
            os::private(options.write(true).create(true).truncate(true)).open(&temporary)?;
        file.write_all(blake3::hash(&code).as_bytes())?;
        file.write_all(&code)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        disk::sync_folder(&self.folder)?;
        self.sweep()
    }

    fn path(&self, digest: &[u8; 32]) -> PathBuf {
        let mut hasher = blake3::Hasher::new_derive_key("manyhands compiled module v1");
        hasher.update(digest);
        hasher.update(&self.fingerprint);
        self.folder.join(hasher.finalize().to_hex().as_str())
    }

    fn sweep(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if let Ok(metadata) = entry.metadata() {
                entries.push((metadata.modified()?, entry.path()));
            }
        }
        entries.sort();
        let surplus = entries.len().saturating_sub(ENTRIES_MAX);
        for (_, path) in &entries[..surplus] {
            // Another slot may have swept it in the meantime.
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}
