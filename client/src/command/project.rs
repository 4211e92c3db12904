//! `manyhands project`: a project's own key, and what it says of its coordinators.

mod key;
mod show;
mod sign;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

/// Keep a project's key, and say with it where the coordinators are
///
/// The key stays on a machine of yours, offline if you like. The record that it signs goes to the coordinators
/// (`manyhands coordinator --record FILE`), they give it to the hosts, and hosts look for their coordinator where
/// the newest record says. So a coordinator can move, and another one with another key can take over.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands project key project.key")]
pub(crate) struct Project {
    #[command(subcommand)]
    action: Action,
}

/// What to do for the project.
#[derive(Debug, Subcommand)]
enum Action {
    Key(key::MakeKey),
    Sign(sign::Sign),
    Show(show::Show),
}

impl Project {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self.action {
            Action::Key(it) => it.run(context),
            Action::Sign(it) => it.run(context),
            Action::Show(it) => it.run(context),
        }
    }
}
