//! What the coordinator does with a host's messages.

use std::collections::BTreeSet;

use manyhands_core::command::{
    Claim, Command, Enrol, Outcome, Renew, Renewal, ReplicaReport, Report,
};
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, ReplicaId};
use manyhands_core::key::Key;
use manyhands_core::limits::BATCH_MAX;
use manyhands_core::outlook::Outlook;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Claimed, Renewed, Reply, Reported};
use manyhands_core::requirement::Capabilities;
use manyhands_core::store::Store as _;
use manyhands_core::time::Timestamp;

use super::{Coordinator, Fault, Life, Outgoing, Seat, confused, position};
use crate::message::{Acknowledged, Downlink, Ending, Envelope, Uplink};
use crate::scenario::Population;
use crate::workload::PROFILE;

impl Coordinator {
    /// Takes a message in.
    ///
    /// # Errors
    /// If the engine does what it must not.
    pub fn receive(
        &mut self,
        envelope: Envelope<Uplink>,
        from: &Population,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let Envelope { boot, host: place, connection, message } = envelope;
        if boot != self.boot {
            return Ok(());
        }
        if self.life == Life::Down {
            self.refuse(place, connection);
            return Ok(());
        }
        let seated = self.seat(place).connection;
        if let Uplink::Hello { key, held } = message {
            // A connection has one Hello; a copy that comes later would take back what came since.
            if connection > seated {
                self.greet(place, connection, enrolment(place, key, from), now)?;
                self.reconcile(place, held, now)?;
            }
            return Ok(());
        }
        let host = self.seat(place).host.filter(|_| seated == connection);
        let Some(host) = host else {
            if connection > seated {
                self.refuse(place, connection);
            }
            return Ok(());
        };
        match message {
            Uplink::Want(want, outlook) => {
                self.leave_line(place);
                self.seat(place).want = want;
                if outlook == Outlook::ALWAYS {
                    self.outlooks.remove(&place);
                } else {
                    self.outlooks.insert(place, outlook);
                }
                self.serve(place, now)?;
            }
            Uplink::Claim { job, units } => self.claim(place, job, units, now)?,
            Uplink::Renew(renewals) => self.renew(host, renewals, now)?,
            Uplink::Reports(reports) => self.report(place, reports, from, now)?,
            Uplink::Bye => {
                self.unseat(place);
            }
            Uplink::Hello { .. } => {}
        }
        self.do_effects(now)
    }

    /// Ends a host's connection.
    pub(super) fn close(&mut self, place: u32, why: Ending) {
        let Seat { connection, .. } = self.unseat(place);
        let message = Downlink::Closed { why };
        self.out.push(Outgoing::Message { place, connection, message });
    }

    /// Nobody listens there.
    fn refuse(&mut self, place: u32, connection: u32) {
        let message = Downlink::Closed { why: Ending::Lost };
        self.out.push(Outgoing::Message { place, connection, message });
    }

    /// Takes a host's seat away, with all that it wished for there.
    fn unseat(&mut self, place: u32) -> Seat {
        self.leave_line(place);
        self.looks.forget(place);
        std::mem::take(self.seat(place))
    }

    pub(super) fn leave_line(&mut self, place: u32) {
        if let Some(ticket) = self.seat(place).ticket.take() {
            self.line.leave(ticket);
        }
    }

    fn greet(
        &mut self,
        place: u32,
        connection: u32,
        enrol: Enrol,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let block = enrol.block;
        let host = match self.tell(Command::Enrol(enrol), now)? {
            None => return Ok(()),
            Some(Reply::Enrolled { host, .. }) => host,
            Some(Reply::Refused(refusal)) => return Err(Fault::Refused { place, refusal }),
            Some(other) => return Err(confused(other)),
        };
        if position(host) == self.places.len() {
            self.places.push(place);
        }
        self.unseat(place);
        *self.seat(place) = Seat { connection, host: Some(host), block, ..Seat::default() };
        self.send(host, Downlink::Welcome(host));
        Ok(())
    }

    /// Takes back what the host does not hold any more, and says what is no longer its own.
    fn reconcile(&mut self, place: u32, held: Vec<ReplicaId>, now: Timestamp) -> Result<(), Fault> {
        let Some(id) = self.seat(place).host else { return Ok(()) };
        let held: BTreeSet<ReplicaId> = held.into_iter().collect();
        let leases = self.store.host(id)?.map(|host| host.leases).unwrap_or_default();
        let forgotten = leases.iter().filter(|lease| !held.contains(&lease.replica));
        let given_back: Vec<ReplicaReport> = forgotten
            .map(|lease| ReplicaReport::unsigned(lease.replica, Outcome::Aborted))
            .collect();
        for reports in given_back.chunks(BATCH_MAX) {
            let report = Report { host: id, reports: reports.to_vec() };
            match self.tell(Command::Report(report), now)? {
                None => return Ok(()),
                Some(Reply::Reported(_)) => {}
                Some(other) => return Err(confused(other)),
            }
        }
        let renewal =
            |replica: &ReplicaId| Renewal { replica: *replica, progress_ppm: 0, checkpoint: None };
        let renewals: Vec<Renewal> = held.iter().map(renewal).collect();
        renewals.chunks(BATCH_MAX).try_for_each(|chunk| self.renew(id, chunk.to_vec(), now))
    }

    /// A host asks for what it had chosen itself.
    fn claim(
        &mut self,
        place: u32,
        job: JobId,
        units: Vec<(u32, Digest)>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let Seat { host, block, .. } = *self.seat(place);
        let Some(host) = host else { return Ok(()) };
        let asked = units.iter().map(|(index, _)| job.unit(*index)).collect();
        let claimed = match self.tell(Command::Claim(Claim { host, block, job, units }), now)? {
            None => return Ok(()),
            Some(Reply::Claimed(claimed)) => claimed,
            Some(Reply::Refused(Refusal::HostSuspended { rest, .. })) => {
                self.close(place, Ending::Suspended { rest });
                return Ok(());
            }
            // A newcomer, or everybody while nobody is believed.
            Some(Reply::Refused(Refusal::NoStanding { .. })) => {
                Claimed { taken: asked, ..Claimed::default() }
            }
            Some(Reply::Refused(refusal)) => return Err(Fault::Refused { place, refusal }),
            Some(other) => return Err(confused(other)),
        };
        let Claimed { leased, taken } = claimed;
        self.send(host, Downlink::Claimed { grants: leased.leases, taken });
        Ok(())
    }

    fn renew(&mut self, host: HostId, renewals: Vec<Renewal>, now: Timestamp) -> Result<(), Fault> {
        let replicas: Vec<ReplicaId> = renewals.iter().map(|renewal| renewal.replica).collect();
        let answers = match self.tell(Command::Renew(Renew { host, renewals }), now)? {
            None => return Ok(()),
            Some(Reply::Renewed(answers)) => answers,
            Some(other) => return Err(confused(other)),
        };
        let pairs = replicas.into_iter().zip(answers);
        let lost = pairs.filter(|(_, answer)| matches!(answer, Renewed::Lost(_)));
        let lost: Vec<ReplicaId> = lost.map(|(replica, _)| replica).collect();
        if !lost.is_empty() {
            self.send(host, Downlink::Abort(lost));
        }
        Ok(())
    }

    fn report(
        &mut self,
        place: u32,
        reports: Vec<ReplicaReport>,
        from: &Population,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let Some(host) = self.seat(place).host else { return Ok(()) };
        let replicas: Vec<ReplicaId> = reports.iter().map(|report| report.replica).collect();
        let answers = match self.tell(Command::Report(Report { host, reports }), now)? {
            None => return Ok(()),
            Some(Reply::Reported(answers)) => answers,
            Some(other) => return Err(confused(other)),
        };
        let mut suspended = None;
        let mut acknowledged = Vec::with_capacity(replicas.len());
        for (replica, answer) in replicas.into_iter().zip(answers) {
            let counts = match answer {
                Reported::Accepted | Reported::Duplicate => true,
                Reported::Refused(refusal) => {
                    if let Refusal::HostSuspended { rest, .. } = refusal {
                        suspended = Some(Ending::Suspended { rest });
                    }
                    blame(place, refusal, from)?;
                    false
                }
            };
            acknowledged.push(Acknowledged { replica, counts });
        }
        self.send(host, Downlink::Acknowledged(acknowledged));
        if let Some(why) = suspended {
            self.close(place, why);
        }
        Ok(())
    }
}

/// What an honest host reports may come too late, but is never somebody else's and never changes.
fn blame(place: u32, refusal: Refusal, from: &Population) -> Result<(), Fault> {
    let is_fair = matches!(refusal, Refusal::LeaseExpired(_) | Refusal::HostSuspended { .. });
    if is_fair || from.is_hostile() {
        return Ok(());
    }
    Err(Fault::Refused { place, refusal })
}

fn enrolment(place: u32, key: Key, of: &Population) -> Enrol {
    let capabilities = Capabilities {
        slots: of.slots,
        memory_bytes: 1 << 30,
        profiles: BTreeSet::from([PROFILE]),
        isa: of.isa.clone(),
        os: "linux".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let (nickname, block) = (format!("host-{place}"), of.block(place));
    Enrol { key, nickname, block, capabilities, token: None }
}
