//! Today in figures, what was earned, and what is exchanged with other workers.

use manyhands_core::agent::energy::Energy;
use manyhands_worker::config::{Mode, size_in_words as bytes};
use manyhands_worker::control::Snapshot;
use manyhands_worker::control::snapshot::Sharing;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Row, Table};

use super::super::words::{credit, span};
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
    rows.extend(snapshot.sharing.iter().flat_map(peers));
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

/// How many others there are, and what went to and came from them today; why nothing goes to them, if so.
fn peers(sharing: &Sharing) -> Vec<(&'static str, String)> {
    if sharing.mode == Mode::Off {
        return vec![("peers", "none: sharing is off".to_owned())];
    }
    let [given, taken] = [sharing.today.given_bytes, sharing.today.taken_bytes].map(bytes);
    let mut rows = vec![("peers", format!("{} now; {given} out, {taken} in", sharing.linked))];
    if let Some(why) = &sharing.paused {
        rows.push(("giving", format!("paused for {}", plain(&why.words))));
    }
    rows
}
