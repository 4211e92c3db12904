//! Services of systemd, from the unit in `deploy/`.

use std::path::{Path, PathBuf};

use super::{DATA_MARK, MARK, Parts, Service, command, text_of};
use crate::failure::Failure;

/// The unit of the system's service; a user's has fewer of its paragraphs.
const UNIT: &str = include_str!("../../../../../deploy/systemd/manyhands-worker.service");
/// How a paragraph begins that a user's unit lacks.
const SYSTEM_ONLY: &str = "# Only of the system's service:";
/// What the unit in `deploy/` has for the paths.
const PROGRAM: &str = "/usr/local/bin/manyhands ";
const SETTINGS: &str = "/etc/manyhands/worker.toml";

const NAME: &str = "manyhands-worker.service";
/// Folders that the unit hides from the worker, by `ProtectHome` and `PrivateTmp`.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

pub(super) fn of_system() -> Service {
    Service {
        file: Path::new("/etc/systemd/system").join(NAME),
        settings: SETTINGS.into(),
        data: Some("/var/lib/manyhands-worker".into()),
        sign: Some("/run/systemd/system".into()),
        start: vec![
            command(&["systemctl", "daemon-reload"]),
            command(&["systemctl", "enable", "--now", NAME]),
        ],
        stop: vec![command(&["systemctl", "disable", "--now", NAME])],
        forget: vec![command(&["systemctl", "daemon-reload"])],
        note: None,
        hidden: &HIDDEN,
        describe: system_unit,
    }
}

pub(super) fn of_user(config_home: &Path) -> Result<Service, Failure> {
    let config_home: PathBuf = std::path::absolute(config_home)?;
    Ok(Service {
        file: config_home.join("systemd/user").join(NAME),
        settings: config_home.join("manyhands/worker-service.toml"),
        data: None,
        sign: Some("/run/systemd/system".into()),
        start: vec![
            command(&["systemctl", "--user", "daemon-reload"]),
            command(&["systemctl", "--user", "enable", "--now", NAME]),
        ],
        stop: vec![command(&["systemctl", "--user", "disable", "--now", NAME])],
        forget: vec![command(&["systemctl", "--user", "daemon-reload"])],
        note: Some("it stops when you log out, unless you say: loginctl enable-linger"),
        hidden: &[],
        describe: user_unit,
    })
}

fn system_unit(parts: &Parts<'_>) -> Result<String, Failure> {
    let program = format!("{} ", quoted(text_of(parts.program)?));
    // What is left of the line is the path, which is not unquoted here.
    let settings = text_of(parts.settings)?.replace('%', "%%");
    let unit = body().replace(PROGRAM, &program).replace(SETTINGS, &settings);
    Ok(format!("{}{unit}", head(parts)?))
}

fn user_unit(parts: &Parts<'_>) -> Result<String, Failure> {
    let [program, settings, data] = [parts.program, parts.settings, parts.data].map(text_of);
    // Whoever installs it is asked then, and may leave later: no --yes.
    let start = format!(
        "[Service]\nExecStart={} worker --config {} --data {}\n",
        quoted(program?),
        quoted(settings?),
        quoted(data?)
    );
    let paragraphs = body().split("\n\n");
    let ours: Vec<&str> = paragraphs.filter(|it| !it.starts_with(SYSTEM_ONLY)).collect();
    let unit = ours.join("\n\n");
    let unit = unit.replace("[Service]\n", &start);
    let unit = unit.replace("WantedBy=multi-user.target", "WantedBy=default.target");
    Ok(format!("{}{unit}", head(parts)?))
}

/// The unit without what it says to those who copy it by hand.
fn body() -> &'static str {
    UNIT.find("[Unit]").map_or(UNIT, |start| &UNIT[start..])
}

fn head(parts: &Parts<'_>) -> Result<String, Failure> {
    Ok(format!("# {MARK}\n# {DATA_MARK}{}\n", text_of(parts.data)?))
}

/// A word of a command line, as systemd.service(5) reads them.
fn quoted(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('%', "%%").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: fn(&'static str) -> Parts<'static> = |program| Parts {
        program: Path::new(program),
        settings: Path::new("/home/ada/a b/worker.toml"),
        data: Path::new("/home/ada/100%"),
    };

    #[test]
    fn the_machines_unit_is_the_one_in_deploy() {
        let parts = Parts {
            program: Path::new("/usr/local/bin/manyhands"),
            settings: Path::new(SETTINGS),
            data: Path::new("/var/lib/manyhands-worker"),
        };
        let unit = system_unit(&parts).unwrap();
        let unit = unit.replace("\"/usr/local/bin/manyhands\"", "/usr/local/bin/manyhands");
        assert_eq!(unit.strip_prefix(&head(&parts).unwrap()), Some(body()));
    }

    #[test]
    fn the_machines_unit_names_these_paths() {
        let unit = system_unit(&PARTS("/opt/m h/manyhands")).unwrap();
        assert!(unit.contains("\nExecStart=\"/opt/m h/manyhands\" worker --yes --config %d/"));
        assert!(unit.contains("\nLoadCredential=worker.toml:/home/ada/a b/worker.toml\n"));
        assert!(!unit.contains("/usr/local/bin") && !unit.contains(SETTINGS));
        let check = |program: &str| of_system().check_program(Path::new(program));
        assert!(check("/home/ada/manyhands").is_err(), "it could not be run");
        assert!(check("/opt/home/manyhands").is_ok());
    }

    #[test]
    fn a_users_unit_asks_for_nothing_that_a_users_manager_may_not_do() {
        let unit = user_unit(&PARTS("/home/ada/bin/many$hands")).unwrap();
        let start = "\n[Service]\nExecStart=\"/home/ada/bin/many$$hands\" worker --config \
                     \"/home/ada/a b/worker.toml\" --data \"/home/ada/100%%\"\n";
        assert!(unit.contains(start), "{unit}");
        for no in ["--yes", "DynamicUser", "Protect", "Private", "network-online", "multi-user"] {
            assert!(!unit.contains(no), "{no}: {unit}");
        }
        for yes in [
            "Nice=19",
            "NoNewPrivileges=yes",
            "KillMode=mixed",
            "Delegate=",
            "Slice=-.slice",
            "default.target",
        ] {
            assert!(unit.contains(yes), "{yes}: {unit}");
        }
        assert_eq!(unit.matches("ExecStart=").count(), 1);
    }

    #[test]
    fn a_unit_says_that_it_is_ours_and_where_the_data_is() {
        let unit = user_unit(&PARTS("/bin/manyhands")).unwrap();
        assert!(super::super::is_ours(&unit) && !super::super::is_ours(UNIT));
        assert_eq!(super::super::data_of(&unit), Some("/home/ada/100%"));
    }
}
