//! `manyhands project show`: what a record says.

use std::path::PathBuf;

use clap::Args;
use manyhands_core::key::Key;
use manyhands_core::peer::{CoordinatorAt, SignedCoordinators};
use manyhands_core::time::Timestamp;
use manyhands_proto::document::coordinators::read_file;
use manyhands_proto::identity::PublicKey;

use crate::clock;
use crate::context::{Context, shown};
use crate::failure::Failure;

/// Show what a record says, if its project signed it
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands project show record")]
pub(crate) struct Show {
    /// The record's file
    record: PathBuf,
}

impl Show {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let signed = read_file(&self.record)
            .map_err(|error| Failure::bad_input(format!("{}: {error}", shown(&self.record))))?;
        print(context, &signed, clock::now())
    }
}

/// Prints a record for people.
pub(super) fn print(
    context: &Context,
    signed: &SignedCoordinators,
    now: Timestamp,
) -> Result<(), Failure> {
    let record = &signed.record;
    let end = record.expires_at();
    let counts = if now <= end {
        format!("counts for {}", end.since(now))
    } else {
        format!("expired {} ago", now.since(end))
    };
    let project = text(record.project());
    let terminal = context.terminal;
    terminal.line(&format!("project {project}, record {}, {counts}", record.seq()))?;
    let row =
        |CoordinatorAt { key, addresses }: &CoordinatorAt| vec![text(key), addresses.join(", ")];
    let rows: Vec<Vec<String>> = record.coordinators().iter().map(row).collect();
    terminal.table(&["COORDINATOR", "ADDRESSES"], &rows)
}

fn text(key: &Key) -> String {
    let key = PublicKey::from_bytes(key.as_bytes());
    key.map_or_else(|error| error.to_string(), |key| key.to_string())
}
