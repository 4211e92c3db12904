//! `[[project]]`: for whom a machine computes, and how much for each.

use std::str::FromStr;

use manyhands_core::agent::share::SHARE_MAX;
use manyhands_proto::invite::Invite;
use serde::{Deserialize, Deserializer};

use super::ConfigError;
use super::bounds::{name_within, within};
use super::quantity::Text;
use crate::coordinator_name;

/// Most projects of one machine: each has a stream, a database and a cache.
pub const PROJECTS_MAX: usize = 16;

/// One table as written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenProject {
    /// `invite`: which coordinator to work for, as its operator gave it.
    #[serde(deserialize_with = "invite")]
    pub invite: Invite,
    /// `share`: how much of this machine's time it gets, beside the others' shares: 2 gets twice what 1 gets, and 0
    /// only what no other project has work for. Default 1.
    pub share: Option<u32>,
    /// `name`: what this machine's owner calls it. Default: where its coordinator is.
    pub name: Option<String>,
}

/// One project as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectConfig {
    /// The coordinator to work for.
    pub invite: Invite,
    /// How much of this machine's time it gets, beside the others' shares.
    pub share: u32,
    /// What the owner calls it; if empty, where the coordinator is.
    pub name: String,
}

impl ProjectConfig {
    /// What to call it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.name.is_empty() { self.invite.endpoint().to_string() } else { self.name.clone() }
    }
}

impl WrittenProject {
    /// An invite, with nothing else said.
    #[must_use]
    pub const fn new(invite: Invite) -> Self {
        Self { invite, share: None, name: None }
    }
}

impl From<ProjectConfig> for WrittenProject {
    fn from(ProjectConfig { invite, share, name }: ProjectConfig) -> Self {
        Self { invite, share: Some(share), name: Some(name) }
    }
}

/// The projects of a file that names one, or several.
///
/// # Errors
/// [`ConfigError::Missing`] without any, [`ConfigError::OutOfBounds`].
pub(super) fn read(
    invite: Option<Invite>,
    written: Vec<WrittenProject>,
) -> Result<Vec<ProjectConfig>, ConfigError> {
    let is_one = invite.is_none() || written.is_empty();
    within("invite", is_one, "not beside [[project]]: make it one of them")?;
    within("project", written.len() <= PROJECTS_MAX, "at most 16 of them")?;
    let written = invite.map(WrittenProject::new).into_iter().chain(written);
    let mut projects: Vec<ProjectConfig> = Vec::new();
    for WrittenProject { invite, share, name } in written {
        let (share, name) = (share.unwrap_or(1), name.unwrap_or_default());
        within("share", share <= SHARE_MAX, "at most 1000000")?;
        name_within("name", &name)?;
        let is_new = projects.iter().all(|other| !is_same(&other.invite, &invite));
        within("project", is_new, "only one for each coordinator")?;
        projects.push(ProjectConfig { invite, share, name });
    }
    if projects.is_empty() {
        let hint = "give the invite of a coordinator, in the settings or with --join";
        return Err(ConfigError::Missing { key: "invite", hint });
    }
    Ok(projects)
}

/// Takes up invites that somebody gives beside the file. In the place of a single one they are all that counts; of several
/// projects, those that are named again get another invite, and the others are added.
pub(super) fn join(
    invite: &mut Option<Invite>,
    written: &mut Vec<WrittenProject>,
    mut given: Vec<Invite>,
) {
    if given.is_empty() {
        return;
    }
    *invite = if written.is_empty() && given.len() == 1 { given.pop() } else { None };
    for given in given {
        match written.iter_mut().find(|project| is_same(&project.invite, &given)) {
            Some(project) => project.invite = given,
            None => written.push(WrittenProject::new(given)),
        }
    }
}

/// Whether two invites are to the same coordinator.
fn is_same(one: &Invite, other: &Invite) -> bool {
    coordinator_name(one) == coordinator_name(other)
}

pub(super) fn invite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Invite, D::Error> {
    deserializer.deserialize_str(Text("an invite", Invite::from_str))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Written};

    const PLAIN: &str = "manyhands+plain://127.0.0.1:7654/";

    fn config(text: &str) -> Result<Config, ConfigError> {
        Written::parse(&format!("data_dir = \"d\"\n{text}"), Path::new("w.toml"))
            .and_then(Config::new)
    }

    fn project(invite: &str, more: &str) -> String {
        format!("[[project]]\ninvite = \"{invite}\"\n{more}\n")
    }

    #[test]
    fn one_project_or_several_are_named() {
        let one = config(&format!("invite = \"{PLAIN}\"")).unwrap().projects;
        assert_eq!(one.len(), 1);
        assert_eq!((one[0].share, one[0].name()), (1, "127.0.0.1:7654".to_owned()));
        let text =
            project(PLAIN, "share = 3\nname = \"primes\"") + &project(&pinned(), "share = 0");
        let two = config(&text).unwrap().projects;
        assert_eq!((two[0].share, two[0].name()), (3, "primes".to_owned()));
        assert_eq!((two[1].share, two[1].name()), (0, "grid.example.org:7654".to_owned()));
    }

    fn pinned() -> String {
        let key = manyhands_proto::identity::Identity::generate().unwrap().public_key();
        format!("manyhands://grid.example.org:7654/#{key}")
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |text: &str, expect: &str| {
            let shown = config(text).unwrap_err().to_string();
            assert!(shown.starts_with(expect), "{shown}");
        };
        let both = format!("invite = \"{PLAIN}\"\n{}", project(&pinned(), ""));
        check(&both, "invite: not beside [[project]]");
        check(
            &(project(PLAIN, "") + &project(PLAIN, "")),
            "project: only one for each coordinator",
        );
        check(&project(PLAIN, "share = 1000001"), "share: at most 1000000");
        check(&project(PLAIN, "share = -1"), "w.toml:4: share: ");
        check(&project(PLAIN, "shares = 1"), "w.toml:4: shares: unknown field");
        check(&project(PLAIN, "name = \"a\\u0007\""), "name: at most 128 bytes");
        check("[[project]]\nshare = 1", "w.toml:2: missing field `invite`");
        let many: String = (0..17).map(|_| project(&pinned(), "")).collect();
        check(&many, "project: at most 16 of them");
        check("", "`invite` is not set");
    }

    #[test]
    fn invites_beside_the_file_replace_one_and_join_several() {
        let joined = |text: &str, given: &[&str]| {
            let mut written = Written::parse(text, Path::new("w.toml")).unwrap();
            written.join(given.iter().map(|invite| invite.parse().unwrap()).collect());
            written.data_dir = Some("d".into());
            let projects = Config::new(written).unwrap().projects;
            projects.iter().map(|it| (it.invite.to_string(), it.share)).collect::<Vec<_>>()
        };
        let (one, other) = (pinned(), pinned());
        let file = format!("invite = \"{one}\"");
        assert_eq!(joined(&file, &[]), [(one.clone(), 1)]);
        assert_eq!(joined(&file, &[&other]), [(other.clone(), 1)]);
        let file = project(&one, "share = 5");
        let both = [(one.clone(), 5), (other.clone(), 1)];
        assert_eq!(joined(&file, &[&other]), both);
        assert_eq!(joined(&file, &[&other, &one]), both);
    }
}
