//! The programs that are measured, and what they are given.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use manyhands_worker::sandbox::{Content, Input, Limits, Outcome, RunReport, Unit};

use super::{Failure, build};

const KERNELS: [&str; 7] =
    ["pi", "lennard-jones", "fft", "sieve", "smith-waterman", "hash", "mandelbrot"];
/// 2^9689 − 1 is prime, so that the test goes to its end.
const MERSENNE_P: &str = "9689";
const DEDOPPLER_OPTIONS: [&str; 4] = ["--max-drift", "60", "--snr", "10"];
const OBSERVATION: &str = "examples/dedoppler/data/5-interference.fil";

/// A program and its input, natively and as a guest.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) is_kernel: bool,
    /// The module, as it was built.
    pub(super) wasm: Vec<u8>,
    /// Arguments of the native program, after its name.
    pub(super) args: Vec<String>,
    /// Where the native program is started; its outputs go to `out` there.
    pub(super) folder: PathBuf,
    pub(super) unit: Unit,
}

/// What a run gave: outputs by name. Equal for all builds of a program.
pub(super) type Answer = BTreeMap<String, Vec<u8>>;

/// All programs; their native runs happen in `folder`.
pub(super) fn all(folder: &Path) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for name in KERNELS {
        cases.push(case(folder, name, &[], Vec::new())?);
    }
    cases.push(case(folder, "mersenne", &[MERSENNE_P], Vec::new())?);
    let observation = fs::canonicalize(build::tasks().join("..").join(OBSERVATION))?;
    let input = Input::new("observation.fil", fs::read(&observation)?);
    let mut dedoppler = case(folder, "dedoppler", &DEDOPPLER_OPTIONS, vec![input])?;
    let native = ["--out", "out", &observation.to_string_lossy()].map(str::to_owned);
    dedoppler.args.extend(native);
    cases.push(dedoppler);
    Ok(cases)
}

fn case(
    folder: &Path,
    name: &'static str,
    options: &[&str],
    inputs: Vec<Input>,
) -> Result<Case, Failure> {
    let path = build::tasks().join("wasm").join(name).with_extension("wasm");
    let wasm = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = folder.join(name);
    fs::create_dir_all(folder.join("out"))?;
    let args: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let unit = Unit {
        args: [&[name.to_owned()], args.as_slice()].concat(),
        stdin: Bytes::new(),
        inputs,
        seed: [1; 32],
        limits: Limits::default(),
    };
    Ok(Case { name, is_kernel: KERNELS.contains(&name), wasm, args, folder, unit })
}

impl Case {
    /// What a native run left, given what it printed.
    pub(super) fn native_answer(&self, stdout: Vec<u8>) -> Result<Answer, Failure> {
        let mut answer = Answer::new();
        for entry in fs::read_dir(self.folder.join("out"))? {
            let entry = entry?;
            let name = format!("out/{}", entry.file_name().to_string_lossy());
            answer.insert(name, fs::read(entry.path())?);
        }
        if !stdout.is_empty() {
            answer.insert("stdout".to_owned(), stdout);
        }
        Ok(answer)
    }
}

/// What a guest's run gave.
pub(super) fn guest_answer(report: RunReport) -> Result<Answer, Failure> {
    let Outcome::Success(outputs) = report.outcome else {
        return Err(format!("a guest failed: {:?}", report.outcome).into());
    };
    let inline = outputs.into_iter().map(|output| match output.content {
        Content::Inline(bytes) => Ok((output.name, bytes.to_vec())),
        Content::File(path) => Err(format!("an output in a file: {}", path.display()).into()),
    });
    inline.collect()
}
