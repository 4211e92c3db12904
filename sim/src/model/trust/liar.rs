//! What attackers of the rule do, all of whom have read it.

use super::super::SHARED_LIE;
use super::grid::Identity;
use crate::chance::hashed_fraction;

/// The truth.
pub(super) const TRUTH: u32 = 0;

/// What hostile or faulty hosts do. But for the faulty, the fresh and the framing ones they tell the
/// truth on probation and wherever an honest host has answered before them, and confirm each
/// other's lies until an honest host has denied one: a dispute is lost with all who took its side.
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
    /// The same, and whoever is caught begins anew as somebody else: who tells all lies at once keeps the name that
    /// got away with them.
    Restarting {
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
    /// All the same lie, by what they know of the rule and of their own history: whoever has fewer lies
    /// standing that an audit may still find than is best tells the next one. A lie that an
    /// accomplice audited is safe.
    Adaptive {
        /// Lies to have at risk: the best is `1 / (a (1 - c))`, with the rate of audits `a` and the
        /// share of accomplices `c`.
        at_risk: u32,
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
        let mut is_denied = false;
        for said in earlier {
            is_denied |= said != SHARED_LIE;
            is_first = false;
        }
        if !is_first && self != Self::Framing {
            return if is_denied { TRUTH } else { SHARED_LIE };
        }
        if !me.has_standing {
            return TRUTH;
        }
        let lies_now = match self {
            Self::Framing => return if is_first || me.lies > 0 { TRUTH } else { SHARED_LIE },
            Self::None | Self::Faulty(_) | Self::Fresh => false,
            Self::Alone(share) => {
                return if is_chosen(share, me.number) { own_lie } else { TRUTH };
            }
            Self::Together(share) => is_chosen(share, 0),
            Self::Spell { after, lies }
            | Self::Restarting { after, lies }
            | Self::Whitewashing { after, lies } => me.believed >= after && me.lies < lies,
            Self::Adaptive { at_risk } => me.lies < me.lies_safe.saturating_add(at_risk),
        };
        if lies_now { SHARED_LIE } else { TRUTH }
    }

    /// Who tells the same lies.
    #[must_use]
    pub fn collusion(self) -> &'static str {
        match self {
            Self::None | Self::Faulty(_) | Self::Alone(_) => "none",
            Self::Fresh => "all",
            Self::Together(_)
            | Self::Spell { .. }
            | Self::Restarting { .. }
            | Self::Whitewashing { .. }
            | Self::Adaptive { .. }
            | Self::Framing => "all, talking",
        }
    }

    /// Whether a hostile host throws this identity away now.
    pub(super) fn is_over(self, me: &Identity) -> bool {
        matches!(self, Self::Whitewashing { lies, .. } if me.lies >= lies)
    }

    /// Whether whoever is caught comes back.
    pub(super) fn comes_back(self) -> bool {
        match self {
            Self::Faulty(_) | Self::Fresh | Self::Restarting { .. } | Self::Whitewashing { .. } => {
                true
            }
            Self::None
            | Self::Alone(_)
            | Self::Together(_)
            | Self::Spell { .. }
            | Self::Adaptive { .. }
            | Self::Framing => false,
        }
    }
}
