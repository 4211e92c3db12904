//! What is counted while a run goes on, because the store does not tell it at the end.

/// What is counted of one population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PopulationTally {
    /// Identities that were welcomed.
    pub identities: u64,
    /// Identities that heard that they are suspended.
    pub suspended: u64,
    /// Time that slots spent on replicas that ended, in milliseconds.
    pub spent_ms: u64,
    /// Of that, on replays for disputes.
    pub replayed_ms: u64,
    /// Units that they asked for and had chosen themselves, as often as they asked.
    pub chosen: u64,
    /// Of those, how many they did not get.
    pub taken: u64,
    /// Time that slots spent on what was then dropped or lost, in milliseconds.
    pub dropped_ms: u64,
}
