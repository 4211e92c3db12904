//! The projects that this machine computes for: where each keeps what is its own, and what it is made of.
//!
//! Each project knows this machine by a key of its own, so that no two of them can tell from it that they have
//! the same volunteer; and each has a cache of its own, or what one gave out would be offered to workers of
//! another.

use std::sync::Arc;

use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::Channel;
use manyhands_proto::v1;
use manyhands_swarm::Pace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::agent::{Earnings, ProjectParts};
use crate::cache::Cache;
use crate::config::{Config, ProjectConfig};
use crate::diary::Diary;
use crate::home::{Home, Keep};
use crate::link::{self, Dialer, Finder, LinkEvent};
use crate::peers::Peers;
use crate::spool::{Enrolment, Restored, Spool};
use crate::{WorkerError, coordinator_name};

/// Events of a link that may wait for the agent.
const LINK_EVENTS_MAX: usize = 16;

/// One project, its folder open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) home: Keep,
    project: ProjectConfig,
    identity: Identity,
    peers: Peers,
    cache: Cache,
    spool: Spool,
    restored: Restored,
}

/// What talks for a project, and is not started yet.
#[derive(Debug)]
pub(crate) struct Link {
    dialer: Dialer,
    told: mpsc::Sender<LinkEvent>,
    peers: Peers,
    cache: Cache,
    coordinator: watch::Receiver<Option<Channel>>,
}

/// Opens the folders of all projects.
///
/// # Errors
/// [`WorkerError`]: a folder cannot be used, or belongs to somebody else.
pub(crate) fn open(home: &Home, config: &Config) -> Result<Vec<Opened>, WorkerError> {
    let owner = root_owner(home, config)?;
    let pace = Arc::new(Pace::new(Some(config.sharing.upload_limit)));
    let open_one = |(index, project): (usize, &ProjectConfig)| {
        let is_root = owner == Some(index);
        let keep = if is_root { home.keep() } else { home.keep_of(&project.invite)? };
        Opened::new(keep, project.clone(), config, Arc::clone(&pace))
    };
    config.projects.iter().enumerate().map(open_one).collect()
}

/// Which project has its things in the root of the data folder: whichever was there first. Where only one can be named
/// it has to be that one, so that nobody joins a coordinator with the folder of another one by a slip of the pen.
fn root_owner(home: &Home, config: &Config) -> Result<Option<usize>, WorkerError> {
    let keep = home.keep();
    let left = Spool::peek(&keep.spool())?;
    let Some(enrolment) = left.and_then(|left| left.enrolment) else {
        // Nobody's yet. Who has another folder goes on in that.
        let is_new = |project: &ProjectConfig| !home.has_keep_of(&project.invite);
        return Ok(config.projects.iter().position(is_new));
    };
    let is_its = |project: &ProjectConfig| belongs(&keep, &enrolment, &project.invite);
    let owner = config.projects.iter().position(is_its);
    match config.projects.as_slice() {
        [only] if config.is_exclusive && owner.is_none() => {
            let ours = coordinator_name(&only.invite);
            Err(WorkerError::OtherCoordinator { theirs: enrolment.coordinator, ours })
        }
        _ => Ok(owner),
    }
}

/// Whether the host that is enrolled there is one of the invite's project.
fn belongs(keep: &Keep, enrolment: &Enrolment, invite: &Invite) -> bool {
    enrolment.coordinator == coordinator_name(invite) || is_of_the_same_project(keep, invite)
}

/// Whether the project that a folder belongs to says that the invite is from a coordinator of its own.
pub(crate) fn is_of_the_same_project(keep: &Keep, invite: &Invite) -> bool {
    let Some(key) = invite.endpoint().key() else { return false };
    let known = link::kept(&keep.coordinators());
    let named = known.iter().flat_map(|signed| signed.record.coordinators());
    named.into_iter().any(|at| at.key.as_bytes() == key.as_bytes())
}

impl Opened {
    fn new(
        home: Keep,
        project: ProjectConfig,
        config: &Config,
        pace: Arc<Pace>,
    ) -> Result<Self, WorkerError> {
        let identity = Identity::load_or_create(&home.key())?;
        let known = link::kept(&home.coordinators());
        let sharing = config.sharing_of(&project);
        let peers = Peers::open((sharing, pace), &identity, &project.invite, known, home.peers());
        let cache_bytes_max = config.cache_bytes_max / config.projects.len() as u64;
        let cache = Cache::open(&home.blobs(), cache_bytes_max, peers.swarm().cloned())?;
        let (spool, restored) = Spool::open(&home.spool())?;
        if let Some(enrolment) = &restored.enrolment
            && !belongs(&home, enrolment, &project.invite)
        {
            let (theirs, ours) = (enrolment.coordinator.clone(), coordinator_name(&project.invite));
            return Err(WorkerError::OtherCoordinator { theirs, ours });
        }
        Ok(Self { home, project, identity, peers, cache, spool, restored })
    }

    /// What talks for the project, and what the agent has of it.
    pub(crate) fn connect(
        self,
        config: &Config,
        capabilities: &v1::Capabilities,
    ) -> (Link, ProjectParts) {
        let Self { home, project, identity, peers, cache, spool, restored } = self;
        let ProjectConfig { invite, share, .. } = &project;
        let (attached, coordinator) = watch::channel(None);
        let (told, link) = mpsc::channel(LINK_EVENTS_MAX);
        let dialer = Dialer {
            finder: Finder::new(invite, home.coordinators(), config.lan, peers.clone()),
            token: invite.token().cloned(),
            nickname: nickname(config, &identity.public_key()),
            identity: identity.clone(),
            capabilities: capabilities.clone(),
            attached,
        };
        let parts = ProjectParts {
            invite: invite.clone(),
            name: project.name(),
            share: *share,
            capabilities: capabilities.clone(),
            identity,
            cache: cache.clone(),
            peers: peers.clone(),
            spool,
            restored,
            earnings: Earnings::new(Diary::new(home.root().to_owned())),
            link,
        };
        (Link { dialer, told, peers, cache, coordinator }, parts)
    }
}

impl Link {
    /// Begins to talk; gives whom to tell when it is over.
    pub(crate) fn start(self, jobs: &mut JoinSet<()>) -> Peers {
        let Self { dialer, told, peers, cache, coordinator } = self;
        jobs.spawn(link::run(dialer, told));
        jobs.spawn(peers.clone().run(cache, coordinator));
        peers
    }
}

/// What others see of this machine: nothing that is not chosen, but something to call it by.
fn nickname(config: &Config, key: &PublicKey) -> String {
    if config.nickname.is_empty() {
        format!("host-{:.8}", key.to_string())
    } else {
        config.nickname.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Written;
    use crate::spool::Change;

    /// Settings with the projects of these hosts' keys, in that order.
    fn config(root: &Path, numbers: &[u8]) -> Config {
        let table = |number: &u8| {
            let key = Identity::from_seed(&[*number; 32]).public_key();
            format!("[[project]]\ninvite = \"manyhands://127.0.0.1:9/#{key}\"\n")
        };
        let tables: String = numbers.iter().map(table).collect();
        let written = Written::parse(&format!("data_dir = {root:?}\n{tables}"), root).unwrap();
        Config::new(written).unwrap()
    }

    /// The folders of the projects, and whether each is the root.
    async fn roots(home: &Home, config: &Config) -> Vec<bool> {
        let opened = open(home, config).unwrap();
        let roots = opened.iter().map(|project| project.home == home.keep()).collect();
        for Opened { spool, project, .. } in opened {
            let mut spool = spool;
            let coordinator = coordinator_name(&project.invite);
            spool.append(Change::Enrolled(Enrolment { coordinator, host: 1 })).await.unwrap();
            spool.close().unwrap();
        }
        roots
    }

    #[tokio::test]
    async fn each_project_finds_its_folder_whatever_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        assert_eq!(roots(&home, &config(dir.path(), &[1, 2])).await, [true, false]);
        assert_eq!(roots(&home, &config(dir.path(), &[3, 2, 1])).await, [false, false, true]);
        assert_eq!(roots(&home, &config(dir.path(), &[2])).await, [false]);
    }

    #[tokio::test]
    async fn who_has_a_folder_does_not_take_one_that_is_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let config = config(dir.path(), &[1, 2]);
        home.keep_of(&config.projects[0].invite).unwrap();
        assert_eq!(roots(&home, &config).await, [false, true]);
    }
}
