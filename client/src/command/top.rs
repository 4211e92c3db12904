//! `manyhands top`: what this machine's worker does, live, in a terminal.

mod keys;
mod screen;
mod view;
mod words;

use std::path::Path;

use clap::Args;
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use manyhands_worker::control::{self, Request, Snapshot, Watched};

use self::keys::{Action, Keys};
use self::screen::Screen;
use self::view::{Theme, View};
use crate::command::worker::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::signals::Signals;

/// Watch this machine's worker: what runs, for whom and why, and what it took
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands top\n\nKeys: p pause, r resume, s snooze for an hour, f finish, q quit; arrows scroll the slots."
)]
pub(crate) struct Top {
    #[command(flatten)]
    which: Which,
}

impl Top {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let folder = self.which.folder(context)?;
        // Whoever cannot be watched is told so on a screen that is still theirs.
        let mut watched = control::watch(&folder).await?;
        let first = watched.next().await?;
        if !context.terminal.live() {
            let failure = Failure::bad_input("`top` needs a terminal");
            return Err(failure.hint("`manyhands worker status` says the same in lines"));
        }
        let theme = Theme { has_colour: context.terminal.colour() };
        let mut screen = Screen::open()?;
        let view =
            View { snapshot: first, notice: String::new(), notice_left: 0, scroll: 0, theme };
        let ended = watch(&mut screen, view, watched, &folder).await;
        drop(screen);
        context.terminal.line(&ended?)
    }
}

/// Shows what comes until the person or the worker has enough of it; gives the last word about it.
async fn watch(
    screen: &mut Screen,
    mut view: View,
    mut watched: Watched,
    folder: &Path,
) -> Result<String, Failure> {
    let mut events = EventStream::new();
    let mut keys = Keys::default();
    let mut signals = Signals::listen()?;
    loop {
        screen.draw(|frame| view.draw(frame))?;
        tokio::select! {
            next = watched.next() => match next? {
                Some(snapshot) => view.take(snapshot),
                None => return Ok("the worker has ended".to_owned()),
            },
            () = signals.next() => return Ok(farewell(view.snapshot.as_ref())),
            event = events.next() => match event.transpose()? {
                None => return Ok(farewell(view.snapshot.as_ref())),
                Some(Event::Key(key)) => match keys.press(key) {
                    Action::None => {}
                    Action::Quit => return Ok(farewell(view.snapshot.as_ref())),
                    Action::Scroll(lines) => view.scroll(lines),
                    Action::Notice(notice) => view.say(notice),
                    Action::Say(wish) => {
                        let answer = control::ask(folder, Request::Wish(wish)).await?;
                        view.say(answer.lines().next().unwrap_or_default());
                    }
                },
                // A terminal of another size is drawn anew.
                Some(_) => {}
            },
        }
    }
}

/// What is left on the terminal.
fn farewell(snapshot: Option<&Snapshot>) -> String {
    let sentence = snapshot.map(|snapshot| snapshot.governor.sentence.as_str());
    format!("the worker goes on: {}", crate::terminal::plain(sentence.unwrap_or_default()))
}
