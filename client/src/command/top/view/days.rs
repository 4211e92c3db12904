//! The last days: how much of each was donated, and what it took.

use manyhands_core::agent::energy::Energy;
use manyhands_worker::control::Snapshot;
use manyhands_worker::control::snapshot::DayShown;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::words::span;
use super::{Theme, panel};

const DAY_MS: u64 = 24 * 3_600_000;

/// Characters of a whole day.
const BAR: u64 = 10;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let block = panel("Donated on the last days", theme);
    let room = usize::from(block.inner(area).height);
    let days = snapshot.days.iter().rev().take(room);
    let lines: Vec<Line<'_>> = days.map(|day| line(day, theme)).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn line(day: &DayShown, theme: Theme) -> Line<'static> {
    let full = (day.donated_ms.saturating_mul(BAR) / DAY_MS).min(BAR);
    let repeated = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or(0));
    let bar = format!("{}{}", repeated("█", full), repeated("░", BAR - full));
    let date = day.date.get(5..).unwrap_or_default().to_owned();
    let energy = Energy(day.energy_mj);
    Line::from(vec![
        Span::styled(format!("{date} "), theme.faint()),
        Span::styled(bar, theme.accent()),
        Span::raw(format!(" {}, {energy}", span(day.donated_ms))),
    ])
}
