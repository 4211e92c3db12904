//! How answers that differ are settled: by the lead of one over each other.

/// How the voices on one unit stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion<C> {
    /// Nobody has said anything.
    Silent,
    /// All say the same.
    Agreed(C),
    /// They differ, and no answer is far enough ahead.
    Split {
        /// How many more voices the first of the largest needs, if all of them are for it.
        missing: usize,
    },
    /// They differ or were many, and one answer is far enough ahead of each other one.
    Settled(C),
}

/// Counts voices, each of another volunteer. An answer is settled when it has `lead` more of them
/// than each other one. Few voices that agree are no dispute; whether they suffice is the asker's
/// question.
pub fn opinion<C: Copy + PartialEq>(voices: impl IntoIterator<Item = C>, lead: u8) -> Opinion<C> {
    let mut counts: Vec<(C, usize)> = Vec::new();
    for voice in voices {
        match counts.iter_mut().find(|(class, _)| *class == voice) {
            Some((_, count)) => *count += 1,
            None => counts.push((voice, 1)),
        }
    }
    let Some(&(first, most)) = counts.iter().rev().max_by_key(|(_, count)| *count) else {
        return Opinion::Silent;
    };
    let rivals = counts.iter().filter(|(class, _)| *class != first);
    let next = rivals.map(|(_, count)| *count).max().unwrap_or(0);
    let missing = (next + usize::from(lead)).saturating_sub(most);
    if missing == 0 {
        return Opinion::Settled(first);
    }
    if next == 0 { Opinion::Agreed(first) } else { Opinion::Split { missing } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_that_leads_by_enough_stands() {
        assert_eq!(opinion::<char>([], 2), Opinion::Silent);
        assert_eq!(opinion("a".chars(), 2), Opinion::Agreed('a'));
        assert_eq!(opinion("aa".chars(), 2), Opinion::Settled('a'));
        assert_eq!(opinion("ab".chars(), 2), Opinion::Split { missing: 2 });
        assert_eq!(opinion("abb".chars(), 2), Opinion::Split { missing: 1 });
        assert_eq!(opinion("abbb".chars(), 2), Opinion::Settled('b'));
        assert_eq!(opinion("abcbb".chars(), 2), Opinion::Settled('b'));
        assert_eq!(opinion("abbaab".chars(), 4), Opinion::Split { missing: 4 });
    }
}
