//! When a person last touched an X11 screen, by the screen saver's clock of its server.

use std::time::{Duration, Instant};

use manyhands_core::time::Span;
use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver;
use x11rb::rust_connection::RustConnection;

/// Between two tries to reach a server.
const RETRY: Duration = Duration::from_secs(10);

/// The server that `DISPLAY` names, while it can be reached.
#[derive(Default)]
pub(super) struct X11 {
    server: Option<(RustConnection, u32)>,
    retry_at: Option<Instant>,
}

impl X11 {
    /// Whether a server of this machine is named.
    pub(super) fn is_named() -> bool {
        std::env::var("DISPLAY").is_ok_and(|display| display.starts_with(':'))
    }

    /// How long nobody touched it; `None` if that cannot be told. A server within a Wayland session sees
    /// only what is meant for its own windows, and is not asked.
    pub(super) fn untouched(&mut self) -> Option<Span> {
        if !Self::is_named() || super::wayland::is_named() {
            return None;
        }
        if self.server.is_none() && self.retry_at.is_none_or(|at| Instant::now() >= at) {
            self.retry_at = Some(Instant::now() + RETRY);
            self.server = x11rb::connect(None).ok().and_then(|(server, screen)| {
                let root = server.setup().roots.get(screen)?.root;
                Some((server, root))
            });
        }
        let (server, root) = self.server.as_ref()?;
        let info = screensaver::query_info(server, *root).ok().and_then(|it| it.reply().ok());
        if info.is_none() {
            self.server = None;
        }
        info.map(|info| Span(u64::from(info.ms_since_user_input)))
    }
}
