//! A ring that tries to learn which of its answers are audited.

/// Kinds of situations that it tells apart by how long its identity has had standing, and by how
/// long ago it last saw an audit of it.
const AGES: usize = 32;

/// It learns from every answer, is told afterwards whether it was audited, and guesses by what it
/// has learned: more than anybody can know in the field.
#[derive(Clone, Debug)]
pub(super) struct Guesser {
    /// Audited and all answers, by situation.
    seen: Vec<[u64; 2]>,
    /// Right and all guesses: of answers that were not audited, and of those that were.
    guesses: [[u64; 2]; 2],
}

impl Guesser {
    pub(super) fn new() -> Self {
        Self { seen: vec![[0, 0]; AGES * AGES], guesses: [[0; 2]; 2] }
    }

    /// Guesses of an answer, and then learns the truth.
    pub(super) fn guess(&mut self, believed: u32, since_audit: u32, is_audited: bool) {
        let place = bucket(believed / 32) * AGES + bucket(since_audit);
        let all = self.seen.iter().fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]]);
        let here = &mut self.seen[place];
        // Audited more often here than elsewhere.
        let guess = here[0] * all[1] > all[0] * here[1];
        let [right, made] = &mut self.guesses[usize::from(is_audited)];
        *made += 1;
        *right += u64::from(guess == is_audited);
        here[0] += u64::from(is_audited);
        here[1] += 1;
    }

    /// Right guesses and all guesses: of answers that were not audited, then of those that were.
    pub(super) fn guesses(&self) -> [[u64; 2]; 2] {
        self.guesses
    }
}

fn bucket(of: u32) -> usize {
    usize::try_from(of).unwrap_or(AGES).min(AGES - 1)
}
