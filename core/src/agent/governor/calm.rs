//! No flapping: what is taken away goes at once, what is given back waits until it has been calm.

use crate::time::Span;

/// What was taken away comes back so long after, at the earliest.
const CALM_MIN: Span = Span::seconds(30);

/// What was left to other programs: a second of theirs is not to cost half a minute.
const CALM_OF_LOAD: Span = Span::seconds(2);

/// And so long after at the latest, if nothing is taken away meanwhile.
pub(super) const CALM_MAX: Span = Span::minutes(8);

/// What is taken away again so soon after it came back was given back too early.
const TOO_EARLY: Span = Span::minutes(10);

/// The same of what was left to other programs: whoever computes every minute is not one who never stopped.
const TOO_EARLY_OF_LOAD: Span = Span::seconds(5);

/// How long what was taken away is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// At least.
    least: Span,
    /// Whether our own programs may bring about what took it away. Such things come back with the programs, so each
    /// time that they do, the wait is twice as long.
    doubles: bool,
    too_early: Span,
}

impl Wait {
    /// For most reasons; `doubles` as in the field.
    pub(super) const fn usual(doubles: bool) -> Self {
        Self { least: CALM_MIN, doubles, too_early: TOO_EARLY }
    }

    /// For other programs that need the cores, and nothing else.
    pub(super) const fn of_load() -> Self {
        Self { least: CALM_OF_LOAD, doubles: true, too_early: TOO_EARLY_OF_LOAD }
    }
}

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
    /// What is granted now, where no more than `wanted` may be; what is taken away for that is waited for so long.
    pub(super) fn grant(&mut self, uptime: Span, wanted: Amount, wait: Wait) -> Amount {
        let before = self.granted.unwrap_or(wanted);
        let least = before.and(wanted);
        if least != before {
            self.taken(uptime, wait);
        }
        let granted = if uptime >= self.until { wanted } else { least };
        if granted.slots > before.slots || granted.cpu_percent > before.cpu_percent {
            self.grown_at = Some(uptime);
        }
        self.granted = Some(granted);
        granted
    }

    fn taken(&mut self, uptime: Span, Wait { least, doubles, too_early }: Wait) {
        let wait = if doubles {
            let lasted = self.grown_at.map(|grown_at| uptime.minus(grown_at));
            let is_too_early = lasted.is_some_and(|lasted| lasted < too_early);
            let wait = least.doubled(if is_too_early { self.doublings } else { 0 }, CALM_MAX);
            self.doublings = if is_too_early { (self.doublings + 1).min(16) } else { 1 };
            wait
        } else {
            least
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
    const PLAIN: Wait = Wait::usual(false);
    const BY_THE_WORK: Wait = Wait::usual(true);
    const OF_LOAD: Wait = Wait::of_load();

    /// Asks for everything from `from` on, every second; says when it was granted.
    fn back_at(calm: &mut Calm, from: u64) -> u64 {
        let granted = |second: &u64| calm.grant(Span(second * 1_000), ALL, BY_THE_WORK) == ALL;
        (from..from + 3_600).find(granted).unwrap()
    }

    #[test]
    fn the_first_grant_comes_at_once_and_a_later_one_after_the_calm() {
        let mut calm = Calm::default();
        assert_eq!(calm.grant(Span(5), ALL, PLAIN), ALL);
        assert_eq!(calm.grant(Span::seconds(10), NONE, PLAIN), NONE);
        assert_eq!(back_at(&mut calm, 11), 40);
    }

    #[test]
    fn what_comes_back_with_the_work_is_waited_for_twice_as_long_each_time() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, BY_THE_WORK);
        let mut waits = Vec::new();
        let mut now = 3_600;
        for _ in 0..7 {
            calm.grant(Span(now * 1_000), NONE, BY_THE_WORK);
            let back = back_at(&mut calm, now + 1);
            waits.push(back - now);
            now = back + 60;
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 480, 480]);
        now += 600;
        calm.grant(Span(now * 1_000), NONE, BY_THE_WORK);
        assert_eq!(back_at(&mut calm, now + 1) - now, 30, "it went well for ten minutes");
    }

    #[test]
    fn a_burst_of_others_costs_seconds_and_many_of_them_more() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, OF_LOAD);
        let mut waits = Vec::new();
        let mut now = 3_600;
        for lasts in [3, 3, 3, 30] {
            calm.grant(Span(now * 1_000), NONE, OF_LOAD);
            let back = back_at(&mut calm, now + 1);
            waits.push(back - now);
            now = back + lasts;
        }
        assert_eq!(waits, [2, 4, 8, 16]);
        calm.grant(Span(now * 1_000), NONE, OF_LOAD);
        assert_eq!(back_at(&mut calm, now + 1) - now, 2, "it went well for half a minute");
    }

    #[test]
    fn a_person_who_comes_and_goes_does_not_lengthen_the_wait() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, PLAIN);
        for now in [100, 200, 300] {
            calm.grant(Span::seconds(now), NONE, PLAIN);
            assert_eq!(back_at(&mut calm, u64::from(now) + 1) - u64::from(now), 30);
        }
    }

    #[test]
    fn less_is_less_in_each_of_both() {
        let mut calm = Calm::default();
        calm.grant(Span::ZERO, ALL, PLAIN);
        let slow = Amount { slots: 4, cpu_percent: 50 };
        assert_eq!(calm.grant(Span::seconds(1), slow, PLAIN), slow);
        let few = Amount { slots: 1, cpu_percent: 100 };
        let both = Amount { slots: 1, cpu_percent: 50 };
        assert_eq!(calm.grant(Span::seconds(2), few, PLAIN), both);
        calm.end();
        assert_eq!(calm.grant(Span::seconds(3), few, PLAIN), few);
    }
}
