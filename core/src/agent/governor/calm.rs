//! No flapping: what is taken away goes at once, what is given back waits until it has been calm.

use crate::time::Span;

/// What was taken away comes back so long after, at the earliest.
pub(super) const CALM_MIN: Span = Span::seconds(30);

/// And so long after at the latest, if nothing is taken away meanwhile.
pub(super) const CALM_MAX: Span = Span::minutes(8);

/// What is taken away again so soon after it came back was given back too early.
const TOO_EARLY: Span = Span::minutes(10);

/// How much may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    /// Programs.
    pub(super) slots: u32,
    /// Of each second, in percent.
    pub(super) cpu_percent: u8,
}

/// Remembers what was granted, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calm {
    granted: Option<Amount>,
    /// Nothing is given back before.
    until: Span,
    grown_at: Option<Span>,
    /// How often in a row it was given back too early.
    doublings: u32,
}

impl Amount {
    /// The least of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            slots: self.slots.min(other.slots),
            cpu_percent: self.cpu_percent.min(other.cpu_percent),
        }
    }
}

impl Calm {
    /// What is granted now, where no more than `wanted` may be; `by_the_work` if it was taken away for
    /// something that our own programs bring about. Such things come back with the programs, so each
    /// time that they do, the wait is twice as long.
    pub(super) fn grant(&mut self, uptime: Span, wanted: Amount, by_the_work: bool) -> Amount {
        let before = self.granted.unwrap_or(wanted);
        let least = before.and(wanted);
        if least != before {
            self.taken(uptime, by_the_work);
        }
        let granted = if uptime >= self.until { wanted } else { least };
        if granted.slots > before.slots || granted.cpu_percent > before.cpu_percent {
            self.grown_at = Some(uptime);
        }
        self.granted = Some(granted);
        granted
    }

    fn taken(&mut self, uptime: Span, by_the_work: bool) {
        let wait = if by_the_work {
            let lasted = self.grown_at.map(|grown_at| uptime.minus(grown_at));
            let is_too_early = lasted.is_some_and(|lasted| lasted < TOO_EARLY);
            let wait = CALM_MIN.doubled(if is_too_early { self.doublings } else { 0 }, CALM_MAX);
            self.doublings = if is_too_early { (self.doublings + 1).min(16) } else { 1 };
            wait
        } else {
            CALM_MIN
        };
        self.until = self.until.max(uptime.plus(wait));
    }

    /// What is allowed may come back at once.
    pub(super) fn end(&mut self) {
        (self.until, self.doublings) = (Span::ZERO, 0);
    }

    /// How long it still has to be calm.
    pub(super) fn left(&self, uptime: Span) -> Span {
        self.until.minus(uptime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Amount = Amount { slots: 4, cpu_percent: 100 };
    const NONE: Amount = Amount { slots: 0, cpu_percent: 100 };

    /// Asks for everything from `from` on, every second; says when it was granted.
    fn back_at(calm: &mut Calm, from: u64) -> u64 {
        let granted = |second: &u64| calm.grant(Span(second * 1_000), ALL, true) == ALL;
        (from..from + 3_600).find(granted).unwrap()
    }

    #[test]
    fn the_first_grant_comes_at_once_and_a_later_one_after_the_calm() {
        let mut calm = Calm::default();
        assert_eq!(calm.grant(Span(5), ALL, false), ALL);
        assert_eq!(calm.grant(Span::seconds(10), NONE, false), NONE);
        assert_eq!(back_at(&mut calm, 11), 40);
    }

    #[test]
    fn what_comes_back_with_the_work_is_waited_for_twice_as_long_each_time() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, true);
        let mut waits = Vec::new();
        let mut now = 3_600;
        for _ in 0..7 {
            calm.grant(Span(now * 1_000), NONE, true);
            let back = back_at(&mut calm, now + 1);
            waits.push(back - now);
            now = back + 60;
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 480, 480]);
        now += 600;
        calm.grant(Span(now * 1_000), NONE, true);
        assert_eq!(back_at(&mut calm, now + 1) - now, 30, "it went well for ten minutes");
    }

    #[test]
    fn a_person_who_comes_and_goes_does_not_lengthen_the_wait() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, false);
        for now in [100, 200, 300] {
            calm.grant(Span::seconds(now), NONE, false);
            assert_eq!(back_at(&mut calm, u64::from(now) + 1) - u64::from(now), 30);
        }
    }

    #[test]
    fn less_is_less_in_each_of_both() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, false);
        let slow = Amount { slots: 4, cpu_percent: 50 };
        assert_eq!(calm.grant(Span::seconds(1), slow, false), slow);
        let few = Amount { slots: 1, cpu_percent: 100 };
        let both = Amount { slots: 1, cpu_percent: 50 };
        assert_eq!(calm.grant(Span::seconds(2), few, false), both);
        calm.end();
        assert_eq!(calm.grant(Span::seconds(3), few, false), few);
    }
}
