//! What D-Bus services tell: sessions and their idleness, who wants the screen to stay on, metered lines.
//!
//! Each question has a limit of time, each answer may be missing, and none is waited for by anyone else.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use manyhands_core::agent::governor::reading::{Fact, Readings};
use manyhands_core::time::Span;
use serde::de::DeserializeOwned;
use zbus::connection::Builder;
use zbus::zvariant::Type;
use zbus::{Connection, OwnedObjectPath, OwnedVariant};

use crate::clock;
use crate::probe::board::{Board, Part};
use crate::probe::presence::Screen;

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Between two questions about touches.
const QUICK: Duration = Duration::from_millis(500);

/// Everything else is asked once in so many.
const ROUNDS: u32 = 10;

/// Most sessions that are asked.
const SESSIONS_MAX: usize = 64;

/// The inhibitor of GNOME's session that is about being idle.
const GNOME_IDLE: u32 = 8;

const LOGIN: &str = "org.freedesktop.login1";
const MUTTER: &str = "org.gnome.Mutter.IdleMonitor";
const NETWORK: &str = "org.freedesktop.NetworkManager";

/// Both buses, as far as they are there.
#[derive(Default)]
struct Buses {
    system: Option<Bus>,
    session: Option<Bus>,
}

struct Bus(Connection);

/// Asks again and again, until the end.
pub(super) fn listen(board: &Board, end: &Receiver<()>) {
    // Not the worker's own runtime: a bus that hangs is then nobody's trouble.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return board.nobody_knows_sessions();
    };
    let mut buses = Buses::default();
    for round in 0_u32.. {
        runtime.block_on(async {
            if round.is_multiple_of(ROUNDS) {
                buses.connect().await;
                buses.ask_all(board).await;
            }
            if let Some(session) = &buses.session {
                board.say_screen(Screen::Mutter, session.untouched_by_mutter().await);
            }
        });
        if crate::probe::is_over(end, QUICK) {
            return;
        }
    }
}

impl Buses {
    async fn connect(&mut self) {
        if self.system.is_none() {
            self.system = Bus::open(Builder::system()).await;
        }
        // Without an address there is no session, and nobody is to be started for it.
        let has_session = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some();
        if self.session.is_none() && has_session {
            self.session = Bus::open(Builder::session()).await;
        }
    }

    async fn ask_all(&mut self, board: &Board) {
        let mut readings = Readings::default();
        let mut wants_screen = None;
        if let Some(system) = &self.system {
            system.ask_sessions(board).await;
            if let Some(is_metered) = system.is_metered().await {
                readings.state(Fact::Metered, is_metered);
            }
            wants_screen = system.inhibits_idle().await;
        } else {
            board.nobody_knows_sessions();
        }
        if let Some(session) = &self.session {
            let more = [session.inhibits_gnome().await, session.inhibits_power().await];
            wants_screen = more.into_iter().flatten().chain(wants_screen).reduce(|a, b| a || b);
        }
        if let Some(wants_screen) = wants_screen {
            readings.state(Fact::FullScreen, wants_screen);
        }
        board.say(Part::Bus, readings);
        self.forget_closed();
    }

    /// A bus that was restarted is another one.
    fn forget_closed(&mut self) {
        for bus in [&mut self.system, &mut self.session] {
            if bus.as_ref().is_some_and(|bus| bus.0.is_closed()) {
                *bus = None;
            }
        }
    }
}

impl Bus {
    async fn open(builder: Builder<'static>) -> Option<Self> {
        let opened = builder.method_timeout(ANSWER_MAX).build();
        tokio::time::timeout(ANSWER_MAX, opened).await.ok()?.ok().map(Self)
    }

    async fn call<B, R>(
        &self,
        to: (&str, &str),
        interface: &str,
        method: &str,
        body: &B,
    ) -> Option<R>
    where
        B: serde::Serialize + Type,
        R: DeserializeOwned + Type,
    {
        let (service, path) = to;
        let answer = self.0.call_method(Some(service), path, Some(interface), method, body).await;
        answer.ok()?.body().deserialize().ok()
    }

    async fn property(
        &self,
        to: (&str, &str),
        interface: &str,
        name: &str,
    ) -> Option<OwnedVariant> {
        self.call(to, "org.freedesktop.DBus.Properties", "Get", &(interface, name)).await
    }

    /// Whether any session of a person has a screen, and how long all of those were not touched.
    async fn ask_sessions(&self, board: &Board) {
        type Session = (String, u32, String, String, OwnedObjectPath);
        let manager = (LOGIN, "/org/freedesktop/login1");
        let interface = "org.freedesktop.login1.Manager";
        let listed: Option<Vec<Session>> = self.call(manager, interface, "ListSessions", &()).await;
        let Some(sessions) = listed else { return board.nobody_knows_sessions() };
        let mut untouched = Vec::new();
        for (.., path) in sessions.into_iter().take(SESSIONS_MAX) {
            if self.has_screen(path.as_str()).await {
                untouched.push(self.untouched(path.as_str()).await);
            }
        }
        let is_any = !untouched.is_empty();
        let least = untouched.into_iter().reduce(|a, b| Some(a?.min(b?))).flatten();
        board.say_sessions(is_any, least);
    }

    async fn has_screen(&self, path: &str) -> bool {
        let word = async |name| {
            let value = self.property((LOGIN, path), "org.freedesktop.login1.Session", name).await;
            value.and_then(|value| String::try_from(value).ok()).unwrap_or_default()
        };
        let is_graphical = matches!(word("Type").await.as_str(), "x11" | "wayland" | "mir");
        is_graphical && word("Class").await == "user" && word("State").await != "closing"
    }

    /// How long a session was not touched, if it believes that its person is away.
    async fn untouched(&self, path: &str) -> Option<Span> {
        let interface = "org.freedesktop.login1.Session";
        let hint = self.property((LOGIN, path), interface, "IdleHint").await?;
        if !bool::try_from(hint).ok()? {
            return None;
        }
        let since = self.property((LOGIN, path), interface, "IdleSinceHint").await?;
        let since_us = u64::try_from(since).ok()?;
        Some(Span(clock::now().0.saturating_sub(since_us / 1_000)))
    }

    async fn untouched_by_mutter(&self) -> Option<Span> {
        let core = (MUTTER, "/org/gnome/Mutter/IdleMonitor/Core");
        self.call(core, MUTTER, "GetIdletime", &()).await.map(Span)
    }

    /// Whether a program keeps the system from becoming idle.
    async fn inhibits_idle(&self) -> Option<bool> {
        type Inhibitor = (String, String, String, String, u32, u32);
        let manager = (LOGIN, "/org/freedesktop/login1");
        let interface = "org.freedesktop.login1.Manager";
        let listed: Vec<Inhibitor> = self.call(manager, interface, "ListInhibitors", &()).await?;
        Some(listed.iter().any(|(what, _, _, mode, ..)| {
            mode == "block" && what.split(':').any(|what| what == "idle")
        }))
    }

    async fn inhibits_gnome(&self) -> Option<bool> {
        let manager = ("org.gnome.SessionManager", "/org/gnome/SessionManager");
        self.call(manager, "org.gnome.SessionManager", "IsInhibited", &GNOME_IDLE).await
    }

    async fn inhibits_power(&self) -> Option<bool> {
        let name = "org.freedesktop.PowerManagement.Inhibit";
        let inhibit = (name, "/org/freedesktop/PowerManagement/Inhibit");
        self.call(inhibit, name, "HasInhibit", &()).await
    }

    async fn is_metered(&self) -> Option<bool> {
        let value = self.property((NETWORK, "/org/freedesktop/NetworkManager"), NETWORK, "Metered");
        match u32::try_from(value.await?).ok()? {
            // Yes, and guessed yes; no, and guessed no.
            1 | 3 => Some(true),
            2 | 4 => Some(false),
            _ => None,
        }
    }
}
