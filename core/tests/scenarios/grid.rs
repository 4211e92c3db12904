//! A small grid for tests: an engine over a store in memory, a clock that tests move, and the
//! effects that wait to be taken. Whoever leaves work undone fails: at the end of a test no
//! `Assimilate` and no `Abort` may be left.

use std::collections::{BTreeMap, BTreeSet};

use manyhands_core::block::Block;
use manyhands_core::command::{
    Admit, Cancel, Command, Enrol, Outcome, Renew, Renewal, ReplicaReport, Report, Request, Submit,
};
use manyhands_core::digest::Digest;
use manyhands_core::effect::Effect;
use manyhands_core::engine::Engine;
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, JobId, ReplicaId, UnitId};
use manyhands_core::invariant;
use manyhands_core::invite::{Invite, Role};
use manyhands_core::job::Job;
use manyhands_core::key::{Key, Signature};
use manyhands_core::manifest::{AppVersion, Axis, Draft, Manifest, Values};
use manyhands_core::outlook::Outlook;
use manyhands_core::policy::Policy;
use manyhands_core::query::{self, Answer, Query};
use manyhands_core::replica::{CheckpointRef, Output, Usage};
use manyhands_core::reply::{LeaseGrant, Leased, Renewed, Reply, Reported};
use manyhands_core::requirement::{Capabilities, Kind};
use manyhands_core::settings::Settings;
use manyhands_core::store::memory::MemoryStore;
use manyhands_core::store::{Store, Write};
use manyhands_core::time::{Span, Timestamp};
use manyhands_core::work_unit::WorkUnit;

/// The scientist of every test.
pub(crate) const SCIENTIST: Key = Key([7; 32]);

/// How often `Expire` may be asked for at the same time: each does a part of what is due.
const EXPIRE_AT_ONCE_MAX: usize = 200;

pub(crate) struct Grid {
    pub(crate) store: MemoryStore,
    pub(crate) now: Timestamp,
    engine: Engine,
    settings: Settings,
    effects: Vec<Effect>,
    timers: BTreeSet<Timestamp>,
    keys: u64,
    /// The public blocks from which hosts ask; all others are on the operator's own network.
    pub(crate) blocks: BTreeMap<HostId, Block>,
}

impl Grid {
    /// A grid that knows its scientist and nobody else.
    pub(crate) fn new() -> Self {
        Self::with(Settings { open_enrolment: true, ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let mut grid = Self {
            store: MemoryStore::new(),
            now: Timestamp(1_700_000_000_000),
            engine: Engine::new(settings, [1; 32]),
            settings,
            effects: Vec::new(),
            timers: BTreeSet::new(),
            keys: 0,
            blocks: BTreeMap::new(),
        };
        let token = grid.invite(Role::Scientist, 1);
        let admit = Admit { key: SCIENTIST, name: "Ada".to_owned(), token };
        assert_eq!(grid.tell(Command::Admit(admit)), Reply::Admitted);
        grid
    }

    /// Tells the engine a command, and checks that everything that must hold still does.
    pub(crate) fn tell(&mut self, command: Command) -> Reply {
        let before = self.store.clone();
        let shown = format!("{command:?}");
        let (reply, effects) = self.engine.handle(&mut self.store, command, self.now).unwrap();
        let checked = invariant::check(&self.store);
        let checked = checked.and_then(|()| invariant::check_step(&before, &self.store));
        if let Err(violation) = checked {
            panic!("after {shown}: {violation}");
        }
        if matches!(reply, Reply::Refused(_)) {
            assert!(self.store == before, "a refused command changed the store: {shown}");
        }
        self.keep(effects);
        reply
    }

    /// Effects that tests have to take; timers are obeyed by [`wait`](Self::wait).
    fn keep(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::ExpireAt(at) = effect {
                self.timers.insert(at);
            } else {
                self.effects.push(effect);
            }
        }
    }

    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The aborts that wait to be done.
    pub(crate) fn take_aborts(&mut self) -> Vec<(HostId, Vec<ReplicaId>)> {
        let (aborts, others) =
            self.take_effects().into_iter().partition(|e| matches!(e, Effect::Abort { .. }));
        self.effects = others;
        let pair = |effect| match effect {
            Effect::Abort { host, replicas } => Some((host, replicas)),
            _ => None,
        };
        Vec::into_iter(aborts).filter_map(pair).collect()
    }

    /// Lets time pass; every `Expire` that was asked for comes at its time.
    pub(crate) fn wait(&mut self, span: Span) {
        let until = self.now.plus(span);
        let (mut before, mut times) = (self.now, 0);
        while let Some(at) = self.timers.first().copied().filter(|at| *at <= until) {
            self.timers.pop_first();
            times = if at.max(self.now) == before { times + 1 } else { 0 };
            before = self.now.max(at);
            assert!(times < EXPIRE_AT_ONCE_MAX, "the engine asks for the same again and again");
            self.now = self.now.max(at);
            assert!(matches!(self.tell(Command::Expire), Reply::Expired { .. }));
        }
        self.now = until;
    }

    /// Drops the engine and keeps the store: a crash.
    pub(crate) fn restart(&mut self) {
        self.engine = Engine::new(self.settings, [2; 32]);
        self.effects.clear();
        self.timers.clear();
        let effects = self.engine.recover(&self.store, self.now).unwrap();
        self.keep(effects);
    }

    pub(crate) fn invite(&mut self, role: Role, uses_left: u32) -> Digest {
        self.keys += 1;
        let token = Digest::of(format!("secret {}", self.keys).as_bytes());
        let expires_at = self.now.plus(Span::hours(1));
        let invite = Invite { token, role, uses_left, expires_at };
        assert_eq!(self.tell(Command::Invite(invite)), Reply::Invited);
        token
    }

    /// A new host of a new volunteer.
    pub(crate) fn host(&mut self) -> HostId {
        let enrol = self.enrolment(None);
        self.enrol(enrol)
    }

    /// A new host, so many answers of which were compared already.
    pub(crate) fn host_of_standing(&mut self, compared: u32) -> HostId {
        let id = self.host();
        let mut host = self.host_row(id);
        host.standing.compared = compared;
        self.store.apply(vec![Write::PutHost(host)]).unwrap();
        id
    }

    /// A new host of a new volunteer, in this public block.
    pub(crate) fn host_in(&mut self, block: Block) -> HostId {
        let enrol = Enrol { block: Some(block), ..self.enrolment(None) };
        let host = self.enrol(enrol);
        self.blocks.insert(host, block);
        host
    }

    /// A new host of the volunteer with this name.
    pub(crate) fn host_of(&mut self, volunteer: &str) -> HostId {
        let role = Role::Host { volunteer: Some(volunteer.to_owned()) };
        let token = self.invite(role, 1);
        let enrol = self.enrolment(Some(token));
        self.enrol(enrol)
    }

    pub(crate) fn enrolment(&mut self, token: Option<Digest>) -> Enrol {
        self.keys += 1;
        Enrol {
            key: Key(*Digest::of(format!("key {}", self.keys).as_bytes()).as_bytes()),
            nickname: format!("host-{}", self.keys),
            block: None,
            capabilities: capabilities(),
            token,
        }
    }

    pub(crate) fn enrol(&mut self, enrol: Enrol) -> HostId {
        match self.tell(Command::Enrol(enrol)) {
            Reply::Enrolled { host, .. } => host,
            other => panic!("{other:?}"),
        }
    }

    /// A new job of `units` units of a step program.
    pub(crate) fn job(&mut self, units: i64, policy: Policy) -> JobId {
        self.try_job(units, policy).expect("it is not refused")
    }

    /// The same, if it is not refused.
    pub(crate) fn try_job(&mut self, units: i64, policy: Policy) -> Option<JobId> {
        self.keys += 1;
        let name = format!("job {}", self.keys);
        match self.tell(submission(draft(&name, units, policy))) {
            Reply::Submitted { job, is_new: true } => Some(job),
            Reply::Refused(_) => None,
            other => panic!("{other:?}"),
        }
    }

    /// A wish of a host for so many leases, from where it is.
    pub(crate) fn wish(&self, host: HostId, count: u16) -> Command {
        let block = self.blocks.get(&host).copied();
        Command::Request(Request { host, count, block, outlook: Outlook::ALWAYS })
    }

    pub(crate) fn request(&mut self, host: HostId, count: u16) -> Leased {
        self.request_with(host, count, Outlook::ALWAYS)
    }

    /// The same of a host that expects something of itself.
    pub(crate) fn request_with(&mut self, host: HostId, count: u16, outlook: Outlook) -> Leased {
        let block = self.blocks.get(&host).copied();
        match self.tell(Command::Request(Request { host, count, block, outlook })) {
            Reply::Leased(leased) => leased,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn lease(&mut self, host: HostId, count: u16) -> Vec<ReplicaId> {
        self.request(host, count).leases.iter().map(|lease| lease.replica).collect()
    }

    /// Exactly one lease.
    pub(crate) fn lease_one(&mut self, host: HostId) -> LeaseGrant {
        let leases = self.request(host, 1).leases;
        assert_eq!(leases.len(), 1, "host {host} got no work");
        leases[0]
    }

    pub(crate) fn report(
        &mut self,
        host: HostId,
        replica: ReplicaId,
        outcome: Outcome,
    ) -> Reported {
        let reports = vec![ReplicaReport::unsigned(replica, outcome)];
        match self.tell(Command::Report(Report { host, reports })) {
            Reply::Reported(mut reported) => reported.remove(0),
            other => panic!("{other:?}"),
        }
    }

    /// Reports a success with this text as the only output, and that it counts.
    pub(crate) fn answer(&mut self, host: HostId, replica: ReplicaId, text: &str) {
        assert_eq!(self.report(host, replica, success(text)), Reported::Accepted);
    }

    pub(crate) fn renew(
        &mut self,
        host: HostId,
        replica: ReplicaId,
        checkpoint: Option<CheckpointRef>,
    ) -> Renewed {
        let renewals = vec![Renewal { replica, progress_ppm: 500_000, checkpoint }];
        match self.tell(Command::Renew(Renew { host, renewals })) {
            Reply::Renewed(mut renewed) => renewed.remove(0),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn cancel(&mut self, job: JobId) -> Reply {
        self.tell(Command::Cancel(Cancel { job, by: SCIENTIST }))
    }

    /// Does every `Assimilate` that waits; returns the units.
    pub(crate) fn assimilate(&mut self) -> Vec<UnitId> {
        let mut done = Vec::new();
        for effect in self.take_effects() {
            if let Effect::Assimilate { units } = effect {
                done.extend(units.iter().copied());
                self.tell(Command::Assimilate(units));
            } else {
                self.effects.push(effect);
            }
        }
        done
    }

    pub(crate) fn job_row(&self, job: JobId) -> Job {
        self.store.job(job).unwrap().unwrap()
    }

    pub(crate) fn unit_row(&self, unit: UnitId) -> WorkUnit {
        self.store.unit(unit).unwrap().unwrap()
    }

    pub(crate) fn host_row(&self, host: HostId) -> Host {
        self.store.host(host).unwrap().unwrap()
    }

    pub(crate) fn ask(&self, query: &Query) -> Answer {
        query::ask(&self.store, query, self.now).unwrap()
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let is_due = |e: &&Effect| matches!(e, Effect::Assimilate { .. } | Effect::Abort { .. });
        let left: Vec<_> = self.effects.iter().filter(is_due).collect();
        assert!(left.is_empty(), "nobody took {left:?}");
    }
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        slots: 4,
        memory_bytes: 1 << 30,
        profiles: BTreeSet::from([1]),
        isa: "x86_64".to_owned(),
        os: "linux".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

pub(crate) fn quorum_of(quorum: u8) -> Policy {
    Policy { quorum, ..Policy::default() }
}

pub(crate) fn draft(name: &str, units: i64, policy: Policy) -> Draft {
    let values = Values::Range { start: 1, end: units, step: 1 };
    Draft {
        name: name.to_owned(),
        description: String::new(),
        app: AppVersion {
            module: Digest::of(b"module"),
            module_bytes: 1_000,
            kind: Kind::Step,
            memory_bytes_max: 1 << 20,
            profile: 1,
        },
        args: vec!["{n}".to_owned()],
        inputs: Vec::new(),
        stdin: None,
        outputs: vec!["answer".to_owned()],
        axes: vec![Axis { name: "n".to_owned(), values }],
        policy,
        secret: None,
    }
}

pub(crate) fn submission(draft: Draft) -> Command {
    let digest = Digest::of(format!("{draft:?}").as_bytes());
    let manifest = Manifest::new(draft).unwrap();
    let signature = Signature([0; 64]);
    Command::Submit(Box::new(Submit { manifest, digest, submitter: SCIENTIST, signature }))
}

pub(crate) fn success(text: &str) -> Outcome {
    success_with(text, Usage { cpu_ms: 1_000, work: 1_000_000_000, ..Usage::default() })
}

pub(crate) fn success_with(text: &str, usage: Usage) -> Outcome {
    let outputs = vec![Output::inline("answer", text.as_bytes().to_vec())];
    Outcome::Success { outputs, usage }
}

pub(crate) fn app_error(message: &str) -> Outcome {
    let error = Digest::of(message.as_bytes());
    Outcome::AppError { error, message: message.to_owned(), usage: Usage::default() }
}

pub(crate) fn host_error(message: &str) -> Outcome {
    Outcome::HostError { message: message.to_owned() }
}

pub(crate) fn checkpoint(step: u64) -> CheckpointRef {
    let digest = Digest::of(&step.to_le_bytes());
    CheckpointRef { digest, step, bytes: 100, state_hash: digest }
}
