//! Today in figures, and what was earned.

use manyhands_core::agent::energy::Energy;
use manyhands_worker::control::Snapshot;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Row, Table};

use super::super::words::{bytes, credit, span};
use super::{Theme, panel};
use crate::terminal::plain;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let today = snapshot.days.last();
    let donated = today.map_or(0, |day| day.donated_ms);
    let energy = Energy(today.map_or(0, |day| day.energy_mj));
    let network = snapshot.network;
    let budget =
        network.day_max_bytes.map_or_else(String::new, |max| format!(" of {}", bytes(max)));
    let earned = snapshot.credit;
    let total = earned.total_micro.map_or_else(
        || "not told yet".to_owned(),
        |total| format!("{} ({} since start)", credit(total), credit(earned.since_start_micro)),
    );
    let mut rows = vec![
        ("donated", span(donated)),
        ("energy", format!("about {energy}")),
        ("network", format!("{}{budget}", bytes(network.today_bytes))),
        ("credit", total),
    ];
    let waits = today.into_iter().flat_map(|day| &day.waits);
    rows.extend(
        waits.map(|wait| ("waited", format!("{} for {}", span(wait.ms), plain(&wait.why.words)))),
    );
    let rows = rows
        .into_iter()
        .map(|(name, value)| Row::new([Span::styled(name, theme.faint()), Span::raw(value)]));
    let widths = [Constraint::Length(8), Constraint::Min(0)];
    frame.render_widget(Table::new(rows, widths).block(panel("Today", theme)), area);
}
