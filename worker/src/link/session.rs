//! One session: from dialling to the end of the stream.

use std::time::Duration;

use manyhands_core::agent::retry::Retry;
use manyhands_core::time::Span;
use manyhands_proto::invite::Token;
use manyhands_proto::link::{Channel, LinkError};
use manyhands_proto::pushback::pushback;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message;
use manyhands_proto::v1::work_client::WorkClient;
use manyhands_proto::v1::worker_message;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::finder::Connected;
use super::{Attached, Dialer, LinkEvent, OUTGOING_MAX};

/// Longest wait for an answer while the stream is being opened.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Largest message from the coordinator.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There was no connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The coordinator does not take this host.
    #[error("the coordinator refuses this host: {}", .0.message())]
    Enrolment(Box<Status>),
    /// The coordinator ended the stream, or the connection was lost.
    #[error("the stream ended: {}", .0.message())]
    Stream(Box<Status>),
    /// It ended the stream without a word.
    #[error("the coordinator closed the stream")]
    Closed,
    /// No answer in time.
    #[error("the coordinator does not answer")]
    Silent,
    /// Something else than a welcome came first.
    #[error("the coordinator did not begin with a welcome: it is of another version")]
    Protocol,
}

impl SessionError {
    /// Whether it will end the same way until a person changes something.
    pub(crate) fn needs_a_person(&self) -> bool {
        match self {
            Self::Enrolment(_) if self.pushback().is_some() => false,
            Self::Link(LinkError::WrongKey { .. } | LinkError::Config(_)) => true,
            Self::Enrolment(status) => matches!(
                status.code(),
                Code::PermissionDenied
                    | Code::Unauthenticated
                    | Code::InvalidArgument
                    | Code::FailedPrecondition
                    | Code::NotFound
            ),
            Self::Link(_) | Self::Stream(_) | Self::Closed | Self::Silent | Self::Protocol => false,
        }
    }

    /// How long the coordinator gives this host no work, if it said so. Nobody needs to change
    /// anything then.
    pub(crate) fn pushback(&self) -> Option<Span> {
        let (Self::Enrolment(status) | Self::Stream(status)) = self else { return None };
        pushback(status)
    }

    /// Whether the coordinator may be somewhere else by now.
    pub(super) fn may_mean_that_it_moved(&self) -> bool {
        match self {
            Self::Link(LinkError::Config(_)) | Self::Enrolment(_) => false,
            Self::Link(_) | Self::Closed | Self::Silent | Self::Protocol => true,
            Self::Stream(_) => self.pushback().is_none() && !self.means_unknown(),
        }
    }

    /// Whether the coordinator does not know this host, for instance since it lost its data.
    pub(super) fn means_unknown(&self) -> bool {
        let Self::Stream(status) = self else { return false };
        matches!(
            status.code(),
            Code::Unauthenticated
                | Code::PermissionDenied
                | Code::NotFound
                | Code::FailedPrecondition
        )
    }
}

/// Runs one session. `Ok` means that nobody listens any more.
pub(super) async fn run(
    dialer: &mut Dialer,
    enrolled: &mut bool,
    retry: &mut Retry,
    events: &mpsc::Sender<LinkEvent>,
) -> Result<(), SessionError> {
    let Connected { channel, place, endpoint } = dialer.finder.connect(&dialer.identity).await?;
    if !*enrolled {
        let host = enrol(dialer, &channel).await?;
        *enrolled = true;
        if events.send(LinkEvent::Enrolled(host)).await.is_err() {
            return Ok(());
        }
    }
    let (ask, hello) = oneshot::channel();
    if events.send(LinkEvent::Hello(ask)).await.is_err() {
        return Ok(());
    }
    let Ok(hello) = hello.await else { return Ok(()) };
    let (outgoing, mut incoming, mut welcome) = attach(&channel, hello).await?;
    if let (Some(record), Some(place)) = (welcome.coordinators.take(), &place) {
        dialer.finder.hear(record, place).await;
    }
    retry.return_within(Span(welcome.return_ms));
    dialer.attached.send_replace(Some(channel.clone()));
    let attached = Attached { welcome, outgoing, channel, endpoint };
    if events.send(LinkEvent::Attached(attached)).await.is_err() {
        return Ok(());
    }
    while let Some(message) = next(&mut incoming).await? {
        if events.send(LinkEvent::Message(message)).await.is_err() {
            return Ok(());
        }
    }
    Err(SessionError::Closed)
}

async fn enrol(dialer: &Dialer, channel: &Channel) -> Result<u64, SessionError> {
    let request = v1::EnrolRequest {
        token: dialer
            .token
            .as_ref()
            .map_or_else(String::new, |token: &Token| token.as_str().into()),
        nickname: dialer.nickname.clone(),
        capabilities: Some(dialer.capabilities.clone()),
    };
    let mut work = WorkClient::new(channel.clone());
    match timeout(ANSWER_MAX, work.enrol(request)).await {
        Ok(Ok(reply)) => Ok(reply.into_inner().host),
        Ok(Err(status)) => Err(SessionError::Enrolment(Box::new(status))),
        Err(_elapsed) => Err(SessionError::Silent),
    }
}

type Opened = (mpsc::Sender<v1::WorkerMessage>, Streaming<v1::CoordinatorMessage>, v1::Welcome);

async fn attach(channel: &Channel, hello: v1::Hello) -> Result<Opened, SessionError> {
    let (outgoing, messages) = mpsc::channel(OUTGOING_MAX);
    let hello = v1::WorkerMessage { message: Some(worker_message::Message::Hello(hello)) };
    // The channel is new and has room.
    outgoing.try_send(hello).map_err(|_full| SessionError::Closed)?;
    let mut work = WorkClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let open = async {
        let mut incoming = work.attach(ReceiverStream::new(messages)).await?.into_inner();
        let first = incoming.message().await?;
        Ok::<_, Status>((incoming, first))
    };
    let (incoming, first) = match timeout(ANSWER_MAX, open).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(status)) => return Err(SessionError::Stream(Box::new(status))),
        Err(_elapsed) => return Err(SessionError::Silent),
    };
    match first {
        Some(v1::CoordinatorMessage { message: Some(Message::Welcome(welcome)) }) => {
            Ok((outgoing, incoming, welcome))
        }
        Some(_) => Err(SessionError::Protocol),
        None => Err(SessionError::Closed),
    }
}

/// The next message that this version understands; `None` at the end of the stream.
async fn next(
    incoming: &mut Streaming<v1::CoordinatorMessage>,
) -> Result<Option<Message>, SessionError> {
    loop {
        match incoming.message().await {
            Ok(Some(v1::CoordinatorMessage { message: Some(message) })) => {
                return Ok(Some(message));
            }
            // A newer coordinator may say more.
            Ok(Some(v1::CoordinatorMessage { message: None })) => {}
            Ok(None) => return Ok(None),
            Err(status) => return Err(SessionError::Stream(Box::new(status))),
        }
    }
}
