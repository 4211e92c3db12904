//! Whether a person is there: the last touch of a terminal or screen, from whoever knows of it.
//!
//! A machine on which nobody can sit (no terminal in use, no screen) was never touched. Where there is a
//! screen, but nothing tells of touches, it is unknown.

use std::time::{Duration, Instant};

use manyhands_core::time::Span;

/// What was said longer ago is unknown.
const AGE_MAX: Duration = Duration::from_secs(20);

/// Longer than anything counts.
const NEVER: Span = Span::hours(24 * 365);

/// Who knows of touches of a screen, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Screen {
    /// The system counts the time since the last input.
    #[cfg(not(target_os = "linux"))]
    System,
    /// The compositor tells when nobody did anything for a second, and when someone does.
    #[cfg(target_os = "linux")]
    Wayland,
    /// The server counts the time since the last input.
    #[cfg(target_os = "linux")]
    X11,
    /// GNOME's compositor counts too, by other means.
    #[cfg(target_os = "linux")]
    Mutter,
    /// Sessions tell when their owner seems to be away.
    #[cfg(target_os = "linux")]
    Logind,
}

const SCREENS: usize = if cfg!(target_os = "linux") { 4 } else { 1 };

/// All that was said about it.
#[derive(Debug, Default)]
pub(super) struct Seat {
    terminals: Option<(Instant, Option<Span>, bool)>,
    screens: [Option<(Instant, Option<Span>)>; SCREENS],
    /// Whether a session with a screen is known; `None` until somebody was asked.
    has_session: Option<bool>,
}

impl Seat {
    /// Takes up how long no terminal was touched (`None`: there is none), and whether there is a screen.
    pub(super) fn terminals(&mut self, untouched: Option<Span>, has_screen: bool) {
        self.terminals = Some((Instant::now(), untouched, has_screen));
    }

    /// Takes up how long a screen was not touched; `None` if that is unknown.
    pub(super) fn screen(&mut self, source: Screen, untouched: Option<Span>) {
        self.screens[source as usize] = Some((Instant::now(), untouched));
    }

    /// Takes up whether there are sessions with screens, and how long all of them were not touched.
    #[cfg(target_os = "linux")]
    pub(super) fn sessions(&mut self, are_any: bool, untouched: Option<Span>) {
        self.has_session = Some(are_any);
        self.screen(Screen::Logind, untouched);
    }

    /// Takes up that nobody knows of sessions. What was known before stays.
    #[cfg(target_os = "linux")]
    pub(super) fn nobody_knows_sessions(&mut self) {
        self.has_session.get_or_insert(false);
    }

    /// For how long nobody has touched the machine.
    pub(super) fn untouched(&self) -> Option<Span> {
        let now = Instant::now();
        let is_fresh = |at: Instant| now.saturating_duration_since(at) <= AGE_MAX;
        let (_, terminals, has_screen) = self.terminals.filter(|(at, ..)| is_fresh(*at))?;
        let terminals = terminals.unwrap_or(NEVER);
        // The best source that knows: a nested server does not see what its host sees.
        let screen = self
            .screens
            .iter()
            .flatten()
            .find_map(|(at, untouched)| untouched.filter(|_| is_fresh(*at)));
        match screen {
            Some(screen) => Some(screen.min(terminals)),
            None => {
                let is_known = !has_screen && self.has_session == Some(false);
                is_known.then_some(terminals)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_screen_is_as_idle_as_its_terminals() {
        let mut seat = Seat::default();
        assert_eq!(seat.untouched(), None);
        seat.terminals(None, false);
        assert_eq!(seat.untouched(), None, "there may be sessions");
        seat.nobody_knows_sessions();
        assert_eq!(seat.untouched(), Some(NEVER));
        seat.terminals(Some(Span::seconds(9)), false);
        assert_eq!(seat.untouched(), Some(Span::seconds(9)));
    }

    #[test]
    fn a_screen_that_nothing_tells_of_is_unknown() {
        let mut seat = Seat::default();
        seat.terminals(None, true);
        assert_eq!(seat.untouched(), None);
        seat.terminals(None, false);
        seat.sessions(true, None);
        seat.nobody_knows_sessions();
        assert_eq!(seat.untouched(), None);
        seat.sessions(true, Some(Span::minutes(20)));
        assert_eq!(seat.untouched(), Some(Span::minutes(20)));
    }

    #[test]
    fn the_best_source_counts_and_a_terminal_is_as_good_as_a_screen() {
        let mut seat = Seat::default();
        seat.terminals(Some(Span::hours(1)), true);
        seat.screen(Screen::X11, Some(Span::hours(3)));
        seat.screen(Screen::Wayland, Some(Span::seconds(2)));
        assert_eq!(seat.untouched(), Some(Span::seconds(2)), "the nested server sees nobody");
        seat.screen(Screen::Wayland, Some(Span::hours(2)));
        assert_eq!(seat.untouched(), Some(Span::hours(1)));
    }
}
