//! What a worker joins: whom an invite names, or a coordinator on the local network.

use std::str::FromStr;
use std::time::Duration;

use manyhands_proto::invite::{Invite, InviteError};
use manyhands_proto::lan::{LanError, Role, Search};

use crate::failure::Failure;
use crate::terminal::Terminal;

/// How long to look who is there.
const LOOK: Duration = Duration::from_secs(3);

/// What `--join` names.
#[derive(Clone, Debug)]
pub(super) enum Join {
    /// A coordinator, and where it is; or one wherever it is on the local network.
    Invite(Invite),
    /// Not said which. An announcement is signed by nobody, so none is joined: whoever is at the machine
    /// chooses.
    Lan,
}

impl FromStr for Join {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        if text == "lan" { Ok(Self::Lan) } else { text.parse().map(Self::Invite) }
    }
}

impl Join {
    /// The invite to the coordinator that is meant.
    pub(super) async fn invite(self, terminal: Terminal) -> Result<Invite, Failure> {
        match self {
            Self::Invite(invite) => Ok(invite),
            Self::Lan => Err(look(terminal).await?),
        }
    }
}

/// Shows who is there; returns why nobody is joined.
async fn look(terminal: Terminal) -> Result<Failure, Failure> {
    let mut search = Search::new()?;
    let mut seen = 0;
    let looking = async {
        while let Some(found) = search.next().await {
            if found.role != Role::Coordinator {
                continue;
            }
            seen += 1;
            let places: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
            let places = places.join(", ");
            terminal.note(&format!("a coordinator at {places}: --join lan#{}", found.key));
        }
    };
    let _elapsed = tokio::time::timeout(LOOK, looking).await;
    Ok(Failure::failed(if seen == 0 {
        "no coordinator announces itself on this network".to_owned()
    } else {
        "anybody on this network can announce a coordinator: compare the key with the one that you were \
         told, and join with it"
            .to_owned()
    }))
}

impl From<LanError> for Failure {
    fn from(error: LanError) -> Self {
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use manyhands_proto::link::Endpoint;

    use super::*;

    const KEY: &str = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena";

    #[test]
    fn the_local_network_is_joined_by_key_and_an_invite_as_before() {
        let read = |text: String| text.parse::<Join>();
        assert!(matches!(read("lan".into()), Ok(Join::Lan)));
        let nearby = |join| match join {
            Ok(Join::Invite(invite)) => matches!(invite.endpoint(), Endpoint::Nearby(_)),
            Ok(Join::Lan) | Err(_) => false,
        };
        assert!(nearby(read(format!("lan#{KEY}"))) && nearby(read(format!("lan#{KEY}.s3cret"))));
        assert!(!nearby(read(format!("manyhands://h:1/#{KEY}"))));
        assert!(matches!(read("lan#".into()), Err(InviteError::MissingKey)));
        assert!(matches!(read("lander".into()), Err(InviteError::Scheme)));
        assert!(matches!(read(format!("lan#{KEY}.a b")), Err(InviteError::Token)));
    }
}
