//! The worker as a service of the operating system: which files make it one, and which commands start and stop it.
//!
//! Only says so: [`super::install`] and [`super::uninstall`] do it. Each system's way is a file of its own.

pub(super) mod files;
mod launchd;
mod scheduler;
mod systemd;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;

/// The first line of what `install` writes, after the sign that begins a comment.
pub(super) const MARK: &str =
    "Written by `manyhands worker install`; `manyhands worker uninstall` removes it.";

/// Where a service file names the data folder, for `uninstall` to say.
const DATA_MARK: &str = "Its data folder: ";

/// Whose service.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Scope {
    /// A service of yours, which runs while you are logged in (default)
    #[arg(long)]
    user: bool,
    /// A service of the machine's, under a user of its own; needs root
    #[arg(long, conflicts_with = "user")]
    pub(super) system: bool,
}

/// What a service is made from.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The program; an absolute path, as the others.
    pub(super) program: &'a Path,
    pub(super) settings: &'a Path,
    pub(super) data: &'a Path,
}

impl Parts<'_> {
    /// Program, settings and data folder, as an XML file and its comments name them.
    fn in_xml(&self) -> Result<[String; 3], Failure> {
        let [program, settings, data] = [self.program, self.settings, self.data].map(text_of);
        Ok([escaped(program?), escaped(settings?), escaped(data?)])
    }
}

/// A text in an XML file, or in a comment there.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Two hyphens would end the comment that names the data folder.
    text.replace("--", "-&#45;")
}

/// A service that can be installed.
#[derive(Debug)]
pub(super) struct Service {
    /// The file that describes it to the system.
    pub(super) file: PathBuf,
    /// The settings that `install --join` writes.
    pub(super) settings: PathBuf,
    /// Where a service of the machine's keeps its data; a user's has the same folder as `manyhands worker`.
    pub(super) data: Option<PathBuf>,
    /// Folder whose presence shows that the system has this kind of service.
    pub(super) sign: Option<PathBuf>,
    /// Commands that start it, once the files are there.
    pub(super) start: Vec<Vec<String>>,
    /// Commands that stop it, before the file goes.
    pub(super) stop: Vec<Vec<String>>,
    /// Commands after the file has gone.
    pub(super) forget: Vec<Vec<String>>,
    /// What whoever installed it should know.
    pub(super) note: Option<&'static str>,
    /// Folders that the service does not see.
    hidden: &'static [&'static str],
    describe: fn(&Parts<'_>) -> Result<String, Failure>,
}

impl Service {
    /// The kind that this system has.
    pub(super) fn here(scope: Scope) -> Result<Self, Failure> {
        match std::env::consts::OS {
            "linux" if scope.system => Ok(systemd::of_system()),
            "linux" => systemd::of_user(&config_home()?),
            "macos" if scope.system => Err(Failure::bad_input(
                "on macOS only your own service can be installed: leave out --system",
            )),
            "macos" => launchd::of_user(&home()?, user_id()),
            "windows" if scope.system => Err(Failure::bad_input(
                "on Windows only your own service can be installed: leave out --system",
            )),
            "windows" => scheduler::of_user(&local_data()?),
            other => {
                Err(Failure::bad_input(format!("services cannot be installed on {other} yet"))
                    .hint("have the system run `manyhands worker --config FILE` at log-on"))
            }
        }
    }

    /// Refuses a machine without the system that would run it.
    pub(super) fn check_system(&self) -> Result<(), Failure> {
        match &self.sign {
            Some(sign) if !sign.exists() => Err(Failure::failed(format!(
                "systemd does not run here (there is no {}), and no other service manager is known: nothing was changed",
                sign.display()
            ))
            .hint("have whatever starts programs here run `manyhands worker --yes --config FILE`")),
            _ => Ok(()),
        }
    }

    /// Refuses a program that the service could not run.
    pub(super) fn check_program(&self, program: &Path) -> Result<(), Failure> {
        let Some(hidden) = self.hidden.iter().find(|hidden| program.starts_with(hidden)) else {
            return Ok(());
        };
        Err(Failure::bad_input(format!(
            "{}: a service of the machine's sees nothing below {hidden}",
            program.display()
        ))
        .hint("put the program where everybody has it, such as /usr/local/bin, and install with that one"))
    }

    /// The text of the file that describes it.
    pub(super) fn describe(&self, parts: &Parts<'_>) -> Result<String, Failure> {
        (self.describe)(parts)
    }
}

/// Whether `install` wrote this text.
pub(super) fn is_ours(text: &str) -> bool {
    text.lines().take(3).any(|line| line.contains(MARK))
}

/// The data folder that a service file names.
pub(super) fn data_of(text: &str) -> Option<&str> {
    text.lines().find_map(|line| Some(line.split_once(DATA_MARK)?.1.trim_end_matches(" -->")))
}

/// A path as text, for files that know no other.
fn text_of(path: &Path) -> Result<&str, Failure> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| {
        Failure::bad_input(format!(
            "{path:?}: a service cannot name this path: it is not plain text"
        ))
    })
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn home() -> Result<PathBuf, Failure> {
    folder("HOME")
        .ok_or_else(|| Failure::bad_input("HOME is not set: where would your services be?"))
}

fn local_data() -> Result<PathBuf, Failure> {
    folder("LOCALAPPDATA")
        .ok_or_else(|| Failure::bad_input("LOCALAPPDATA is not set: where would your services be?"))
}

#[cfg(unix)]
fn user_id() -> u32 {
    nix::unistd::Uid::current().as_raw()
}

/// Users are no numbers here.
#[cfg(not(unix))]
fn user_id() -> u32 {
    0
}

fn config_home() -> Result<PathBuf, Failure> {
    folder("XDG_CONFIG_HOME").map_or_else(|| Ok(home()?.join(".config")), Ok)
}
