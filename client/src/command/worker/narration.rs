//! What a worker prints while it runs: one line for each change that a person cares about.

use std::collections::VecDeque;

use manyhands_worker::control::{CoordinatorStatus, Status};
use tokio::sync::watch;

use crate::terminal::{Terminal, plain};

/// A job that so many others were computed after is worth a line again.
const TOLD_MAX: usize = 8;

/// Prints until the worker has ended. `names` are those of its projects.
pub(super) async fn narrate(
    terminal: Terminal,
    mut seen: watch::Receiver<Status>,
    names: Vec<String>,
) {
    let mut narration = Narration::new(names);
    while seen.changed().await.is_ok() {
        let now = seen.borrow_and_update().clone();
        if narration.lines(now).iter().any(|line| terminal.line(line).is_err()) {
            // Whoever read this has gone; the work goes on.
            return;
        }
    }
}

struct Narration {
    names: Vec<String>,
    before: Status,
    /// Jobs, each of a project, of which it was told that they are computed; the newest last.
    told: VecDeque<(usize, String)>,
}

impl Narration {
    fn new(names: Vec<String>) -> Self {
        Self { names, before: Status::default(), told: VecDeque::new() }
    }

    /// What to say of a change.
    fn lines(&mut self, now: Status) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, coordinator) in now.coordinators.iter().enumerate() {
            let before = self.before.coordinators.get(index).cloned().unwrap_or_default();
            let said = coordinator_line(&before, coordinator, now.draining);
            lines.extend(said.map(|line| format!("{}{line}", self.of_which(index))));
        }
        // Which unit runs changes too often to tell; for whom it runs does not.
        for running in now.slots.iter().flatten() {
            let job = (running.project, running.job.clone());
            if !self.told.contains(&job) {
                lines.push(format!("{}computing for {}", self.of_which(job.0), plain(&job.1)));
                self.told.push_back(job);
            }
        }
        self.told.drain(..self.told.len().saturating_sub(TOLD_MAX));
        let of = |status: &Status| (status.governed.slots, status.governed.reason.clone());
        // That everything is allowed is worth a line only after it was not.
        let is_news = now.governed.reason.is_some() || self.before.governed.reason.is_some();
        if of(&now) != of(&self.before) && is_news {
            lines.push(now.governed.sentence.clone());
        }
        if now.draining && !self.before.draining {
            lines.push("stopping: saving what runs, handing in what is done".to_owned());
        }
        self.before = now;
        lines
    }

    /// Before what is said of a project: its name, if there are others.
    fn of_which(&self, project: usize) -> String {
        match self.names.get(project) {
            Some(name) if self.names.len() > 1 => format!("{}: ", plain(name)),
            _ => String::new(),
        }
    }
}

/// What to say of a coordinator.
fn coordinator_line(
    before: &CoordinatorStatus,
    now: &CoordinatorStatus,
    draining: bool,
) -> Option<String> {
    let moved = now.connected && now.place != before.place;
    // Also of a worker that was never connected since it began.
    let is_refused = now.refused.is_some() && before.refused.is_none();
    if now.connected != before.connected || moved || is_refused {
        return Some(match (now.connected, &now.refused) {
            (true, _) => format!("connected to {}", now.place),
            (false, Some(why)) => format!("no work for now: {why}"),
            (false, None) if draining => "the coordinator is away".to_owned(),
            (false, None) => "the coordinator is away: computing on, and trying again".to_owned(),
        });
    }
    let is_first = before.away.is_none() && now.place.is_empty();
    let why = now.away.as_ref().filter(|_| is_first)?;
    Some(format!("the coordinator is not there yet, waiting for it: {why}"))
}

#[cfg(test)]
mod tests {
    use manyhands_core::id::JobId;
    use manyhands_worker::control::Running;

    use super::*;

    fn narration(names: &[&str]) -> Narration {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Narration::new(names)
    }

    fn connected(place: &str) -> CoordinatorStatus {
        CoordinatorStatus { connected: true, place: place.to_owned(), ..Default::default() }
    }

    fn running(project: usize, job: &str) -> Option<Running> {
        let replica = JobId(1).unit(0).replica(0);
        Some(Running { project, replica, job: job.to_owned(), progress_ppm: 0, stopped: false })
    }

    #[test]
    fn a_line_for_each_change_and_none_for_what_stays() {
        let mut narration = narration(&["grid:7654"]);
        let status = Status {
            coordinators: vec![connected("grid:7654")],
            slots: vec![running(0, "primes")],
            ..Status::default()
        };
        let lines = narration.lines(status.clone());
        assert_eq!(lines, ["connected to grid:7654", "computing for primes"]);
        assert!(narration.lines(status.clone()).is_empty());
        let away = CoordinatorStatus { connected: false, ..connected("grid:7654") };
        let lines = narration.lines(Status { coordinators: vec![away], ..status });
        assert_eq!(lines, ["the coordinator is away: computing on, and trying again"]);
    }

    #[test]
    fn of_several_projects_it_is_said_which() {
        let mut narration = narration(&["primes", "stars"]);
        let missing = CoordinatorStatus { away: Some("refused".to_owned()), ..Default::default() };
        let status = Status {
            coordinators: vec![connected("a:1"), missing],
            slots: vec![running(0, "search"), running(1, "search")],
            ..Status::default()
        };
        let lines = narration.lines(status.clone());
        assert_eq!(
            lines,
            [
                "primes: connected to a:1",
                "stars: the coordinator is not there yet, waiting for it: refused",
                "primes: computing for search",
                "stars: computing for search",
            ]
        );
        assert!(narration.lines(status).is_empty());
    }
}
