//! Where the owner's words and questions go, whichever way they come: the socket and the page have one each.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::request::Request;
use crate::config::Owner;

/// Snapshots as JSON, made only while somebody watches.
pub(crate) type Snapshots = Arc<watch::Sender<Arc<str>>>;

/// What the agent is asked, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) asked: Asked,
    pub(crate) answer: oneshot::Sender<String>,
}

/// What the agent is asked.
#[derive(Debug)]
pub(crate) enum Asked {
    /// What anybody may ask through the socket.
    Request(Request),
    /// To go by these limits and rules from now on.
    Adopt(Box<Owner>),
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    questions: mpsc::Sender<Question>,
    snapshots: Snapshots,
}

impl Desk {
    pub(crate) fn new(questions: mpsc::Sender<Question>, snapshots: Snapshots) -> Self {
        Self { questions, snapshots }
    }

    /// The agent's answer; `None` if it is about to end.
    pub(crate) async fn ask(&self, asked: Asked) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { asked, answer }).await.ok()?;
        answered.await.ok()
    }

    /// Snapshots from now on, the first one at once; `None` if the agent is about to end.
    pub(crate) async fn watch(&self) -> Option<watch::Receiver<Arc<str>>> {
        let mut snapshots = self.snapshots.subscribe();
        snapshots.mark_unchanged();
        // Whoever is asked for one shows it to all who watch.
        self.ask(Asked::Request(Request::Snapshot)).await.map(|_| snapshots)
    }

    /// Whether nobody answers any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.questions.is_closed()
    }
}
