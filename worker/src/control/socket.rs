//! The socket through which a worker is asked, and both ends of a conversation.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::request::{Request, RequestError};

/// Name of the socket in the data folder.
const NAME: &str = "control";

/// Longest request.
const REQUEST_BYTES_MAX: u64 = 256;

/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Longest wait for the other side.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause after the system could not take up a conversation.
const RETRY: Duration = Duration::from_secs(1);

/// A request, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<String>,
}

/// The worker's end, while nobody speaks.
#[derive(Debug)]
pub(crate) struct Socket(UnixListener);

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
}

impl Socket {
    /// Begins to listen. The folder is this worker's alone, so whatever is in the way was left by an earlier one.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self(listener))
    }

    /// Brings questions to whoever answers, one after the other, until nobody does.
    pub(crate) async fn serve(self, questions: mpsc::Sender<Question>) {
        loop {
            match self.0.accept().await {
                // Whoever breaks off does not want to know.
                Ok((stream, _)) => drop(timeout(PATIENCE, converse(stream, &questions)).await),
                Err(error) => {
                    tracing::debug!(%error, "a conversation was lost");
                    tokio::time::sleep(RETRY).await;
                }
            }
            if questions.is_closed() {
                return;
            }
        }
    }
}

async fn converse(stream: UnixStream, questions: &mpsc::Sender<Question>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match line.parse() {
        Ok(request) => {
            let (answer, answered) = oneshot::channel();
            let is_asked = questions.send(Question { request, answer }).await.is_ok();
            let answer = if is_asked { answered.await.ok() } else { None };
            answer.unwrap_or_else(|| "the worker is about to end".to_owned())
        }
        Err(error) => RequestError::to_string(&error),
    };
    write.write_all(answer.as_bytes()).await?;
    write.shutdown().await
}

/// Asks the worker of a data folder.
///
/// # Errors
/// [`ControlError`]: nobody is there, or nobody answers.
pub async fn ask(folder: &Path, request: Request) -> Result<String, ControlError> {
    let no_worker = |source| ControlError::NoWorker { folder: folder.to_owned(), source };
    let mut stream = UnixStream::connect(folder.join(NAME)).await.map_err(no_worker)?;
    let asked = async {
        stream.write_all(format!("{request}\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
        Ok(answer)
    };
    let late = |_elapsed| Err(io::ErrorKind::TimedOut.into());
    timeout(2 * PATIENCE, asked).await.unwrap_or_else(late).map_err(ControlError::Silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_is_answered_and_an_earlier_socket_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            ask(folder.path(), Request::Status).await,
            Err(ControlError::NoWorker { .. })
        ));
        drop(Socket::open(folder.path()).unwrap());
        let socket = Socket::open(folder.path()).unwrap();
        let (questions, mut asked) = mpsc::channel(1);
        let serve = socket.serve(questions);
        let answer = async {
            let Question { request, answer } = asked.recv().await.unwrap();
            answer.send(format!("you asked: {request}")).unwrap();
            asked.recv().await
        };
        let ask = async {
            let answer = ask(folder.path(), Request::Log { days: 3 }).await.unwrap();
            assert_eq!(answer, "you asked: log 3");
            let mut stream = UnixStream::connect(folder.path().join(NAME)).await.unwrap();
            stream.write_all(b"dance\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.contains("`dance` is nothing that can be asked"), "{answer}");
        };
        tokio::select! {
            () = serve => panic!("it serves as long as somebody answers"),
            question = answer => panic!("{question:?}"),
            () = ask => {}
        }
    }
}
