//! Asking the coordinator, as the host of a data folder, what it keeps of that host, and to forget it.

use std::future::Future;
use std::time::Duration;

use manyhands_core::swarm::UploadLimit;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Channel, LinkError};
use manyhands_proto::v1;
use manyhands_proto::v1::work_client::WorkClient;
use tokio::time::timeout;
use tonic::{Code, Response, Status};

use super::{Folder, Kept, KeptError};
use crate::config::{Mode, Sharing};
use crate::link::Finder;
use crate::peers::Peers;
use crate::{coordinator_name, is_of_the_same_project};

/// Longest that finding the coordinator and its answer take together.
pub const ASK_MAX: Duration = Duration::from_secs(15);

/// Largest answer: a handful of names and addresses.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How the coordinator may be found, beside what the folder knows.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// An invite to it, of which only the place counts.
    pub invite: Option<Invite>,
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

impl Folder {
    /// What the coordinator keeps of the folder's host.
    ///
    /// # Errors
    /// [`AskError`], within [`ASK_MAX`].
    pub async fn ask_what_is_kept(
        &self,
        kept: &Kept,
        way: &Way,
    ) -> Result<v1::KeptReply, AskError> {
        let ask =
            |mut work: WorkClient<Channel>| async move { work.kept(v1::KeptRequest {}).await };
        self.ask(kept, way, ask).await
    }

    /// Has the coordinator forget the folder's host.
    ///
    /// # Errors
    /// [`AskError`], within [`ASK_MAX`]. If that is [`AskError::Late`], it may have done so.
    pub async fn ask_to_forget(&self, kept: &Kept, way: &Way) -> Result<v1::ForgetReply, AskError> {
        let ask =
            |mut work: WorkClient<Channel>| async move { work.forget(v1::ForgetRequest {}).await };
        self.ask(kept, way, ask).await
    }

    async fn ask<Reply, Asking>(
        &self,
        kept: &Kept,
        way: &Way,
        ask: impl FnOnce(WorkClient<Channel>) -> Asking,
    ) -> Result<Reply, AskError>
    where
        Asking: Future<Output = Result<Response<Reply>, Status>>,
    {
        let asking = async {
            let work = WorkClient::new(self.connect(kept, way).await?);
            let work = work.max_decoding_message_size(ANSWER_BYTES_MAX);
            ask(work).await.map(Response::into_inner).map_err(AskError::from)
        };
        timeout(ASK_MAX, asking).await.unwrap_or(Err(AskError::Late))
    }

    /// A link to the coordinator, as the host.
    async fn connect(&self, kept: &Kept, way: &Way) -> Result<Channel, AskError> {
        let identity = self.identity().map_err(Box::new)?.ok_or(AskError::NeverJoined)?;
        let invite = self.whom(kept, way.invite.as_ref())?;
        let sharing =
            Sharing { mode: Mode::Off, listen: None, upload_limit: UploadLimit::HalfOfMeasured };
        let peers = Peers::open(sharing, &identity, &invite, None, self.home.peers());
        let mut finder = Finder::new(&invite, self.home.coordinators(), way.lan, peers);
        Ok(finder.connect(&identity).await?.channel)
    }

    /// An invite to the coordinator that the host joined: the one that was given, if it is from there.
    fn whom(&self, kept: &Kept, given: Option<&Invite>) -> Result<Invite, AskError> {
        let Some((joined, _host)) = &kept.enrolment else {
            return given.cloned().ok_or(AskError::NeverJoined);
        };
        let is_from_there = |invite: &&Invite| {
            coordinator_name(invite) == *joined || is_of_the_same_project(&self.home, invite)
        };
        if let Some(invite) = given.filter(is_from_there) {
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

    fn kept(enrolment: Option<&str>) -> Kept {
        Kept {
            key: None,
            enrolment: enrolment.map(|key| (key.to_owned(), 7)),
            consents: Vec::new(),
            leases: 0,
            reports: 0,
            sizes: Vec::new(),
        }
    }

    /// Whoever else sends an invite is not told which hosts there are.
    #[test]
    fn only_the_coordinator_that_was_joined_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(&dir.path().join("worker")).unwrap();
        Identity::load_or_create(&home.key()).unwrap();
        let folder = Folder { home };
        let other: Invite = OTHER.parse().unwrap();
        let joined = Identity::from_seed(&[4; 32]).public_key();
        let own = Invite::nearby(joined, None);
        let name = joined.to_string();

        let whom = |joined: Option<&str>, given| folder.whom(&kept(joined), given);
        assert_eq!(whom(Some(&name), Some(&other)).unwrap(), own);
        assert_eq!(whom(Some(&name), None).unwrap(), own);
        assert_eq!(whom(None, Some(&other)).unwrap(), other);
        assert!(matches!(whom(None, None), Err(AskError::NeverJoined)));
        let plain: Invite = "manyhands+plain://127.0.0.1:9/".parse().unwrap();
        assert_eq!(whom(Some("on this machine"), Some(&plain)).unwrap(), plain);
        assert!(matches!(whom(Some("on this machine"), Some(&other)), Err(AskError::Nowhere)));
    }
}
