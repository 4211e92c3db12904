//! One file for each command: its flags, its help, what it does.

pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod coordinator;
pub(crate) mod demo;
pub(crate) mod evidence;
pub(crate) mod fetch;
pub(crate) mod host;
pub(crate) mod hosts;
pub(crate) mod invite;
pub(crate) mod jobs;
pub(crate) mod join;
pub(crate) mod ledger;
pub(crate) mod peers;
pub(crate) mod project;
pub(crate) mod receipt;
pub(crate) mod slot;
pub(crate) mod submit;
pub(crate) mod top;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod why;
pub(crate) mod worker;
