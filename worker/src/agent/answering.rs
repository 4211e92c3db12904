//! Answers to the machine's owner.

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::governor::hours::Day;

use super::Agent;
use crate::clock;
use crate::control::{Question, Request};
use crate::diary;

impl Agent {
    /// Does what is asked, and answers.
    pub(super) fn on_question(&mut self, question: Question) {
        let Question { request, answer } = question;
        let words = match request {
            Request::Status => self.describe(),
            Request::Log { days } => self.log(days),
            Request::Peers => {
                let view = self.peers.view(self.cache.whole_bytes());
                serde_json::to_string(&view).unwrap_or_default()
            }
            Request::Wish(wish) => {
                self.governing.wish(wish);
                self.govern();
                self.agree(wish)
            }
        };
        // Whoever asked may have gone.
        drop(answer.send(words));
    }

    fn agree(&self, wish: Wish) -> String {
        let now = self.governing.governor().explain();
        match wish {
            Wish::Resume | Wish::Pause | Wish::Snooze(_) => format!("{now}\n"),
            Wish::Finish => {
                format!("what was begun is computed to its end, and then the worker ends\n{now}\n")
            }
        }
    }

    /// What the worker does, line by line.
    fn describe(&self) -> String {
        let governor = self.governing.governor();
        let mut text = format!("{}\n", governor.explain());
        match (&self.coordinator, &self.refused) {
            (Some(at), _) => {
                line(&mut text, &format!("connected to the coordinator at {}", at.endpoint))
            }
            (None, Some(why)) => line(&mut text, &format!("no work for now: {why}")),
            (None, None) => text.push_str("the coordinator is away\n"),
        }
        for (slot, _) in self.seats.iter().enumerate() {
            if let Some(running) = self.running(slot) {
                let percent = running.progress_ppm / 10_000;
                let still = if running.stopped { ", stopped" } else { "" };
                let (job, replica) = (running.job, running.replica);
                line(
                    &mut text,
                    &format!("slot {slot}: {job}, replica {replica}, {percent} %{still}"),
                );
            }
        }
        let waiting = self.board.open().saturating_sub(self.seats.iter().flatten().count());
        if waiting > 0 {
            line(&mut text, &format!("units that wait for a slot: {waiting}"));
        }
        if self.computed_ms > 0 {
            let (s, ms) = (self.computed_ms / 1_000, self.computed_ms % 1_000);
            line(&mut text, &format!("processor time of programs that have ended: {s}.{ms:03} s"));
        }
        let today = clock::local().day;
        if let Some(tally) = governor.tally().day(today) {
            line(&mut text, &format!("today {}", tally.sentence()));
        }
        for rule in governor.blind() {
            line(&mut text, &rule);
        }
        text
    }

    /// Where the time of the last days went, a line for each and one for all.
    fn log(&self, days: u32) -> String {
        let tally = self.governing.governor().tally();
        let today = clock::local().day;
        let before = i32::try_from(days).unwrap_or(i32::MAX).saturating_sub(1);
        let first = Day(today.0.saturating_sub(before));
        let mut text = String::new();
        for (day, of_day) in tally.days().filter(|(day, _)| (first..=today).contains(day)) {
            let date = diary::date(day).map_or_else(String::new, |date| date.to_string());
            line(&mut text, &format!("{date}  {}", of_day.sentence()));
        }
        if days > 1 {
            line(&mut text, &format!("in all      {}", tally.sum(first, today).sentence()));
        }
        text
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
