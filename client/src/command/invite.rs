//! `manyhands invite`: let somebody join.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use manyhands::quantity;
use manyhands_core::time::Span;
use manyhands_proto::invite::{Invite as Pasted, InviteError, Token};
use manyhands_proto::link::Endpoint;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::{clock, operator};

/// Make an invite to a coordinator on this machine
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands invite --data manyhands-data --role worker --uses 20")]
pub(crate) struct Invite {
    /// The coordinator's data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What it makes of its bearer
    #[arg(long, value_enum, default_value = "worker")]
    role: Role,
    /// All workers that join with it belong to this volunteer [default: each is its own]
    #[arg(long, value_name = "NAME", default_value = "")]
    volunteer: String,
    /// How many may use it
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: u32,
    /// How long it is good for
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = quantity::span)]
    expires: Span,
}

/// What an invite makes of its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Lends a machine
    Worker,
    /// Submits jobs
    Scientist,
}

impl Invite {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if self.role == Role::Scientist && !self.volunteer.is_empty() {
            return Err(Failure::bad_input("--volunteer is for workers: scientists have none"));
        }
        let request = v1::InviteRequest {
            role: v1::Role::from(self.role).into(),
            volunteer: self.volunteer,
            uses_max: self.uses,
            expires_at_ms: clock::now().plus(self.expires).0,
        };
        let invite = invite(&self.data, request).await?;
        context.terminal.line(&invite.to_string())?;
        if is_local(&invite) {
            context.terminal.note(
                "this invite works on this machine only: set `public` in the coordinator's \
                 configuration to the address by which others reach it",
            );
        }
        let how = match self.role {
            Role::Worker => "on their machine: manyhands worker --join INVITE",
            Role::Scientist => "on their machine: manyhands join INVITE",
        };
        context.terminal.note(how);
        Ok(())
    }
}

/// Whether only programs on this machine can follow the invite.
fn is_local(invite: &Pasted) -> bool {
    match invite.endpoint() {
        Endpoint::Plain(_) | Endpoint::Nearby(_) => true,
        Endpoint::Pinned { address, .. } => {
            address.socket_addr().is_some_and(|addr| addr.ip().is_loopback())
        }
    }
}

/// Asks the coordinator that uses `data` for an invite.
pub(crate) async fn invite(data: &Path, request: v1::InviteRequest) -> Result<Pasted, Failure> {
    let address = operator::address(data)?;
    let session = operator::session(data).await?;
    let reply = session.admin().invite(request).await?.into_inner();
    let token: Token = reply.token.parse().map_err(|error: InviteError| {
        Failure::failed(format!("the coordinator's answer: {error}"))
    })?;
    match address.endpoint() {
        Endpoint::Pinned { address, key } => Ok(Pasted::new(address.clone(), *key, Some(token))),
        // A coordinator writes down where it listens.
        Endpoint::Plain(_) | Endpoint::Nearby(_) => {
            Err(Failure::failed("a plain-text coordinator has no invites")
                .hint("start it with TLS, or let anyone enrol with `open_enrolment = true`"))
        }
    }
}

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Worker => Self::Host,
            Role::Scientist => Self::Scientist,
        }
    }
}
