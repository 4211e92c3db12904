//! `manyhands worker uninstall`: the service is gone, the data stays.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::service::files::{self, check_ours};
use super::service::{Scope, Service, data_of};
use crate::context::Context;
use crate::failure::Failure;

/// Stop the service and remove what `install` wrote; the data folder stays
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands worker uninstall")]
pub(crate) struct Uninstall {
    #[command(flatten)]
    scope: Scope,
    /// Print what would be run and removed, and do nothing
    #[arg(long)]
    print: bool,
    /// Remove the files, and stop nothing
    #[arg(long)]
    no_stop: bool,
}

impl Uninstall {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let service = Service::here(self.scope)?;
        let text = match fs::read_to_string(&service.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = service.file.display();
                return Err(Failure::bad_input(format!(
                    "no service is installed: there is no {path}"
                )));
            }
            Err(error) => return Err(files::failure(&service.file, &error)),
        };
        check_ours(&service.file)?;
        let data = data_of(&text).map(PathBuf::from);
        // Without the system that would run it, there is nothing to stop.
        let is_known = !self.no_stop && service.check_system().is_ok();
        let (stop, forget) =
            if is_known { (&service.stop[..], &service.forget[..]) } else { (&[][..], &[][..]) };
        let mut removed = vec![service.file.as_path()];
        if service.settings.exists() && check_ours(&service.settings).is_ok() {
            removed.push(&service.settings);
        }
        if self.print {
            return print(stop, &removed, forget, context);
        }
        for words in stop {
            files::run(words).map_err(|failure| {
                failure.hint("nothing was removed; --no-stop removes the files all the same")
            })?;
        }
        for path in removed {
            fs::remove_file(path).map_err(|error| files::failure(path, &error))?;
            context.terminal.line(&format!("removed {}", path.display()))?;
        }
        forget.iter().try_for_each(|words| files::run(words))?;
        match data.filter(|folder| folder.exists()) {
            Some(folder) => context.terminal.line(&format!("kept {}", folder.display())),
            None => Ok(()),
        }
    }
}

fn print(
    stop: &[Vec<String>],
    removed: &[&Path],
    forget: &[Vec<String>],
    context: &Context,
) -> Result<(), Failure> {
    let run = |words: &Vec<String>| format!("run: {}", words.join(" "));
    let removed = removed.iter().map(|path| format!("remove {}", path.display()));
    let mut lines = stop.iter().map(run).chain(removed).chain(forget.iter().map(run));
    lines.try_for_each(|line| context.terminal.line(&line))
}
