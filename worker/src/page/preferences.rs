//! The owner's preferences: the settings file, as a form.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::sync::Mutex;

use crate::config::form::{self, Field, Wrong};
use crate::config::{Config, Owner};
use crate::os;

/// A settings file is hardly larger.
const BYTES_MAX: u64 = 1 << 20;

/// Most changes at once.
pub(super) const CHANGES_MAX: usize = 512;

/// See the module.
#[derive(Debug)]
pub(super) struct Preferences {
    config: Config,
    /// What the file said when the worker was started.
    at_start: Vec<Field>,
    /// One change at a time.
    turn: Mutex<()>,
}

/// What the form shows.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// The settings file.
    file: String,
    fields: Vec<Field>,
}

/// Why preferences are not changed.
#[derive(Debug)]
pub(super) enum NotChanged {
    /// The owner has to write something else.
    Wrong(Wrong),
    /// The file cannot be read or written.
    File(String),
}

impl Preferences {
    pub(super) fn new(config: Config) -> Self {
        // A file that cannot be read now is told of when it is to be shown.
        let at_start = form::fields(&read(&config.settings).unwrap_or_default());
        Self { config, at_start, turn: Mutex::default() }
    }

    /// What the file says now.
    pub(super) fn shown(&self) -> Result<Shown, NotChanged> {
        let path = &self.config.settings;
        let text = read(path).map_err(|error| failed("read", path, &error))?;
        let mut fields = form::fields(&text);
        form::tell_what_counts(&mut fields, &self.at_start, &self.config);
        Ok(Shown { file: path.display().to_string(), fields })
    }

    /// Changes the file, and gives what the owner allows now. Either all changes are made or none.
    pub(super) async fn change(
        &self,
        changes: &BTreeMap<String, String>,
    ) -> Result<Owner, NotChanged> {
        let _turn = self.turn.lock().await;
        let path = &self.config.settings;
        let text = read(path).map_err(|error| failed("read", path, &error))?;
        let (text, owner) =
            form::changed(&text, changes, &self.config).map_err(NotChanged::Wrong)?;
        write(path, &text).map_err(|error| failed("write", path, &error))?;
        Ok(owner)
    }
}

/// Writes one of the owner's settings into the file, in its text, after it was read again as the worker would. `name` is its
/// place there, as `peers.mode`.
///
/// # Errors
/// What is wrong with it, or with the file.
pub fn prefer(config: &Config, name: &str, value: &str) -> Result<(), String> {
    let path = &config.settings;
    let text = read(path).map_err(|error| cannot("read", path, &error))?;
    let changes = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let (text, _) = form::changed(&text, &changes, config).map_err(|wrong| wrong.message)?;
    write(path, &text).map_err(|error| cannot("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> NotChanged {
    NotChanged::File(cannot(what, path, error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} the settings in {}: {error}", path.display())
}

/// The file's text; nothing, if there is none.
fn read(path: &Path) -> io::Result<String> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
        Ok(found) if found.len() > BYTES_MAX => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => fs::read_to_string(path),
    }
}

/// Replaces the file at once, with the same permissions; a new one is its owner's alone, like the invite in it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_none_yet| path.to_owned());
    let new = PathBuf::from(format!("{}.new", path.display()));
    let mut file =
        os::private(OpenOptions::new().write(true).create(true).truncate(true)).open(&new)?;
    if let Ok(before) = path.metadata() {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, &path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Written;

    fn preferences(settings: PathBuf) -> Preferences {
        let config = Config::new(Written {
            invite: Some("manyhands+plain://127.0.0.1:7654/".parse().unwrap()),
            data_dir: Some("d".into()),
            settings: Some(settings),
            ..Written::default()
        });
        Preferences::new(config.unwrap())
    }

    fn changes(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[tokio::test]
    async fn a_change_is_in_the_file_and_what_is_wrong_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        let preferences = preferences(path.clone());
        assert!(preferences.shown().unwrap().fields.iter().all(|field| field.line.is_none()));

        let owner = preferences.change(&changes("limits.idle.cpu", "40")).await.unwrap();
        assert_eq!(owner.limits.idle.cpu_percent, 40);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();

        let wrong = preferences.change(&changes("limits.idle.cpu", "400")).await.unwrap_err();
        assert!(matches!(wrong, NotChanged::Wrong(Wrong { field: Some(_), .. })), "{wrong:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[tokio::test]
    async fn what_counts_from_the_next_start_says_what_counts_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        fs::write(&path, "[peers]\nmode = \"off\"\n").unwrap();
        let preferences = preferences(path);
        let until_then = |name: &str| {
            let fields = preferences.shown().unwrap().fields;
            fields.into_iter().find(|field| field.name == name).unwrap().until_then
        };
        assert_eq!(until_then("peers.mode"), None, "nothing was changed");
        // The worker of this test was started with the defaults, as if by its command line.
        for (name, new, running) in [
            ("peers.mode", "full", "lan"),
            ("peers.upload_max", "1 MiB", "half"),
            ("page.listen", "127.0.0.1:7655", "when asked for, on a free port"),
            ("slots", "3", &crate::probe::cores().to_string()),
        ] {
            preferences.change(&changes(name, new)).await.unwrap();
            assert_eq!(until_then(name).as_deref(), Some(running), "{name}");
        }
        preferences.change(&changes("peers.upload_max", "")).await.unwrap();
        assert_eq!(until_then("peers.upload_max"), None, "it is as it was");
        preferences.change(&changes("limits.idle.cpu", "40")).await.unwrap();
        assert_eq!(until_then("limits.idle.cpu"), None, "that counts at once");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let preferences = preferences(folder.path().join("gone/settings.toml"));
        let error = preferences.change(&changes("limits.idle.cpu", "40")).await.unwrap_err();
        assert!(
            matches!(&error, NotChanged::File(why) if why.contains("gone/settings.toml")),
            "{error:?}"
        );
    }
}
