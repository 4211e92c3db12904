//! When a person last touched a Wayland screen, by the protocol `ext-idle-notify`.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use manyhands_core::time::Span;
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::wl_registry::WlRegistry;
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::{Connection, Dispatch, Proxy as _, QueueHandle, delegate_noop};
use wayland_protocols::ext::idle_notify::v1::client::ext_idle_notification_v1::{
    Event, ExtIdleNotificationV1,
};
use wayland_protocols::ext::idle_notify::v1::client::ext_idle_notifier_v1::ExtIdleNotifierV1;

/// After so long without input the compositor says so.
const NOTICE: Duration = Duration::from_secs(1);

/// A session that tells of its person.
pub(super) struct Wayland {
    touches: Arc<Mutex<Touches>>,
}

/// What the compositor said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touches {
    /// Someone is touching it.
    Now,
    /// Nobody has since then.
    Ended(Instant),
    /// It says nothing any more.
    Lost,
}

/// Whether this process belongs to a Wayland session.
pub(super) fn is_named() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty())
}

impl Wayland {
    /// Asks the session of this process; `None` if there is none, or if it cannot tell.
    pub(super) fn start() -> Option<Self> {
        if !is_named() {
            return None;
        }
        let connection = Connection::connect_to_env().ok()?;
        let (globals, mut queue) = registry_queue_init::<Listener>(&connection).ok()?;
        let handle = queue.handle();
        let seat: WlSeat = globals.bind(&handle, 1..=1, ()).ok()?;
        let notifier: ExtIdleNotifierV1 = globals.bind(&handle, 1..=2, ()).ok()?;
        let notice = u32::try_from(NOTICE.as_millis()).ok()?;
        // Since version 2, films that keep the screen on do not count as touches.
        if notifier.version() >= 2 {
            notifier.get_input_idle_notification(notice, &seat, &handle, ());
        } else {
            notifier.get_idle_notification(notice, &seat, &handle, ());
        }
        let touches = Arc::new(Mutex::new(Touches::Now));
        let mut listener = Listener { touches: Arc::clone(&touches) };
        let listen = move || {
            while queue.blocking_dispatch(&mut listener).is_ok() {}
            listener.take(Touches::Lost);
        };
        // It ends with its session, or with this process.
        thread::Builder::new().name("probe-wayland".to_owned()).spawn(listen).ok()?;
        Some(Self { touches })
    }

    /// How long nobody touched it; `None` if it does not say any more.
    pub(super) fn untouched(&self) -> Option<Span> {
        match *self.touches.lock().unwrap_or_else(PoisonError::into_inner) {
            Touches::Now => Some(Span::ZERO),
            Touches::Ended(at) => {
                let untouched = at.elapsed() + NOTICE;
                u64::try_from(untouched.as_millis()).ok().map(Span)
            }
            Touches::Lost => None,
        }
    }
}

struct Listener {
    touches: Arc<Mutex<Touches>>,
}

impl Listener {
    fn take(&self, touches: Touches) {
        *self.touches.lock().unwrap_or_else(PoisonError::into_inner) = touches;
    }
}

impl Dispatch<ExtIdleNotificationV1, ()> for Listener {
    fn event(
        listener: &mut Self,
        _: &ExtIdleNotificationV1,
        event: Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            Event::Idled => listener.take(Touches::Ended(Instant::now())),
            Event::Resumed => listener.take(Touches::Now),
            _ => {}
        }
    }
}

impl Dispatch<WlRegistry, GlobalListContents> for Listener {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: wayland_client::protocol::wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

delegate_noop!(Listener: ignore WlSeat);
delegate_noop!(Listener: ExtIdleNotifierV1);
