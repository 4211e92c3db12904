//! What computing takes from the socket: measured where the machine tells it, else estimated from busy cores.
//!
//! **Measured.** Where the processor's own meter can be read (on Linux its "running average power limit", RAPL), what it
//! draws is shared among all cores that are busy, ours and those of other programs. So a part of what an idle processor
//! draws is booked to whoever computes.
//!
//! **Estimated.** Elsewhere each core that is kept busy counts as [`CORE_POWER`]. Makers' sustained ratings (TDP), divided
//! by cores, are 2 to 4 W for processors of laptops, 3 to 6 W for those of servers and 6 to 11 W for those of desktops;
//! an idle core draws little of that. So the figure may be wrong by a factor of two either way: who has measured says
//! `core_watts` in the settings.
//!
//! Neither sees memory, fans, disks and what the power supply loses.

use std::fmt;

use crate::time::Span;

/// What a core that is kept busy draws, unless the owner knows better.
pub const CORE_POWER: Power = Power::watts(5);

/// In thousandths of a watt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Power(pub u64);

/// In thousandths of a joule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Energy(pub u64);

/// Who keeps how much of the machine busy, in thousandths of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Programs of the grid.
    pub ours: u64,
    /// All others; 0 if that is unknown.
    pub others: u64,
}

impl Power {
    /// So many watts.
    #[must_use]
    pub const fn watts(watts: u32) -> Self {
        Self(watts as u64 * 1_000)
    }

    /// What is drawn in so much time.
    #[must_use]
    pub const fn over(self, span: Span) -> Energy {
        Energy(self.0.saturating_mul(span.0) / 1_000)
    }
}

impl Energy {
    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl Busy {
    /// What our programs draw, if the whole processor was `measured`, or by estimate.
    #[must_use]
    pub fn power(self, measured: Option<Power>, per_core: Power) -> Power {
        match measured {
            Some(Power(all)) => {
                let both = self.ours.saturating_add(self.others).max(1);
                Power(all.saturating_mul(self.ours) / both)
            }
            None => Power(per_core.0.saturating_mul(self.ours) / 1_000),
        }
    }
}

impl fmt::Display for Energy {
    /// `0 Wh`, `4.2 Wh`, `310 Wh`, `1.25 kWh`: as it is on the bill. Rounded down.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WATT_HOUR: u64 = 3_600_000;
        let tenths = self.0 / (WATT_HOUR / 10);
        match tenths {
            0 => f.write_str("0 Wh"),
            1..100 => write!(f, "{}.{} Wh", tenths / 10, tenths % 10),
            100..10_000 => write!(f, "{} Wh", tenths / 10),
            _ => write!(f, "{}.{:02} kWh", tenths / 10_000, tenths % 10_000 / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_for_an_hour_are_ten_watt_hours() {
        let power = Busy { ours: 2_000, others: 500 }.power(None, CORE_POWER);
        assert_eq!(power, Power::watts(10));
        assert_eq!(power.over(Span::hours(1)).to_string(), "10 Wh");
    }

    #[test]
    fn what_is_measured_is_shared_with_whoever_else_computes() {
        let measured = Some(Power::watts(40));
        let ours = |ours, others| Busy { ours, others }.power(measured, CORE_POWER);
        assert_eq!(ours(3_000, 1_000), Power::watts(30));
        assert_eq!(ours(1_000, 0), Power::watts(40));
        assert_eq!(ours(0, 0), Power(0), "who computes nothing draws nothing");
    }

    #[test]
    fn it_is_shown_as_on_the_bill() {
        let shown = |watts, span| Power::watts(watts).over(span).to_string();
        assert_eq!(shown(5, Span::seconds(1)), "0 Wh");
        assert_eq!(shown(5, Span::minutes(51)), "4.2 Wh");
        assert_eq!(shown(62, Span::hours(5)), "310 Wh");
        assert_eq!(shown(125, Span::hours(10)), "1.25 kWh");
        assert_eq!(Energy(u64::MAX).plus(Energy(1)), Energy(u64::MAX));
    }
}
