//! `manyhands evidence`: the proof that a host contradicted what it had signed.

mod record;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use manyhands_core::statement::{Equivocation, SignedStatement, equivocation};
use manyhands_proto::{convert, statement, v1};

use self::record::Record;
use crate::context::Context;
use crate::failure::Failure;
use crate::operator;

/// Largest file that is read as evidence.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Show the proof that a host contradicted itself, or verify one
///
/// Hosts sign their answers. Two different answers of one key to one unit prove to anybody that the host
/// is not to be trusted, without the coordinator's word.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands evidence 7 --data /var/lib/manyhands >evidence.json")]
pub(crate) struct Evidence {
    /// The host's number
    #[arg(required_unless_present = "verify")]
    host: Option<u64>,
    /// The coordinator's data folder
    #[arg(long, value_name = "DIR", required_unless_present = "verify")]
    data: Option<PathBuf>,
    /// Verify a proof in a file; needs no coordinator
    #[arg(long, value_name = "FILE", conflicts_with_all = ["host", "data"])]
    verify: Option<PathBuf>,
}

impl Evidence {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match (self.verify, self.host, self.data) {
            (Some(file), _, _) => context.terminal.line(&verified(&read(&file)?)?),
            (None, Some(host), Some(data)) => {
                let found = ask(host, &data).await?;
                context.terminal.json(&Record::from(&found))
            }
            // `clap` asks for both.
            (None, _, _) => Err(Failure::bad_input("name a host and a data folder, or a file")),
        }
    }
}

async fn ask(host: u64, data: &Path) -> Result<Equivocation, Failure> {
    let session = operator::session(data).await?;
    let reply = session.admin().evidence(v1::EvidenceRequest { host }).await?.into_inner();
    let found = convert::contradiction(reply);
    let found = found.map_err(|error| Failure::failed(format!("the coordinator's reply: {error}")));
    found?.ok_or_else(|| Failure::failed(format!("host {host} never contradicted itself")))
}

fn read(file: &Path) -> Result<Equivocation, Failure> {
    let bad = |why: String| Failure::bad_input(format!("{}: {why}", file.display()));
    let bytes = fs::metadata(file).map_err(|error| bad(error.to_string()))?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(bad(format!("has {bytes} bytes; evidence has at most {FILE_BYTES_MAX}")));
    }
    let text = fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
    let record: Record = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    record.try_into().map_err(bad)
}

/// What is proved, in a sentence.
fn verified(of: &Equivocation) -> Result<String, Failure> {
    let Equivocation { first, second } = of;
    equivocation(first, second)
        .map_err(|why| Failure::failed(format!("the statements prove nothing: {why}")))?;
    for (name, signed) in [("first", first), ("second", second)] {
        statement::verify(signed)
            .map_err(|why| Failure::failed(format!("the {name} statement is forged: {why}")))?;
    }
    let SignedStatement { key, statement, .. } = first;
    let (unit, manifest) = (statement.replica.unit.index, statement.manifest);
    Ok(format!(
        "proved: the holder of key {key} signed two different answers to unit {unit} of manifest {manifest}"
    ))
}

#[cfg(test)]
mod tests {
    use manyhands_core::digest::Digest;
    use manyhands_core::id::JobId;
    use manyhands_core::replica::Output;
    use manyhands_core::{command, key, replica, statement as signed};
    use manyhands_proto::identity::Identity;

    use super::*;

    /// What a host with this seed signs when it answers so, as a coordinator takes it.
    fn says(seed: u8, text: &str) -> SignedStatement {
        let host = Identity::from_seed(&[seed; 32]);
        let outputs = vec![Output::inline("stdout", text.as_bytes().to_vec())];
        let usage = replica::Usage::default();
        let outcome = command::Outcome::Success { outputs, usage };
        let report = command::ReplicaReport::unsigned(JobId(3).unit(17).replica(0), outcome);
        let mut report = v1::Report::from(report);
        statement::state(&mut report, &Digest::of(b"manifest")).unwrap();
        let mut batch = v1::Reports { reports: vec![report; 3], ..Default::default() };
        statement::sign(&host, &mut batch);
        let taken = statement::take(&host.public_key(), batch).remove(1).unwrap();
        let class = taken.outcome.class().unwrap();
        let command::Signed { manifest, proof } = *taken.signed.unwrap();
        let statement = signed::Statement { manifest, replica: taken.replica, class };
        SignedStatement { key: key::Key(*host.public_key().as_bytes()), statement, proof }
    }

    fn written(of: &Equivocation) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evidence.json");
        fs::write(&path, serde_json::to_string(&Record::from(of)).unwrap()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_proof_can_be_written_read_and_verified_by_anybody() {
        let of = Equivocation { first: says(1, "42"), second: says(1, "43") };
        let (_dir, path) = written(&of);
        assert_eq!(read(&path).unwrap(), of);
        let sentence = verified(&read(&path).unwrap()).unwrap();
        assert!(sentence.contains("unit 17") && sentence.starts_with("proved"), "{sentence}");
    }

    #[test]
    fn what_proves_nothing_says_why() {
        let check = |first, second, why: &str| {
            let failure = verified(&Equivocation { first, second }).unwrap_err();
            assert!(format!("{failure:?}").contains(why), "{failure:?}");
        };
        check(says(1, "42"), says(1, "42"), "they say the same");
        check(says(1, "42"), says(2, "43"), "of two keys");
        let forged = SignedStatement { key: says(1, "").key, ..says(2, "43") };
        check(says(1, "42"), forged, "the second statement is forged");
    }

    #[test]
    fn files_that_are_no_evidence_are_refused() {
        let of = Equivocation { first: says(1, "42"), second: says(1, "43") };
        let (dir, path) = written(&of);
        let text = fs::read_to_string(&path).unwrap();
        let check = |text: &str, why: &str| {
            let path = dir.path().join("bad.json");
            fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(format!("{failure:?}").contains(why), "{failure:?}");
        };
        check("{}", "missing field");
        check(&text.replacen("3/17.0", "3-17", 1), "first.replica");
        check(&text.replacen("\"at\":1", "\"at\":9", 1), "first.beside");
        check(&"x".repeat(70_000), "at most 65536");
    }
}
