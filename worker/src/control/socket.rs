//! The socket through which a worker is asked, and both ends of a conversation. What a socket is, each family of systems
//! says in a file of its own.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

use super::desk::{Asked, Desk};
use super::request::{Request, RequestError};
use super::snapshot::Snapshot;
use crate::page::Page;

#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

/// Longest request.
const REQUEST_BYTES_MAX: u64 = 256;

/// Longest answer, and longest snapshot.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Longest wait for the other side.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause after the system could not take up a conversation.
const RETRY: Duration = Duration::from_secs(1);

/// Conversations at once, those who watch among them. Whoever comes then waits.
const CONVERSATIONS_MAX: usize = 16;

const ENDING: &str = "the worker is about to end";

/// The worker's end, while nobody speaks.
#[derive(Debug)]
pub(crate) struct Socket(system::Listener);

/// Why a worker cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No worker listens.
    #[error("no worker runs on the data folder {}: {source}", folder.display())]
    NoWorker {
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It listens, and says nothing.
    #[error("the worker does not answer: {0}")]
    Silent(io::Error),
    /// It says something else than a worker of this version would.
    #[error("the worker's answer is not understood, it may be of another version: {0}")]
    Foreign(String),
}

impl Socket {
    /// Begins to listen. The folder is this worker's alone, so whatever is in the way was left by an earlier one.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        system::Listener::open(folder).map(Self)
    }

    /// Brings questions to whoever answers, until nobody does.
    pub(crate) async fn serve(mut self, desk: Desk, page: Arc<Page>) {
        let mut conversations = JoinSet::new();
        while !desk.is_closed() {
            match self.0.accept().await {
                Ok(stream) => {
                    let (desk, page) = (desk.clone(), Arc::clone(&page));
                    // Whoever breaks off does not want to know.
                    conversations.spawn(async move { drop(converse(stream, &desk, &page).await) });
                }
                Err(error) => {
                    tracing::debug!(%error, "a conversation was lost");
                    tokio::time::sleep(RETRY).await;
                }
            }
            while conversations.try_join_next().is_some() {}
            if conversations.len() >= CONVERSATIONS_MAX {
                conversations.join_next().await;
            }
        }
    }
}

async fn converse(stream: system::Incoming, desk: &Desk, page: &Page) -> io::Result<()> {
    let (mut read, mut write) = tokio::io::split(stream);
    let mut line = String::new();
    let mut request = BufReader::new((&mut read).take(REQUEST_BYTES_MAX));
    timeout(PATIENCE, request.read_line(&mut line)).await??;
    let answer = match line.parse() {
        Ok(Request::Watch) => return show(read, write, desk).await,
        Ok(Request::Page) => page.open().await.unwrap_or_else(|error| error.to_string()),
        Ok(request) => desk.ask(Asked::Request(request)).await.unwrap_or_else(|| ENDING.to_owned()),
        Err(error) => RequestError::to_string(&error),
    };
    timeout(PATIENCE, write.write_all(answer.as_bytes())).await??;
    write.shutdown().await
}

/// Writes snapshots until nobody reads them, or there are no more.
async fn show(
    mut read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    desk: &Desk,
) -> io::Result<()> {
    let Some(mut snapshots) = desk.watch().await else { return Ok(()) };
    let mut end = [0];
    loop {
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() { return Ok(()) },
            // Nothing more is asked: whatever comes is the end.
            _ = read.read(&mut end) => return Ok(()),
        }
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let line = async {
            write.write_all(snapshot.as_bytes()).await?;
            write.write_all(b"\n").await
        };
        timeout(PATIENCE, line).await??;
    }
}

/// Asks the worker of a data folder.
///
/// # Errors
/// [`ControlError`]: nobody is there, or nobody answers.
pub async fn ask(folder: &Path, request: Request) -> Result<String, ControlError> {
    let mut stream = reach(folder, request).await?;
    let asked = async {
        let mut answer = String::new();
        (&mut stream).take(ANSWER_BYTES_MAX as u64).read_to_string(&mut answer).await?;
        Ok(answer)
    };
    let late = |_elapsed| Err(io::ErrorKind::TimedOut.into());
    timeout(2 * PATIENCE, asked).await.unwrap_or_else(late).map_err(ControlError::Silent)
}

/// Watches the worker of a data folder.
///
/// # Errors
/// [`ControlError::NoWorker`].
pub async fn watch(folder: &Path) -> Result<Watched, ControlError> {
    let stream = reach(folder, Request::Watch).await?;
    Ok(Watched(FramedRead::new(stream, LinesCodec::new_with_max_length(ANSWER_BYTES_MAX))))
}

async fn reach(folder: &Path, request: Request) -> Result<system::Outgoing, ControlError> {
    let no_worker = |source| ControlError::NoWorker { folder: folder.to_owned(), source };
    let mut stream = system::connect(folder).await.map_err(no_worker)?;
    let asked = stream.write_all(format!("{request}\n").as_bytes()).await;
    asked.map_err(ControlError::Silent)?;
    Ok(stream)
}

/// A worker that is watched, as long as this lives.
#[derive(Debug)]
pub struct Watched(FramedRead<system::Outgoing, LinesCodec>);

impl Watched {
    /// The next snapshot; `None` once the worker has ended.
    ///
    /// # Errors
    /// [`ControlError::Foreign`] and [`ControlError::Silent`].
    pub async fn next(&mut self) -> Result<Option<Snapshot>, ControlError> {
        let line = match self.0.next().await {
            None => return Ok(None),
            Some(Ok(line)) => line,
            Some(Err(LinesCodecError::Io(error))) => return Err(ControlError::Silent(error)),
            Some(Err(error)) => return Err(ControlError::Foreign(error.to_string())),
        };
        serde_json::from_str(&line)
            .map(Some)
            .map_err(|error| ControlError::Foreign(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, watch as watching};

    use super::*;
    use crate::control::desk::Question;

    /// A socket, and whoever answers `you asked: …`, and shows a snapshot whenever one is asked for.
    async fn answering(folder: &Path) {
        let (questions, mut asked) = mpsc::channel(1);
        let snapshots = Arc::new(watching::channel(Arc::from("")).0);
        let desk = Desk::new(questions, Arc::clone(&snapshots));
        let page = Page::closed(desk.clone(), folder);
        let socket = Socket::open(folder).unwrap();
        let answer = async {
            while let Some(Question { asked, answer }) = asked.recv().await {
                let Asked::Request(request) = asked else { continue };
                snapshots.send_replace(serde_json::to_string(&Snapshot::default()).unwrap().into());
                answer.send(format!("you asked: {request}")).unwrap();
            }
        };
        tokio::join!(socket.serve(desk, page), answer);
    }

    #[tokio::test]
    async fn a_question_is_answered_and_an_earlier_socket_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = ask(folder.path(), Request::Status).await;
        assert!(matches!(nobody, Err(ControlError::NoWorker { .. })));
        drop(Socket::open(folder.path()).unwrap());
        let ask = async {
            let mut answer = ask(folder.path(), Request::Log { days: 3 }).await;
            while matches!(answer, Err(ControlError::NoWorker { .. })) {
                tokio::task::yield_now().await;
                answer = ask(folder.path(), Request::Log { days: 3 }).await;
            }
            assert_eq!(answer.unwrap(), "you asked: log 3");
            let mut stream = system::connect(folder.path()).await.unwrap();
            stream.write_all(b"dance\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.contains("`dance` is nothing that can be asked"), "{answer}");
        };
        tokio::select! {
            () = answering(folder.path()) => panic!("it serves as long as somebody answers"),
            () = ask => {}
        }
    }

    #[tokio::test]
    async fn who_watches_is_shown_snapshots_and_others_are_answered_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let watch = async {
            let mut watched = loop {
                match watch(folder.path()).await {
                    Ok(watched) => break watched,
                    Err(_not_yet) => tokio::task::yield_now().await,
                }
            };
            assert_eq!(watched.next().await.unwrap(), Some(Snapshot::default()));
            assert_eq!(ask(folder.path(), Request::Status).await.unwrap(), "you asked: status");
            assert_eq!(watched.next().await.unwrap(), Some(Snapshot::default()));
        };
        tokio::select! {
            () = answering(folder.path()) => panic!("it serves as long as somebody answers"),
            () = watch => {}
        }
    }
}
