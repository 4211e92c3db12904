//! Clocks, and waiting for them. There is one clock, it counts how often the guest looked at it, and
//! waiting moves it: no guest can see how fast its machine is.

#![expect(clippy::too_many_arguments, reason = "the signatures are WASI's")]

use crate::sandbox::host::{CLOCK_TICK_NS, Host};
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;

/// Clocks of WASI: real time, monotonic, CPU time of process and thread. All show the same here.
const CLOCKS: u32 = 4;
/// Most subscriptions in one poll.
const SUBSCRIPTIONS_MAX: u32 = 1024;
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
/// Tag of a subscription to a clock.
const CLOCK: u8 = 0;
/// Flag of a subscription whose time is a point, not a span.
const ABSOLUTE: u16 = 1;

struct Subscription {
    user_data: u64,
    tag: u8,
    /// When it fires; `None` if it never can.
    due_ns: Option<u64>,
}

impl Host {
    pub(crate) fn clock_res_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        clock: u32,
        resolution: u32,
    ) -> Result<(), Fault> {
        if clock >= CLOCKS {
            return Err(Errno::INVAL.into());
        }
        Ok(memory.write_u64(resolution, CLOCK_TICK_NS)?)
    }

    pub(crate) fn clock_time_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        clock: u32,
        _precision: u64,
        time: u32,
    ) -> Result<(), Fault> {
        if clock >= CLOCKS {
            return Err(Errno::INVAL.into());
        }
        let now_ns = self.now_ns();
        Ok(memory.write_u64(time, now_ns)?)
    }

    /// Waits for clocks by moving the clock. Files are always ready, so nobody needs to wait for them;
    /// who does anyway is told that it is not supported.
    pub(crate) fn poll_oneoff(
        &mut self,
        memory: &mut GuestMemory<'_>,
        subscriptions: u32,
        events: u32,
        count: u32,
        events_count: u32,
    ) -> Result<(), Fault> {
        if count == 0 || count > SUBSCRIPTIONS_MAX {
            return Err(Errno::INVAL.into());
        }
        let mut asked = Vec::new();
        for index in 0..count {
            let at = subscriptions.checked_add(index * SUBSCRIPTION_BYTES).ok_or(Errno::FAULT)?;
            asked.push(self.subscription(memory, at)?);
        }
        let other = asked.iter().any(|s| s.due_ns.is_none());
        let first_due_ns = asked.iter().filter_map(|s| s.due_ns).min();
        if let Some(due_ns) = first_due_ns.filter(|_| !other) {
            self.clock_ns = self.clock_ns.max(due_ns);
        }
        let now_ns = self.clock_ns;
        let fired = asked.iter().filter(|s| s.due_ns.is_none_or(|due_ns| due_ns <= now_ns));
        let mut fired_count = 0;
        for subscription in fired {
            let at = events.checked_add(fired_count * EVENT_BYTES).ok_or(Errno::FAULT)?;
            memory.write(at, &event(subscription))?;
            fired_count += 1;
        }
        Ok(memory.write_u32(events_count, fired_count)?)
    }

    fn subscription(&self, memory: &GuestMemory<'_>, at: u32) -> Result<Subscription, Errno> {
        let field = |offset: u32| at.checked_add(offset).ok_or(Errno::FAULT);
        let user_data = memory.read_u64(at)?;
        let tag = memory.read_u8(field(8)?)?;
        if tag != CLOCK {
            return Ok(Subscription { user_data, tag, due_ns: None });
        }
        if memory.read_u32(field(16)?)? >= CLOCKS {
            return Err(Errno::INVAL);
        }
        let timeout_ns = memory.read_u64(field(24)?)?;
        let is_absolute = memory.read_u16(field(40)?)? & ABSOLUTE != 0;
        let due_ns =
            if is_absolute { timeout_ns } else { self.clock_ns.saturating_add(timeout_ns) };
        Ok(Subscription { user_data, tag, due_ns: Some(due_ns) })
    }
}

fn event(subscription: &Subscription) -> [u8; EVENT_BYTES as usize] {
    let mut event = [0; EVENT_BYTES as usize];
    event[..8].copy_from_slice(&subscription.user_data.to_le_bytes());
    if subscription.due_ns.is_none() {
        event[8..10].copy_from_slice(&Errno::NOTSUP.0.to_le_bytes());
    }
    event[10] = subscription.tag;
    event
}
