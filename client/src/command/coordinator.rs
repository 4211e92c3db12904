//! `manyhands coordinator`: run a grid.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use manyhands_coordinator::{Config, ConfigError, Coordinator as Server, Network, RunError};

use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::signals::Signals;

/// Run a coordinator: a grid's server, with everything it keeps in one folder
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands coordinator --data grid --listen 0.0.0.0:7654")]
pub(crate) struct Coordinator {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder, made when missing [default: as configured, else manyhands-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The project's record of its coordinators, as `manyhands project sign` made it; it is kept in the data folder
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// A network whose hosts count for themselves, beside those configured; all others of one public
    /// /24 or IPv6 /48 count as one volunteer; may be repeated
    #[arg(long, value_name = "CIDR")]
    own_network: Vec<Network>,
}

impl Coordinator {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let config = self.config()?;
        let (data, open) = (config.data_dir.clone(), config.open_enrolment);
        let server = Server::start(config).await?;
        let (terminal, invite) = (context.terminal, server.invite().clone());
        // Alone on standard output, for scripts to read.
        terminal.line(&invite.to_string())?;
        if open {
            terminal.note(&format!("anyone may lend a machine: manyhands worker --join {invite}"));
        } else {
            let data = shown(&data);
            terminal.note(&format!("invite people: manyhands invite --data {data} --role worker"));
        }
        let mut signals = Signals::listen()?;
        Ok(server.serve(async move { signals.next().await }).await?)
    }

    /// The file, with what the command line says on top.
    fn config(self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => Config::load(path)?,
            None => Config::in_folder(PathBuf::from("manyhands-data")),
        };
        config.data_dir = self.data.unwrap_or(config.data_dir);
        config.listen = self.listen.unwrap_or(config.listen);
        config.record = self.record.or(config.record);
        config.own_networks.extend(self.own_network);
        match config.flaw() {
            None => Ok(config),
            Some((key, reason)) => Err(Failure::bad_input(format!("`{key}`: {reason}"))),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::bad_input(error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::failed(error.to_string())
    }
}
