//! `manyhands verify`: a receipt, and the outputs that it is of, without a coordinator.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use manyhands::fetched::{self, FetchedError};
use manyhands::layout::INDEX_FILE;
use manyhands_core::query::Disputes;
use manyhands_core::results::ResultsDigest;
use manyhands_proto::document::receipt::{Outputs, Receipt};
use manyhands_proto::document::{DOCUMENT_BYTES_MAX, Signed};
use manyhands_proto::identity::PublicKey;

use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::signer::{self, Signer};
use crate::terminal::plain;

/// Verify a receipt without a coordinator, and the outputs that it is of
///
/// Checks the signature, that the receipt does not contradict itself, and that a fetched folder holds
/// the outputs that it names. Says what that proves, and what it does not.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands verify receipt.json --outputs results")]
pub(crate) struct Verify {
    /// The receipt, from `manyhands receipt JOB --json`
    #[arg(value_name = "RECEIPT.json")]
    receipt: PathBuf,
    /// The key that must have signed it, as in an invite after `#` [default: any, and it is shown]
    #[arg(long)]
    key: Option<PublicKey>,
    /// A folder that `manyhands fetch` made
    #[arg(long, value_name = "DIR")]
    outputs: Option<PathBuf>,
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let file = shown(&self.receipt);
        let wrong = |what: String| Failure::bad_input(format!("{file}: {what}"));
        let bytes = read(&self.receipt).map_err(|error| wrong(error.to_string()))?;
        let Signed { signer, body } =
            Receipt::open(&bytes).map_err(|error| wrong(error.to_string()))?;
        let signer = Signer::known(context, signer, self.key, &file)?;
        let checked = match &self.outputs {
            None => None,
            Some(dir) => Some(check_outputs(&body, dir.clone()).await?),
        };
        context.terminal.line(&sentence(&body, &signer, checked.as_deref()))?;
        signer::advise(context, &signer);
        Ok(())
    }
}

/// No more than a receipt may have, and a byte to tell that there is more.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let max = DOCUMENT_BYTES_MAX as u64 + 1;
    File::open(path)?.take(max).read_to_end(&mut bytes).map(|_read| bytes)
}

/// Compares the folder with the receipt; what was found, in words.
async fn check_outputs(receipt: &Receipt, dir: PathBuf) -> Result<String, Failure> {
    let Some(outputs) = &receipt.outputs else {
        return Err(Failure::bad_input("the receipt was written before its job had ended")
            .hint("get another one when the job has ended: only then it names all outputs"));
    };
    let folder = shown(&dir);
    let digesting = tokio::task::spawn_blocking(move || fetched::digest(&dir)).await;
    let found = digesting.map_err(|error| Failure::failed(error.to_string()))??;
    if is_same(outputs, &found) {
        return Ok(format!("the {} files that {folder} lists are its outputs", found.files));
    }
    Err(Failure::bad_input(format!(
        "{folder}: {} files, {} bytes, digest {}: these are not the outputs of the receipt, which \
         has {} files, {} bytes, digest {}",
        found.files, found.bytes, found.digest, outputs.files, outputs.size_bytes, outputs.digest
    ))
    .hint(format!("every file is as {INDEX_FILE} says, so that is another fetch's, or edited")))
}

fn is_same(outputs: &Outputs, found: &ResultsDigest) -> bool {
    let found = (found.digest.to_string(), found.files, found.bytes);
    found == (outputs.digest.clone(), outputs.files, outputs.size_bytes)
}

/// What is proved, and what is not.
fn sentence(receipt: &Receipt, signer: &Signer, checked: Option<&str>) -> String {
    let Receipt { job, units, assurance, hosts_total, volunteers, .. } = receipt;
    let mut text = format!(
        "job {} ({}) is {} with {} of {} units done; {}; {hosts_total} hosts were heard, and those \
         of {volunteers} volunteers vouch",
        job.id,
        plain(&job.name),
        plain(&job.state),
        units.done,
        units.total,
        plain(&assurance.claim),
    );
    if let Some(disputes) = receipt.disputes.as_ref().filter(|disputes| disputes.settled > 0) {
        text.push_str(&format!("; {}", plain(&Disputes::from(disputes).to_string())));
    }
    if let Some(checked) = checked {
        text.push_str(&format!("; {checked}"));
    }
    text.push_str(&format!(": {signer}. It does not prove that "));
    let assumptions: Vec<String> =
        assurance.assumptions.iter().map(|assumption| plain(assumption)).collect();
    text.push_str(&assumptions.join("; or that "));
    text.push('.');
    text
}

impl From<FetchedError> for Failure {
    fn from(error: FetchedError) -> Self {
        Self::bad_input(error.to_string())
    }
}
