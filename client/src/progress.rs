//! A job's progress as people watch it: a bar where lines can be redrawn, plain lines elsewhere.

use std::fmt;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use manyhands_proto::v1;

use crate::failure::Failure;
use crate::terminal::{Style, Terminal};

/// How often a live display moves even when nothing was reported.
const TICK: Duration = Duration::from_millis(100);

/// Watches one job.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: Terminal,
    screen: MultiProgress,
    bar: ProgressBar,
    status: ProgressBar,
    /// Tenths of the job that plain lines have already told.
    told: Option<u64>,
    /// The most units that had ended at once: audits and catches open some again.
    ended_most: u64,
}

impl Progress {
    /// A display that shows nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        let screen = MultiProgress::new();
        let bar = screen.add(ProgressBar::no_length().with_style(bar_style(terminal)));
        let status = screen.add(ProgressBar::no_length().with_style(line_style()));
        Self { terminal, screen, bar, status, told: None, ended_most: 0 }
    }

    /// One more line below the bar, for whoever knows more than the job does.
    pub(crate) fn add_line(&self) -> ProgressBar {
        self.screen.add(ProgressBar::no_length().with_style(line_style()))
    }

    /// Shows the job as it is now.
    pub(crate) fn show(&mut self, job: &v1::Job) -> Result<(), Failure> {
        let units = job.units.unwrap_or_default();
        self.ended_most = self.ended_most.max(ended(&units));
        if !self.terminal.live() {
            return self.tell(job, &units);
        }
        if self.bar.length().is_none() {
            self.bar.set_length(units.total);
            self.bar.reset_elapsed();
            self.bar.enable_steady_tick(TICK);
        }
        self.bar.set_position(ended(&units));
        self.status.set_message(self.status_line(job, &units));
        Ok(())
    }

    /// Takes the live display away; the last words are the caller's.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
        self.status.finish_and_clear();
    }

    /// A line above the display.
    pub(crate) fn announce(&self, text: &str) -> Result<(), Failure> {
        if self.terminal.live() {
            return Ok(self.screen.println(text)?);
        }
        self.terminal.line(text)
    }

    /// One plain line for each tenth of the job, so that a log stays short.
    fn tell(&mut self, job: &v1::Job, units: &v1::UnitCounts) -> Result<(), Failure> {
        let tenth = ended(units) * 10 / units.total.max(1);
        if self.told == Some(tenth) {
            return Ok(());
        }
        self.told = Some(tenth);
        self.terminal.line(&format!(
            "job {}: {} of {} units, {} replicas in flight{}{}",
            job.id,
            ended(units),
            units.total,
            job.replicas_leased,
            failures(units),
            self.phase(job, units)
        ))
    }

    /// What goes on beside computing.
    fn phase(&self, job: &v1::Job, units: &v1::UnitCounts) -> String {
        match job.state() {
            v1::JobState::Auditing => ", the audits are being drawn".to_owned(),
            v1::JobState::Cancelling => ", being cancelled".to_owned(),
            v1::JobState::Open | v1::JobState::Unspecified => {
                match self.ended_most.saturating_sub(ended(units)) {
                    0 => String::new(),
                    1 => ", 1 answer is being checked".to_owned(),
                    again => format!(", {again} answers are being checked"),
                }
            }
            v1::JobState::Finished | v1::JobState::Cancelled => String::new(),
        }
    }

    fn status_line(&self, job: &v1::Job, units: &v1::UnitCounts) -> String {
        let flight = format!("{} replicas in flight", job.replicas_leased);
        let waiting = format!("{} units waiting", units.waiting);
        let line = format!("{flight}, {waiting}{}", self.phase(job, units));
        let line = Style::Faint.paint(&line, self.terminal);
        format!("  {line}{}", Style::Bad.paint(&failures(units), self.terminal))
    }
}

/// Units that will not change any more.
pub(crate) fn ended(units: &v1::UnitCounts) -> u64 {
    units.validated + units.done + units.failed + units.cancelled
}

/// Whether the job is over.
pub(crate) fn is_over(job: &v1::Job) -> bool {
    matches!(job.state(), v1::JobState::Finished | v1::JobState::Cancelled)
}

fn failures(units: &v1::UnitCounts) -> String {
    if units.failed == 0 { String::new() } else { format!(", {} failed", units.failed) }
}

fn bar_style(terminal: Terminal) -> ProgressStyle {
    let bar = if terminal.colour() { "{bar:40.green/black.bright}" } else { "{bar:40}" };
    let template =
        format!("  {bar}  {{percent:>3}} %  {{pos}}/{{len}} units  {{rate}}  {{eta}} left");
    let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A display that cannot be written shows nothing, and there is nobody to tell.
        let (Ok(()) | Err(fmt::Error)) = write!(out, "{:.1}/s", state.per_sec());
    };
    styled(&template).progress_chars("━╸─").with_key("rate", rate)
}

fn line_style() -> ProgressStyle {
    styled("{msg}")
}

/// A template of this file; a wrong one shows itself as indicatif's default bar.
fn styled(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
