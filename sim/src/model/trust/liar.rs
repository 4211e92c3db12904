//! What attackers of the rule do, all of whom have read it.

use super::super::SHARED_LIE;
use super::grid::Identity;
use crate::chance::hashed_fraction;

/// The truth.
pub(super) const TRUTH: u32 = 0;

/// What hostile or faulty hosts do. But for the faulty, the fresh and the framing ones they tell the
/// truth on probation and wherever an honest host has answered before them, and confirm each
/// other's lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attack {
    /// Nothing.
    None,
    /// Broken, not hostile: wrong on this share of units, each in its own way, at any time.
    Faulty(f64),
    /// Each for itself, on this share of units.
    Alone(f64),
    /// All the same lie, on this share of units; on all of them, whenever no honest host has
    /// answered: what talking liars do who lie only if they own the quorum.
    Together(f64),
    /// All the same lie, from the first answer on; whoever is caught comes back as somebody new.
    Fresh,
    /// All the same lie: true to so many answers that are believed, then so many lies, then honest
    /// for good.
    Spell {
        /// Answers before the first lie.
        after: u32,
        /// Lies.
        lies: u32,
    },
    /// The same, but after the spell, caught or not, they come back as somebody new.
    Whitewashing {
        /// Answers before the first lie.
        after: u32,
        /// Lies.
        lies: u32,
    },
    /// Honest but for this: they deny what honest hosts said before them, once each.
    Framing,
}

impl Attack {
    /// What a hostile identity says of a unit, given what was said before.
    pub(super) fn says(
        self,
        me: &Identity,
        unit: u32,
        earlier: &mut dyn Iterator<Item = u32>,
    ) -> u32 {
        let own_lie = me.number + 1;
        let is_chosen = |share, of: u32| hashed_fraction(&[8, of.into(), unit.into()]) < share;
        if let Self::Faulty(share) = self {
            return if is_chosen(share, me.number) { own_lie } else { TRUTH };
        }
        if self == Self::Fresh {
            return SHARED_LIE;
        }
        let mut is_first = true;
        for said in earlier {
            if said == SHARED_LIE {
                return SHARED_LIE;
            }
            is_first = false;
        }
        if !me.has_standing {
            return TRUTH;
        }
        let lies_now = match self {
            Self::Framing => return if is_first || me.lies > 0 { TRUTH } else { SHARED_LIE },
            Self::None | Self::Faulty(_) | Self::Fresh => false,
            Self::Alone(share) => {
                return if is_first && is_chosen(share, me.number) { own_lie } else { TRUTH };
            }
            Self::Together(share) => is_chosen(share, 0),
            Self::Spell { after, lies } | Self::Whitewashing { after, lies } => {
                me.believed >= after && me.lies < lies
            }
        };
        if is_first && lies_now { SHARED_LIE } else { TRUTH }
    }

    /// Whether a hostile host throws this identity away now.
    pub(super) fn is_over(self, me: &Identity) -> bool {
        matches!(self, Self::Whitewashing { lies, .. } if me.lies >= lies)
    }

    /// Whether whoever is caught comes back.
    pub(super) fn comes_back(self) -> bool {
        match self {
            Self::Faulty(_) | Self::Fresh | Self::Whitewashing { .. } => true,
            Self::None
            | Self::Alone(_)
            | Self::Together(_)
            | Self::Spell { .. }
            | Self::Framing => false,
        }
    }
}
