//! `manyhands project sign`: where the coordinators are, by the word of the project's key.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use manyhands::quantity;
use manyhands_core::key::Key;
use manyhands_core::peer::{CoordinatorAt, CoordinatorRecord, Coordinators, SignedCoordinators};
use manyhands_core::time::Span;
use manyhands_proto::document::coordinators::{CoordinatorsFileError, read_file, write_file};
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::Endpoint;
use manyhands_proto::peer::sign_coordinators;

use super::show;
use crate::clock;
use crate::context::{Context, shown};
use crate::failure::Failure;

/// Sign a record of where the project's coordinators are, in place of an older one
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands project sign --key project.key --coordinator \
                        'manyhands://grid.example.org:7654/#KEY' --coordinator \
                        'manyhands://spare.example.org:7654/#KEY' record")]
pub(crate) struct Sign {
    /// The file with the project's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where a coordinator listens, and its key, as it prints them at its start; again for each further address
    /// or coordinator, the best address first
    #[arg(long, value_name = "INVITE", required = true)]
    coordinator: Vec<Invite>,
    /// How long hosts believe it, 400 days at most
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = quantity::span)]
    expires: Span,
    /// Its number, higher than that of any before [default: the time, in milliseconds]
    #[arg(long, value_name = "N")]
    seq: Option<u64>,
    /// The record's file
    record: PathBuf,
}

impl Sign {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let now = clock::now();
        let identity = existing(&self.key)?;
        let project = Key(*identity.public_key().as_bytes());
        let file = shown(&self.record);
        let bad = |error: &dyn std::fmt::Display| Failure::bad_input(error.to_string());
        let record = CoordinatorRecord::new(
            project,
            coordinators(&self.coordinator)?,
            self.seq.unwrap_or(now.0),
            now.plus(self.expires),
        );
        let record = record.map_err(|error| bad(&error))?;
        let signed = sign_coordinators(&identity, record)
            .ok_or_else(|| Failure::failed("the project's key did not sign its own record"))?;
        let mut known = known(&self.record, project)?;
        known
            .hear(signed.clone(), now)
            .map_err(|error| Failure::bad_input(format!("{file}: {error}")))?;
        write_file(&self.record, &signed)
            .map_err(|error| Failure::failed(format!("{file}: {error}")))?;
        show::print(context, &signed, now)?;
        context.terminal.note(&format!(
            "give it to each of them: manyhands coordinator --record {file}; a running one is to be restarted"
        ));
        Ok(())
    }
}

/// The key in a file that is there: signing makes no new project.
fn existing(path: &Path) -> Result<Identity, Failure> {
    if !path.is_file() {
        return Err(Failure::bad_input(format!("{} is not there", shown(path)))
            .hint("make one: manyhands project key FILE"));
    }
    Identity::load_or_create(path).map_err(|error| Failure::failed(error.to_string()))
}

/// What the record's file says by now.
fn known(path: &Path, project: Key) -> Result<Coordinators, Failure> {
    match read_file(path) {
        Ok(SignedCoordinators { record, .. }) if *record.project() != project => {
            let said = format!("{}: is a record of another project", shown(path));
            Err(Failure::bad_input(said).hint("name another file, or that project's key"))
        }
        Ok(signed) => Ok(Coordinators::restored(signed)),
        Err(CoordinatorsFileError::Read(error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Coordinators::new(project))
        }
        Err(error) => Err(Failure::bad_input(format!("{}: {error}", shown(path)))),
    }
}

/// All addresses of each key, in the order in which they were given.
fn coordinators(invites: &[Invite]) -> Result<Vec<CoordinatorAt>, Failure> {
    let mut found: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for invite in invites {
        let (address, key) = match invite.endpoint() {
            Endpoint::Pinned { address, key } => (address, key),
            Endpoint::Plain(_) => {
                let what = "a plain-text coordinator has no key to be named by";
                return Err(Failure::bad_input(what));
            }
            Endpoint::Nearby(_) => {
                return Err(Failure::bad_input("lan#KEY does not say where a coordinator is"));
            }
        };
        let addresses = found.entry(Key(*key.as_bytes())).or_default();
        let address = address.to_string();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(found.into_iter().map(|(key, addresses)| CoordinatorAt { key, addresses }).collect())
}
