//! Tells the engine when something is due: sleeps to the next deadline, polls nothing.

use std::sync::Arc;
use std::time::Duration;

use manyhands_core::command::Command;
use manyhands_core::time::Span;

use crate::clock;
use crate::desk::Desk;
use crate::hub::Hub;

/// Longest sleep in one piece, so that a step of the machine's clock is noticed.
const NAP_MAX: Duration = Duration::from_secs(60);

/// How long to leave a desk alone that could not decide.
const RETRY: Span = Span::seconds(1);

/// Runs until dropped.
pub(crate) async fn run(desk: Desk, hub: Arc<Hub>) {
    let mut alarm = hub.alarm();
    loop {
        let at = *alarm.borrow_and_update();
        let wait = at.map_or(NAP_MAX, |at| Duration::from_millis(at.since(clock::now()).0));
        if at.is_some() && wait.is_zero() {
            expire(&desk, &hub).await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(wait.min(NAP_MAX)) => {}
            changed = alarm.changed() => if changed.is_err() { return },
        }
    }
}

/// What is due next comes back as an effect.
async fn expire(desk: &Desk, hub: &Hub) {
    hub.silence();
    if desk.ask(Command::Expire).await.is_err() {
        hub.ring_at(clock::now().plus(RETRY));
    }
}

#[cfg(test)]
mod tests {
    use manyhands_core::engine::Engine;
    use manyhands_core::settings::Settings;
    use manyhands_core::time::Timestamp;

    use super::*;
    use crate::store::sqlite::SqliteStore;

    #[tokio::test]
    async fn what_is_due_is_said_and_the_alarm_is_silent_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("c.db")).unwrap();
        let hub = Hub::new(1);
        let engine = Engine::new(Settings::default(), [7; 32]);
        let (desk, _thread) = Desk::open(engine, store, Arc::clone(&hub)).unwrap();
        hub.ring_at(Timestamp(1));
        let mut alarm = hub.alarm();
        let silenced = alarm.wait_for(Option::is_none);
        tokio::select! {
            () = run(desk, Arc::clone(&hub)) => panic!("the ticker stopped"),
            silenced = silenced => assert!(silenced.is_ok()),
        }
    }
}
