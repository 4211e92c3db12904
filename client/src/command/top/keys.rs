//! What each key means. What cannot be undone is asked for twice.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use manyhands_core::agent::governor::Wish;
use manyhands_core::time::Span;

/// How long `s` snoozes.
const SNOOZE: Span = Span::hours(1);

/// What follows from a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    None,
    Quit,
    /// So many slots down.
    Scroll(i16),
    Say(Wish),
    /// A word to the person.
    Notice(&'static str),
}

/// Remembers what was asked once.
#[derive(Debug, Default)]
pub(super) struct Keys {
    is_finish_asked: bool,
}

impl Keys {
    pub(super) fn press(&mut self, key: KeyEvent) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::None;
        }
        let was_finish_asked = std::mem::take(&mut self.is_finish_asked);
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => Action::Quit,
            KeyCode::Char('q') | KeyCode::Esc => Action::Quit,
            KeyCode::Char('p') => Action::Say(Wish::Pause),
            KeyCode::Char('r') => Action::Say(Wish::Resume),
            KeyCode::Char('s') => Action::Say(Wish::Snooze(SNOOZE)),
            KeyCode::Char('f') if was_finish_asked => Action::Say(Wish::Finish),
            KeyCode::Char('f') => {
                self.is_finish_asked = true;
                Action::Notice("f again: compute what was begun to its end, and end the worker")
            }
            KeyCode::Up => Action::Scroll(-1),
            KeyCode::Down => Action::Scroll(1),
            KeyCode::PageUp => Action::Scroll(-10),
            KeyCode::PageDown => Action::Scroll(10),
            _ if was_finish_asked => Action::Notice(""),
            _ => Action::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn one_key_is_enough_for_what_can_be_undone() {
        let mut keys = Keys::default();
        assert_eq!(keys.press(key(KeyCode::Char('p'))), Action::Say(Wish::Pause));
        assert_eq!(keys.press(key(KeyCode::Char('r'))), Action::Say(Wish::Resume));
        assert_eq!(keys.press(key(KeyCode::Char('s'))), Action::Say(Wish::Snooze(SNOOZE)));
        assert_eq!(keys.press(key(KeyCode::Char('x'))), Action::None);
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(control_c), Action::Quit);
    }

    #[test]
    fn the_end_is_asked_for_twice_in_a_row() {
        let mut keys = Keys::default();
        let finish = key(KeyCode::Char('f'));
        assert!(matches!(keys.press(finish), Action::Notice(_)));
        assert_eq!(keys.press(key(KeyCode::Char('x'))), Action::Notice(""));
        assert!(matches!(keys.press(finish), Action::Notice(_)), "the first was forgotten");
        assert_eq!(keys.press(finish), Action::Say(Wish::Finish));
        assert!(matches!(keys.press(finish), Action::Notice(_)));
    }
}
