//! Whose signature a document bears, as far as the one who checks it can know.

use std::fmt;

use manyhands_proto::identity::PublicKey;

use crate::context::Context;
use crate::failure::Failure;

/// Who signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// Who was asked for.
    Named(PublicKey),
    /// The coordinator that the caller joined.
    Joined(PublicKey),
    /// Somebody.
    Unknown(PublicKey),
}

impl Signer {
    /// Finds out; fails if another key was asked for than the one that signed `file`.
    pub(crate) fn known(
        context: &Context,
        signer: PublicKey,
        wanted: Option<PublicKey>,
        file: &str,
    ) -> Result<Self, Failure> {
        match wanted {
            Some(wanted) if wanted == signer => Ok(Self::Named(signer)),
            Some(wanted) => {
                let message = format!("{file}: it is signed by {signer}, not by {wanted}");
                Err(Failure::bad_input(message))
            }
            None if joined(context) == Some(signer) => Ok(Self::Joined(signer)),
            None => Ok(Self::Unknown(signer)),
        }
    }
}

/// The coordinator that the caller joined, if any.
fn joined(context: &Context) -> Option<PublicKey> {
    context.profile().ok()?.coordinator().ok()?.endpoint().key()
}

/// Says how to make sure of a signer that nobody vouches for.
pub(crate) fn advise(context: &Context, signer: &Signer) {
    match signer {
        Signer::Named(_) | Signer::Joined(_) => {}
        Signer::Unknown(_) => context.terminal.note(
            "anybody can sign with a key of their own: compare it with the one after `#` in an \
             invite of the coordinator you mean, or give that with --key",
        ),
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(key) => write!(f, "signed by {key}, as asked for"),
            Self::Joined(key) => write!(f, "signed by {key}, the coordinator that you joined"),
            Self::Unknown(key) => write!(f, "signed by {key}"),
        }
    }
}
