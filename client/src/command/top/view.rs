//! A snapshot as a screen: a pure function of the snapshot, the theme and the size.

mod days;
mod figures;
mod projects;
mod sensors;
mod slots;
#[cfg(test)]
mod tests;

use manyhands_worker::control::Snapshot;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use crate::terminal::plain;

/// From this width on, three panels stand beside each other.
const WIDE: u16 = 112;

/// Lines of the panels below the slots.
const PANEL_LINES: u16 = 12;

/// Snapshots for which a word to the person stays.
const NOTICE: u8 = 6;

/// Keys and their meanings, for the last line.
const KEYS: [(&str, &str); 5] =
    [("p", "pause"), ("r", "resume"), ("s", "snooze 1 h"), ("f", "finish"), ("q", "quit")];

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) has_colour: bool,
}

impl Theme {
    fn coloured(self, colour: Color) -> Style {
        if self.has_colour { Style::new().fg(colour) } else { Style::new() }
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// Without colours, what is bad is bold.
    pub(super) fn bad(self) -> Style {
        if self.has_colour { self.coloured(Color::Yellow) } else { Self::strong() }
    }

    pub(super) fn accent(self) -> Style {
        self.coloured(Color::Cyan)
    }

    pub(super) fn faint(self) -> Style {
        self.coloured(Color::DarkGray)
    }

    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
}

/// What is on the screen.
#[derive(Debug)]
pub(super) struct View {
    /// `None` until the worker said something.
    pub(super) snapshot: Option<Snapshot>,
    /// The last word to the person, such as what came of a key, in place of the keys.
    pub(super) notice: String,
    /// For so many snapshots more.
    pub(super) notice_left: u8,
    /// The first slot that is shown.
    pub(super) scroll: usize,
    pub(super) theme: Theme,
}

impl View {
    /// Takes up how things are now.
    pub(super) fn take(&mut self, snapshot: Snapshot) {
        self.snapshot = Some(snapshot);
        self.notice_left = self.notice_left.saturating_sub(1);
    }

    /// Says something for a while.
    pub(super) fn say(&mut self, notice: &str) {
        notice.clone_into(&mut self.notice);
        self.notice_left = NOTICE;
    }

    /// Moves the slots by so many.
    pub(super) fn scroll(&mut self, slots: i16) {
        let last = self.snapshot.as_ref().map_or(0, |it| it.slots.len().saturating_sub(1));
        self.scroll = self.scroll.saturating_add_signed(slots.into()).min(last);
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(3), Constraint::Min(0), Constraint::Length(1)])
                .areas(frame.area());
        match &self.snapshot {
            Some(snapshot) => {
                self.draw_head(frame, head, snapshot);
                self.draw_body(frame, body, snapshot);
            }
            None => frame.render_widget("waiting for the worker …", head),
        }
        self.draw_foot(frame, foot);
    }

    fn draw_head(&self, frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
        let link = self.link(snapshot);
        let name = plain(&snapshot.nickname);
        let name = if name.is_empty() { name } else { format!(" · {name}") };
        let title = Line::from(vec![
            Span::styled(format!("Manyhands{name}"), Theme::strong()),
            Span::raw("   "),
            link,
        ]);
        let governor = &snapshot.governor;
        let stopping = if governor.is_draining { "stopping; " } else { "" };
        let style = if governor.slots == 0 { self.theme.bad() } else { self.theme.good() };
        let sentence = format!("{stopping}{}", plain(&governor.sentence));
        let words = Paragraph::new(vec![title, Line::styled(sentence, style)]);
        frame.render_widget(words.wrap(Wrap { trim: true }), area);
    }

    /// How things are with the coordinator, or with those of several projects.
    fn link(&self, snapshot: &Snapshot) -> Span<'static> {
        if let all @ 2.. = snapshot.projects.len() {
            let projects = snapshot.projects.iter();
            let there = projects.filter(|project| project.coordinator.is_connected).count();
            let style = if there == all { self.theme.good() } else { self.theme.bad() };
            return Span::styled(format!("connected to {there} of {all} projects"), style);
        }
        let coordinator = &snapshot.coordinator;
        match (coordinator.is_connected, &coordinator.refused) {
            (true, _) => Span::styled(
                format!("connected to {}", plain(&coordinator.place)),
                self.theme.good(),
            ),
            (false, Some(why)) => Span::styled(plain(why), self.theme.bad()),
            (false, None) => Span::styled("the coordinator is away", self.theme.bad()),
        }
    }

    fn draw_body(&self, frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
        let [above, below] =
            Layout::vertical([Constraint::Min(4), Constraint::Length(PANEL_LINES)]).areas(area);
        let projects = Constraint::Length(projects::lines(snapshot));
        let [slots, projects] = Layout::vertical([Constraint::Min(4), projects]).areas(above);
        slots::draw(frame, slots, snapshot, self.scroll, self.theme);
        projects::draw(frame, projects, snapshot, self.theme);
        if area.width >= WIDE {
            let thirds = [Constraint::Length(42), Constraint::Min(36), Constraint::Length(34)];
            let [left, middle, right] = Layout::horizontal(thirds).areas(below);
            figures::draw(frame, left, snapshot, self.theme);
            days::draw(frame, middle, snapshot, self.theme);
            sensors::draw(frame, right, snapshot, self.theme);
            return;
        }
        let halves = [Constraint::Min(40), Constraint::Length(36)];
        let [left, right] = Layout::horizontal(halves).areas(below);
        let [top, bottom] =
            Layout::vertical([Constraint::Length(8), Constraint::Min(0)]).areas(left);
        figures::draw(frame, top, snapshot, self.theme);
        days::draw(frame, bottom, snapshot, self.theme);
        sensors::draw(frame, right, snapshot, self.theme);
    }

    fn draw_foot(&self, frame: &mut Frame<'_>, area: Rect) {
        if self.notice_left > 0 && !self.notice.is_empty() {
            frame.render_widget(Line::styled(plain(&self.notice), Theme::strong()), area);
            return;
        }
        let keys = KEYS.iter().flat_map(|(key, word)| {
            let key = Span::styled((*key).to_owned(), self.theme.accent().patch(Theme::strong()));
            [key, Span::raw(format!(" {word}   "))]
        });
        frame.render_widget(Line::from_iter(keys), area);
    }
}

/// The frame of a panel.
pub(super) fn panel(title: &str, theme: Theme) -> Block<'_> {
    Block::bordered()
        .border_style(theme.faint())
        .title(Span::styled(format!(" {title} "), Theme::strong()))
}
