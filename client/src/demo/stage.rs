//! What is seen while the job runs: its progress, and what each machine does.

use indicatif::ProgressBar;
use manyhands::session::Session;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::progress::{Progress, is_over};
use crate::terminal::{Style, Terminal};

/// The job's bar and a line for each host.
pub(crate) struct Stage {
    terminal: Terminal,
    progress: Progress,
    hosts: Vec<ProgressBar>,
    caught: bool,
}

impl Stage {
    pub(crate) fn new(context: &Context) -> Self {
        let terminal = context.terminal;
        Self { terminal, progress: Progress::new(terminal), hosts: Vec::new(), caught: false }
    }

    /// Shows the job until it is over, and gives its last state and all hosts'.
    pub(crate) async fn play(
        &mut self,
        scientist: &Session,
        operator: &Session,
        job: u64,
    ) -> Result<(v1::Job, Vec<v1::Host>), Failure> {
        let mut states = scientist.jobs().watch(v1::GetJobRequest { job }).await?.into_inner();
        while let Some(job) = states.message().await? {
            let hosts = hosts(operator).await?;
            self.show(&job, &hosts)?;
            if is_over(&job) {
                self.close();
                return Ok((job, hosts));
            }
        }
        Err(Failure::failed("the coordinator stopped telling of the job before its end"))
    }

    fn show(&mut self, job: &v1::Job, hosts: &[v1::Host]) -> Result<(), Failure> {
        self.progress.show(job)?;
        if self.terminal.live() {
            while self.hosts.len() < hosts.len() {
                self.hosts.push(self.progress.add_line());
            }
            for (line, host) in self.hosts.iter().zip(hosts) {
                line.set_message(host_line(host, self.terminal));
            }
        }
        if let (false, Some(liar)) = (self.caught, hosts.iter().find(|host| host.suspended)) {
            self.caught = true;
            let mark = Style::Bad.paint("✗", self.terminal);
            self.progress.announce(&format!(
                "{mark} {} is caught: {} of its answers differ from what two others agree on; \
                 it gets no more work",
                liar.nickname, liar.invalid
            ))?;
        }
        Ok(())
    }

    fn close(&self) {
        self.hosts.iter().for_each(ProgressBar::finish_and_clear);
        self.progress.finish();
    }
}

async fn hosts(operator: &Session) -> Result<Vec<v1::Host>, Failure> {
    let request = v1::HostsRequest { after: 0, limit: 100 };
    Ok(operator.admin().hosts(request).await?.into_inner().hosts)
}

fn host_line(host: &v1::Host, terminal: Terminal) -> String {
    let name = format!("{:<8}", host.nickname);
    if host.suspended {
        let refuted = format!("{} answers refuted, no more work", host.invalid);
        return format!(
            "  {} {}",
            Style::Bad.paint(&name, terminal),
            Style::Bad.paint(&refuted, terminal)
        );
    }
    let valid = format!("{:>4} agreed", host.valid);
    let refuted = match host.invalid {
        0 => String::new(),
        count => Style::Bad.paint(&format!("  {count} refuted"), terminal),
    };
    format!("  {} {valid}{refuted}", Style::Accent.paint(&name, terminal))
}
