//! Where a slot's process hears its orders: by whichever of its threads has nothing else to do.
//!
//! Between two runs the guest's thread itself waits for the next one, so that an order does not go by way of
//! another thread, which would have to be woken first. While a guest runs, the first thread listens for
//! wishes to it, and for the worker's end.

use std::fs::File;
use std::io::{self, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use manyhands_proto::slot::v1;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sandbox::Requests;
use crate::slots::frame;

/// A run, and where wishes to it are left.
pub(super) type Job = (v1::Run, Arc<Requests>);

/// The end of the pipe at which orders arrive.
#[derive(Debug)]
pub(super) struct Ear {
    heard: Mutex<Heard>,
    /// The pipe once more, to wait for it without holding the lock.
    pipe: File,
    begun: Condvar,
    /// A byte goes through when a run ends while the first thread listens.
    ended: (PipeReader, PipeWriter),
}

#[derive(Debug)]
struct Heard {
    orders: BufReader<File>,
    /// Wishes to the run under way.
    current: Option<Arc<Requests>>,
    /// Whether the first thread waits for the pipe because of the run under way.
    is_listening: bool,
}

/// What the first thread woke up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    Ended,
    Order,
}

impl Ear {
    /// Listens to the standard input of this process.
    pub(super) fn new() -> io::Result<Self> {
        let pipe = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let orders = BufReader::new(pipe.try_clone()?);
        let heard = Mutex::new(Heard { orders, current: None, is_listening: false });
        Ok(Self { heard, pipe, begun: Condvar::new(), ended: io::pipe()? })
    }

    /// The first order, which must be the set-up; `None` if the worker is gone.
    pub(super) fn set_up(&self) -> io::Result<Option<v1::Setup>> {
        match self.lock().next()? {
            Some(v1::order::Order::Setup(setup)) => Ok(Some(setup)),
            Some(_) => Err(io::Error::other("the first order must be the set-up")),
            None => Ok(None),
        }
    }

    /// Waits for the next run, on the guest's thread; `None` if the worker is gone.
    pub(super) fn next_run(&self) -> io::Result<Option<Job>> {
        let mut heard = self.lock();
        loop {
            match heard.next()? {
                None => return Ok(None),
                Some(v1::order::Order::Setup(_)) => return Err(io::Error::other("set up twice")),
                Some(v1::order::Order::Run(run)) => {
                    let requests = Arc::new(Requests::default());
                    heard.current = Some(Arc::clone(&requests));
                    drop(heard);
                    self.begun.notify_one();
                    return Ok(Some((*run, requests)));
                }
                // To a run that has ended.
                Some(v1::order::Order::CheckpointNow(_) | v1::order::Order::Drain(_)) => {}
            }
        }
    }

    /// The run is over. To be said before the worker is told, which may then order the next one.
    pub(super) fn run_ended(&self) -> io::Result<()> {
        let mut heard = self.lock();
        heard.current = None;
        if std::mem::take(&mut heard.is_listening) {
            (&self.ended.1).write_all(&[0])?;
        }
        Ok(())
    }

    /// Listens during all runs, on the first thread; returns when the worker is gone.
    pub(super) fn listen(&self) -> io::Result<()> {
        loop {
            let waiting = self.begun.wait_while(self.lock(), |heard| heard.current.is_none());
            let mut heard = waiting.unwrap_or_else(PoisonError::into_inner);
            // What came in one piece with the run is here already.
            if heard.orders.buffer().is_empty() {
                heard.is_listening = true;
                drop(heard);
                if self.wait_for_pipe()? == Woken::Ended {
                    (&self.ended.0).read_exact(&mut [0])?;
                    continue;
                }
                heard = self.lock();
                if !std::mem::take(&mut heard.is_listening) {
                    // The run has ended in the meantime, and the guest's thread hears what comes.
                    continue;
                }
            }
            match (heard.next()?, &heard.current) {
                (None, _) => return Ok(()),
                (Some(v1::order::Order::CheckpointNow(_)), Some(run)) => run.checkpoint(),
                (Some(v1::order::Order::Drain(_)), Some(run)) => run.drain(),
                (Some(_), _) => return Err(io::Error::other("a run or a set-up during a run")),
            }
        }
    }

    fn wait_for_pipe(&self) -> io::Result<Woken> {
        let mut ends = [self.ended.0.as_fd(), self.pipe.as_fd()]
            .map(|end| PollFd::new(end, PollFlags::POLLIN));
        while let Err(error) = poll(&mut ends, PollTimeout::NONE) {
            if error != nix::errno::Errno::EINTR {
                return Err(error.into());
            }
        }
        Ok(if ends[0].any() == Some(true) { Woken::Ended } else { Woken::Order })
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        // Whoever panics ends the process.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn next(&mut self) -> io::Result<Option<v1::order::Order>> {
        match frame::read::<v1::Order>(&mut self.orders)? {
            Some(order) => {
                order.order.map(Some).ok_or_else(|| io::Error::other("an unknown order"))
            }
            None => Ok(None),
        }
    }
}
