//! The worker's side of a slot.

use std::collections::VecDeque;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use manyhands_proto::slot::v1;
use prost::Message;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::slots::command::{RunSpec, SlotCommand};
use crate::slots::frame::{self, FRAME_BYTES_MAX};
use crate::slots::run::Run;
use crate::slots::setup::{self, Ready};
use crate::slots::{group, process, wire};
use crate::wall::Wall;

/// Longest wait for a process to say that it is ready; an engine starts within milliseconds.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// Modules that a slot remembers; compiled code of hardly more is kept.
const GIVEN_MAX: usize = 64;

/// How much of a dead child's last words is kept.
const LAST_WORDS_BYTES_MAX: u64 = 2 << 10;

/// Why a run cannot be started.
#[derive(Debug, Error)]
pub enum SlotError {
    /// The process cannot be started.
    #[error("cannot start a slot with {}: {error}", .program.display())]
    Start {
        /// The program.
        program: std::path::PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Arguments and standard input are too long together.
    #[error(
        "arguments and standard input have {bytes} bytes, the limit is {FRAME_BYTES_MAX}; use an input file"
    )]
    TooLong {
        /// Size of the message.
        bytes: usize,
    },
    /// The process does not become a slot.
    #[error("{} does not become a slot: {cause}", .program.display())]
    NotReady {
        /// The program.
        program: std::path::PathBuf,
        /// What it did instead.
        cause: String,
    },
    /// The process does not listen.
    #[error("cannot talk to the slot: {0}")]
    Pipe(io::Error),
}

/// A place for one replica at a time. Its process is started when first needed, and again whenever it
/// died.
#[derive(Debug)]
pub struct Slot {
    command: SlotCommand,
    /// Modules that processes of this slot were given, the latest last.
    given: VecDeque<[u8; 32]>,
    pub(super) alive: Option<Alive>,
}

/// A slot's process and the ways to it.
#[derive(Debug)]
pub(super) struct Alive {
    pub(super) child: Child,
    orders: FramedWrite<ChildStdin, LengthDelimitedCodec>,
    wishes: FramedWrite<process::Wishes, LengthDelimitedCodec>,
    pub(super) notes: FramedRead<ChildStdout, LengthDelimitedCodec>,
    last_words: process::LastWords,
    isa: String,
    walls: Vec<Wall>,
    /// Runs that were ordered.
    runs: u64,
}

impl Alive {
    /// Starts a process and waits until it is ready.
    async fn start(command: &SlotCommand) -> Result<Self, SlotError> {
        let mut alive = Self::spawn(command)?;
        let setup = alive.send(setup::order(command)).await;
        let cause = match timeout(START_TIME_MAX, alive.notes.next()).await {
            Ok(Some(Ok(bytes))) => match setup::to_ready(&bytes) {
                Ok(Ready { isa, walls }) => {
                    setup?;
                    match timeout(START_TIME_MAX, process::hears(alive.wishes.get_ref())).await {
                        Ok(heard) => heard.map_err(SlotError::Pipe)?,
                        Err(late) => return Err(SlotError::Pipe(late.into())),
                    }
                    return Ok(Self { isa, walls, ..alive });
                }
                Err(error) => error.to_string(),
            },
            Ok(Some(Err(error))) => error.to_string(),
            Ok(None) => alive.end_in_words().await,
            Err(_elapsed) => "it does not answer".to_owned(),
        };
        Err(SlotError::NotReady { program: command.program.clone(), cause })
    }

    fn spawn(command: &SlotCommand) -> Result<Self, SlotError> {
        let refused = |error| SlotError::Start { program: command.program.clone(), error };
        let started = process::start(&command.program, &command.args).map_err(refused)?;
        let process::Started { mut child, wishes, last_words } = started;
        if let Some(folder) = &command.group {
            group::enter(folder, child.id());
        }
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(refused(io::Error::other("it has no pipes")));
        };
        Ok(Self {
            child,
            orders: FramedWrite::new(stdin, frame::codec()),
            wishes: FramedWrite::new(wishes, frame::codec()),
            notes: FramedRead::new(stdout, frame::codec()),
            last_words,
            isa: String::new(),
            walls: Vec::new(),
            runs: 0,
        })
    }

    /// Orders the next run.
    async fn run(&mut self, spec: &RunSpec) -> Result<(), SlotError> {
        self.runs += 1;
        let run = wire::from_spec(spec, self.runs);
        self.send(v1::order::Order::Run(Box::new(run))).await
    }

    async fn send(&mut self, order: v1::order::Order) -> Result<(), SlotError> {
        let bytes: Bytes = wire::order(order).encode_to_vec().into();
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(SlotError::TooLong { bytes: bytes.len() });
        }
        self.orders.send(bytes).await.map_err(SlotError::Pipe)
    }

    /// Sends a wish to the latest run.
    pub(super) async fn wish(&mut self, wish: v1::wish::Wish) -> io::Result<()> {
        let wish = v1::Wish { run: self.runs, wish: Some(wish) };
        self.wishes.send(Bytes::from(wish.encode_to_vec())).await
    }

    /// Waits for the end of a child that has closed its pipes or is being killed.
    pub(super) async fn end(mut self) -> (Option<ExitStatus>, String) {
        // A child that closed its pipes but lives on would be waited for without end.
        drop(self.child.start_kill());
        let status = self.child.wait().await.ok();
        let mut words = Vec::new();
        drop(self.last_words.take(LAST_WORDS_BYTES_MAX).read_to_end(&mut words).await);
        (status, String::from_utf8_lossy(&words).trim().to_owned())
    }

    /// As [`Alive::end`], in words.
    async fn end_in_words(self) -> String {
        let (status, words) = self.end().await;
        process::end_in_words(status, &words)
    }
}

impl Slot {
    /// A slot whose process is started by its first run.
    #[must_use]
    pub const fn new(command: SlotCommand) -> Self {
        Self { command, given: VecDeque::new(), alive: None }
    }

    /// Number of the process, if there is one.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.alive.as_ref()?.child.id()
    }

    /// Instruction set of the code that guests become in the process, as it says itself, if there is
    /// one.
    #[must_use]
    pub fn isa(&self) -> Option<&str> {
        self.alive.as_ref().map(|alive| alive.isa.as_str())
    }

    /// What stands between the process and the machine, as it says itself; empty if there is no process.
    #[must_use]
    pub fn walls(&self) -> &[Wall] {
        self.alive.as_ref().map_or(&[], |alive| &alive.walls)
    }

    /// Ends the process, if there is one: the next run starts another.
    pub fn cool_down(&mut self) {
        self.alive = None;
    }

    /// Starts the process now, so that the first run finds it warm, and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be started, or is no slot.
    pub async fn warm_up(&mut self) -> Result<(), SlotError> {
        let has_ended = |alive: &mut Alive| !matches!(alive.child.try_wait(), Ok(None));
        if self.alive.as_mut().is_some_and(has_ended) {
            self.alive = None;
        }
        if self.alive.is_none() {
            self.alive = Some(Alive::start(&self.command).await?);
        }
        Ok(())
    }

    /// Sees to it that a module that is new here goes to a process that has run no guest: no other may keep what it
    /// compiles.
    fn give(&mut self, module: [u8; 32]) {
        if self.alive.as_ref().is_some_and(|alive| alive.runs > 0) {
            self.cool_down();
        }
        if self.given.len() == GIVEN_MAX {
            self.given.pop_front();
        }
        self.given.push_back(module);
    }

    /// Starts a run. Until it has ended, the slot is borrowed by it; if it is dropped before, the
    /// process is killed, and the next run gets a new one.
    ///
    /// # Errors
    /// If the process cannot be started, or the message is too long for a frame.
    pub async fn start(&mut self, spec: &RunSpec) -> Result<Run<'_>, SlotError> {
        if !self.given.contains(&spec.module_digest) {
            self.give(spec.module_digest);
        }
        self.warm_up().await?;
        if let Some(alive) = &mut self.alive {
            match alive.run(spec).await {
                // It died between two runs; the first event of this one will tell.
                Ok(()) | Err(SlotError::Pipe(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Run::new(self, spec))
    }
}
