//! The only writer: a command goes in, a reply and effects come out.
//!
//! Every command has its file, and every file the same shape: `load` reads what it needs from the
//! store, `decide` is a pure function of what was read, and only [`Engine::handle`] writes. So all
//! that a command can do is seen in its `decide`, and it either happens as a whole or not at all.
//!
//! `engine/QUORUM.md` states what must hold of a unit, and why it does.

mod admission;
mod admit;
mod advance;
mod assimilate;
mod audit;
mod blame;
mod cancel;
mod check;
mod claim;
mod compare;
mod context;
mod dispute;
mod draw;
mod effects;
mod enrol;
mod equivocation;
mod expire;
mod forget;
mod fresh;
mod invite;
mod judge;
mod pardon;
mod payment;
mod question;
mod queues;
mod recover;
mod renew;
mod reopen;
mod report;
mod request;
mod rows;
mod ruling;
mod search;
mod settle;
mod submit;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use self::context::{Context, Decision};
use self::effects::Effects;
use crate::command::Command;
use crate::effect::Effect;
use crate::estimate::Estimates;
use crate::id::JobId;
use crate::locality::Locality;
use crate::reply::Reply;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// Decides. It remembers nothing that matters: the store does, and a new engine over the same store
/// goes on where the old one was.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    rng: ChaCha8Rng,
    /// The job that was served last, so that jobs of equal priority take turns.
    served_last: Option<JobId>,
    /// How long units take, as far as hosts have said since this engine began.
    estimates: Estimates,
    /// Which hosts were leased units of which files since this engine began.
    locality: Locality,
    /// The earliest `Expire` that was asked for and has not come.
    timer_at: Option<Timestamp>,
    /// Hosts were told of every unit with `ready_at` up to here.
    announced_until: Timestamp,
}

impl Engine {
    /// An engine whose every choice by chance follows from `seed`. Before its first command,
    /// [`recover`](Self::recover).
    #[must_use]
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        Self {
            settings,
            rng: ChaCha8Rng::from_seed(seed),
            served_last: None,
            estimates: Estimates::default(),
            locality: Locality::default(),
            timer_at: None,
            announced_until: Timestamp(0),
        }
    }

    /// Decides a command: reads from the store, decides, writes to the store. The effects are to be
    /// done after the transaction is committed.
    ///
    /// # Errors
    /// If the store fails. Then the transaction is to be given up, and so is this engine: it may
    /// have asked for a timer that nobody heard of. A new one [recovers](Self::recover).
    pub fn handle(
        &mut self,
        store: &mut dyn Store,
        command: Command,
        now: Timestamp,
    ) -> Result<(Reply, Vec<Effect>), StoreError> {
        let is_expire = matches!(command, Command::Expire);
        let mut cx = Context {
            now,
            settings: &self.settings,
            rng: &mut self.rng,
            served_last: &mut self.served_last,
            estimates: &mut self.estimates,
            locality: &mut self.locality,
            announced_until: &mut self.announced_until,
            effects: Effects::default(),
        };
        let Decision { reply, writes } = decide(store, command, &mut cx)?;
        let effects = cx.effects;
        if !writes.is_empty() {
            store.apply(writes)?;
        }
        let due_at = if is_expire {
            self.timer_at = None;
            expire::next_at(store, now)?
        } else {
            effects.due_at()
        };
        let mut effects = effects.into_vec();
        effects.extend(self.set_timer(due_at));
        Ok((reply, effects))
    }

    /// What is to be done after a start: the effects that a crash may have swallowed.
    ///
    /// # Errors
    /// If the store fails.
    pub fn recover(
        &mut self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Vec<Effect>, StoreError> {
        let mut effects = recover::lost_effects(store)?;
        self.announced_until = now;
        self.timer_at = None;
        effects.extend(self.set_timer(expire::next_at(store, now)?));
        Ok(effects)
    }

    /// Asks for an `Expire`, unless one was asked for that comes early enough.
    fn set_timer(&mut self, due_at: Option<Timestamp>) -> Option<Effect> {
        let due_at = due_at?;
        if self.timer_at.is_some_and(|earlier| earlier <= due_at) {
            return None;
        }
        self.timer_at = Some(due_at);
        Some(Effect::ExpireAt(due_at))
    }
}

fn decide(
    store: &dyn Store,
    command: Command,
    cx: &mut Context<'_>,
) -> Result<Decision, StoreError> {
    Ok(match command {
        Command::Invite(invite) => invite::decide(invite, cx),
        Command::Enrol(enrol) => enrol::decide(enrol::load(store, &enrol)?, enrol, cx),
        Command::Admit(admit) => admit::decide(admit::load(store, &admit)?, admit, cx),
        Command::Submit(submit) => {
            submit::decide(&submit::load(store, &submit, cx.now)?, &submit, cx)
        }
        Command::Request(request) => {
            request::decide(request::load(store, &request, cx)?, request, cx)
        }
        Command::Claim(claim) => claim::decide(claim::load(store, &claim, cx)?, &claim, cx),
        Command::Renew(renew) => renew::decide(renew::load(store, &renew)?, &renew, cx),
        Command::Report(report) => report::decide(report::load(store, &report)?, report, cx),
        Command::Expire => expire::decide(expire::load(store, cx)?, cx),
        Command::Assimilate(units) => {
            assimilate::decide(assimilate::load(store, &units)?, &units, cx)
        }
        Command::Cancel(cancel) => cancel::decide(cancel::load(store, &cancel)?, cancel, cx),
        Command::Pardon(pardon) => pardon::decide(pardon::load(store, &pardon)?, pardon, cx),
        Command::Forget(forget) => forget::decide(forget::load(store, forget)?, forget, cx),
    })
}
