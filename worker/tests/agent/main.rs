//! A whole worker, with real slot processes, against a coordinator that follows a script: the wire's
//! contract as seen from the worker's side, kept and broken.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod bench;
mod choosing;
mod coordinator;
mod governed;
mod hostile;
mod recovery;
mod replay;
mod work;
