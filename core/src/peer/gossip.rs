//! News pass from peer to peer: which blobs are new, so that hosts fetch them before they are needed, and
//! hear of a project's work while its coordinator is away.
//!
//! Like Usenet's IHAVE and SENDME, a host offers its neighbours the ids of what it knows, and sends what
//! they want. So the news itself reaches a host about once, whatever the number of its
//! neighbours; to be quicker, each host sends it unasked to a few of them. A new neighbour is offered all
//! that is still news, which is how two halves of a swarm that were apart come together again.
//!
//! Nothing here is believed: the shell hands in only news that a coordinator signed whom the project's
//! key names, and asks [`Gossip::knows`] before it checks a signature.

mod message;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use super::SKEW_MAX;
use crate::backoff::below;
use crate::digest::Digest;
use crate::key::Key;
use crate::time::{Span, Timestamp};

pub use self::message::{Event, Message, News, NewsError};

/// Most blobs that one piece of news names.
pub const NEWS_BLOBS_MAX: usize = 16;
/// How long news is news.
pub const NEWS_LIFE: Span = Span::hours(1);
/// Most news that is remembered.
pub const NEWS_MAX: usize = 256;
/// Most ids of one message.
pub const IDS_MAX: usize = 64;
/// Most neighbours that news is passed to.
pub const GOSSIPS_MAX: usize = 32;
/// To so many neighbours a host sends news unasked. `manyhands-sim gossip` shows why.
pub const UNASKED: usize = 1;
/// Who was asked for news and has not sent it by then is not waited for.
pub const WANT_MAX: Span = Span::seconds(1);
/// Most neighbours that are remembered as having what is wanted.
const OFFERS_MAX: usize = 4;

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// To whom.
    pub to: Key,
    /// What.
    pub message: Message,
}

/// News that others have and this host has asked for.
#[derive(Clone, Debug)]
struct Wanted {
    asked: Key,
    since: Timestamp,
    /// Who else has it, the first to say so first.
    others: Vec<Key>,
}

/// One host's part in passing on news.
#[derive(Clone, Debug)]
pub struct Gossip {
    unasked: usize,
    news: BTreeMap<Digest, News>,
    wanted: BTreeMap<Digest, Wanted>,
    /// What each neighbour has, as it said or was sent, of the news that this host knows: so it is
    /// bounded by that.
    neighbours: BTreeMap<Key, BTreeSet<Digest>>,
}

impl Default for Gossip {
    fn default() -> Self {
        Self::new(UNASKED)
    }
}

impl Gossip {
    /// A host that sends news unasked to so many neighbours.
    #[must_use]
    pub fn new(unasked: usize) -> Self {
        Self {
            unasked,
            news: BTreeMap::new(),
            wanted: BTreeMap::new(),
            neighbours: BTreeMap::new(),
        }
    }

    /// Whether it is known: then nothing is to be checked or handed in.
    #[must_use]
    pub fn knows(&self, id: &Digest) -> bool {
        self.news.contains_key(id)
    }

    /// All that is known and still news.
    pub fn news(&self) -> impl Iterator<Item = &News> {
        self.news.values()
    }

    /// Something happened. Returns what to send.
    pub fn handle(&mut self, event: Event, now: Timestamp, rng: &mut impl Rng) -> Vec<Send> {
        match event {
            Event::Joined(key) => self.joined(key),
            Event::Left(key) => {
                self.neighbours.remove(&key);
                self.asked_in_vain(now, |wanted| wanted.asked == key)
            }
            Event::Found(news) => self.learned(&news, None, now, rng),
            Event::Heard { from, message } => match message {
                _ if !self.neighbours.contains_key(&from) => Vec::new(),
                Message::Offer(ids) => self.offered(from, ids, now),
                Message::Want(ids) => self.wants(from, ids),
                Message::Tell(news) => self.learned(&news, Some(from), now, rng),
            },
        }
    }

    /// Time has passed: forgets what is no longer news, and asks others for what did not come. To be
    /// called about once in [`WANT_MAX`].
    pub fn tick(&mut self, now: Timestamp) -> Vec<Send> {
        let before = self.news.len();
        self.news.retain(|_, news| news.is_news(now));
        if self.news.len() < before {
            let news = &self.news;
            self.neighbours.values_mut().for_each(|has| has.retain(|id| news.contains_key(id)));
        }
        self.asked_in_vain(now, |wanted| now.since(wanted.since) >= WANT_MAX)
    }

    fn joined(&mut self, key: Key) -> Vec<Send> {
        if self.neighbours.len() >= GOSSIPS_MAX || self.neighbours.contains_key(&key) {
            return Vec::new();
        }
        self.neighbours.insert(key, BTreeSet::new());
        let ids: Vec<Digest> = self.news.keys().copied().collect();
        let offers = ids.chunks(IDS_MAX).map(|ids| Message::Offer(ids.to_vec()));
        offers.map(|message| Send { to: key, message }).collect()
    }

    fn offered(&mut self, from: Key, ids: Vec<Digest>, now: Timestamp) -> Vec<Send> {
        let mut missing = Vec::new();
        for id in ids.into_iter().take(IDS_MAX) {
            if self.knows(&id) {
                self.has(from, id);
            } else if let Some(wanted) = self.wanted.get_mut(&id) {
                let is_noted = wanted.asked == from || wanted.others.contains(&from);
                if !is_noted && wanted.others.len() < OFFERS_MAX {
                    wanted.others.push(from);
                }
            } else if self.wanted.len() < NEWS_MAX && self.may_ask(&from) {
                self.wanted.insert(id, Wanted { asked: from, since: now, others: Vec::new() });
                missing.push(id);
            }
        }
        want(from, &missing)
    }

    /// One neighbour alone cannot use up what may be wanted at a time.
    fn may_ask(&self, key: &Key) -> bool {
        self.wanted.values().filter(|wanted| wanted.asked == *key).count() < IDS_MAX
    }

    fn wants(&mut self, from: Key, ids: Vec<Digest>) -> Vec<Send> {
        let mut sends = Vec::new();
        for id in ids.into_iter().take(IDS_MAX) {
            let Some(news) = self.news.get(&id) else { continue };
            // Once each: nobody can make a host send the same for ever.
            if self.neighbours.get_mut(&from).is_some_and(|it| it.insert(id)) {
                sends.push(Send { to: from, message: Message::Tell(Box::new(news.clone())) });
            }
        }
        sends
    }

    fn learned(
        &mut self,
        news: &News,
        from: Option<Key>,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<Send> {
        let id = news.id();
        self.wanted.remove(&id);
        let is_new = !self.knows(&id) && news.is_news(now);
        if is_new {
            self.make_room();
            self.news.insert(id, news.clone());
        }
        if let Some(from) = from {
            self.has(from, id);
        }
        if !is_new {
            return Vec::new();
        }
        let mut others: Vec<Key> = {
            let without = self.neighbours.iter().filter(|(_, has)| !has.contains(&id));
            without.map(|(key, _)| *key).collect()
        };
        let mut sends = Vec::new();
        for _ in 0..self.unasked.min(others.len()) {
            let at = usize::try_from(below(others.len() as u64, rng)).unwrap_or(0);
            let to = others.swap_remove(at);
            self.has(to, id);
            sends.push(Send { to, message: Message::Tell(Box::new(news.clone())) });
        }
        sends.extend(others.into_iter().map(|to| Send { to, message: Message::Offer(vec![id]) }));
        sends
    }

    /// What is known to both needs no offer.
    fn has(&mut self, key: Key, id: Digest) {
        if self.knows(&id)
            && let Some(has) = self.neighbours.get_mut(&key)
        {
            has.insert(id);
        }
    }

    /// The oldest news leaves for newer one.
    fn make_room(&mut self) {
        if self.news.len() < NEWS_MAX {
            return;
        }
        let oldest = self.news.iter().min_by_key(|(_, news)| news.issued_at()).map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.news.remove(&id);
            for has in self.neighbours.values_mut() {
                has.remove(&id);
            }
        }
    }

    /// Asks the next who has it for what was asked for in vain.
    fn asked_in_vain(&mut self, now: Timestamp, is: impl Fn(&Wanted) -> bool) -> Vec<Send> {
        let late = self.wanted.iter().filter(|(_, wanted)| is(wanted)).map(|(id, _)| *id);
        let late: Vec<Digest> = late.collect();
        let mut asks: BTreeMap<Key, Vec<Digest>> = BTreeMap::new();
        let here: BTreeSet<Key> = self.neighbours.keys().copied().collect();
        for id in late {
            let Some(wanted) = self.wanted.get_mut(&id) else { continue };
            wanted.others.retain(|key| here.contains(key));
            if wanted.others.is_empty() {
                self.wanted.remove(&id);
                continue;
            }
            let next = wanted.others.remove(0);
            (wanted.asked, wanted.since) = (next, now);
            asks.entry(next).or_default().push(id);
        }
        asks.into_iter().flat_map(|(to, ids)| want(to, &ids)).collect()
    }
}

fn want(to: Key, ids: &[Digest]) -> Vec<Send> {
    let chunks = ids.chunks(IDS_MAX).map(|ids| Message::Want(ids.to_vec()));
    chunks.map(|message| Send { to, message }).collect()
}

#[cfg(test)]
mod tests;
