//! Answers to the machine's owner.

use manyhands_core::agent::governor::Wish;
use manyhands_core::agent::governor::hours::Day;

use super::{Agent, Project};
use crate::clock;
use crate::control::snapshot::DayShown;
use crate::control::{Asked, Question, Request};
use crate::diary;
use crate::peers::PeersView;

impl Agent {
    /// Does what is asked, and answers.
    pub(super) fn on_question(&mut self, question: Question) {
        let Question { asked, answer } = question;
        let words = match asked {
            Asked::Request(request) => self.answer(request),
            Asked::Adopt(owner) => {
                self.adopt(*owner);
                self.machine.governing.governor().explain()
            }
        };
        self.show();
        // Whoever asked may have gone.
        drop(answer.send(words));
    }

    fn answer(&mut self, request: Request) -> String {
        match request {
            Request::Status => self.snapshot().to_string(),
            // Who watches is shown the same by what comes after every answer.
            Request::Snapshot | Request::Watch => self.snapshot_json(),
            Request::Log { days } => self.log(days),
            Request::Peers => {
                let view = |project: &Project| -> PeersView {
                    project.peers.view(project.name.clone(), project.cache.whole_bytes())
                };
                let views: Vec<PeersView> = self.projects.iter().map(view).collect();
                serde_json::to_string(&views).unwrap_or_default()
            }
            Request::Wish(wish) => {
                self.machine.governing.wish(wish);
                self.govern();
                self.agree(wish)
            }
            Request::Page => "this worker has no page".to_owned(),
        }
    }

    fn agree(&self, wish: Wish) -> String {
        let now = self.machine.governing.governor().explain();
        match wish {
            Wish::Resume | Wish::Pause | Wish::Snooze(_) => format!("{now}\n"),
            Wish::Finish => {
                format!("what was begun is computed to its end, and then the worker ends\n{now}\n")
            }
        }
    }

    /// Where the time of the last days went, a line for each and one for all.
    fn log(&self, days: u32) -> String {
        let tally = self.machine.governing.governor().tally();
        let today = clock::local().day;
        let before = i32::try_from(days).unwrap_or(i32::MAX).saturating_sub(1);
        let first = Day(today.0.saturating_sub(before));
        let mut text = String::new();
        for (day, of_day) in tally.days().filter(|(day, _)| (first..=today).contains(day)) {
            let date = diary::date(day).map_or_else(String::new, |date| date.to_string());
            line(&mut text, &format!("{date}  {}", DayShown::sentence(of_day)));
        }
        if days > 1 {
            line(
                &mut text,
                &format!("in all      {}", DayShown::sentence(&tally.sum(first, today))),
            );
        }
        text
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
