//! For how many slots each project fetches.

/// For how many of the machine's slots a project of that share is to have leases, where the others that have work have
/// those shares. Together they are at most one for each project more than there are slots: every project with a
/// share has work for one slot at least, and one that is alone has work for all.
///
/// A project without a share fetches nothing while another one that has a share has work.
#[must_use]
pub fn slots_for(share: u32, others: &[u32], slots: u32) -> u32 {
    let has_rival = others.iter().any(|other| *other > 0);
    let (share, others): (u64, u64) = match (share, has_rival) {
        (0, true) => return 0,
        // Those that have no share are equals.
        (0, false) => (1, others.len() as u64),
        (share, _) => (share.into(), others.iter().map(|other| u64::from(*other)).sum()),
    };
    let part = (u64::from(slots) * share).div_ceil(share + others);
    u32::try_from(part).unwrap_or(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_divided_by_shares_and_rounded_up() {
        assert_eq!([slots_for(3, &[1], 8), slots_for(1, &[3], 8)], [6, 2]);
        assert_eq!([slots_for(3, &[1], 2), slots_for(1, &[3], 2)], [2, 1]);
        assert_eq!(slots_for(1, &[1_000_000], 64), 1);
    }

    #[test]
    fn who_is_alone_has_all_slots() {
        assert_eq!([slots_for(1, &[], 8), slots_for(0, &[], 8)], [8, 8]);
        assert_eq!(slots_for(1, &[0, 0], 8), 8);
        assert_eq!(slots_for(5, &[5], 0), 0);
    }

    #[test]
    fn who_has_no_share_fetches_only_beside_its_equals() {
        assert_eq!(slots_for(0, &[1], 8), 0);
        assert_eq!(slots_for(0, &[0], 8), 4);
    }
}
