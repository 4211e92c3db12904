//! Asking the coordinator, as the host of a data folder, what it keeps of that host, and to forget it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::swarm::UploadLimit;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Channel, LinkError};
use manyhands_proto::v1;
use manyhands_proto::v1::work_client::WorkClient;
use manyhands_swarm::Pace;
use tokio::time::timeout;
use tonic::{Code, Response, Status};

use super::{KeptError, KeptHost};
use crate::config::{Mode, Sharing};
use crate::coordinator_name;
use crate::link::Finder;
use crate::peers::Peers;
use crate::projects::is_of_the_same_project;

/// Longest that finding the coordinator and its answer take together.
pub const ASK_MAX: Duration = Duration::from_secs(15);

/// Largest answer: a handful of names and addresses.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How the coordinator may be found, beside what the folder knows.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Invites, of which only the places count: to it, and perhaps to others.
    pub invites: Vec<Invite>,
    /// Whether to look for it on the local network if it is nowhere else.
    pub lan: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is nobody to ask.
    #[error("this host never joined a coordinator")]
    NeverJoined,
    /// The coordinator is on this machine and has no key by which it could be found.
    #[error("where the coordinator listens is not known: give its invite (--join)")]
    Nowhere,
    /// There is no connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It took too long.
    #[error("the coordinator did not answer within {ASK_MAX:?}")]
    Late,
    /// It keeps nothing of this host.
    #[error("the coordinator says: {0}")]
    NothingKept(String),
    /// It refuses, or does not know the question.
    #[error("the coordinator does not answer that: {0}")]
    Refused(String),
    /// The folder's key cannot be read.
    #[error(transparent)]
    Folder(#[from] Box<KeptError>),
}

impl AskError {
    /// Whether it means that no coordinator keeps anything of this host.
    #[must_use]
    pub fn means_nothing_is_kept(&self) -> bool {
        matches!(self, Self::NeverJoined | Self::NothingKept(_))
    }
}

/// While the folder is open, so that no worker says otherwise meanwhile.
impl KeptHost {
    /// What the coordinator keeps of the host.
    ///
    /// # Errors
    /// [`AskError`], within [`ASK_MAX`].
    pub async fn ask_what_is_kept(&self, way: &Way) -> Result<v1::KeptReply, AskError> {
        let ask =
            |mut work: WorkClient<Channel>| async move { work.kept(v1::KeptRequest {}).await };
        self.ask(way, ask).await
    }

    /// Has the coordinator forget the host.
    ///
    /// # Errors
    /// [`AskError`], within [`ASK_MAX`]. If that is [`AskError::Late`], it may have done so.
    pub async fn ask_to_forget(&self, way: &Way) -> Result<v1::ForgetReply, AskError> {
        let ask =
            |mut work: WorkClient<Channel>| async move { work.forget(v1::ForgetRequest {}).await };
        self.ask(way, ask).await
    }

    async fn ask<Reply, Asking>(
        &self,
        way: &Way,
        ask: impl FnOnce(WorkClient<Channel>) -> Asking,
    ) -> Result<Reply, AskError>
    where
        Asking: Future<Output = Result<Response<Reply>, Status>>,
    {
        let asking = async {
            let work = WorkClient::new(self.connect(way).await?);
            let work = work.max_decoding_message_size(ANSWER_BYTES_MAX);
            ask(work).await.map(Response::into_inner).map_err(AskError::from)
        };
        timeout(ASK_MAX, asking).await.unwrap_or(Err(AskError::Late))
    }

    /// A link to the coordinator, as the host.
    async fn connect(&self, way: &Way) -> Result<Channel, AskError> {
        let identity = self
            .identity()
            .map_err(|error| Box::new(error.into()))?
            .ok_or(AskError::NeverJoined)?;
        let invite = self.whom(&way.invites)?;
        let pace = Arc::new(Pace::new(None));
        let sharing =
            Sharing { mode: Mode::Off, listen: None, upload_limit: UploadLimit::HalfOfMeasured };
        let peers = Peers::open((sharing, pace), &identity, &invite, None, self.keep.peers());
        let mut finder = Finder::new(&invite, self.keep.coordinators(), way.lan, peers);
        Ok(finder.connect(&identity).await?.channel)
    }

    /// An invite to the coordinator that the host joined: one that was given, if it is from there.
    fn whom(&self, given: &[Invite]) -> Result<Invite, AskError> {
        let Some((joined, _host)) = &self.enrolment else {
            // It may have joined, and not have written it down.
            return match given {
                [only] => Ok(only.clone()),
                _ => Err(AskError::NeverJoined),
            };
        };
        let is_from_there = |invite: &&Invite| {
            coordinator_name(invite) == *joined || is_of_the_same_project(&self.keep, invite)
        };
        if let Some(invite) = given.iter().find(is_from_there) {
            return Ok(invite.clone());
        }
        let key: PublicKey = joined.parse().map_err(|_no_key| AskError::Nowhere)?;
        Ok(Invite::nearby(key, None))
    }
}

impl From<Status> for AskError {
    fn from(status: Status) -> Self {
        let message = status.message().to_owned();
        match status.code() {
            Code::NotFound => Self::NothingKept(message),
            _ => Self::Refused(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use manyhands_proto::identity::Identity;

    const OTHER: &str =
        "manyhands://192.0.2.1:1/#25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena";

    /// Whoever else sends an invite is not told which hosts there are.
    #[test]
    fn only_the_coordinator_that_was_joined_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(&dir.path().join("worker")).unwrap();
        let keep = home.keep();
        Identity::load_or_create(&keep.key()).unwrap();
        let other: Invite = OTHER.parse().unwrap();
        let joined = Identity::from_seed(&[4; 32]).public_key();
        let own = Invite::nearby(joined, None);
        let name = joined.to_string();

        let whom = |joined: Option<&str>, given: Option<&Invite>| {
            let enrolment = joined.map(|key| (key.to_owned(), 7));
            let host = KeptHost { key: None, enrolment, keep: keep.clone() };
            host.whom(given.map(std::slice::from_ref).unwrap_or_default())
        };
        assert_eq!(whom(Some(&name), Some(&other)).unwrap(), own);
        assert_eq!(whom(Some(&name), None).unwrap(), own);
        assert_eq!(whom(None, Some(&other)).unwrap(), other);
        assert!(matches!(whom(None, None), Err(AskError::NeverJoined)));
        let plain: Invite = "manyhands+plain://127.0.0.1:9/".parse().unwrap();
        assert_eq!(whom(Some("on this machine"), Some(&plain)).unwrap(), plain);
        assert!(matches!(whom(Some("on this machine"), Some(&other)), Err(AskError::Nowhere)));
    }
}
