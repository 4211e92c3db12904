//! What the sensors say; those that say nothing last.

use manyhands_worker::control::Snapshot;
use manyhands_worker::control::snapshot::Sensor;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Row, Table};

use super::{Theme, panel};
use crate::terminal::plain;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let (known, unknown): (Vec<&Sensor>, Vec<&Sensor>) =
        snapshot.sensors.iter().partition(|sensor| sensor.value.is_some());
    let rows = known.into_iter().chain(unknown).map(|Sensor { name, value }| {
        let value = match value {
            Some(value) => Span::raw(plain(value)),
            None => Span::styled("unknown", theme.faint()),
        };
        Row::new([Span::styled(plain(name), theme.faint()), value])
    });
    let widths = [Constraint::Min(0), Constraint::Length(14)];
    frame.render_widget(Table::new(rows, widths).block(panel("Sensors", theme)), area);
}
