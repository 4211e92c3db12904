//! Where a host looks for its coordinator: where the invite says, and where the project's record says.

use std::collections::BTreeSet;

use super::coordinators::{CoordinatorAt, Coordinators, CoordinatorsError, SignedCoordinators};
use crate::key::Key;
use crate::time::Timestamp;

/// A place to dial, and the key that must be proved there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Who must answer.
    pub key: Key,
    /// `host:port`.
    pub address: String,
}

/// What a host knows of where its coordinator may be. `PEERS.md` says why it believes that.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    /// Whom the invite names,
    invited: Key,
    /// and where; nowhere, if it says only who it is.
    address: Option<String>,
    known: Option<Coordinators>,
    answered: Option<Place>,
}

impl Whereabouts {
    /// Nothing is known but what the invite says.
    #[must_use]
    pub fn new(invited: Place) -> Self {
        let Place { key, address } = invited;
        Self { invited: key, address: Some(address), known: None, answered: None }
    }

    /// Nothing is known but who is meant.
    #[must_use]
    pub fn of(invited: Key) -> Self {
        Self { invited, address: None, known: None, answered: None }
    }

    /// Takes up the record that an earlier process kept on this machine, however old it is.
    pub fn restore(&mut self, kept: SignedCoordinators) {
        self.known = Some(Coordinators::restored(kept));
    }

    /// A record was heard from whoever has proved the key `from`: a coordinator, or a peer that carries it. True if it is
    /// news, to be written down.
    ///
    /// The first record says which key is the project's: only the coordinator that the invite names may say so, whether
    /// it tells or has signed it. From then on only that key counts; but a coordinator that was its own project may say,
    /// itself, that another key is the project's from now on.
    ///
    /// # Errors
    /// Why it is not believed. What was known stays.
    pub fn hear(
        &mut self,
        heard: SignedCoordinators,
        from: &Key,
        now: Timestamp,
    ) -> Result<bool, CoordinatorsError> {
        let project = *heard.record.project();
        match &mut self.known {
            Some(known) if *known.project() == project => known.hear(heard, now),
            Some(known) if known.project() != from => Err(CoordinatorsError::Project),
            None if ![*from, project].contains(&self.invited) => Err(CoordinatorsError::Project),
            known => {
                let mut anew = Coordinators::new(project);
                let is_news = anew.hear(heard, now)?;
                *known = Some(anew);
                Ok(is_news)
            }
        }
    }

    /// The file in which the newest record is kept was changed. True if that is news: its owner has put a newer one there, of
    /// the same project.
    ///
    /// # Errors
    /// Why it is not believed. What was known stays.
    pub fn reread(
        &mut self,
        kept: SignedCoordinators,
        now: Timestamp,
    ) -> Result<bool, CoordinatorsError> {
        match &mut self.known {
            Some(known) => known.hear(kept, now),
            None => {
                self.restore(kept);
                Ok(true)
            }
        }
    }

    /// What to ask peers for: records of this project with a number above this one.
    #[must_use]
    pub fn wanted(&self) -> (Key, u64) {
        let known = self.known.as_ref();
        let project = known.map_or(self.invited, |known| *known.project());
        (project, known.and_then(Coordinators::record).map_or(0, |it| it.record.seq()))
    }

    /// Somebody answered there, and proved the key: the first place to dial the next time.
    pub fn answered(&mut self, place: Place) {
        self.answered = Some(place);
    }

    /// The newest record that was heard, however old it is.
    #[must_use]
    pub fn record(&self) -> Option<&SignedCoordinators> {
        self.known.as_ref()?.record()
    }

    /// Whether whoever holds this key is this host's coordinator: one that the record names, or whom the invite
    /// does as long as there is no record.
    #[must_use]
    pub fn is_coordinator(&self, key: &Key) -> bool {
        match self.named() {
            [] => self.invited == *key,
            named => named.iter().any(|at| at.key == *key),
        }
    }

    /// The keys to look for where nobody says which places there are, as on a local network.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<Key> {
        let named = self.named().iter().map(|at| at.key);
        named.chain([self.invited]).filter(|key| self.is_coordinator(key)).collect()
    }

    /// The places to dial, one after the other and each once: where somebody answered the last time, where
    /// the invite says, and where the record says. No place of a key that the record leaves out.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let places = |at: &CoordinatorAt| {
            let place = |address: &String| Place { key: at.key, address: address.clone() };
            at.addresses.iter().map(place).collect::<Vec<_>>()
        };
        let invited = |address: &String| Place { key: self.invited, address: address.clone() };
        let first = self.answered.iter().cloned().chain(self.address.iter().map(invited));
        let mut found: Vec<Place> = Vec::new();
        for place in first.chain(self.named().iter().flat_map(places)) {
            if self.is_coordinator(&place.key) && !found.contains(&place) {
                found.push(place);
            }
        }
        found
    }

    fn named(&self) -> &[CoordinatorAt] {
        self.known.as_ref().map_or(&[], Coordinators::known)
    }
}

#[cfg(test)]
mod tests;
