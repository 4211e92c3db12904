//! A coordinator and its workers as child processes on loopback.

use std::path::PathBuf;

use manyhands::session::Session;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::{Invite, Token};
use manyhands_proto::v1;

use super::child::Child;
use super::cleanup::Workplace;
use crate::command::invite::invite;
use crate::failure::Failure;
use crate::operator;

/// Who lends a machine, and whether it is honest.
const VOLUNTEERS: [(&str, bool); 3] = [("ada", true), ("grace", true), ("mallory", false)];

/// A running grid.
#[derive(Debug)]
pub(crate) struct Grid {
    coordinator: Child,
    workers: Vec<Child>,
    data: PathBuf,
}

impl Grid {
    /// Starts a coordinator and waits until it listens.
    pub(crate) async fn start(place: &Workplace) -> Result<Self, Failure> {
        let data = place.state("coordinator");
        let log = place.state("coordinator.log");
        let shown = data.to_string_lossy();
        let args = ["coordinator", "--data", &shown, "--listen", "127.0.0.1:0"];
        let mut coordinator = Child::start("the coordinator", &log, &args)?;
        // Its first line is its address: from then on it answers.
        coordinator.line().await?;
        Ok(Self { coordinator, workers: Vec::new(), data })
    }

    /// Starts the workers and waits until each is connected.
    pub(crate) async fn add_workers(&mut self, place: &Workplace) -> Result<(), Failure> {
        for (name, honest) in VOLUNTEERS {
            let request = v1::InviteRequest {
                role: v1::Role::Host.into(),
                volunteer: name.to_owned(),
                uses_max: 1,
                expires_at_ms: 0,
            };
            let invite = invite(&self.data, request).await?;
            let config = place.put(
                &format!("{name}.toml"),
                settings(name, honest, &invite, &place.state(name)).as_bytes(),
            )?;
            let log = place.state(&format!("{name}.log"));
            let args = ["worker", "--yes", "--config", &config.to_string_lossy()];
            self.workers.push(Child::start(name, &log, &args)?);
        }
        for worker in &mut self.workers {
            worker.line().await?;
        }
        Ok(())
    }

    /// A link as the operator, who sees all hosts.
    pub(crate) async fn operator(&self) -> Result<Session, Failure> {
        operator::session(&self.data).await
    }

    /// A link as a scientist who was invited.
    pub(crate) async fn scientist(&self) -> Result<(Session, Identity), Failure> {
        let request = v1::InviteRequest {
            role: v1::Role::Scientist.into(),
            volunteer: String::new(),
            uses_max: 1,
            expires_at_ms: 0,
        };
        let invite = invite(&self.data, request).await?;
        let identity = Identity::generate()
            .map_err(|error| Failure::failed(format!("no key could be made: {error}")))?;
        let session = Session::open(invite.endpoint(), &identity).await?;
        let token = invite.token().map(Token::as_str).unwrap_or_default().to_owned();
        session.jobs().join(v1::JoinRequest { token }).await?;
        Ok((session, identity))
    }

    /// Stops every process and waits for each: workers first, so that they can say goodbye.
    pub(crate) async fn stop(self) {
        let stops = self.workers.into_iter().map(Child::stop);
        futures_util::future::join_all(stops).await;
        self.coordinator.stop().await;
    }
}

/// A worker's settings file. JSON strings are TOML strings too.
fn settings(name: &str, honest: bool, invite: &Invite, data: &std::path::Path) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut settings = format!(
        "invite = {}\ndata_dir = {}\nnickname = {}\nslots = 1\nslot_memory = \"256 MiB\"\n\
         priority = \"inherited\"\nalways = true\n",
        text(&invite.to_string()),
        text(&data.to_string_lossy()),
        text(name),
    );
    if !honest {
        settings.push_str("fault = \"lie\"\n");
    }
    settings
}
