//! `manyhands jobs`: what was submitted and how far it is.

use clap::Args;
use manyhands::session::Session;
use manyhands_core::query::Disputes;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::listing::{self, JobRow};
use crate::progress::ended;
use crate::terminal::{Style, plain};

/// Jobs in one question.
const PAGE: u32 = 1_000;

/// List jobs, or show one
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands jobs --json")]
pub(crate) struct Jobs {
    /// Only this job, with details
    job: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Jobs {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        match self.job {
            Some(job) => self.one(context, &session, job).await,
            None => self.all(context, &session).await,
        }
    }

    async fn one(&self, context: &Context, session: &Session, job: u64) -> Result<(), Failure> {
        let job = session.jobs().get(v1::GetJobRequest { job }).await?.into_inner();
        if self.json {
            return context.terminal.json(&JobRow::from(job));
        }
        let units = job.units.unwrap_or_default();
        let disputes = job.disputes.clone().map(Disputes::try_from).transpose();
        let disputes = disputes
            .map_err(|error| Failure::failed(format!("the coordinator's reply: {error}")))?
            .map_or_else(|| "none without a confidence".to_owned(), |all| all.to_string());
        let facts = [
            ("job", format!("{} {}", job.id, job.name)),
            ("state", listing::state(&job).to_owned()),
            ("units", format!("{} of {} ended", ended(&units), units.total)),
            ("failed", units.failed.to_string()),
            ("in flight", format!("{} replicas", job.replicas_leased)),
            ("disputes", plain(&disputes)),
            ("manifest", listing::hex(&job.manifest)),
        ];
        for (name, fact) in facts {
            let name = Style::Faint.paint(&format!("{name:<10}"), context.terminal);
            context.terminal.line(&format!("{name} {fact}"))?;
        }
        Ok(())
    }

    async fn all(&self, context: &Context, session: &Session) -> Result<(), Failure> {
        let jobs = list(session).await?;
        if self.json {
            let rows: Vec<JobRow> = jobs.into_iter().map(JobRow::from).collect();
            return context.terminal.json(&rows);
        }
        if jobs.is_empty() {
            return context.terminal.line("no jobs yet: submit one with `manyhands submit`");
        }
        let rows: Vec<Vec<String>> = jobs.iter().map(row).collect();
        let heads = ["JOB", "NAME", "STATE", "UNITS", "FAILED", "IN FLIGHT", "DISPUTES"];
        context.terminal.table(&heads, &rows)
    }
}

/// All jobs, the newest first.
async fn list(session: &Session) -> Result<Vec<v1::Job>, Failure> {
    let mut jobs: Vec<v1::Job> = Vec::new();
    loop {
        let before = jobs.last().map_or(0, |job| job.id);
        let request = v1::ListJobsRequest { before, limit: PAGE };
        let page = session.jobs().list(request).await?.into_inner().jobs;
        // Ids fall from page to page; anything else would never end.
        let falls = page.first().is_some_and(|job| before == 0 || job.id < before);
        if !falls {
            return Ok(jobs);
        }
        jobs.extend(page);
    }
}

fn row(job: &v1::Job) -> Vec<String> {
    let units = job.units.unwrap_or_default();
    vec![
        job.id.to_string(),
        job.name.clone(),
        listing::state(job).to_owned(),
        format!("{}/{}", ended(&units), units.total),
        units.failed.to_string(),
        job.replicas_leased.to_string(),
        job.disputes.as_ref().map_or_else(|| "-".to_owned(), disputes),
    ]
}

/// How many were settled, and what they found.
fn disputes(of: &v1::Disputes) -> String {
    let v1::Disputes { settled, found_wrong, broken } = of;
    let mut text = settled.to_string();
    if *found_wrong > 0 {
        text.push_str(&format!(", {found_wrong} found wrong"));
    }
    if !broken.is_empty() {
        text.push_str(", broken engine");
    }
    text
}
