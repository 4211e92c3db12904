//! What all disputes of a job came to: how many found somebody wrong, and which engines seem to be broken.

use std::collections::BTreeMap;
use std::fmt;

use super::words::{counted, listed};
use crate::dispute::{Dispute, Ended};
use crate::host::Host;
use crate::id::{HostId, JobId, VolunteerId};
use crate::limits::{BROKEN_ENGINES_MAX, BROKEN_HOSTS_MAX, PAGE_MAX};
use crate::store::{Store, StoreError};
use crate::trust::bisect::Finding;

/// So many volunteers with one engine that others refuted are no coincidence.
const VOLUNTEERS_MIN: usize = 2;

/// What the disputes about a job's units came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    /// How many have ended.
    pub settled: u64,
    /// Of those, the ones that found somebody wrong: refuted by judges, or by their own words.
    pub found_wrong: u64,
    /// Engines that seem to be broken, by instruction set and version.
    pub broken: Vec<BrokenEngine>,
}

/// An engine whose hosts, of several volunteers, were refuted by hosts with other ones only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenEngine {
    /// Its version, which is the worker program's.
    pub engine: String,
    /// Its instruction set.
    pub isa: String,
    /// Those hosts, by number.
    pub hosts: Vec<HostId>,
}

impl Disputes {
    /// What the disputes of a job came to. It takes reading all of them, and memory for hosts.
    ///
    /// # Errors
    /// If the store fails.
    pub fn of(store: &dyn Store, job: JobId) -> Result<Self, StoreError> {
        let (mut disputes, mut count) = (Self::default(), Count::default());
        let mut after = job.0.checked_sub(1).map(|before| JobId(before).unit(u32::MAX));
        loop {
            let page = store.disputes(after, PAGE_MAX)?;
            for ended in page.iter().filter(|it| it.unit.job == job).flat_map(|it| &it.ended) {
                disputes.settled += 1;
                disputes.found_wrong += u64::from(ended.findings.iter().any(|it| is_wrong(*it)));
                count.add(store, ended)?;
            }
            match page.last().filter(|_| page.len() == PAGE_MAX) {
                Some(last) if last.unit.job <= job => after = Some(last.unit),
                Some(_) | None => break,
            }
        }
        disputes.broken = count.broken();
        disputes.broken.truncate(BROKEN_ENGINES_MAX);
        disputes.broken.iter_mut().for_each(|engine| engine.hosts.truncate(BROKEN_HOSTS_MAX));
        Ok(disputes)
    }
}

/// Silence proves nothing.
fn is_wrong(finding: Finding) -> bool {
    match finding {
        Finding::Contradicted | Finding::Refuted => true,
        Finding::Stands | Finding::Silent => false,
    }
}

/// The engine among these disputes of one job that seems to be broken and that this host shares.
pub(super) fn engine_of(
    store: &dyn Store,
    disputes: &[Dispute],
    host: HostId,
) -> Result<Option<BrokenEngine>, StoreError> {
    let mut count = Count::default();
    disputes.iter().flat_map(|it| &it.ended).try_for_each(|ended| count.add(store, ended))?;
    Ok(count.broken().into_iter().find(|engine| engine.hosts.contains(&host)))
}

/// Instruction set and version of an engine.
type Kind = (String, String);

/// Hosts that were refuted by hosts with other engines only, by their own.
#[derive(Debug, Default)]
struct Count(BTreeMap<Kind, BTreeMap<HostId, VolunteerId>>);

impl Count {
    fn add(&mut self, store: &dyn Store, of: &Ended) -> Result<(), StoreError> {
        let refuted = of.hosts.iter().zip(of.findings);
        for (loser, _) in refuted.filter(|(_, finding)| *finding == Finding::Refuted) {
            let Some(loser) = store.host(*loser)? else { continue };
            let mut judges = Vec::with_capacity(of.judges.len());
            for judge in &of.judges {
                judges.extend(store.host(*judge)?);
            }
            if judges.iter().all(|judge| kind(judge) != kind(&loser)) {
                self.0.entry(kind(&loser)).or_default().insert(loser.id, loser.volunteer);
            }
        }
        Ok(())
    }

    fn broken(self) -> Vec<BrokenEngine> {
        let are_many = |hosts: &BTreeMap<HostId, VolunteerId>| {
            let mut volunteers: Vec<_> = hosts.values().collect();
            volunteers.sort_unstable();
            volunteers.dedup();
            volunteers.len() >= VOLUNTEERS_MIN
        };
        let kinds = self.0.into_iter().filter(|(_, hosts)| are_many(hosts));
        kinds
            .map(|((isa, engine), hosts)| BrokenEngine {
                engine,
                isa,
                hosts: hosts.into_keys().collect(),
            })
            .collect()
    }
}

fn kind(of: &Host) -> Kind {
    (of.capabilities.isa.clone(), of.capabilities.version.clone())
}

impl fmt::Display for Disputes {
    /// Such as `2 disputes were settled, of which 1 found somebody wrong`, and the broken engines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { settled, found_wrong, broken } = self;
        let disputes = counted(usize::try_from(*settled).unwrap_or(usize::MAX), "dispute");
        let were = if *settled == 1 { "was" } else { "were" };
        write!(f, "{disputes} {were} settled, of which {found_wrong} found somebody wrong")?;
        broken.iter().try_for_each(|engine| write!(f, "; {engine}"))
    }
}

impl fmt::Display for BrokenEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, isa, hosts } = self;
        write!(
            f,
            "{}, all with engine {engine} on {isa}, computed the same program wrongly by the word of \
             hosts with other ones: that engine may be broken",
            listed("host", hosts),
        )
    }
}
