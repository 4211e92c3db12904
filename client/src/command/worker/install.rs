//! `manyhands worker install`: the worker as a service.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use manyhands_proto::invite::Invite;
use manyhands_worker::config::{Config, Written};

use super::consent;
use super::service::files::{self, Planned};
use super::service::{MARK, Parts, Scope, Service};
use crate::context::Context;
use crate::failure::Failure;

/// Install the worker as a service, and start it
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker install --join 'manyhands://grid.example.org:7654/#KEY.TOKEN'\n\nLinux with systemd. On macOS an agent of launchd is written, on Windows a task of the Task Scheduler; nobody has tried these two yet."
)]
pub(crate) struct Install {
    #[command(flatten)]
    scope: Scope,
    /// The invite that you got: settings with it are written for the service. Several times for several projects
    #[arg(long, value_name = "INVITE", required_unless_present = "config")]
    join: Vec<Invite>,
    /// The settings file that the service is to use
    #[arg(long, value_name = "FILE", conflicts_with = "join")]
    config: Option<PathBuf>,
    /// Folder for the key, unreported results and cached blobs [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR", conflicts_with = "system")]
    data: Option<PathBuf>,
    /// What others see of this machine
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    nickname: Option<String>,
    /// Agree without being asked: the machine is yours to lend
    #[arg(long)]
    yes: bool,
    /// Print what would be written and run, and do nothing
    #[arg(long)]
    print: bool,
    /// Write the files, and start nothing
    #[arg(long)]
    no_start: bool,
    /// As of `manyhands worker`
    #[arg(long, value_name = "COMMAND", value_delimiter = ' ', hide = true)]
    slot_command: Vec<OsString>,
}

/// What an installation consists of.
struct Plan {
    service: Service,
    config: Config,
    program: PathBuf,
    files: Vec<Planned>,
}

impl Install {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let plan = self.plan(context)?;
        if self.print {
            return plan.print(self.no_start, context);
        }
        self.check(&plan)?;
        let slots = super::slot_program(&self.slot_command)?;
        if self.scope.system {
            // The service has a user of its own, and keeps the record itself at its first start.
            for project in &plan.config.projects {
                consent::seek((&plan.config, project), &slots, self.yes, context).await?;
            }
        } else {
            consent::require(&plan.config, &slots, self.yes, context).await?;
        }
        for file in &plan.files {
            file.write()?;
            context.terminal.line(&format!("wrote {}", file.path.display()))?;
        }
        if self.no_start {
            return Ok(());
        }
        let mut start = plan.service.start.iter();
        start.try_for_each(|words| files::run(words)).map_err(|failure| {
            failure.hint("the files are there; `manyhands worker uninstall` removes them")
        })?;
        context.terminal.line("the worker runs, and will after the next start")?;
        if let Some(note) = plan.service.note {
            context.terminal.note(note);
        }
        Ok(())
    }

    fn plan(&self, context: &Context) -> Result<Plan, Failure> {
        let service = Service::here(self.scope)?;
        let mut written = match &self.config {
            Some(path) => Written::read(path)?,
            None => Written { nickname: self.nickname.clone(), ..Written::default() },
        };
        written.join(self.join.clone());
        let data = match &service.data {
            Some(folder) => folder.clone(),
            None => super::data_dir(self.data.clone(), &written, context)?,
        };
        let data = std::path::absolute(data)?;
        written.data_dir = Some(data.clone());
        let mut files = Vec::new();
        let settings = match &self.config {
            Some(path) => std::path::absolute(path)?,
            None => {
                let text = settings(&written);
                files.push(Planned { path: service.settings.clone(), text, mode: 0o600 });
                service.settings.clone()
            }
        };
        let program = std::env::current_exe()?;
        let parts = Parts { program: &program, settings: &settings, data: &data };
        let text = service.describe(&parts)?;
        files.push(Planned { path: service.file.clone(), text, mode: 0o644 });
        Ok(Plan { config: Config::new(written)?, service, program, files })
    }

    /// Whether all of it can be done, before any of it is.
    fn check(&self, plan: &Plan) -> Result<(), Failure> {
        if self.scope.system && !is_root() {
            return Err(Failure::bad_input("a service of the machine's is installed by root")
                .hint("sudo, or leave out --system for a service of yours"));
        }
        plan.service.check_program(&plan.program)?;
        if !self.no_start {
            plan.service.check_system()?;
        }
        plan.files.iter().try_for_each(|file| files::check_ours(&file.path))
    }
}

impl Plan {
    fn print(&self, no_start: bool, context: &Context) -> Result<(), Failure> {
        for Planned { path, text, mode } in &self.files {
            context
                .terminal
                .line(&format!("write {} (mode {mode:03o}):\n{text}", path.display()))?;
        }
        let start = if no_start { &[][..] } else { &self.service.start };
        start
            .iter()
            .try_for_each(|words| context.terminal.line(&format!("run: {}", words.join(" "))))
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// Services of the machine's are refused before anybody asks.
#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// A settings file with what the command line said. A folder whose name is no text is left to the service, which refuses it.
fn settings(written: &Written) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut lines = vec![format!("# {MARK}")];
    lines.extend(written.invite.as_ref().map(|it| format!("invite = {}", text(&it.to_string()))));
    lines.extend(written.nickname.as_ref().map(|it| format!("nickname = {}", text(it))));
    lines.extend(
        written
            .data_dir
            .iter()
            .filter_map(|it| it.to_str())
            .map(|it| format!("data_dir = {}", text(it))),
    );
    // Whatever came after a table would be of that.
    lines.extend(
        written
            .project
            .iter()
            .map(|project| format!("[[project]]\ninvite = {}", text(&project.invite.to_string()))),
    );
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_written_can_be_read_and_say_the_same() {
        let invites: [Invite; 2] = [
            "manyhands://192.0.2.1:1/#25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena",
            "manyhands+plain://127.0.0.1:9/",
        ]
        .map(|invite| invite.parse().unwrap());
        for count in 1..=invites.len() {
            let mut written = Written {
                nickname: Some("attic \"2\"".to_owned()),
                data_dir: Some("/var/lib/x".into()),
                ..Written::default()
            };
            written.join(invites[..count].to_vec());
            let read = Written::parse(&settings(&written), std::path::Path::new("w.toml")).unwrap();
            assert_eq!(read, written);
        }
    }
}
