//! A store beside a memory store: after the same writes, every read must be the same.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::disputed;
use super::rows::{self, account, digest, grant, host, invites, job, key, ready, unit, volunteer};
use crate::backoff::below;
use crate::host::{Host, Standing};
use crate::id::{HostId, JobId, VolunteerId};
use crate::job::{Job, JobState, Settling};
use crate::ledger::{Entry, Head, Kind};
use crate::part::Part;
use crate::store::memory::MemoryStore;
use crate::store::{Store, StoreError, Write};
use crate::time::Timestamp;
use crate::work_unit::{UnitState, WorkUnit};

/// One write of each kind.
pub(super) fn one_of_each() -> Vec<Write> {
    let mut head = Head::EMPTY;
    let mut writes = vec![
        Write::PutJob(job(1)),
        Write::PutHost(host(1, &[50])),
        Write::PutVolunteer(volunteer(1, Some("Ada"))),
        Write::PutAccount(account(1)),
        Write::PutPart(rows::part(1, 1)),
        Write::AppendLedger(head.append(grant(JobId(1).unit(0).replica(0), 1))),
        disputed::put(disputed::calling(JobId(1).unit(0), &[(1, 20)])),
        Write::Vouch { host: HostId(1), unit: JobId(1).unit(0) },
        Write::KeepEvidence { host: HostId(1), of: Box::new(rows::equivocation(5)) },
    ];
    writes.extend(rows::units(JobId(1)).into_iter().map(Write::PutUnit));
    writes.extend(invites().into_iter().map(Write::PutInvite));
    writes
}

/// Checks that every read is as after [`one_of_each`].
pub(super) fn assert_has_one_of_each(store: &dyn Store) -> Result<(), StoreError> {
    assert_equal(store, &one_of_each())
}

/// Checks that every read is as after these writes.
pub(super) fn assert_equal(store: &dyn Store, writes: &[Write]) -> Result<(), StoreError> {
    let mut memory = MemoryStore::new();
    memory.apply(writes.to_vec())?;
    assert_same_reads(store, &memory)
}

/// Writes many random rows over each other, and compares every read now and then.
pub(super) fn compare_random_writes(store: &mut dyn Store) -> Result<(), StoreError> {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut memory = MemoryStore::new();
    let mut head = Head::EMPTY;
    for _ in 0..40 {
        let writes: Vec<Write> = (0..20).map(|_| random_write(&mut head, &mut rng)).collect();
        store.apply(writes.clone())?;
        memory.apply(writes)?;
        assert_same_reads(store, &memory)?;
    }
    Ok(())
}

fn random_write(head: &mut Head, rng: &mut ChaCha8Rng) -> Write {
    let id = below(6, rng) + 1;
    let at = below(8, rng);
    match below(16, rng) {
        0 => {
            let next = rng.next_u32() % 5;
            let settling = JobState::Settling(Settling::default());
            let states =
                [JobState::Open, settling, JobState::Cancelling { next }, JobState::Finished];
            Write::PutJob(Job { state: states[(rng.next_u32() % 4) as usize], ..job(id) })
        }
        1 | 2 => Write::PutUnit(ready(JobId(id).unit(rng.next_u32() % 9), at)),
        3 => Write::PutUnit(unit(JobId(id).unit(rng.next_u32() % 9))),
        4 => {
            let state = UnitState::Validated { canonical: 0 };
            Write::PutUnit(WorkUnit { state, ..unit(JobId(id).unit(rng.next_u32() % 9)) })
        }
        5 => Write::PutHost(host(id, &[at, below(8, rng)])),
        6 => Write::PutHost(host(id, &[])),
        7 => {
            let turn = rows::turn(JobId(id).unit(rng.next_u32() % 9), Some(at), below(8, rng));
            Write::PutUnit(turn)
        }
        8 => Write::PutPart(Part { audited: rng.next_u32(), ..rows::part(id, at) }),
        9 => {
            let standing = Standing { compared: rng.next_u32() % 3, ..Standing::default() };
            let volunteer = VolunteerId(at);
            Write::PutHost(Host { standing, volunteer, ..host(id, &[]) })
        }
        10 if at == 0 => {
            let of = Box::new(rows::equivocation(rng.next_u64()));
            Write::KeepEvidence { host: HostId(id), of }
        }
        11 if at == 0 => disputed::put(disputed::over(JobId(id).unit(0))),
        11 => {
            let called = [(at, below(8, rng)), (9, at)];
            disputed::put(disputed::calling(JobId(id).unit(rng.next_u32() % 9), &called))
        }
        12 => {
            // Each has a name of their own, or gave it up.
            let (id, name) = if id > 3 { (1, "Ada") } else { (2, "Bob") };
            Write::PutVolunteer(volunteer(id, (at > 3).then_some(name)))
        }
        13 if at < 2 => Write::DropInvites { volunteer: "Ada".to_owned() },
        13 => Write::PutInvite(invites().swap_remove(usize::try_from(at % 3).unwrap_or(0))),
        14 => Write::PutHost(rows::forgotten(id, at)),
        10 => Write::Vouch { host: HostId(id), unit: JobId(at).unit(rng.next_u32() % 9) },
        _ => {
            // Stores keep what they are told: that it makes sense is the engine's business.
            let kinds = [Kind::Grant, Kind::TakeBack];
            let kind = kinds[(rng.next_u32() % 2) as usize];
            let entry = Entry { kind, ..grant(JobId(id).unit(0).replica(0), at + 1) };
            Write::AppendLedger(head.append(entry))
        }
    }
}

fn assert_same_reads(a: &dyn Store, b: &dyn Store) -> Result<(), StoreError> {
    assert_eq!(a.last_ids()?, b.last_ids()?);
    assert_eq!(a.jobs_open(9)?, b.jobs_open(9)?);
    assert_eq!(a.jobs_cancelling(9)?, b.jobs_cancelling(9)?);
    assert_eq!(a.jobs_settling(9)?, b.jobs_settling(9)?);
    assert_eq!(a.next_draw_at()?, b.next_draw_at()?);
    assert_eq!(a.jobs(None, None, 99)?, b.jobs(None, None, 99)?);
    assert_eq!(a.units_validated(None, 99)?, b.units_validated(None, 99)?);
    assert_eq!(a.hosts(None, 99)?, b.hosts(None, 99)?);
    assert_eq!(a.next_deadline_at()?, b.next_deadline_at()?);
    assert_eq!(a.ledger(0, 9_999)?, b.ledger(0, 9_999)?);
    assert_eq!(a.ledger_head()?, b.ledger_head()?);
    assert_eq!(a.disputes(None, 99)?, b.disputes(None, 99)?);
    assert_eq!(a.next_dispute_at()?, b.next_dispute_at()?);
    for name in ["Ada", "Bob"] {
        assert_eq!(a.volunteer_by_name(name)?, b.volunteer_by_name(name)?);
    }
    for invite in invites() {
        assert_eq!(a.invite(&invite.token)?, b.invite(&invite.token)?);
    }
    for id in 0..12 {
        let (job, at) = (JobId(id), Timestamp(id));
        assert_eq!(a.job(job)?, b.job(job)?);
        assert_eq!(a.units(job, 0, 99)?, b.units(job, 0, 99)?);
        assert_eq!(
            a.units_ready(job, Timestamp(4), 2, 3)?,
            b.units_ready(job, Timestamp(4), 2, 3)?
        );
        assert_eq!(a.vouchers(job, 4)?, b.vouchers(job, 4)?);
        assert_eq!(a.units_waking(at, Timestamp(7))?, b.units_waking(at, Timestamp(7))?);
        assert_eq!(a.next_ready_at(at)?, b.next_ready_at(at)?);
        assert_eq!(a.host(HostId(id))?, b.host(HostId(id))?);
        assert_eq!(a.hosts_of(VolunteerId(id), 2)?, b.hosts_of(VolunteerId(id), 2)?);
        assert_eq!(a.units_of_turn(HostId(id), 3)?, b.units_of_turn(HostId(id), 3)?);
        assert_eq!(a.turns_of(HostId(id), 3)?, b.turns_of(HostId(id), 3)?);
        assert_eq!(a.parts(job, HostId(2), 3)?, b.parts(job, HostId(2), 3)?);
        let standing = |store: &dyn Store| store.parties_of_standing(2, at, 2);
        assert_eq!(standing(a)?, standing(b)?);
        let drawn = |store: &dyn Store| {
            let mut drawn = store.units_to_draw(at, 99)?;
            drawn.sort_unstable();
            Ok::<_, StoreError>(drawn)
        };
        assert_eq!(drawn(a)?, drawn(b)?);
        assert_eq!(a.dispute(job.unit(0))?, b.dispute(job.unit(0))?);
        assert_eq!(a.disputes_calling(HostId(id), 3)?, b.disputes_calling(HostId(id), 3)?);
        assert_eq!(a.disputes_due(at, 99)?, b.disputes_due(at, 99)?);
        assert_eq!(a.evidence(HostId(id))?, b.evidence(HostId(id))?);
        let vouched = |store: &dyn Store| store.units_vouched(HostId(id), JobId(3).unit(4), 5);
        assert_eq!(vouched(a)?, vouched(b)?);
        assert_eq!(a.host_by_key(&key(id))?, b.host_by_key(&key(id))?);
        assert_eq!(a.job_by_manifest(&digest(id))?, b.job_by_manifest(&digest(id))?);
        assert_eq!(a.volunteer(VolunteerId(id))?, b.volunteer(VolunteerId(id))?);
        // Which of the hosts that are due at the same time comes first is left to the store.
        let due = |store: &dyn Store| {
            let mut due = store.hosts_due(at, 99)?;
            due.sort_by_key(|host| host.id);
            Ok::<_, StoreError>(due)
        };
        assert_eq!(due(a)?, due(b)?);
    }
    Ok(())
}
