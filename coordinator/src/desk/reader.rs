//! Questions that change nothing: answered beside the engine, from what is durable.

use std::io;
use std::thread;

use manyhands_core::query::{self, Answer, Query};
use manyhands_core::store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::DeskError;
use crate::clock;
use crate::store::sqlite::SqliteStore;

/// Questions that may wait.
const QUESTIONS_MAX: usize = 1_024;

type Question = Box<dyn FnOnce(&SqliteStore) + Send>;

/// Where questions are asked; clones share one connection that only reads. Whoever got a
/// command's answer from the desk finds its outcome here.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    questions: mpsc::Sender<Question>,
}

impl Reader {
    /// Starts the reader's thread, which ends with the last clone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn open(store: SqliteStore) -> io::Result<Self> {
        let (questions, mut asked) = mpsc::channel::<Question>(QUESTIONS_MAX);
        let serve = move || {
            while let Some(question) = asked.blocking_recv() {
                question(&store);
            }
        };
        thread::Builder::new().name("reader".to_owned()).spawn(serve).map(drop)?;
        Ok(Self { questions })
    }

    /// Asks one of the core's questions.
    ///
    /// # Errors
    /// When the store fails or is closed.
    pub(crate) async fn ask(&self, query: Query) -> Result<Answer, DeskError> {
        self.read(move |store| query::ask(store, &query, clock::now())).await
    }

    /// Reads rows.
    ///
    /// # Errors
    /// When the store fails or is closed.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        rows: impl FnOnce(&SqliteStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, DeskError> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |store| drop(answer.send(rows(store))));
        self.questions.send(question).await.map_err(|_unsent| DeskError::Closed)?;
        let found = answered.await.map_err(|_gone| DeskError::Closed)?;
        found.map_err(|error| {
            tracing::error!(%error, "a question could not be answered");
            DeskError::Failed
        })
    }
}
