//! A run in a slot, as the worker sees it: events come out, wishes go in.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::BytesMut;
use manyhands_proto::convert::slot_note;
use manyhands_proto::slot::v1;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_stream::StreamExt;

use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::{
    AppError, AppErrorKind, HostError, HostErrorKind, Limit, Outcome, RunReport, Usage,
};
use crate::slots::claim::Claims;
use crate::slots::command::RunSpec;
use crate::slots::slot::Slot;
use crate::slots::wire::WireError;
use crate::slots::{process, wire};

/// How often a running child's CPU time is looked at.
const BEAT: Duration = Duration::from_secs(1);
/// CPU time for reading and compiling a module, before the guest is called.
const COMPILE_TIME_MAX: Duration = Duration::from_secs(600);
/// Wishes to a run that may wait.
const WISHES_MAX: usize = 8;
/// Longest wait until a wish is taken. It has a few bytes, so that hundreds find room before the process reads one.
const HEAR_TIME_MAX: Duration = Duration::from_secs(5);

/// Something that happened to a run.
#[derive(Debug, Clone)]
pub enum SlotEvent {
    /// The guest is about to be called.
    Started {
        /// Steps already done, if it was resumed.
        step: u64,
    },
    /// The run is alive; comes once a second.
    Progress {
        /// What the guest said last, in parts per million.
        ppm: u32,
        /// CPU time since the run began, in milliseconds.
        cpu_ms: u64,
        /// Steps done, as far as is known.
        step: u64,
    },
    /// The guest's state is on disk.
    Checkpointed(Checkpointed),
    /// The run ended; nothing comes after this.
    Ended(RunReport),
    /// The run was killed as was asked; nothing comes after this.
    Killed,
}

/// A wish to a run.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Pause,
    Resume,
    CheckpointNow,
    Drain,
    Kill,
}

/// Steers a run from elsewhere. A wish to a run that has ended is forgotten.
#[derive(Debug, Clone)]
pub struct RunControl(mpsc::Sender<Wish>);

impl RunControl {
    /// Stops the process where it is; its memory stays.
    pub async fn pause(&self) {
        self.wish(Wish::Pause).await;
    }

    /// Lets a paused process go on.
    pub async fn resume(&self) {
        self.wish(Wish::Resume).await;
    }

    /// Asks a step program for a checkpoint at the end of the step under way.
    pub async fn checkpoint_now(&self) {
        self.wish(Wish::CheckpointNow).await;
    }

    /// Asks a step program for a checkpoint at the end of the step under way, and to end with it. A
    /// command does not hear it: let it end, or kill it. A paused run goes on, to get there.
    pub async fn drain(&self) {
        self.wish(Wish::Drain).await;
    }

    /// Ends the process at once.
    pub async fn kill(&self) {
        self.wish(Wish::Kill).await;
    }

    async fn wish(&self, wish: Wish) {
        match self.0.send(wish).await {
            // An error means that the run has ended.
            Ok(()) | Err(_) => {}
        }
    }
}

/// What is known of a run under way.
#[derive(Debug)]
struct Meter {
    /// CPU time of the process when the run, or its guest, began.
    begun: Duration,
    /// CPU time since then, as of the last beat.
    used: Duration,
    limit: Duration,
    /// The limit once the guest is called.
    granted: Duration,
    is_started: bool,
    ppm: u32,
    step: u64,
}

/// A run under way.
#[derive(Debug)]
pub struct Run<'a> {
    slot: &'a mut Slot,
    control: RunControl,
    wishes: mpsc::Receiver<Wish>,
    beat: Interval,
    meter: Meter,
    claims: Claims,
    is_over: bool,
}

/// What woke a run: for [`Run::react`].
#[derive(Debug)]
pub struct Woken(Cause);

#[derive(Debug)]
enum Cause {
    Note(Option<io::Result<BytesMut>>),
    Wish(Option<Wish>),
    Beat,
}

impl<'a> Run<'a> {
    /// A run that was just ordered.
    pub(super) fn new(slot: &'a mut Slot, spec: &RunSpec) -> Self {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        let (sender, wishes) = mpsc::channel(WISHES_MAX);
        let begun = slot.alive.as_ref().and_then(|alive| process::cpu_time(&alive.child));
        let meter = Meter {
            begun: begun.unwrap_or_default(),
            used: Duration::ZERO,
            limit: COMPILE_TIME_MAX,
            granted: Duration::from_millis(spec.limits.cpu_ms),
            is_started: false,
            ppm: 0,
            step: 0,
        };
        let (control, claims) = (RunControl(sender), Claims::of(spec));
        Self { slot, control, wishes, beat, meter, claims, is_over: false }
    }

    /// Steers this run from elsewhere. Wishes are carried out by whoever waits in [`Run::next`].
    #[must_use]
    pub fn control(&self) -> RunControl {
        self.control.clone()
    }

    /// The next event; `None` after the last. Not to be dropped before it is there; who has to wait for other
    /// things too does so beside [`Run::woken`].
    pub async fn next(&mut self) -> Option<SlotEvent> {
        while let Some(woken) = self.woken().await {
            let event = self.react(woken).await;
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// Waits until there is something for [`Run::react`]; `None` after the last event. May be dropped while it
    /// waits.
    pub async fn woken(&mut self) -> Option<Woken> {
        if self.is_over {
            return None;
        }
        let alive = self.slot.alive.as_mut()?;
        tokio::select! {
            note = alive.notes.next() => Some(Woken(Cause::Note(note))),
            wish = self.wishes.recv() => Some(Woken(Cause::Wish(wish))),
            _ = self.beat.tick() => Some(Woken(Cause::Beat)),
        }
    }

    /// Does what is to be done now, and tells what came of it. Not to be dropped before it has ended: a process
    /// that is being ended would be gone, and nobody told.
    pub async fn react(&mut self, Woken(cause): Woken) -> Option<SlotEvent> {
        match cause {
            Cause::Note(Some(Ok(bytes))) => self.note(&bytes).await,
            Cause::Note(Some(Err(error))) => Some(self.broken(&error.to_string()).await),
            Cause::Note(None) => Some(self.died().await),
            Cause::Wish(Some(wish)) => self.grant(wish).await,
            Cause::Wish(None) => None,
            Cause::Beat => self.on_beat().await,
        }
    }

    async fn note(&mut self, bytes: &[u8]) -> Option<SlotEvent> {
        let note = match slot_note(bytes) {
            Ok(note) => note,
            Err(error) => return Some(self.broken(&error.to_string()).await),
        };
        match note {
            v1::note::Note::Ready(_) => Some(self.broken("it says twice what it is").await),
            v1::note::Note::Started(started) => {
                self.on_started(started.step);
                Some(SlotEvent::Started { step: started.step })
            }
            v1::note::Note::Progress(progress) => {
                (self.meter.ppm, self.meter.step) = (progress.ppm, progress.step);
                None
            }
            v1::note::Note::Checkpointed(checkpointed) => {
                let told = wire::to_checkpointed(&checkpointed);
                match told.and_then(|kept| self.claims.checkpoint(kept)) {
                    Ok(checkpointed) => Some(SlotEvent::Checkpointed(checkpointed)),
                    Err(error) => Some(self.broken(&error.to_string()).await),
                }
            }
            v1::note::Note::Ended(ended) => match self.report(ended) {
                Ok(report) => {
                    self.is_over = true;
                    Some(SlotEvent::Ended(report))
                }
                Err(error) => Some(self.broken(&error.to_string()).await),
            },
        }
    }

    fn report(&self, ended: v1::Ended) -> Result<RunReport, WireError> {
        let report = wire::to_report(ended)?;
        self.claims.outcome(&report.outcome).map(|()| report)
    }

    /// From here on, CPU time is the guest's.
    fn on_started(&mut self, step: u64) {
        let now = self.slot.alive.as_ref().and_then(|alive| process::cpu_time(&alive.child));
        let meter = &mut self.meter;
        meter.begun = now.unwrap_or(meter.begun);
        meter.used = Duration::ZERO;
        meter.limit = meter.granted;
        meter.is_started = true;
        meter.step = step;
    }

    async fn on_beat(&mut self) -> Option<SlotEvent> {
        let now = process::cpu_time(&self.slot.alive.as_ref()?.child)?;
        let meter = &mut self.meter;
        meter.used = now.saturating_sub(meter.begun);
        if meter.used > meter.limit {
            return Some(self.out_of_time().await);
        }
        let Meter { ppm, step, .. } = *meter;
        let cpu_ms = millis(meter.used);
        meter.is_started.then_some(SlotEvent::Progress { ppm, cpu_ms, step })
    }

    async fn grant(&mut self, wish: Wish) -> Option<SlotEvent> {
        let alive = self.slot.alive.as_mut()?;
        let said = match wish {
            Wish::Pause => {
                process::pause(&alive.child);
                return None;
            }
            Wish::Resume => {
                process::resume(&alive.child);
                return None;
            }
            Wish::Kill => {
                self.end().await;
                return Some(SlotEvent::Killed);
            }
            Wish::CheckpointNow => v1::wish::Wish::CheckpointNow(v1::CheckpointNow {}),
            Wish::Drain => {
                process::resume(&alive.child);
                v1::wish::Wish::Drain(v1::Drain {})
            }
        };
        match timeout(HEAR_TIME_MAX, alive.wish(said)).await {
            // A socket that broke ends the notes too, and that will tell why.
            Ok(Ok(()) | Err(_)) => None,
            Err(_elapsed) => Some(self.broken("nothing: it hears no wishes").await),
        }
    }

    /// The process ended before the run did.
    async fn died(&mut self) -> SlotEvent {
        let (status, words) = self.end().await;
        if status.is_some_and(process::ended_by_cpu_limit) && self.meter.is_started {
            return self.ended(cpu_time_exceeded());
        }
        let message = process::ending(status, &words);
        self.ended(Outcome::HostError(HostError::new(HostErrorKind::Slot, message)))
    }

    /// The process says what no slot would.
    async fn broken(&mut self, what: &str) -> SlotEvent {
        self.end().await;
        self.ended(Outcome::HostError(HostError::new(HostErrorKind::Slot, what)))
    }

    async fn out_of_time(&mut self) -> SlotEvent {
        self.end().await;
        if self.meter.is_started {
            return self.ended(cpu_time_exceeded());
        }
        let message = format!("compiling took more than {} s", COMPILE_TIME_MAX.as_secs());
        self.ended(Outcome::HostError(HostError::new(HostErrorKind::Module, message)))
    }

    async fn end(&mut self) -> (Option<ExitStatus>, String) {
        self.is_over = true;
        match self.slot.alive.take() {
            Some(alive) => alive.end().await,
            None => (None, String::new()),
        }
    }

    fn ended(&self, outcome: Outcome) -> SlotEvent {
        let usage =
            Usage { cpu_ms: millis(self.meter.used), steps: self.meter.step, ..Usage::default() };
        SlotEvent::Ended(RunReport { outcome, usage, state_hash: None, log: String::new() })
    }
}

impl Drop for Run<'_> {
    /// A run that is given up leaves a process in an unknown state, so that goes too.
    fn drop(&mut self) {
        if !self.is_over {
            self.slot.alive = None;
        }
    }
}

fn cpu_time_exceeded() -> Outcome {
    let kind = AppErrorKind::Limit(Limit::CpuTime);
    Outcome::AppError(AppError { kind, message: String::new() })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
