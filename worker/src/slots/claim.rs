//! Which files a slot's word is taken for: a slot may have been taken over by its guest, and the worker moves
//! what a slot names into its cache and may hand it to others.

use std::path::{Path, PathBuf};

use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::{Content, Outcome};
use crate::slots::command::RunSpec;
use crate::slots::wire::WireError;

/// The folders in which a run may have left something for the worker.
#[derive(Debug)]
pub(super) struct Claims(Vec<PathBuf>);

impl Claims {
    pub(super) fn of(spec: &RunSpec) -> Self {
        let halt = spec.halt.as_ref().and_then(|halt| halt.folder.as_ref());
        let folders = spec.checkpoint_folder.iter().chain(halt).chain([&spec.output_folder]);
        Self(folders.cloned().collect())
    }

    /// Refuses a checkpoint that is somewhere else.
    pub(super) fn checkpoint(&self, kept: Checkpointed) -> Result<Checkpointed, WireError> {
        self.check(&kept.path).map(|()| kept)
    }

    /// Refuses an outcome that names a file somewhere else.
    pub(super) fn outcome(&self, outcome: &Outcome) -> Result<(), WireError> {
        match outcome {
            Outcome::Success(outputs) => {
                outputs.iter().try_for_each(|output| match &output.content {
                    Content::File(path) => self.check(path),
                    Content::Inline(_) => Ok(()),
                })
            }
            Outcome::Drained(kept) => self.check(&kept.path),
            Outcome::Halted(halted) => {
                halted.checkpoint.iter().try_for_each(|kept| self.check(&kept.path))
            }
            Outcome::AppError(_) | Outcome::HostError(_) => Ok(()),
        }
    }

    /// A file right in one of the folders; a slot's walls keep it from making links there.
    fn check(&self, path: &Path) -> Result<(), WireError> {
        // No name: the path ends in `..` or is a root.
        let is_here = path.file_name().is_some()
            && path.parent().is_some_and(|parent| self.0.iter().any(|folder| folder == parent));
        is_here.then_some(()).ok_or(WireError("a file that is not in its run's folders"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_the_folders_of_the_run() {
        let claims = Claims(vec!["/data/slots/0".into(), "/data/slots/0/out".into()]);
        for path in ["/data/slots/0/checkpoint", "/data/slots/0/out/output-7"] {
            assert!(claims.check(Path::new(path)).is_ok(), "{path}");
        }
        for path in [
            "/data/key",
            "/data/slots/0/..",
            "/data/slots/0/../../key",
            "/data/slots/0/deeper/file",
            "/data/slots/1/checkpoint",
            "checkpoint",
            "slots/0/checkpoint",
            "/",
            "",
        ] {
            assert!(claims.check(Path::new(path)).is_err(), "{path}");
        }
    }
}
