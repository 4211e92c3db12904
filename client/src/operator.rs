//! The operator's way in: whoever can read a coordinator's data folder speaks with its own key.

use std::fs;
use std::path::Path;

use manyhands::session::Session;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;

use crate::failure::Failure;

/// The file with the coordinator's key.
const KEY_FILE: &str = "coordinator.key";
/// The file in which a coordinator leaves word of where it listens.
const ADDRESS_FILE: &str = "address";

/// Where the coordinator that uses `data` listens, and with which key.
pub(crate) fn address(data: &Path) -> Result<Invite, Failure> {
    let path = data.join(ADDRESS_FILE);
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::bad_input(format!("{}: {error}", path.display()))
            .hint("name the data folder of a coordinator that runs on this machine")
    })?;
    text.trim().parse().map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

/// A link to the coordinator that uses `data`, as its own key.
pub(crate) async fn session(data: &Path) -> Result<Session, Failure> {
    let invite = address(data)?;
    let key = data.join(KEY_FILE);
    if !key.is_file() {
        // Loading would create one, which no coordinator knows.
        return Err(Failure::bad_input(format!("{} is not there", key.display())));
    }
    let identity =
        Identity::load_or_create(&key).map_err(|error| Failure::failed(error.to_string()))?;
    Ok(Session::open(invite.endpoint(), &identity).await?)
}
