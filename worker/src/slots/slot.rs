//! The worker's side of a slot.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use manyhands_proto::slot::v1;
use prost::Message;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::slots::command::{RunSpec, SlotCommand};
use crate::slots::frame::{self, FRAME_BYTES_MAX};
use crate::slots::run::Run;
use crate::slots::{process, wire};

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
    /// The process does not listen.
    #[error("cannot talk to the slot: {0}")]
    Pipe(io::Error),
}

/// A place for one replica at a time. Its process is started when first needed, and again whenever it
/// died.
#[derive(Debug)]
pub struct Slot {
    command: SlotCommand,
    pub(super) alive: Option<Alive>,
}

/// A slot's process and the pipes to it.
#[derive(Debug)]
pub(super) struct Alive {
    pub(super) child: Child,
    orders: FramedWrite<ChildStdin, LengthDelimitedCodec>,
    pub(super) notes: FramedRead<ChildStdout, LengthDelimitedCodec>,
    last_words: ChildStderr,
}

impl Alive {
    fn start(command: &SlotCommand) -> Result<Self, SlotError> {
        let refused = |error| SlotError::Start { program: command.program.clone(), error };
        let mut child = process::start(&command.program, &command.args).map_err(refused)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(last_words)) = pipes else {
            return Err(refused(io::Error::other("it has no pipes")));
        };
        let orders = FramedWrite::new(stdin, frame::codec());
        let notes = FramedRead::new(stdout, frame::codec());
        Ok(Self { child, orders, notes, last_words })
    }

    pub(super) async fn send(&mut self, order: v1::order::Order) -> Result<(), SlotError> {
        let bytes: Bytes = wire::order(order).encode_to_vec().into();
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(SlotError::TooLong { bytes: bytes.len() });
        }
        self.orders.send(bytes).await.map_err(SlotError::Pipe)
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
}

impl Slot {
    /// A slot whose process is started by its first run.
    #[must_use]
    pub const fn new(command: SlotCommand) -> Self {
        Self { command, alive: None }
    }

    /// Number of the process, if there is one.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.alive.as_ref()?.child.id()
    }

    /// Starts the process now, so that the first run finds it warm.
    ///
    /// # Errors
    /// If it cannot be started.
    pub async fn warm_up(&mut self) -> Result<(), SlotError> {
        let has_ended = |alive: &mut Alive| !matches!(alive.child.try_wait(), Ok(None));
        if self.alive.as_mut().is_some_and(has_ended) {
            self.alive = None;
        }
        if self.alive.is_none() {
            let mut alive = Alive::start(&self.command)?;
            let compiled_folder = wire::path_bytes(&self.command.compiled_folder);
            alive.send(v1::order::Order::Setup(v1::Setup { compiled_folder })).await?;
            self.alive = Some(alive);
        }
        Ok(())
    }

    /// Starts a run. Until it has ended, the slot is borrowed by it; if it is dropped before, the
    /// process is killed, and the next run gets a new one.
    ///
    /// # Errors
    /// If the process cannot be started, or the message is too long for a frame.
    pub async fn start(&mut self, spec: &RunSpec) -> Result<Run<'_>, SlotError> {
        self.warm_up().await?;
        let order = v1::order::Order::Run(Box::new(wire::from_spec(spec)));
        if let Some(alive) = &mut self.alive {
            match alive.send(order).await {
                // It died between two runs; the first event of this one will tell.
                Ok(()) | Err(SlotError::Pipe(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Run::new(self, Duration::from_millis(spec.limits.cpu_ms)))
    }
}
