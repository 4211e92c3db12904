//! The cases. Each begins with an empty store and panics if something is not as it should be.

use super::rows::{
    self, account, digest, grant, host, invites, job, key, part, ready, unit, volunteer,
};
use super::{Fixture, story, twin};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::job::{Job, JobState};
use crate::ledger::{Entry, Head, Kind};
use crate::store::{LastIds, StoreError, Voucher, Write};
use crate::time::Timestamp;
use crate::work_unit::{UnitState, WorkUnit};

type Outcome = Result<(), StoreError>;

/// Every read of an empty store finds nothing.
pub fn an_empty_store_has_nothing(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    assert_eq!(store.last_ids()?, LastIds::default());
    assert_eq!(store.job(JobId(1))?, None);
    assert_eq!(store.jobs(None, None, 10)?, []);
    assert_eq!(store.unit(JobId(1).unit(0))?, None);
    assert_eq!(store.next_deadline_at()?, None);
    assert_eq!(store.next_ready_at(Timestamp(0))?, None);
    assert_eq!(store.ledger(0, 10)?, []);
    assert_eq!(store.ledger_head()?, Head::EMPTY);
    assert_eq!(store.vouchers(JobId(1), 10)?, []);
    assert_eq!(store.units_vouched(HostId(1), JobId(0).unit(0), 10)?, []);
    Ok(())
}

/// Rows of every kind, in every state, with every field.
pub fn every_row_is_read_back(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let mut hosts = vec![host(1, &[]), host(2, &[7, 6])];
    hosts.extend(rows::hosts());
    let (ada, nobody) = (volunteer(1, Some("Ada")), volunteer(2, None));
    let mut writes: Vec<Write> = rows::jobs().into_iter().map(Write::PutJob).collect();
    writes.extend(rows::units(JobId(1)).into_iter().map(Write::PutUnit));
    writes.extend(hosts.iter().cloned().map(Write::PutHost));
    writes.extend([ada.clone(), nobody.clone()].map(Write::PutVolunteer));
    writes.extend(invites().into_iter().map(Write::PutInvite));
    writes.push(Write::PutPart(part(1, 2)));
    writes.push(Write::PutAccount(account(1)));
    store.apply(writes)?;

    for job in rows::jobs() {
        assert_eq!(store.job_by_manifest(&job.manifest)?.as_ref(), Some(&job));
        assert_eq!(store.job(job.id)?, Some(job));
    }
    for unit in rows::units(JobId(1)) {
        assert_eq!(store.unit(unit.id)?, Some(unit));
    }
    for host in hosts {
        assert_eq!(store.host_by_key(&host.key)?.as_ref(), Some(&host));
        assert_eq!(store.host(host.id)?, Some(host));
    }
    assert_eq!(store.volunteer_by_name("Ada")?, Some(ada));
    assert_eq!(store.volunteer_by_name("Bob")?, None);
    assert_eq!(store.volunteer(VolunteerId(2))?, Some(nobody));
    for invite in invites() {
        assert_eq!(store.invite(&invite.token)?, Some(invite));
    }
    assert_eq!(store.part(JobId(1), HostId(2))?, Some(part(1, 2)));
    assert_eq!(store.part(JobId(2), HostId(1))?, None);
    assert_eq!(store.account(&key(1))?, Some(account(1)));
    assert_eq!((store.account(&key(2))?, store.invite(&digest(1))?), (None, None));
    Ok(())
}

/// The last put of an id is what is read, also when both come in one batch.
pub fn a_put_replaces_the_row(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let id = JobId(1).unit(3);
    store.apply(vec![Write::PutUnit(unit(id)), Write::PutUnit(ready(id, 5))])?;
    assert_eq!(store.unit(id)?, Some(ready(id, 5)));
    store.apply(vec![Write::PutHost(host(1, &[9])), Write::PutHost(host(1, &[]))])?;
    assert_eq!(store.host(HostId(1))?, Some(host(1, &[])));
    assert_eq!(store.next_deadline_at()?, None);
    Ok(())
}

/// The largest id of each kind, whatever the order of writing.
pub fn ids_go_on_after_the_largest(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    store.apply(vec![
        Write::PutJob(job(7)),
        Write::PutJob(job(2)),
        Write::PutHost(host(3, &[])),
        Write::PutVolunteer(volunteer(5, None)),
    ])?;
    assert_eq!(store.last_ids()?, LastIds { job: 7, host: 3, volunteer: 5 });
    Ok(())
}

/// Pages of jobs, of everybody and of one submitter.
pub fn jobs_are_paged_newest_first(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let own = |id| Job { submitter: key(5), ..job(id) };
    let jobs = [job(1), own(2), job(3), own(4), own(5)];
    store.apply(jobs.map(Write::PutJob).to_vec())?;
    let ids = |jobs: Vec<Job>| jobs.iter().map(|job| job.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.jobs(None, None, 2)?), [5, 4]);
    assert_eq!(ids(store.jobs(None, Some(JobId(4)), 2)?), [3, 2]);
    assert_eq!(ids(store.jobs(Some(&key(5)), None, 2)?), [5, 4]);
    assert_eq!(ids(store.jobs(Some(&key(5)), Some(JobId(4)), 2)?), [2]);
    assert_eq!(ids(store.jobs(Some(&key(6)), None, 2)?), [0; 0]);
    Ok(())
}

/// Open jobs and those that are being cancelled, as they change.
pub fn jobs_are_found_by_state(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let ids = |jobs: Vec<Job>| jobs.iter().map(|job| job.id.0).collect::<Vec<_>>();
    store.apply((1..6).rev().map(job).map(Write::PutJob).collect())?;
    assert_eq!(ids(store.jobs_open(3)?), [1, 2, 3]);
    assert_eq!(ids(store.jobs_cancelling(3)?), [0; 0]);
    let into = |state, id| Write::PutJob(Job { state, ..job(id) });
    let cancelling = JobState::Cancelling { next: 0 };
    store.apply(vec![into(cancelling, 4), into(JobState::Finished, 2), into(cancelling, 1)])?;
    assert_eq!(ids(store.jobs_open(9)?), [3, 5]);
    assert_eq!(ids(store.jobs_cancelling(9)?), [1, 4]);
    store.apply(vec![into(JobState::Cancelled, 1)])?;
    assert_eq!(ids(store.jobs_cancelling(9)?), [4]);
    Ok(())
}

/// Pages of one job's units, up to the largest index there is.
pub fn units_are_paged_by_index(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let others = [JobId(1).unit(u32::MAX), JobId(3).unit(0)];
    let own = [0, 1, 5, u32::MAX].map(|index| JobId(2).unit(index));
    let all = own.into_iter().chain(others);
    store.apply(all.rev().map(|id| Write::PutUnit(unit(id))).collect())?;
    assert_eq!(unit_ids(store.units(JobId(2), 0, 9)?), own);
    assert_eq!(unit_ids(store.units(JobId(2), 0, 2)?), own[..2]);
    assert_eq!(unit_ids(store.units(JobId(2), 2, 9)?), own[2..]);
    assert_eq!(unit_ids(store.units(JobId(4), 0, 9)?), []);
    Ok(())
}

/// Units that want a replica now, and only those.
pub fn ready_units_are_found_in_order(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let at = |index| JobId(2).unit(index);
    store.apply(vec![
        Write::PutUnit(ready(at(9), 100)),
        Write::PutUnit(ready(at(1), 100)),
        Write::PutUnit(ready(at(4), 101)),
        Write::PutUnit(unit(at(5))),
        Write::PutUnit(ready(at(7), 50)),
        Write::PutUnit(ready(JobId(1).unit(0), 1)),
    ])?;
    let now = Timestamp(100);
    assert_eq!(unit_ids(store.units_ready(JobId(2), now, 0, 9)?), [at(1), at(7), at(9)]);
    assert_eq!(unit_ids(store.units_ready(JobId(2), now, 0, 2)?), [at(1), at(7)]);
    assert_eq!(unit_ids(store.units_ready(JobId(2), now, 2, 9)?), [at(7), at(9)]);
    let later = Timestamp(101);
    assert_eq!(unit_ids(store.units_ready(JobId(2), later, 0, 2)?), [at(1), at(4)]);
    store.apply(vec![Write::PutUnit(unit(at(1))), Write::PutUnit(ready(at(5), 3))])?;
    assert_eq!(unit_ids(store.units_ready(JobId(2), now, 0, 9)?), [at(5), at(7), at(9)]);
    Ok(())
}

/// Units whose pause ends within a span, and when the next one does.
pub fn waking_units_are_counted_by_job(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let units = [(1, 0, 10), (1, 1, 20), (1, 2, 30), (2, 0, 20), (2, 1, 21)];
    let row = |(job, index, at)| Write::PutUnit(ready(JobId(job).unit(index), at));
    store.apply(units.map(row).to_vec())?;
    let waking = store.units_waking(Timestamp(10), Timestamp(21))?;
    assert_eq!(waking, [(JobId(1), 1), (JobId(2), 2)]);
    assert_eq!(store.units_waking(Timestamp(30), Timestamp(99))?, []);
    assert_eq!(store.next_ready_at(Timestamp(0))?, Some(Timestamp(10)));
    assert_eq!(store.next_ready_at(Timestamp(10))?, Some(Timestamp(20)));
    assert_eq!(store.next_ready_at(Timestamp(30))?, None);
    Ok(())
}

/// Validated units of all jobs, page by page.
pub fn validated_units_are_found_until_they_are_done(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let ids = [JobId(1).unit(8), JobId(2).unit(0), JobId(2).unit(3)];
    let validated = |id| WorkUnit { state: UnitState::Validated { canonical: 0 }, ..unit(id) };
    store.apply(ids.into_iter().rev().map(|id| Write::PutUnit(validated(id))).collect())?;
    store.apply(vec![Write::PutUnit(unit(JobId(2).unit(1)))])?;
    assert_eq!(store.units_validated(None, 2)?, ids[..2]);
    assert_eq!(store.units_validated(Some(ids[1]), 2)?, ids[2..]);
    let done = WorkUnit { state: UnitState::Done { canonical: 0 }, ..unit(ids[1]) };
    store.apply(vec![Write::PutUnit(done)])?;
    assert_eq!(store.units_validated(None, 9)?, [ids[0], ids[2]]);
    Ok(())
}

/// Hosts by the first of their leases' ends.
pub fn hosts_are_due_by_their_first_deadline(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let hosts = [host(1, &[30, 99]), host(2, &[]), host(3, &[50, 20]), host(4, &[31])];
    store.apply(hosts.clone().map(Write::PutHost).to_vec())?;
    assert_eq!(store.next_deadline_at()?, Some(Timestamp(20)));
    let ids = |hosts: Vec<Host>| hosts.iter().map(|host| host.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.hosts_due(Timestamp(30), 9)?), [3, 1]);
    assert_eq!(ids(store.hosts_due(Timestamp(30), 1)?), [3]);
    assert_eq!(ids(store.hosts_due(Timestamp(19), 9)?), [0; 0]);
    store.apply(vec![Write::PutHost(host(3, &[50]))])?;
    assert_eq!(ids(store.hosts_due(Timestamp(50), 9)?), [1, 4, 3]);
    assert_eq!(ids(store.hosts(None, 3)?), [1, 2, 3]);
    assert_eq!(ids(store.hosts(Some(HostId(2)), 3)?), [3, 4]);
    Ok(())
}

/// Rows of the ledger in the order of appending, page by page, and where it ends.
pub fn the_ledger_keeps_its_order(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let mut head = Head::EMPTY;
    assert_eq!(store.ledger_head()?, head);
    let replicas = [5, 2, 9, 5].map(|index| JobId(1).unit(index).replica(0));
    let mut entries = replicas.map(|replica| grant(replica, u64::from(replica.unit.index) + 1));
    entries[3].kind = Kind::TakeBack;
    let rows = entries.map(|entry| head.append(entry));
    store.apply(rows[..1].iter().map(|row| Write::AppendLedger(*row)).collect())?;
    assert_eq!(store.ledger_head()?, Head { rows: 1, chain: rows[0].chain });
    store.apply(rows[1..].iter().map(|row| Write::AppendLedger(*row)).collect())?;
    assert_eq!(store.ledger_head()?, head);
    assert_eq!(store.ledger(0, 9)?, rows);
    assert_eq!(store.ledger(1, 2)?, rows[1..3]);
    assert_eq!(store.ledger(4, 2)?, []);
    Ok(())
}

/// Who has credit for a job: nobody from whom all was taken back.
pub fn vouchers_are_summed_by_host(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let mut head = Head::EMPTY;
    let mut row = |job: u64, index, host, kind| {
        let entry = Entry { kind, ..grant(JobId(job).unit(index).replica(0), host) };
        Write::AppendLedger(head.append(entry))
    };
    let (paid, back) = (Kind::Grant, Kind::TakeBack);
    store.apply(vec![row(1, 0, 7, paid), row(1, 1, 3, paid), row(2, 0, 3, paid)])?;
    store.apply(vec![row(1, 2, 7, paid), row(1, 3, 5, paid), row(1, 3, 5, back)])?;
    let voucher = |host, replicas| Voucher {
        host: HostId(host),
        volunteer: VolunteerId(host + 100),
        replicas,
    };
    assert_eq!(store.vouchers(JobId(1), 9)?, [voucher(3, 1), voucher(7, 2)]);
    assert_eq!(store.vouchers(JobId(1), 1)?, [voucher(3, 1)]);
    store.apply(vec![row(1, 0, 7, back), row(1, 3, 5, paid)])?;
    assert_eq!(store.vouchers(JobId(1), 9)?, [voucher(3, 1), voucher(5, 1), voucher(7, 1)]);
    Ok(())
}

/// The units of a host in order, each once however often it was noted.
pub fn units_are_found_by_who_vouched(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let vouch = |host, unit| Write::Vouch { host: HostId(host), unit };
    let own = [JobId(1).unit(4), JobId(1).unit(u32::MAX), JobId(2).unit(0)];
    let all = own.into_iter().rev().chain(own).map(|unit| vouch(7, unit));
    store.apply(all.chain([vouch(6, JobId(1).unit(5)), vouch(8, JobId(1).unit(5))]).collect())?;
    let found = |from, limit| store.units_vouched(HostId(7), from, limit);
    assert_eq!(found(JobId(0).unit(0), 9)?, own);
    assert_eq!(found(JobId(0).unit(0), 2)?, own[..2]);
    assert_eq!(found(own[0].after(), 9)?, own[1..]);
    assert_eq!(found(own[1].after(), 9)?, own[2..]);
    assert_eq!(found(own[2].after(), 9)?, []);
    Ok(())
}

/// Of a host that contradicted itself, the first proof is kept.
pub fn the_first_evidence_of_each_host_stays(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let keep = |host, work| Write::KeepEvidence {
        host: HostId(host),
        of: Box::new(rows::equivocation(work)),
    };
    store.apply(vec![keep(2, 1), keep(2, 2), keep(1, u64::MAX)])?;
    store.apply(vec![keep(1, 4)])?;
    let found = [1, 2, 3].map(|host| store.evidence(HostId(host)));
    let [first, second, none] = found;
    assert_eq!(first?, Some(rows::equivocation(u64::MAX)));
    assert_eq!(second?, Some(rows::equivocation(1)));
    assert_eq!(none?, None);
    Ok(())
}

/// Rows of every kind are there after closing and opening.
pub fn what_was_written_survives_reopening(fixture: &mut dyn Fixture) -> Outcome {
    fixture.store().apply(twin::one_of_each())?;
    fixture.reopen();
    twin::assert_has_one_of_each(fixture.store())
}

/// A transaction that is given up leaves no trace, in no row and in no index.
pub fn what_was_rolled_back_never_was(fixture: &mut dyn Fixture) -> Outcome {
    let before = [Write::PutJob(job(9)), Write::PutHost(host(9, &[40]))].to_vec();
    fixture.store().apply(before.clone())?;
    let mut applied = Ok(());
    fixture.roll_back(&mut |store| {
        let change = vec![
            Write::PutJob(Job { state: JobState::Finished, ..job(9) }),
            Write::PutHost(host(9, &[10])),
        ];
        applied = store.apply(change).and_then(|()| store.apply(twin::one_of_each()));
    });
    applied?;
    twin::assert_equal(fixture.store(), &before)
}

/// A small job from submission to its end, with all invariants checked.
pub fn an_engine_works_over_it(fixture: &mut dyn Fixture) -> Outcome {
    story::compute_a_job(fixture)
}

/// Many random writes, with every read compared to the memory store's.
pub fn it_agrees_with_the_memory_store(fixture: &mut dyn Fixture) -> Outcome {
    twin::compare_random_writes(fixture.store())
}

fn unit_ids(units: Vec<WorkUnit>) -> Vec<UnitId> {
    units.into_iter().map(|unit| unit.id).collect()
}
