//! The worker's page: what it does, live, with the owner's switches and preferences, in a browser on this machine.
//!
//! Any program on the machine, and through a browser any web site, can reach a port of the loopback interface. So
//! nothing is answered, not even that there is a page, but to who has the *token*: a random part of the address, kept in
//! a file that only the owner can read. A browser is believed only where it names this machine as the host (else a site
//! could have its own name resolved to it) and no other site as the origin. The page loads nothing from elsewhere and
//! is shown in no frame.
//!
//! - `token` is the secret, `guard` asks for it, `serve` bounds connections, `routes` answers.
//! - `preferences` reads and writes the settings file.
//! - `page.html`, `page.css` and `page.js` are what a browser gets; all the drawing is there.

mod guard;
mod preferences;
mod routes;
mod serve;
mod token;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use self::guard::Guard;
use self::preferences::Preferences;
pub use self::preferences::prefer;
use self::routes::Site;
use crate::config::Config;
use crate::control::Desk;

/// Port of choice of a worker that was told none: any that is free.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A page that may be open.
#[derive(Debug)]
pub(crate) struct Page {
    /// Has the token's file.
    folder: PathBuf,
    listen: Option<SocketAddr>,
    desk: Desk,
    preferences: Option<Arc<Preferences>>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    address: String,
    /// Dropped, it is closed.
    _server: JoinSet<()>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// Nobody can listen there.
    #[error(
        "the page cannot be opened on {listen}: {source}; free that port, or name another one as `listen` in `[page]` \
         of the settings"
    )]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its secret cannot be kept.
    #[error("the page cannot be opened: its token cannot be kept in {}: {source}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A worker without one, in tests.
    #[error("this worker has no page")]
    None,
}

impl Page {
    /// A page of the worker with this configuration, not open yet.
    pub(crate) fn new(config: &Config, folder: PathBuf, desk: Desk) -> Arc<Self> {
        let preferences = Some(Arc::new(Preferences::new(config.clone())));
        Arc::new(Self { folder, listen: config.page, desk, preferences, running: Mutex::default() })
    }

    /// A page that is never open.
    #[cfg(test)]
    pub(crate) fn closed(desk: Desk, folder: &std::path::Path) -> Arc<Self> {
        let (listen, running) = (None, Mutex::default());
        Arc::new(Self { folder: folder.to_owned(), listen, desk, preferences: None, running })
    }

    /// Opens it if the settings say where.
    pub(crate) async fn open_if_wanted(&self) {
        if self.listen.is_some()
            && let Err(error) = self.open().await
        {
            tracing::warn!("{error}");
        }
    }

    /// Its address, token included; opens it if it is not open.
    ///
    /// # Errors
    /// [`PageError`].
    pub(crate) async fn open(&self) -> Result<String, PageError> {
        let mut running = self.running.lock().await;
        if let Some(running) = &*running {
            return Ok(running.address.clone());
        }
        let preferences = self.preferences.clone().ok_or(PageError::None)?;
        let token = token::load_or_create(&self.folder)?;
        let listen = self.listen.unwrap_or(ANYWHERE);
        let failed = |source| PageError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let place = listener.local_addr().map_err(failed)?;
        let address = format!("http://{place}/{token}/");
        let site = Site { desk: self.desk.clone(), preferences };
        let mut server = JoinSet::new();
        server
            .spawn(serve::serve(listener, routes::router(site, Guard::new(place.port(), &token))));
        *running = Some(Running { address: address.clone(), _server: server });
        Ok(address)
    }
}
