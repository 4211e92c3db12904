//! The description of a job: a pure value that says what every one of its units is.
//!
//! A [`Draft`] is what somebody wrote; a [`Manifest`] is one that was checked. Its units are never
//! listed: unit `i` is computed from the manifest by anyone who holds it, so a job of ten million
//! units is as small as its grid is simple.

pub mod axis;
mod check;
pub mod error;
pub mod template;
pub mod unit;

pub use axis::{Axis, Values};
pub use error::ManifestError;
pub use template::Template;
pub use unit::{UnitSpec, unit_seed};

use crate::digest::Digest;
use crate::file_axis::FileAxis;
use crate::policy::Policy;
use crate::private::{InputKey, JobSecret, Salt};
use crate::requirement::{Kind, Requirement};

/// A description of a job as it was written, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The job's name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The program.
    pub app: AppVersion,
    /// Arguments of the program. `{axis}` stands for the unit's value on that axis; `{{` and `}}`
    /// for single braces.
    pub args: Vec<String>,
    /// What the program finds under `/in`.
    pub inputs: Vec<Input>,
    /// What the program reads from its standard input.
    pub stdin: Option<Source>,
    /// Paths under `/out` that it is expected to write. Standard output is always an output.
    pub outputs: Vec<String>,
    /// The grid: one unit for each combination of values, the first axis changing slowest. Without
    /// axes there is one unit.
    pub axes: Vec<Axis>,
    /// How the units are replicated and bounded.
    pub policy: Policy,
    /// The commitment to the job's secret, if it has private inputs.
    pub secret: Option<Digest>,
}

/// One immutable build of a program, and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppVersion {
    /// The wasm module.
    pub module: Digest,
    /// Its size.
    pub module_bytes: u64,
    /// How it is run.
    pub kind: Kind,
    /// The most memory that it may use; a host that cannot reserve it does not get a unit.
    pub memory_bytes_max: u64,
    /// The determinism profile that it was prepared for.
    pub profile: u32,
}

/// A named blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// Its name for people and for `{axis}` placeholders, such as a file's.
    pub name: String,
    /// Its name by content.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// If it is private: then these bytes are ciphertext.
    pub salt: Option<Salt>,
}

/// One file under `/in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where the program finds it, relative to `/in`.
    pub path: String,
    /// Which blob it is.
    pub source: Source,
}

/// Which blob a unit reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The same for every unit.
    Fixed(Artefact),
    /// The unit's value on the axis of that name, whose values are artefacts.
    Axis(String),
}

/// A description of a job that was checked: every unit of it can be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    draft: Draft,
    args: Vec<Template>,
    units_total: u32,
}

impl Manifest {
    /// Checks a draft.
    ///
    /// # Errors
    /// The first field that is wrong, with what was found and what is allowed.
    pub fn new(draft: Draft) -> Result<Self, ManifestError> {
        check::plain_fields(&draft)?;
        let units_total = check::grid(&draft.axes)?;
        let args = check::args(&draft)?;
        check::sources(&draft)?;
        check::privacy(&draft)?;
        draft.policy.check()?;
        Ok(Self { draft, args, units_total })
    }

    /// What was written.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// How many units there are, 1 to [`UNITS_MAX`](crate::limits::UNITS_MAX).
    #[must_use]
    pub fn units_total(&self) -> u32 {
        self.units_total
    }

    /// What every unit needs of a host.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        let AppVersion { kind, memory_bytes_max, profile, .. } = self.draft.app;
        Requirement { kind, memory_bytes_max, profile }
    }

    /// Which units read the same file, if files are on an axis and more than one unit reads each. Of several such axes,
    /// the one with the largest files.
    #[must_use]
    pub fn file_axis(&self) -> Option<FileAxis> {
        axis::of_files(&self.draft, self.units_total)
    }

    /// The keys of the private inputs of unit `index`, in the order of [`UnitSpec::salts`].
    #[must_use]
    pub fn input_keys(&self, secret: &JobSecret, index: u32) -> Vec<InputKey> {
        let unit = self.unit(index);
        unit.iter().flat_map(UnitSpec::salts).map(|salt| secret.key(&salt)).collect()
    }

    /// What unit `index` is; `None` if there is no such unit.
    #[must_use]
    pub fn unit(&self, index: u32) -> Option<UnitSpec> {
        (index < self.units_total).then(|| unit::spec(&self.draft, &self.args, index))
    }
}

#[cfg(test)]
mod tests;
