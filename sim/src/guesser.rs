//! Somebody who tries to learn which of the own answers are audited, from all that can be seen.

use std::collections::BTreeMap;

/// Kinds of situations that it tells apart by how long its identity has had standing, and by how
/// long ago it last saw an audit of it.
const AGES: usize = 32;

/// Right guesses and all guesses whether an answer is audited: of answers that were not, then of those
/// that were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guesses(pub [[u64; 2]; 2]);

impl Guesses {
    /// How many percentage points they were better than throwing a coin: the mean of the shares of
    /// right ones among both kinds of answers, less a half.
    #[must_use]
    pub fn points_above_chance(self) -> f64 {
        let right = self.0.map(|[right, all]| right as f64 / all.max(1) as f64);
        100.0 * ((right[0] + right[1]) / 2.0 - 0.5)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self([0, 1].map(|kind| [0, 1].map(|n| self.0[kind][n] + other.0[kind][n])))
    }
}

/// A first answer of somebody who guesses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstAnswer {
    /// Whose.
    pub(crate) who: u64,
    /// Whether chance has chosen it, at once or at the end.
    pub(crate) is_audited: bool,
    /// Whether an accomplice got the unit, too, and so tells.
    pub(crate) is_seen: bool,
}

/// What a guesser makes of these, in the order in which they were given.
pub(crate) fn guessed(answers: impl IntoIterator<Item = FirstAnswer>) -> Guesses {
    let mut guesser = Guesser::new();
    let mut known: BTreeMap<u64, Known> = BTreeMap::new();
    for FirstAnswer { who, is_audited, is_seen } in answers {
        let Known { believed, since_audit } = known.entry(who).or_default();
        guesser.guess(*believed, *since_audit, is_audited);
        *believed += 1;
        *since_audit = if is_audited && is_seen { 0 } else { *since_audit + 1 };
    }
    guesser.guesses
}

/// What a ring knows of one of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    believed: u32,
    since_audit: u32,
}

/// It learns from every answer, is told afterwards whether it was audited, and guesses by what it
/// has learned: more than anybody can know in the field.
#[derive(Clone, Debug)]
struct Guesser {
    /// Audited and all answers, by situation.
    seen: Vec<[u64; 2]>,
    guesses: Guesses,
}

impl Guesser {
    fn new() -> Self {
        Self { seen: vec![[0, 0]; AGES * AGES], guesses: Guesses::default() }
    }

    /// Guesses of an answer, and then learns the truth.
    fn guess(&mut self, believed: u32, since_audit: u32, is_audited: bool) {
        let place = bucket(believed / 32) * AGES + bucket(since_audit);
        let all = self.seen.iter().fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]]);
        let here = &mut self.seen[place];
        // Audited more often here than elsewhere.
        let guess = here[0] * all[1] > all[0] * here[1];
        let [right, made] = &mut self.guesses.0[usize::from(is_audited)];
        *made += 1;
        *right += u64::from(guess == is_audited);
        here[0] += u64::from(is_audited);
        here[1] += 1;
    }
}

fn bucket(of: u32) -> usize {
    usize::try_from(of).unwrap_or(AGES).min(AGES - 1)
}
