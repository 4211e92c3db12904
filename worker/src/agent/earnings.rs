//! What a project credited this host with.

use manyhands_core::time::Span;

use crate::control::snapshot::Credit;
use crate::diary::Diary;

/// All credit, and what of it came since the worker was started.
#[derive(Debug)]
pub(crate) struct Earnings {
    /// Where it is written down.
    diary: Diary,
    /// All credit of this host when the worker was started, in millionths.
    before: u64,
    all: Option<u64>,
}

impl Earnings {
    /// Goes on with what an earlier process wrote down.
    pub(crate) fn new(diary: Diary) -> Self {
        let all = diary.read_credit();
        Self { diary, before: all.unwrap_or(0), all }
    }

    /// Takes up how much credit this host has, in millionths.
    pub(super) fn earned(&mut self, credit_micro: u64) {
        self.all = Some(credit_micro);
    }

    /// Whether any answer of this host was ever found right.
    pub(super) fn has_earned(&self) -> bool {
        self.all.is_some_and(|credit| credit > 0)
    }

    /// What was earned. Where credit was taken back, nothing came since the start.
    pub(super) fn credit(&self) -> Credit {
        let since_start_micro = self.all.unwrap_or(0).saturating_sub(self.before);
        Credit { total_micro: self.all, since_start_micro }
    }

    /// How far beyond its due this project's use of the machine was when an earlier process ended.
    pub(super) fn ahead(&self) -> Span {
        self.diary.read_ahead()
    }

    /// Remembers how far beyond its due it is.
    pub(super) fn write_ahead(&self, ahead: Span) {
        self.diary.write_ahead(ahead);
    }

    pub(super) fn write_down(&self) {
        if let Some(credit) = self.all {
            self.diary.write_credit(credit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_since_the_start_is_what_came_after_what_an_earlier_process_knew() {
        let folder = tempfile::tempdir().unwrap();
        let begun = || Earnings::new(Diary::new(folder.path().to_owned()));
        let mut earnings = begun();
        let unknown = Credit { total_micro: None, since_start_micro: 0 };
        assert_eq!(earnings.credit(), unknown);
        earnings.earned(5);
        assert_eq!(earnings.credit(), Credit { total_micro: Some(5), since_start_micro: 5 });
        earnings.write_down();
        let mut earnings = begun();
        assert_eq!(earnings.credit(), Credit { total_micro: Some(5), since_start_micro: 0 });
        earnings.earned(12);
        assert_eq!(earnings.credit(), Credit { total_micro: Some(12), since_start_micro: 7 });
        earnings.earned(3);
        assert_eq!(earnings.credit(), Credit { total_micro: Some(3), since_start_micro: 0 });
    }
}
