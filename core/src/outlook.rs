//! What a machine that is not always there expects of itself, and whether a unit fits into that.

use crate::time::Span;

/// All of the time, in millionths.
pub const ALWAYS_PPM: u32 = 1_000_000;

/// Who is there so much of the time is as good as always there: what it takes on is never judged by its length.
const NEARLY_ALWAYS_PPM: u32 = 900_000;

/// What a machine expects of itself, as its worker has learned. Nobody checks it: who says too much loses leases as
/// before, who says too little gets less work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// How much of the time it computes, in millionths.
    pub available_ppm: u32,
    /// How long it will compute before it is switched off, as likely as not; none if that is not known.
    pub stretch: Option<Span>,
}

impl Outlook {
    /// Of a machine that is always there, or says nothing.
    pub const ALWAYS: Self = Self { available_ppm: ALWAYS_PPM, stretch: None };

    /// Whether it is so different from an earlier one that it is worth saying: by a tenth of all time, or a
    /// quarter of the stretch.
    #[must_use]
    pub fn is_news_after(&self, earlier: &Self) -> bool {
        let is_other_share = self.available_ppm.abs_diff(earlier.available_ppm) > ALWAYS_PPM / 10;
        is_other_share
            || match (self.stretch, earlier.stretch) {
                (None, None) => false,
                (Some(Span(now)), Some(Span(before))) => now.abs_diff(before) > before / 4,
                (Some(_), None) | (None, Some(_)) => true,
            }
    }

    /// Whether it is likely to end a run that takes `run` of its time before `within` has passed. One that
    /// cannot be resumed has to end before the machine is switched off, too.
    #[must_use]
    pub fn can_end(&self, run: Span, within: Span, is_resumable: bool) -> bool {
        if self.available_ppm >= NEARLY_ALWAYS_PPM && self.stretch.is_none() {
            return true;
        }
        let takes = u128::from(run.0) * u128::from(ALWAYS_PPM);
        let has = u128::from(within.0) * u128::from(self.available_ppm.min(ALWAYS_PPM));
        let is_whole = self.stretch.is_none_or(|stretch| run <= stretch);
        takes <= has && (is_resumable || is_whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_to_fit_into_the_time_that_the_machine_is_there() {
        let half = Outlook { available_ppm: 500_000, stretch: None };
        let day = Span::hours(24);
        assert!(half.can_end(Span::hours(12), day, false));
        assert!(!half.can_end(Span::hours(13), day, true));
        assert!(Outlook::ALWAYS.can_end(Span::hours(25), day, false), "its deadline judges it");
        let never = Outlook { available_ppm: 0, stretch: None };
        assert!(!never.can_end(Span(1), day, true));
    }

    #[test]
    fn small_differences_are_no_news() {
        let outlook = |available_ppm, minutes| Outlook {
            available_ppm,
            stretch: Some(Span::minutes(minutes)),
        };
        let before = outlook(500_000, 100);
        assert!(!outlook(590_000, 125).is_news_after(&before));
        assert!(outlook(601_000, 100).is_news_after(&before));
        assert!(outlook(500_000, 126).is_news_after(&before));
        assert!(outlook(500_000, 74).is_news_after(&before));
        assert!(before.is_news_after(&Outlook::ALWAYS));
        assert!(!Outlook::ALWAYS.is_news_after(&Outlook::ALWAYS));
    }

    #[test]
    fn what_cannot_be_resumed_has_to_fit_into_one_stretch() {
        let mornings = Outlook { available_ppm: 200_000, stretch: Some(Span::hours(3)) };
        let week = Span::hours(7 * 24);
        assert!(mornings.can_end(Span::hours(3), week, false));
        assert!(!mornings.can_end(Span::hours(4), week, false));
        assert!(mornings.can_end(Span::hours(30), week, true));
    }
}
