//! The terminal while it is ours: taken over, and given back however this ends.

use std::io;

use ratatui::{DefaultTerminal, Frame};

/// Dropped, it gives the terminal back; so does a panic, by the hook that `try_init` sets.
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    /// Takes the terminal over: raw keys, the other screen.
    pub(super) fn open() -> io::Result<Self> {
        ratatui::try_init().map(Self)
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
