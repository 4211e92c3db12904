//! What a worker joins: whom an invite names, or a coordinator on the local network.

use std::str::FromStr;
use std::time::Duration;

use manyhands_proto::identity::{KeyError, PublicKey};
use manyhands_proto::invite::{Invite, InviteError, Token};
use manyhands_proto::lan::{LanError, Role, Search};

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Longest search for one coordinator. It is mostly found at once.
const FIND_MAX: Duration = Duration::from_secs(10);

/// How long to look who is there.
const LOOK: Duration = Duration::from_secs(3);

/// What `--join` names.
#[derive(Clone, Debug)]
pub(super) enum Join {
    /// A coordinator, and where it is.
    Invite(Invite),
    /// A coordinator, wherever it is on the local network.
    Key(PublicKey, Option<Token>),
    /// Not said which. An announcement is signed by nobody, so none is joined: whoever is at the machine
    /// chooses.
    Lan,
}

/// Why a text names nothing to join.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    /// It is no invite.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// What follows `lan#` is no key.
    #[error("after `lan#` there is no key: {0}")]
    Key(#[from] KeyError),
    /// There is something else after `lan`.
    #[error("write lan#KEY, or lan to see who is there")]
    Lan,
}

impl FromStr for Join {
    type Err = JoinError;

    fn from_str(text: &str) -> Result<Self, JoinError> {
        let Some(rest) = text.strip_prefix("lan") else { return Ok(Self::Invite(text.parse()?)) };
        if rest.is_empty() {
            return Ok(Self::Lan);
        }
        let rest = rest.strip_prefix('#').ok_or(JoinError::Lan)?;
        Ok(match rest.split_once('.') {
            Some((key, token)) => Self::Key(key.parse()?, Some(token.parse()?)),
            None => Self::Key(rest.parse()?, None),
        })
    }
}

impl Join {
    /// The invite to the coordinator that is meant.
    pub(super) async fn invite(self, terminal: Terminal) -> Result<Invite, Failure> {
        match self {
            Self::Invite(invite) => Ok(invite),
            Self::Key(key, token) => {
                let found = Search::new()?.coordinator(key, FIND_MAX).await;
                let nobody = || {
                    Failure::failed(format!(
                        "no coordinator with the key {key} was found on this network: \
                         see which there are with --join lan"
                    ))
                };
                let address = found.ok_or_else(nobody)?;
                terminal.note(&format!("found the coordinator at {address}"));
                // Whoever answers there has to prove the key.
                Ok(Invite::new(address.into(), key, token))
            }
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
    use super::*;

    const KEY: &str = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena";

    #[test]
    fn the_local_network_is_joined_by_key_and_an_invite_as_before() {
        let read = |text: String| text.parse::<Join>();
        assert!(matches!(read("lan".into()), Ok(Join::Lan)));
        let key = |join| matches!(join, Ok(Join::Key(key, None)) if key.to_string() == KEY);
        assert!(key(read(format!("lan#{KEY}"))));
        let token = read(format!("lan#{KEY}.s3cret"));
        assert!(matches!(token, Ok(Join::Key(_, Some(token))) if token.as_str() == "s3cret"));
        assert!(matches!(read(format!("manyhands://h:1/#{KEY}")), Ok(Join::Invite(_))));
        assert!(matches!(read("lan#".into()), Err(JoinError::Key(_))));
        assert!(matches!(read("lander".into()), Err(JoinError::Lan)));
        assert!(matches!(read(format!("lan#{KEY}.a b")), Err(JoinError::Invite(_))));
    }
}
