//! What runs, for whom and why: two lines for each slot.

use manyhands_worker::control::Snapshot;
use manyhands_worker::control::snapshot::{Slot, SlotState, Work};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::words;
use super::{Theme, panel};
use crate::terminal::plain;

/// Characters of a full bar.
const BAR: usize = 20;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    snapshot: &Snapshot,
    scroll: usize,
    theme: Theme,
) {
    let held = snapshot.held;
    let waiting =
        format!("Slots: {} more units here, {} reports to hand in", held.units, held.reports);
    let block = panel(&waiting, theme);
    let room = usize::from(block.inner(area).height);
    let shown = snapshot.slots.iter().skip(scroll);
    let has_several = snapshot.projects.len() > 1;
    let mut lines: Vec<Line<'_>> =
        shown.flat_map(|slot| slot_lines(slot, has_several, theme)).collect();
    if lines.len() > room && room > 0 {
        // Only whole slots, and a line for the rest.
        let whole = (room - 1) / 2;
        let left = lines.len() / 2 - whole;
        lines.truncate(2 * whole);
        lines.push(Line::styled(format!("… and {left} more: arrows scroll"), theme.faint()));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn slot_lines(slot: &Slot, has_several: bool, theme: Theme) -> Vec<Line<'static>> {
    let number = Span::styled(format!("{:>3} ", slot.number), theme.faint());
    let Some(work) = &slot.work else {
        return vec![
            Line::from(vec![number, Span::styled("free", theme.faint())]),
            Line::default(),
        ];
    };
    let Work { project, job, submitter, progress_ppm, cpu_ms, why, .. } = work;
    let of = if has_several { format!(" ({})", plain(project)) } else { String::new() };
    let (state, style) = match slot.state {
        SlotState::Free | SlotState::Running => ("runs", theme.good()),
        SlotState::Saving => ("is being saved", theme.bad()),
        SlotState::Stopped => ("stopped", theme.bad()),
        SlotState::Emptied => ("stopped, memory given back", theme.bad()),
    };
    let (percent, bar) = bar(*progress_ppm);
    let first = Line::from(vec![
        number,
        Span::styled(bar, theme.accent()),
        Span::raw(format!(" {percent:>3} % ")),
        Span::styled(state, style),
        Span::raw(", "),
        Span::styled(plain(job), Theme::strong()),
        Span::raw(format!(" for {}{of}", plain(submitter))),
    ]);
    let cpu = words::span(*cpu_ms);
    let second = Line::styled(format!("    {cpu} of CPU time; {}", plain(why)), theme.faint());
    vec![first, second]
}

fn bar(progress_ppm: u32) -> (u32, String) {
    let ppm = progress_ppm.min(1_000_000);
    let full = usize::try_from(ppm).unwrap_or(0) * BAR / 1_000_000;
    (ppm / 10_000, format!("{}{}", "█".repeat(full), "░".repeat(BAR - full)))
}
