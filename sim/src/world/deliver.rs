//! Messages on their way, and what leaves the coordinator.

use manyhands_core::time::Span;

use super::{World, position};
use crate::agenda::{Assimilation, Event};
use crate::coordinator::Outgoing;
use crate::message::{Downlink, Envelope};

/// How long it takes until outputs are in their job's hands.
const ASSIMILATE_MS: Span = Span::seconds(1);

impl World<'_> {
    /// Sends what the host at `place` has said.
    pub(super) fn send_up(&mut self, place: u32) {
        let connection = self.hosts[position(place)].connection();
        let boot = self.coordinator.boot();
        for message in self.said.drain(..) {
            let envelope = Envelope { boot, host: place, connection, message };
            let mut delays = self.network.send();
            let Some(first) = delays.next() else { continue };
            for delay in delays {
                let copy = Event::Up(Box::new(envelope.clone()));
                self.agenda.put(self.now.plus(delay), copy);
            }
            self.agenda.put(self.now.plus(first), Event::Up(Box::new(envelope)));
        }
    }

    /// Sends what the coordinator has to say, and notes what it asked for.
    pub(super) fn send_out(&mut self) {
        for outgoing in self.coordinator.take_out() {
            match outgoing {
                Outgoing::Message { place, connection, message } => {
                    self.send_down(place, connection, message);
                }
                Outgoing::Alarm(at) => self.agenda.put(at.max(self.now), Event::Alarm),
                Outgoing::Look { place, at } => self.agenda.put(at, Event::Look(place)),
                Outgoing::Assimilate(units) => {
                    let boot = self.coordinator.boot();
                    let at = self.now.plus(ASSIMILATE_MS);
                    let way = Box::new(Assimilation { boot, units });
                    self.agenda.put(at, Event::Assimilate(way));
                }
            }
        }
    }

    fn send_down(&mut self, place: u32, connection: u32, message: Downlink) {
        let boot = self.coordinator.boot();
        let envelope = Envelope { boot, host: place, connection, message };
        let mut delays = self.network.send();
        let Some(first) = delays.next() else { return };
        for delay in delays {
            let copy = Event::Down(Box::new(envelope.clone()));
            self.agenda.put(self.now.plus(delay), copy);
        }
        self.agenda.put(self.now.plus(first), Event::Down(Box::new(envelope)));
    }

    /// Hands a message to its host, unless the connection has ended.
    pub(super) fn deliver(&mut self, envelope: Envelope<Downlink>) {
        let Envelope { boot, host: place, connection, message } = envelope;
        let is_current = connection == self.hosts[position(place)].connection();
        if is_current && boot == self.coordinator.boot() {
            self.with_host(place, |host, around| host.hear(message, around));
        }
    }
}
