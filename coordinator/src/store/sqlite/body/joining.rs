//! Rows of those who join: invites and scientists.

use manyhands_core::account::Account;
use manyhands_core::invite::{Invite, Role};
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use prost::Message;

use crate::store::sqlite::codec::{corrupt, digest, key};

/// An invite but for its token.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct InviteBody {
    #[prost(bool, tag = "1")]
    is_scientist: bool,
    /// Of a host's invite.
    #[prost(string, optional, tag = "2")]
    volunteer: Option<String>,
    #[prost(uint32, tag = "3")]
    uses_left: u32,
    #[prost(uint64, tag = "4")]
    expires_at: u64,
}

/// A scientist but for their key.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct AccountBody {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    admitted_at: u64,
}

impl From<&Invite> for InviteBody {
    fn from(invite: &Invite) -> Self {
        let (is_scientist, volunteer) = match &invite.role {
            Role::Scientist => (true, None),
            Role::Host { volunteer } => (false, volunteer.clone()),
        };
        let expires_at = invite.expires_at.0;
        Self { is_scientist, volunteer, uses_left: invite.uses_left, expires_at }
    }
}

/// Of which volunteer a host's invite makes its bearer, if it names one.
pub(in crate::store::sqlite) fn invited_volunteer(invite: &Invite) -> Option<&str> {
    match &invite.role {
        Role::Host { volunteer } => volunteer.as_deref(),
        Role::Scientist => None,
    }
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> Self {
        Self { name: account.name.clone(), admitted_at: account.admitted_at.0 }
    }
}

/// An invite from its token and body.
pub(in crate::store::sqlite) fn invite(
    (token, body): (Vec<u8>, Vec<u8>),
) -> Result<Invite, StoreError> {
    let body = InviteBody::decode(&*body).map_err(|error| corrupt("invite", error))?;
    let volunteer = body.volunteer;
    Ok(Invite {
        token: digest(&token)?,
        role: if body.is_scientist { Role::Scientist } else { Role::Host { volunteer } },
        uses_left: body.uses_left,
        expires_at: Timestamp(body.expires_at),
    })
}

/// A scientist from their key and body.
pub(in crate::store::sqlite) fn account(
    (public_key, body): (Vec<u8>, Vec<u8>),
) -> Result<Account, StoreError> {
    let body = AccountBody::decode(&*body).map_err(|error| corrupt("account", error))?;
    let admitted_at = Timestamp(body.admitted_at);
    Ok(Account { key: key(&public_key)?, name: body.name, admitted_at })
}
