//! How people and systems ask a program to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Completes at the first Ctrl-C or SIGTERM. From this call on neither ends the process by itself.
pub(crate) fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
