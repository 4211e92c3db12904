//! Job files, good and bad. Each bad one gets an error with line, key and limit.

mod bad;

use std::fs;
use std::path::Path;

use manyhands_core::manifest::{Source, Values};
use manyhands_core::private::JobSecret;
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;
use tempfile::TempDir;

use super::{JobFile, JobFileError};

/// A module that is a *command* and does nothing.
const COMMAND: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

const SECRET: JobSecret = JobSecret([7; 32]);

/// A folder with a job file, a module and whatever else a test puts there.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.put("a.wasm", &wat::parse_str(COMMAND).unwrap())
    }

    fn put(self, path: &str, bytes: &[u8]) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads a job file whose `name` and `module` are given; they are its first two lines.
    fn job(&self, rest: &str) -> Result<JobFile, JobFileError> {
        self.text(&format!("name = \"j\"\nmodule = \"a.wasm\"\n{rest}"))
    }

    fn text(&self, text: &str) -> Result<JobFile, JobFileError> {
        let path = self.path().join("job.toml");
        fs::write(&path, text).unwrap();
        JobFile::read(&path, SECRET)
    }
}

#[test]
fn the_least_job_file_is_one_unit_with_defaults() {
    let job = Folder::new().job("").unwrap();
    assert_eq!(job.manifest.units_total(), 1);
    let draft = job.manifest.draft();
    assert_eq!((draft.app.kind, draft.app.memory_bytes_max), (Kind::Command, 256 << 20));
    assert_eq!((draft.policy.quorum, draft.policy.replicas_max), (2, 8));
    // The module and the manifest.
    assert_eq!(job.blobs.len(), 2);
    assert!(job.blobs.iter().any(|blob| blob.digest == job.digest));
}

#[test]
fn everything_that_can_be_written_is_understood() {
    let folder = Folder::new()
        .put("ref/b.dat", b"b")
        .put("ref/a.dat", b"a")
        .put("sky/2.fil", b"two")
        .put("sky/1.fil", b"one")
        .put("in.txt", b"stdin");
    let job = folder
        .job(
            r#"
            description = "all of it"
            kind = "command"
            args = ["--n={n}", "{mode}", "{{}}"]
            outputs = ["hits.csv", "plots/waterfall.png"]
            memory = "1 GiB"
            priority = 7
            stdin = { file = "in.txt" }
            input = [
                { path = "ref", files = "ref/*.dat" },
                { path = "sky.fil", axis = "sky" },
                { file = "in.txt" },
            ]
            quorum = { size = 3, replicas = 9 }
            limits = { deadline = "1 day", lease = "30 s", cpu = "2 h", output = "8 MiB", log = "1 KiB" }
            [[axis]]
            name = "n"
            range = { start = 10, end = 0, step = -5 }
            [[axis]]
            name = "mode"
            values = ["fast", 3, 0.10, true]
            [[axis]]
            name = "sky"
            files = ["sky/2.*", "sky/*.fil"]
            "#,
        )
        .unwrap();
    assert_eq!(job.manifest.units_total(), 3 * 4 * 2);
    let draft = job.manifest.draft();
    let paths: Vec<&str> = draft.inputs.iter().map(|input| input.path.as_str()).collect();
    assert_eq!(paths, ["ref/a.dat", "ref/b.dat", "sky.fil", "in.txt"]);
    assert_eq!(draft.inputs[2].source, Source::Axis("sky".into()));
    let Values::Files(sky) = &draft.axes[2].values else { panic!("not files") };
    assert_eq!(sky.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["2.fil", "1.fil"]);
    let unit = job.manifest.unit(4).unwrap();
    assert_eq!(unit.args, ["--n=10", "0.10", "{}"]);
    assert_eq!((draft.policy.quorum, draft.policy.replicas_max, draft.policy.priority), (3, 9, 7));
    assert_eq!(draft.policy.deadline_ms, Span::hours(24));
    assert_eq!(draft.policy.log_bytes_max, 1024);
    // Module, manifest, a.dat, b.dat, in.txt (twice the same), 1.fil, 2.fil.
    assert_eq!(job.blobs.len(), 7);
}

#[test]
fn the_kind_is_detected() {
    let step = r#"(module (memory (export "memory") 1)
        (func (export "manyhands_step") (result i32) i32.const 1))"#;
    let folder = Folder::new().put("a.wasm", &wat::parse_str(step).unwrap());
    let job = folder.job("").unwrap();
    assert_eq!(job.manifest.draft().app.kind, Kind::Step);
}

#[test]
fn the_folder_does_not_change_the_manifest() {
    let job = "args = [\"{f}\"]\n[[axis]]\nname = \"f\"\nfiles = \"data/*\"\n";
    let folder = || Folder::new().put("data/b", b"2").put("data/a", b"1");
    let (one, two) = (folder(), folder());
    assert_ne!(one.path(), two.path());
    assert_eq!(one.job(job).unwrap().encoded, two.job(job).unwrap().encoded);
}

#[test]
fn a_folder_with_the_characters_of_a_pattern_is_no_pattern() {
    let folder = Folder::new();
    let odd = folder.path().join("[a]*");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("x.dat"), "x").unwrap();
    fs::write(odd.join("a.wasm"), wat::parse_str(COMMAND).unwrap()).unwrap();
    let text = "name = \"j\"\nmodule = \"a.wasm\"\n[[input]]\nfiles = \"*.dat\"\n";
    fs::write(odd.join("job.toml"), text).unwrap();
    let job = JobFile::read(&odd.join("job.toml"), SECRET).unwrap();
    assert_eq!(job.manifest.draft().inputs.len(), 1);
}

#[test]
fn the_examples_are_read_twice_alike() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for (path, units) in [("mersenne/job.toml", 669), ("geng/job.toml", 10)] {
        let path = examples.join(path);
        let (one, two) =
            (JobFile::read(&path, SECRET).unwrap(), JobFile::read(&path, SECRET).unwrap());
        assert_eq!(one.manifest.units_total(), units, "{}", path.display());
        assert_eq!(one.encoded, two.encoded);
    }
}
