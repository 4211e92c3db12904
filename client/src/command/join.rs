//! `manyhands join`: a scientist's first step.

use clap::Args;
use manyhands::following;
use manyhands::session::Session;
use manyhands_proto::invite::{Invite, Token};
use manyhands_proto::v1;

use crate::clock;
use crate::context::Context;
use crate::failure::Failure;

/// Join a coordinator as a scientist, with the invite you got
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands join 'manyhands://grid.example.org:7777/#KEY.TOKEN'")]
pub(crate) struct Join {
    /// The invite, all of it
    invite: Invite,
}

impl Join {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let profile = context.profile()?;
        let identity = profile.identity()?;
        let session = Session::open(self.invite.endpoint(), &identity).await?;
        let token =
            self.invite.token().map_or_else(String::new, |token| Token::as_str(token).to_owned());
        session.jobs().join(v1::JoinRequest { token }).await?;
        following::begin(&profile, &session, &self.invite, clock::now()).await?;
        context.terminal.line(&format!("joined {}", self.invite.endpoint()))?;
        context.terminal.note(&format!("your key is in {}", profile.dir().display()));
        Ok(())
    }
}
