//! Of several projects: what each has of this machine, and what it gave for it.

use manyhands_worker::control::Snapshot;
use manyhands_worker::control::snapshot::{Coordinator, ProjectShown};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Row, Table};

use super::super::words::{credit, span};
use super::{Theme, panel};
use crate::terminal::plain;

/// Projects that are shown; of more, the first ones.
const SHOWN_MAX: usize = 5;

/// Lines of the panel; none for a machine with one project.
pub(super) fn lines(snapshot: &Snapshot) -> u16 {
    let shown = snapshot.projects.len().min(SHOWN_MAX);
    // A frame, and the titles of the columns.
    if shown < 2 { 0 } else { u16::try_from(shown).unwrap_or(0) + 3 }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let titles = ["", "share", "slots", "units", "CPU", "credit", ""];
    let titles = Row::new(titles.map(|title| Span::styled(title, theme.faint())));
    let rows = snapshot.projects.iter().take(SHOWN_MAX).map(|project| row(project, theme));
    let columns = [Constraint::Min(10)].into_iter();
    let columns = columns.chain([6, 6, 6, 10, 9, 22].map(Constraint::Length));
    let left = snapshot.projects.len().saturating_sub(SHOWN_MAX);
    let title = if left == 0 { "Projects".to_owned() } else { format!("Projects: {left} more") };
    let table = Table::new(rows, columns).header(titles).block(panel(&title, theme));
    frame.render_widget(table, area);
}

fn row(project: &ProjectShown, theme: Theme) -> Row<'static> {
    let ProjectShown { name, share, slots, units, computed_ms, coordinator, .. } = project;
    let earned = project.credit.total_micro.map_or_else(|| "–".to_owned(), credit);
    Row::new([
        Span::styled(plain(name), Theme::strong()),
        Span::raw(share.to_string()),
        Span::raw(slots.to_string()),
        Span::raw(units.to_string()),
        Span::raw(span(*computed_ms)),
        Span::raw(earned),
        link(coordinator, theme),
    ])
}

fn link(coordinator: &Coordinator, theme: Theme) -> Span<'static> {
    match (coordinator.is_connected, &coordinator.refused) {
        (true, _) => Span::styled("connected", theme.good()),
        (false, Some(why)) => Span::styled(plain(why), theme.bad()),
        (false, None) => Span::styled("coordinator is away", theme.bad()),
    }
}
