//! What the engine's thread does: take a group, decide it, make it durable, answer.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use manyhands_core::command::Command;
use manyhands_core::effect::Effect;
use manyhands_core::engine::Engine;
use manyhands_core::reply::Reply;
use manyhands_core::store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::{Ask, DeskError};
use crate::clock;
use crate::hub::Hub;
use crate::store::sqlite::{SqliteStore, TransactionError, is_full};

/// Work of one group at most, in items (a report, a renewal, a lease asked for). It bounds how
/// long an answer waits for its neighbours: about 20 ms here.
const GROUP_ITEMS_MAX: usize = 2_000;

/// Owner of the engine and of the connection that writes.
pub(super) struct Clerk {
    engine: Engine,
    store: SqliteStore,
    asks: mpsc::Receiver<Ask>,
    hub: Arc<Hub>,
    /// What effects of earlier groups ask of the engine itself.
    own: VecDeque<Command>,
    /// Whether a group failed, and with it perhaps a command of our own.
    is_behind: bool,
}

/// Where a decided command's answer goes; nowhere for our own.
type Answer = Option<oneshot::Sender<Result<Reply, DeskError>>>;

impl From<Ask> for (Command, Answer) {
    fn from(ask: Ask) -> Self {
        (ask.command, Some(ask.answer))
    }
}

impl Clerk {
    pub(super) fn new(
        engine: Engine,
        store: SqliteStore,
        asks: mpsc::Receiver<Ask>,
        hub: Arc<Hub>,
    ) -> Self {
        Self { engine, store, asks, hub, own: VecDeque::new(), is_behind: false }
    }

    /// Derives again the effects that may have been lost.
    pub(super) fn recover(&mut self) -> Result<(), StoreError> {
        let effects = self.engine.recover(&self.store, clock::now())?;
        self.own.clear();
        self.release(effects);
        Ok(())
    }

    /// Serves until the mailbox is closed and empty, then closes the database.
    pub(super) fn run(mut self) -> Result<(), TransactionError> {
        while let Some(group) = self.next_group() {
            self.settle(group);
        }
        self.store.close()
    }

    /// Waits for work, then takes all that is there, within bounds. `None` at the end.
    fn next_group(&mut self) -> Option<Vec<(Command, Answer)>> {
        let first = match self.own.pop_front() {
            Some(command) => (command, None),
            None => self.asks.blocking_recv()?.into(),
        };
        let mut items = weight(&first.0);
        let mut group = vec![first];
        while items < GROUP_ITEMS_MAX
            && let Some(next) = self.waiting()
        {
            items += weight(&next.0);
            group.push(next);
        }
        Some(group)
    }

    /// What can be decided at once.
    fn waiting(&mut self) -> Option<(Command, Answer)> {
        let own = self.own.pop_front().map(|command| (command, None));
        own.or_else(|| self.asks.try_recv().ok().map(Ask::into))
    }

    /// Decides a group; either all of it is durable and answered, or none of it happened.
    fn settle(&mut self, group: Vec<(Command, Answer)>) {
        let (commands, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match self.transact(commands) {
            Ok((replies, effects)) => {
                self.wipe(replies.iter().any(is_forgotten));
                for (answer, reply) in answers.into_iter().zip(replies) {
                    tell(answer, Ok(reply));
                }
                self.release(effects);
                self.catch_up();
            }
            Err(failure) => {
                tracing::error!(%failure, commands = answers.len(), "a group was not committed");
                self.is_behind = true;
                let told = failure.told();
                answers.into_iter().for_each(|answer| tell(answer, Err(told)));
            }
        }
    }

    /// Who is told that they are forgotten is not to be found in the database's log either. It happens once to each host.
    fn wipe(&mut self, is_wanted: bool) {
        if is_wanted && let Err(failure) = self.store.fold_in() {
            tracing::warn!(%failure, "what was forgotten stays in the database's log for a while");
        }
    }

    /// After a failure and a first success, whatever was swallowed meanwhile is derived again.
    fn catch_up(&mut self) {
        if mem::take(&mut self.is_behind)
            && let Err(failure) = self.recover()
        {
            tracing::error!(%failure, "cannot derive effects again");
            self.is_behind = true;
        }
    }

    fn transact(&mut self, commands: Vec<Command>) -> Result<(Vec<Reply>, Vec<Effect>), Failure> {
        let decided = self.begin_and_decide(commands);
        if decided.is_err()
            && let Err(failure) = self.store.rollback()
        {
            tracing::error!(%failure, "a transaction could not be rolled back");
        }
        decided
    }

    fn begin_and_decide(
        &mut self,
        commands: Vec<Command>,
    ) -> Result<(Vec<Reply>, Vec<Effect>), Failure> {
        let (mut replies, mut effects) = (Vec::with_capacity(commands.len()), Vec::new());
        self.store.begin()?;
        for command in commands {
            let (reply, mut wanted) = self.engine.handle(&mut self.store, command, clock::now())?;
            replies.push(reply);
            effects.append(&mut wanted);
        }
        self.store.commit()?;
        Ok((replies, effects))
    }

    fn release(&mut self, effects: Vec<Effect>) {
        self.own.extend(self.hub.release(effects));
    }
}

/// Whether a host was forgotten just now.
fn is_forgotten(reply: &Reply) -> bool {
    matches!(reply, Reply::Forgotten { is_new: true, .. })
}

/// Whoever asked may have gone away; what was decided stays decided.
fn tell(answer: Answer, outcome: Result<Reply, DeskError>) {
    if let Some(answer) = answer {
        drop(answer.send(outcome));
    }
}

/// About how much work a command is.
fn weight(command: &Command) -> usize {
    match command {
        Command::Request(request) => usize::from(request.count),
        Command::Claim(claim) => claim.units.len(),
        Command::Renew(renew) => renew.renewals.len(),
        Command::Report(report) => report.reports.len(),
        Command::Assimilate(units) => units.len(),
        Command::Expire | Command::Cancel(_) => GROUP_ITEMS_MAX / 4,
        Command::Invite(_)
        | Command::Enrol(_)
        | Command::Admit(_)
        | Command::Submit(_)
        | Command::Pardon(_)
        | Command::Forget(_) => 1,
    }
}

/// Why a group is not durable.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl Failure {
    /// What those who asked are told.
    fn told(&self) -> DeskError {
        match self {
            Self::Store(error) if is_full(error) => DeskError::Full,
            Self::Transaction(TransactionError::Full) => DeskError::Full,
            Self::Store(_) | Self::Transaction(TransactionError::Failed(_)) => DeskError::Failed,
        }
    }
}

#[cfg(test)]
mod tests;
