//! What a host tells the coordinator: reports, renewals, wishes.

use manyhands_core::agent::checkpoint::is_worth_uploading;
use manyhands_core::agent::fetch::{self, Situation};
use manyhands_core::command::{Outcome, Renewal, ReplicaReport};
use manyhands_core::id::ReplicaId;
use manyhands_core::limits::BATCH_MAX;
use manyhands_core::replica::CheckpointRef;
use manyhands_core::requirement::Kind;
use manyhands_core::time::{Span, Timestamp};

use super::connect::ANSWER_MS;
use super::work::{End, Held, Stage};
use super::{Around, Host, chosen};
use crate::message::{Acknowledged, Uplink};
use crate::workload::{CHECKPOINT_BYTES, STEPS, checkpoint, replayed};

/// How long a request takes, as far as a host can know.
const ROUND_TRIP: Span = Span(100);

impl Host {
    /// Reports what ended, and again what was not acknowledged in time.
    pub(super) fn report(&mut self, around: &mut Around<'_>) {
        let inflates = around.population.attack.inflates;
        let key = self.key();
        let mut reports = Vec::new();
        for held in self.held.iter_mut().filter(|held| !held.is_chosen()) {
            let end = match held.stage {
                Stage::Ended(end) => end,
                Stage::Told(end, at) if at.plus(ANSWER_MS) <= around.now => end,
                Stage::Computing | Stage::Copying | Stage::Told(..) | Stage::Withheld => continue,
            };
            held.stage = Stage::Told(end, around.now);
            let outcome = match end {
                End::Answer(variant) => {
                    let cpu = Span(held.cost_ms.into());
                    around.workload.outcome(held.replica.unit, variant, cpu, inflates)
                }
                End::Replayed(variant) if u64::from(held.until) < STEPS => {
                    replayed(held.replica.unit, held.until.into(), variant)
                }
                End::Replayed(variant) => {
                    let cpu = Span(held.cost_ms.into());
                    around.workload.outcome(held.replica.unit, variant, cpu, inflates)
                }
                End::HostError => Outcome::HostError { message: "disk full".to_owned() },
                End::GivenUp => Outcome::Aborted,
            };
            let salt = around.population.chooses;
            let salt = salt.then(|| Box::new(chosen::salt(&key, held.replica.unit)));
            let report = ReplicaReport::unsigned(held.replica, outcome);
            reports.push(ReplicaReport { salt, ..report });
            if reports.len() == BATCH_MAX {
                break;
            }
        }
        if !reports.is_empty() {
            around.out.push(Uplink::Reports(reports));
        }
    }

    /// Renews everything that it holds, if it is time; whether it was.
    pub(super) fn beat(&mut self, around: &mut Around<'_>) -> bool {
        if self.beat_at > around.now {
            return false;
        }
        self.beat_at = match around.population.attack.bursts_every {
            None => around.now.plus(around.heartbeat),
            Some(every) => next_multiple(around.now, every.span()),
        };
        // A wish may have been lost; a later one replaces it.
        self.wished = 0;
        self.copy_answers(around);
        let mut renewals = Vec::with_capacity(self.held.len().min(BATCH_MAX));
        for at in 0..self.held.len().min(BATCH_MAX) {
            if self.held[at].is_chosen() {
                continue;
            }
            let checkpoint = self.checkpoint(at, around);
            let held = &self.held[at];
            let progress_ppm = u32::try_from(step(held) * 1_000).unwrap_or(u32::MAX);
            renewals.push(Renewal { replica: held.replica, progress_ppm, checkpoint });
        }
        if !renewals.is_empty() {
            around.out.push(Uplink::Renew(renewals));
        }
        true
    }

    /// Wishes for leases, if it wants other ones than it wished for.
    pub(super) fn wish(&mut self, has_beaten: bool, around: &mut Around<'_>) {
        let computing = self.held.iter().filter(|held| held.is_computing()).count();
        let attack = &around.population.attack;
        let wanted = match attack.hoards {
            Some(hoards) => hoards.saturating_sub(u16::try_from(self.held.len()).unwrap_or(hoards)),
            None => fetch::wanted(&Situation {
                slots: around.population.slots.into(),
                held: computing,
                run_time: self.run_time,
                round_trip: ROUND_TRIP,
                outlook: around.habits.outlook(self.place),
            }),
        };
        let is_time = has_beaten || attack.bursts_every.is_none();
        if wanted == 0 || wanted == self.wished || !is_time {
            return;
        }
        self.wished = wanted;
        around.out.push(Uplink::Want(wanted, around.habits.outlook(self.place)));
    }

    /// These reports were taken in, or never will be.
    pub(super) fn acknowledged(&mut self, items: &[Acknowledged], around: &mut Around<'_>) {
        for item in items {
            let Some(at) = self.held.iter().position(|held| held.replica == item.replica) else {
                continue;
            };
            let held = self.take_out(at);
            if item.counts {
                self.accepted += 1;
            }
            if let Stage::Told(End::HostError | End::GivenUp, _) = held.stage {
                around.tally.dropped_ms += u64::from(held.spent_ms());
            }
        }
    }

    /// Stops what the coordinator does not want any more. An answer is kept: it may still count.
    pub(super) fn abort(&mut self, replicas: &[ReplicaId], around: &mut Around<'_>) {
        for replica in replicas {
            let held = self.held.iter().find(|held| held.replica == *replica);
            let is_kept = held.is_some_and(|held| match held.stage {
                Stage::Ended(_) | Stage::Told(..) => true,
                Stage::Computing | Stage::Copying | Stage::Withheld => false,
            });
            if !is_kept {
                self.drop_held(*replica, around);
            }
        }
    }

    /// Nothing that was told is known to have arrived: all of it is to be told again.
    pub(super) fn forget_sent(&mut self) {
        for held in &mut self.held {
            if let Stage::Told(end, _) = held.stage {
                held.stage = Stage::Ended(end);
            }
        }
    }

    /// A checkpoint of the replica at this position, if it is worth the upload.
    fn checkpoint(&mut self, at: usize, around: &mut Around<'_>) -> Option<CheckpointRef> {
        let held = self.held[at];
        let unit = held.replica.unit;
        let is_resumable = around.workload.plan(unit.job).kind() == Kind::Step;
        let unsaved = Span(held.spent_ms().saturating_sub(held.saved_ms).into());
        if !is_resumable
            || held.is_replay()
            || !held.is_computing()
            || !is_worth_uploading(CHECKPOINT_BYTES, unsaved, false)
        {
            return None;
        }
        self.held[at].saved_ms = held.spent_ms();
        let variant = self.checkpoint_variant(&held, around);
        Some(checkpoint(unit, step(&held), variant))
    }
}

/// How many of its steps a replica has taken.
fn step(held: &Held) -> u64 {
    let from = u64::from(held.from_step);
    from + u64::from(held.spent_ms()) * (STEPS - from) / u64::from(held.cost_ms).max(1)
}

/// The first multiple of `every` after `now`, which all hosts find alike.
fn next_multiple(now: Timestamp, every: Span) -> Timestamp {
    let every = every.0.max(1);
    Timestamp((now.0 / every + 1).saturating_mul(every))
}
