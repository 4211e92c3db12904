//! `manyhands submit`: from a job file to a job.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use manyhands::job_file::{JobFile, JobFileError};
use manyhands::session::Session;
use manyhands::upload::{self, UploadError, Uploaded};
use manyhands_core::policy::Policy;
use manyhands_core::private::JobSecret;
use manyhands_core::trust::{Confidence, Plan};
use manyhands_proto::convert::MANIFEST_SIGNATURE;
use manyhands_proto::identity::Identity;
use manyhands_proto::v1;
use serde::Serialize;

use super::watch;
use crate::context::Context;
use crate::failure::Failure;
use crate::size::human;

/// Submit the job that a job file describes
///
/// Nothing is submitted unless all of it is right. Submitting the same job again finds the one
/// that is there.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands submit examples/mersenne/job.toml --watch")]
pub(crate) struct Submit {
    /// The job file
    #[arg(value_name = "JOB.toml")]
    job_file: PathBuf,
    /// Watch the job until it has ended
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A submitted job.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Submitted {
    /// The job's number.
    pub(crate) job: u64,
    /// Whether the same manifest was submitted before.
    pub(crate) existed: bool,
    pub(crate) name: String,
    pub(crate) units: u32,
    /// Answers that must agree; none where a confidence decides.
    pub(crate) quorum: Option<u8>,
    /// What was asked for instead, as in the job file.
    pub(crate) confidence: Option<String>,
    /// What follows from it, for people.
    pub(crate) plan: Option<String>,
    /// Hexadecimal BLAKE3 of the manifest.
    pub(crate) manifest: String,
    pub(crate) uploaded_blobs: usize,
    pub(crate) uploaded_bytes: u64,
}

impl Submit {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        // Who has joined nothing is told so below, after what is wrong with the file.
        let secret = context.job_secret().unwrap_or(JobSecret([0; 32]));
        let job_file = read(self.job_file, secret).await?;
        let (session, identity) = context.session().await?;
        let submitted = submit(&session, &identity, job_file).await?;
        if self.json {
            return context.terminal.json(&submitted);
        }
        tell(context, &submitted)?;
        if self.watch {
            let job = watch::until_over(context, &session, submitted.job).await?;
            return watch::conclude(context, &job);
        }
        let job = submitted.job;
        context.terminal.note(&format!("`manyhands watch {job}` shows how far it is"));
        Ok(())
    }
}

/// Reads a job file off the async threads: it may hash many large files.
pub(crate) async fn read(path: PathBuf, secret: JobSecret) -> Result<JobFile, Failure> {
    let reading = tokio::task::spawn_blocking(move || JobFile::read(&path, secret));
    match reading.await {
        Ok(job_file) => Ok(job_file?),
        Err(error) => Err(Failure::failed(format!("reading the job file failed: {error}"))),
    }
}

/// Puts what the coordinator lacks, then submits.
pub(crate) async fn submit(
    session: &Session,
    identity: &Identity,
    job_file: JobFile,
) -> Result<Submitted, Failure> {
    let Uploaded { blobs, size_bytes, .. } =
        upload::put_missing(&session.blobs(), job_file.blobs).await?;
    let digest = job_file.digest;
    let signature = identity.sign(MANIFEST_SIGNATURE, digest.as_bytes());
    let request = v1::SubmitRequest {
        manifest: Bytes::copy_from_slice(digest.as_bytes()),
        signature: Bytes::copy_from_slice(&signature),
        secret: job_file.secret.map_or_else(Bytes::new, |it| Bytes::copy_from_slice(&it.0)),
    };
    let reply = session.jobs().submit(request).await?.into_inner();
    if !reply.missing.is_empty() {
        let count = reply.missing.len();
        return Err(Failure::failed(format!("{count} blobs are gone since they were uploaded"))
            .hint("submit again"));
    }
    let draft = job_file.manifest.draft();
    Ok(Submitted {
        job: reply.job,
        existed: reply.existed,
        name: draft.name.clone(),
        units: job_file.manifest.units_total(),
        quorum: draft.policy.confidence.is_none().then_some(draft.policy.quorum),
        confidence: draft.policy.confidence.map(|it| it.to_string()),
        plan: draft.policy.confidence.map(|it| plan(&it, job_file.manifest.units_total())),
        manifest: digest.to_string(),
        uploaded_blobs: blobs,
        uploaded_bytes: size_bytes,
    })
}

fn tell(context: &Context, submitted: &Submitted) -> Result<(), Failure> {
    let Submitted { job, name, units, .. } = submitted;
    if submitted.existed {
        return context.terminal.line(&format!("job {job} is this job already: {name}"));
    }
    let sure = submitted.sure();
    context.terminal.line(&format!("job {job}: {name}, {units} units, {sure}"))?;
    if let Some(plan) = &submitted.plan {
        context.terminal.line(plan)?;
    }
    let (blobs, bytes) = (submitted.uploaded_blobs, human(submitted.uploaded_bytes));
    context.terminal.note(&format!("uploaded {blobs} blobs, {bytes}"));
    Ok(())
}

impl Submitted {
    /// How sure the answers are to be.
    pub(crate) fn sure(&self) -> String {
        match (&self.confidence, self.quorum) {
            (Some(confidence), _) => format!("confidence {confidence}"),
            (None, quorum) => {
                format!("quorum {}", quorum.unwrap_or_else(|| Policy::default().quorum))
            }
        }
    }
}

/// What a confidence means for the hosts of a job with so many units, and what it costs on the
/// fewest that it takes and on ten times as many.
fn plan(confidence: &Confidence, units: u32) -> String {
    let plan = Plan::new(confidence);
    let Plan { probation, audits, lead, .. } = plan;
    let few = plan.founders();
    let copies = |hosts| {
        let copies = plan.copies_per_hundred_units(units, hosts);
        format!("{}.{:02}", copies / 100, copies % 100)
    };
    let (at_few, at_many) = (copies(few), copies(few * 10));
    format!(
        "plan: of each host, {probation} answers are only compared, and {audits} of the later ones audited at the end; \
         where answers differ, one must lead by {lead}; about {at_few} copies a unit on {few} hosts, \
         {at_many} on {}",
        few * 10
    )
}

impl From<JobFileError> for Failure {
    fn from(error: JobFileError) -> Self {
        Self::bad_input(error.to_string())
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(status) => status.into(),
            UploadError::Read { .. } | UploadError::Changed { .. } => {
                Self::failed(error.to_string())
            }
        }
    }
}
