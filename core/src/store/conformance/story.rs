//! A small job, computed by an engine over the store under test. It is closed and opened between
//! all commands, so nothing may live in the engine alone.

use std::sync::Arc;

use super::Fixture;
use super::rows::{digest, host, invites, key};
use crate::command::{
    Admit, Cancel, Command, Enrol, Outcome, ReplicaReport, Report, Request, Submit,
};
use crate::effect::Effect;
use crate::engine::Engine;
use crate::id::{HostId, JobId};
use crate::invariant;
use crate::job::JobState;
use crate::key::Signature;
use crate::manifest::{AppVersion, Axis, Draft, Manifest, Values};
use crate::outlook::Outlook;
use crate::policy::Policy;
use crate::replica::{Output, Usage};
use crate::reply::{LeaseGrant, Reply, Reported};
use crate::requirement::Kind;
use crate::settings::Settings;
use crate::store::StoreError;
use crate::time::{Span, Timestamp};

/// Two jobs: one is computed to its end, with a host that goes away; one is cancelled half way.
pub(super) fn compute_a_job(fixture: &mut dyn Fixture) -> Result<(), StoreError> {
    let mut story = Story { fixture, now: Timestamp(1_600_000_000_000) };
    let hosts = story.everybody_joins()?;
    let job = story.submit("computed")?;
    assert_eq!(story.lease(hosts[0], 2)?.len(), 2);
    story.now = story.now.plus(Span::hours(1));
    story.tell(Command::Expire)?;
    for host in [hosts[1], hosts[2], hosts[1], hosts[2]] {
        story.now = story.now.plus(Span::minutes(5));
        let leases = story.lease(host, 100)?;
        story.report(host, &leases)?;
    }
    assert_eq!(story.state(job)?, Some(JobState::Finished));

    let job = story.submit("cancelled")?;
    let leases = story.lease(hosts[0], 3)?;
    story.report(hosts[0], &leases[..1])?;
    story.tell(Command::Cancel(Cancel { job, by: key(1) }))?;
    story.tell(Command::Expire)?;
    assert_eq!(story.state(job)?, Some(JobState::Cancelled));
    Ok(())
}

struct Story<'a> {
    fixture: &'a mut dyn Fixture,
    now: Timestamp,
}

impl Story<'_> {
    /// Tells a new engine one command, and does what it wants assimilated.
    fn tell(&mut self, command: Command) -> Result<Reply, StoreError> {
        self.fixture.reopen();
        let store = self.fixture.store();
        let mut engine = Engine::new(Settings::default(), [3; 32]);
        engine.recover(store, self.now)?;
        let (reply, effects) = engine.handle(store, command, self.now)?;
        for effect in effects {
            if let Effect::Assimilate { units } = effect {
                engine.handle(store, Command::Assimilate(units), self.now)?;
            }
        }
        if let Err(violation) = invariant::check(store) {
            panic!("{violation}");
        }
        Ok(reply)
    }

    fn everybody_joins(&mut self) -> Result<Vec<HostId>, StoreError> {
        for mut invite in invites() {
            invite.expires_at = self.now.plus(Span::hours(1));
            self.tell(Command::Invite(invite))?;
        }
        let admit = Admit { key: key(1), name: "Ada".to_owned(), token: digest(62) };
        assert_eq!(self.tell(Command::Admit(admit))?, Reply::Admitted);
        let mut hosts = Vec::new();
        for number in 1..4 {
            let host = host(number, &[]);
            let reply = self.tell(Command::Enrol(Enrol {
                key: host.key,
                nickname: host.nickname,
                block: host.block,
                capabilities: Arc::unwrap_or_clone(host.capabilities),
                token: Some(digest(61)),
            }))?;
            if let Reply::Enrolled { host, .. } = reply {
                hosts.push(host);
            }
        }
        Ok(hosts)
    }

    /// A job of five units, each to be computed twice.
    fn submit(&mut self, name: &str) -> Result<JobId, StoreError> {
        let values = Values::Range { start: 1, end: 5, step: 1 };
        let manifest = Manifest::new(Draft {
            name: name.to_owned(),
            description: String::new(),
            app: AppVersion {
                module: digest(0),
                module_bytes: 100,
                kind: Kind::Command,
                memory_bytes_max: 1 << 20,
                profile: 1,
            },
            args: vec!["{n}".to_owned()],
            inputs: Vec::new(),
            stdin: None,
            outputs: Vec::new(),
            axes: vec![Axis { name: "n".to_owned(), values }],
            policy: Policy::default(),
            secret: None,
        });
        let manifest = manifest.unwrap_or_else(|error| panic!("{error}"));
        let digest = crate::digest::Digest::of(name.as_bytes());
        let signature = Signature([0; 64]);
        let submit = Submit { manifest, digest, submitter: key(1), signature };
        let reply = self.tell(Command::Submit(Box::new(submit)))?;
        let Reply::Submitted { job, is_new: true } = reply else { panic!("{reply:?}") };
        Ok(job)
    }

    fn lease(&mut self, host: HostId, count: u16) -> Result<Vec<LeaseGrant>, StoreError> {
        let block = self.fixture.store().host(host)?.and_then(|host| host.block);
        let reply =
            self.tell(Command::Request(Request { host, count, block, outlook: Outlook::ALWAYS }))?;
        let Reply::Leased(leased) = reply else { panic!("{reply:?}") };
        Ok(leased.leases)
    }

    fn report(&mut self, host: HostId, leases: &[LeaseGrant]) -> Result<(), StoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        let outcome = Outcome::Success {
            outputs: vec![Output::inline("stdout", b"42".to_vec())],
            usage: Usage { cpu_ms: 5, work: 5_000_000, ..Usage::default() },
        };
        let report = |lease: &LeaseGrant| ReplicaReport::unsigned(lease.replica, outcome.clone());
        let reports: Vec<_> = leases.iter().map(report).collect();
        let expected = Reply::Reported(vec![Reported::Accepted; reports.len()]);
        assert_eq!(self.tell(Command::Report(Report { host, reports }))?, expected);
        Ok(())
    }

    fn state(&mut self, job: JobId) -> Result<Option<JobState>, StoreError> {
        Ok(self.fixture.store().job(job)?.map(|job| job.state))
    }
}
