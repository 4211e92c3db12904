//! On, off, gone: when the machine is there.

use manyhands_core::time::{Span, Timestamp};

use super::{Around, Host, Link};
use crate::message::Uplink;

/// Whether the machine is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It is on.
    On {
        /// Until when.
        until: Timestamp,
    },
    /// It is off, or has not joined yet.
    Off {
        /// Until when.
        until: Timestamp,
    },
    /// It never comes back.
    Gone,
}

/// After every run.
pub(super) const NEVER: Timestamp = Timestamp(u64::MAX);

impl Power {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        matches!(self, Self::On { .. })
    }
}

impl Host {
    /// Turns the machine on or off, if it is time.
    pub(super) fn switch(&mut self, around: &mut Around<'_>) {
        match self.power {
            Power::On { until } if until <= around.now => self.turn_off(around),
            Power::Off { until } if until <= around.now => self.turn_on(around),
            Power::On { .. } | Power::Off { .. } | Power::Gone => {}
        }
    }

    /// From now on nothing breaks: whoever is off comes back, whoever is on stays.
    pub fn calm(&mut self, around: &Around<'_>) {
        self.leaves_at = NEVER;
        match self.power {
            Power::On { .. } => self.power = Power::On { until: NEVER },
            Power::Off { .. } if self.connection > 0 => {
                self.power = Power::Off { until: around.now };
            }
            Power::Off { .. } | Power::Gone => {}
        }
    }

    /// The machine leaves for good.
    pub(super) fn leave(&mut self, around: &mut Around<'_>) {
        self.forget_all(around);
        self.power = Power::Gone;
    }

    fn turn_on(&mut self, around: &mut Around<'_>) {
        let population = around.population;
        if self.connection == 0
            && let Some(mean) = population.lifetime
        {
            self.leaves_at = around.now.plus(self.chance.wait(mean.span()));
        }
        let session = population.online.map(|mean| self.chance.wait(mean.span()));
        let until = match session {
            Some(session) if !around.is_calm => around.now.plus(session),
            Some(_) | None => NEVER,
        };
        self.power = Power::On { until: until.min(self.leaves_at) };
        if population.tells_outlook {
            around.habits.begin(self.place, around.now.since(self.worked_until));
        }
        self.worked_until = around.now;
        self.link = Link::None { dial_at: around.now };
    }

    fn turn_off(&mut self, around: &mut Around<'_>) {
        if self.link == Link::Up {
            around.out.push(Uplink::Bye);
        }
        self.link = Link::None { dial_at: around.now };
        self.wished = 0;
        if self.leaves_at <= around.now {
            return self.leave(around);
        }
        self.lose_unsaved(around);
        let away = around.population.offline.map(|mean| self.chance.wait(mean.span()));
        self.power = Power::Off { until: around.now.plus(away.unwrap_or(Span::ZERO)) };
    }
}
