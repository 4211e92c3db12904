//! What hosts have learned of when they are there. Beside the hosts, because few runs have any that say so.

use std::collections::BTreeMap;

use manyhands_core::agent::availability::Availability;
use manyhands_core::outlook::Outlook;
use manyhands_core::time::Span;

/// What each host that says so has learned, by its place.
#[derive(Debug, Default)]
pub struct Habits(BTreeMap<u32, Availability>);

impl Habits {
    /// The machine of a host that says when it is there was switched on, after it was `away`.
    pub(super) fn begin(&mut self, place: u32, away: Span) {
        let known = self.0.remove(&place).unwrap_or_default();
        self.0.insert(place, Availability::recall(&known.numbers(), away));
    }

    /// It computed for so long, or might have.
    pub(super) fn note(&mut self, place: u32, span: Span) {
        if let Some(known) = self.0.get_mut(&place) {
            known.note(span, true);
        }
    }

    /// What a host expects of itself.
    pub(super) fn outlook(&self, place: u32) -> Outlook {
        self.0.get(&place).map_or(Outlook::ALWAYS, Availability::outlook)
    }
}
