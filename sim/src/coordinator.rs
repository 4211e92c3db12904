//! The coordinator's shell, in virtual time: hands messages to the real engine, and does its effects.

mod offer;
mod receive;

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use manyhands_core::block::Block;
use manyhands_core::command::{Admit, Command, Submit};
use manyhands_core::digest::Digest;
use manyhands_core::effect::Effect;
use manyhands_core::engine::Engine;
use manyhands_core::id::{HostId, UnitId};
use manyhands_core::invite::{Invite, Role};
use manyhands_core::outlook::Outlook;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::Reply;
use manyhands_core::settings::Settings;
use manyhands_core::store::StoreError;
use manyhands_core::store::memory::MemoryStore;
use manyhands_core::time::{Span, Timestamp};
use rand_core::Rng as _;

pub use self::offer::{Line, Looks};
use crate::chance::Chance;
use crate::message::{Downlink, Ending};
use crate::workload::SCIENTIST;

/// The engine with its store, and what the shell keeps in memory only.
#[derive(Debug)]
pub struct Coordinator {
    /// What is remembered, also over a crash.
    pub store: MemoryStore,
    settings: Settings,
    engine: Engine,
    chance: Chance,
    seats: Vec<Seat>,
    /// What those hosts expect of themselves who are not always there, by place.
    outlooks: BTreeMap<u32, Outlook>,
    /// The place of each host, by its id from 1 on.
    places: Vec<u32>,
    line: Line,
    looks: Looks,
    /// When the engine wants to hear `Expire`.
    alarm_at: Option<Timestamp>,
    boot: u32,
    life: Life,
    effects: Vec<Effect>,
    out: Vec<Outgoing>,
    /// Commands that were decided.
    pub commands: u64,
}

/// Whether the coordinator is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It is.
    Up,
    /// It dies after the next commit, before anybody hears of it: the worst moment.
    Doomed,
    /// It is dead.
    Down,
}

/// The connection of the host at a place.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// Which of the host's connections it is; 0 if there is none.
    connection: u32,
    /// Leases that the host still wants.
    want: u16,
    /// Its ticket in the line, if it is in it.
    ticket: Option<NonZeroU64>,
    /// Who it is.
    host: Option<HostId>,
    /// From which public address block it comes.
    block: Option<Block>,
}

/// What leaves the coordinator.
#[derive(Debug)]
pub enum Outgoing {
    /// A message to the host at a place, on this connection.
    Message {
        /// Where it goes.
        place: u32,
        /// On which connection.
        connection: u32,
        /// What it says.
        message: Downlink,
    },
    /// An alarm.
    Alarm(Timestamp),
    /// The host at a place will look for work again.
    Look {
        /// Where it is.
        place: u32,
        /// When.
        at: Timestamp,
    },
    /// Units whose outputs are on the way to their job.
    Assimilate(Vec<UnitId>),
}

/// Something that the engine must never do.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed, or the engine lost track of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command was refused that must not be.
    #[error("the host at place {place} is honest and was told: {refusal}")]
    Refused {
        /// Who asked.
        place: u32,
        /// What it heard.
        refusal: Refusal,
    },
    /// A reply that does not belong to its command.
    #[error("{0:?} is no answer to what was asked")]
    Confused(Box<Reply>),
}

impl Coordinator {
    /// A coordinator that has never run, for this many hosts.
    ///
    /// # Errors
    /// If the engine refuses its scientist.
    pub fn new(settings: Settings, hosts: u32, chance: Chance) -> Result<Self, Fault> {
        let mut coordinator = Self {
            store: MemoryStore::new(),
            settings,
            engine: Engine::new(settings, [0; 32]),
            chance,
            seats: vec![Seat::default(); usize::try_from(hosts).unwrap_or(usize::MAX)],
            outlooks: BTreeMap::new(),
            places: Vec::new(),
            line: Line::default(),
            looks: Looks::default(),
            alarm_at: None,
            boot: 0,
            life: Life::Down,
            effects: Vec::new(),
            out: Vec::new(),
            commands: 0,
        };
        coordinator.start(Timestamp(0))?;
        coordinator.admit_scientist()?;
        Ok(coordinator)
    }

    /// The number of its life.
    #[must_use]
    pub fn boot(&self) -> u32 {
        self.boot
    }

    /// Whether it is there.
    #[must_use]
    pub fn life(&self) -> Life {
        self.life
    }

    /// When the engine wants to hear `Expire`.
    #[must_use]
    pub fn alarm_at(&self) -> Option<Timestamp> {
        self.alarm_at
    }

    /// The place of a host.
    #[must_use]
    pub fn place(&self, host: HostId) -> Option<u32> {
        self.places.get(position(host)).copied()
    }

    /// What is to leave it.
    pub fn take_out(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.out)
    }

    /// Starts with what is stored.
    ///
    /// # Errors
    /// If the engine cannot recover.
    pub fn start(&mut self, now: Timestamp) -> Result<(), Fault> {
        let mut seed = [0; 32];
        self.chance.fill_bytes(&mut seed);
        self.engine = Engine::new(self.settings, seed);
        self.life = Life::Up;
        self.effects = self.engine.recover(&self.store, now)?;
        self.do_effects(now)
    }

    /// It is going to die, at the worst moment.
    pub fn doom(&mut self) {
        self.life = Life::Doomed;
    }

    /// It dies: the engine, and everything that was not stored, is gone. Connected hosts notice.
    pub fn die(&mut self) {
        self.life = Life::Down;
        self.boot += 1;
        self.effects.clear();
        self.out.clear();
        self.alarm_at = None;
        self.line = Line::default();
        self.looks = Looks::default();
        self.outlooks.clear();
        for (place, seat) in (0..).zip(&mut self.seats) {
            let Seat { connection, .. } = std::mem::take(seat);
            if connection > 0 {
                let message = Downlink::Closed { why: Ending::Lost };
                self.out.push(Outgoing::Message { place, connection, message });
            }
        }
    }

    /// A scientist hands in a job; whether the job was taken in, as far as the scientist knows.
    ///
    /// # Errors
    /// If the engine does what it must not.
    pub fn submit(&mut self, submit: Submit, now: Timestamp) -> Result<bool, Fault> {
        match self.tell(Command::Submit(Box::new(submit)), now)? {
            None => Ok(false),
            Some(Reply::Submitted { .. }) => Ok(true),
            // Not yet: the scientist tries again.
            Some(Reply::Refused(Refusal::TooFewVolunteers { .. })) => Ok(false),
            Some(other) => Err(confused(other)),
        }
    }

    /// The alarm rings. An earlier one may have taken its place.
    ///
    /// # Errors
    /// If the engine does what it must not.
    pub fn ring(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.life == Life::Down || self.alarm_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        self.alarm_at = None;
        match self.tell(Command::Expire, now)? {
            None | Some(Reply::Expired { .. }) => Ok(()),
            Some(other) => Err(confused(other)),
        }
    }

    /// The outputs of these units are in their job's hands.
    ///
    /// # Errors
    /// If the engine does what it must not.
    pub fn assimilated(&mut self, units: Vec<UnitId>, now: Timestamp) -> Result<(), Fault> {
        match self.tell(Command::Assimilate(units), now)? {
            None | Some(Reply::Assimilated(_)) => Ok(()),
            Some(other) => Err(confused(other)),
        }
    }

    /// Has a command decided, and its effects done. There is no reply if the coordinator dies of it.
    fn tell(&mut self, command: Command, now: Timestamp) -> Result<Option<Reply>, Fault> {
        let Some(reply) = self.decide(command, now)? else { return Ok(None) };
        self.do_effects(now)?;
        Ok(Some(reply))
    }

    fn decide(&mut self, command: Command, now: Timestamp) -> Result<Option<Reply>, Fault> {
        if self.life == Life::Down {
            return Ok(None);
        }
        let (reply, effects) = self.engine.handle(&mut self.store, command, now)?;
        self.commands += 1;
        if self.life == Life::Doomed {
            self.die();
            return Ok(None);
        }
        self.effects.extend(effects);
        Ok(Some(reply))
    }

    /// Does effects until there are none. Offers of work may bring new ones; every one of those
    /// leases something, so this ends.
    fn do_effects(&mut self, now: Timestamp) -> Result<(), Fault> {
        while let Some(effect) = self.effects.pop() {
            match effect {
                Effect::WorkReady { job: _, count } => self.offer(count, now)?,
                Effect::Assimilate { units } => self.out.push(Outgoing::Assimilate(units)),
                Effect::Abort { host, replicas } => self.send(host, Downlink::Abort(replicas)),
                Effect::Turn { host } => self.call(host, now)?,
                // Nobody asks to be forgotten here.
                Effect::JobChanged { .. } | Effect::JobEnded { .. } | Effect::Dismiss { .. } => {}
                Effect::ExpireAt(at) => self.set_alarm(at),
            }
        }
        Ok(())
    }

    fn set_alarm(&mut self, at: Timestamp) {
        if self.alarm_at.is_none_or(|earlier| at < earlier) {
            self.alarm_at = Some(at);
            self.out.push(Outgoing::Alarm(at));
        }
    }

    /// Sends to a host, if it is connected.
    fn send(&mut self, host: HostId, message: Downlink) {
        let Some(place) = self.place(host) else { return };
        let Seat { connection, host: seated, .. } = *self.seat(place);
        if connection > 0 && seated == Some(host) {
            self.out.push(Outgoing::Message { place, connection, message });
        }
    }

    fn seat(&mut self, place: u32) -> &mut Seat {
        &mut self.seats[usize::try_from(place).unwrap_or(usize::MAX)]
    }

    fn admit_scientist(&mut self) -> Result<(), Fault> {
        let token = Digest([9; 32]);
        let expires_at = Timestamp(0).plus(Span::hours(1));
        let invite = Invite { token, role: Role::Scientist, uses_left: 1, expires_at };
        let admit = Admit { key: SCIENTIST, name: "Ada".to_owned(), token };
        for command in [Command::Invite(invite), Command::Admit(admit)] {
            match self.tell(command, Timestamp(0))? {
                Some(Reply::Invited | Reply::Admitted) => {}
                Some(other) => return Err(confused(other)),
                None => {}
            }
        }
        Ok(())
    }
}

fn confused(reply: Reply) -> Fault {
    Fault::Confused(Box::new(reply))
}

/// Ids begin with 1.
fn position(host: HostId) -> usize {
    usize::try_from(host.0).unwrap_or(usize::MAX).wrapping_sub(1)
}
