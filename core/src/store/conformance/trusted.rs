//! The cases of what audits need. Each begins with an empty store and panics if something is not as
//! it should be.

use super::Fixture;
use super::rows::{host, job, part, turn, unit};
use crate::block::Block;
use crate::host::{Host, Standing};
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::job::{Job, JobState, Settling};
use crate::store::{StoreError, Write};
use crate::time::Timestamp;

type Outcome = Result<(), StoreError>;

/// Jobs whose audits are drawn, until they are not.
pub fn settling_jobs_are_found(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let settling = |id| Job { state: JobState::Settling(Settling::default()), ..job(id) };
    store.apply([settling(2), job(3), settling(1)].map(Write::PutJob).to_vec())?;
    assert_eq!(store.jobs_settling(9)?, [settling(1), settling(2)]);
    assert_eq!(store.jobs_settling(1)?, [settling(1)]);
    store.apply([job(1), settling(3)].map(Write::PutJob).to_vec())?;
    assert_eq!(store.jobs_settling(9)?, [settling(2), settling(3)]);
    Ok(())
}

/// Units by whose turn it is and by when a host is drawn, as both change.
pub fn turns_are_found_by_host_and_time(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let at = |index| JobId(1).unit(index);
    let units = [
        turn(at(0), Some(5), 30),
        turn(at(1), None, 10),
        turn(at(2), Some(5), 20),
        turn(JobId(2).unit(0), Some(6), 40),
    ];
    store.apply(units.clone().map(Write::PutUnit).to_vec())?;
    let [first, _, third, other] = units;
    assert_eq!(store.units_of_turn(HostId(5), 9)?, [first, third.clone()]);
    assert_eq!(store.units_of_turn(HostId(6), 9)?, [other]);
    assert_eq!(store.units_of_turn(HostId(7), 9)?, []);
    let turns = |host, limit| store.turns_of(HostId(host), limit);
    assert_eq!((turns(5, 9)?, turns(5, 1)?, turns(6, 9)?, turns(7, 9)?), (2, 1, 1, 0));
    let due = |store: &dyn crate::store::Store, now| store.units_to_draw(Timestamp(now), 2);
    assert_eq!(due(store, 9)?, [] as [UnitId; 0]);
    assert_eq!(due(store, 20)?, [at(1), at(2)]);
    assert_eq!(due(store, 99)?, [at(1), at(2)]);
    assert_eq!(store.next_draw_at()?, Some(Timestamp(10)));
    store.apply([unit(at(0)), turn(at(1), Some(5), 50)].map(Write::PutUnit).to_vec())?;
    assert_eq!(store.units_of_turn(HostId(5), 9)?, [turn(at(1), Some(5), 50), third]);
    assert_eq!(store.next_draw_at()?, Some(Timestamp(20)));
    assert_eq!(due(store, 99)?, [at(2), JobId(2).unit(0)]);
    Ok(())
}

/// Parties, not hosts, are counted; those who were seen lately.
pub fn parties_of_standing_are_counted(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let of = |id, volunteer, compared, seen_at| Host {
        volunteer: VolunteerId(volunteer),
        standing: Standing { compared, ..Standing::default() },
        seen_at: Timestamp(seen_at),
        ..host(id, &[])
    };
    let hosts =
        [of(1, 1, 10, 50), of(2, 1, 12, 50), of(3, 2, 9, 50), of(4, 3, 10, 20), of(5, 4, 30, 99)];
    store.apply(hosts.map(Write::PutHost).to_vec())?;
    assert_eq!(store.parties_of_standing(10, Timestamp(20), 9)?, 3);
    assert_eq!(store.parties_of_standing(10, Timestamp(20), 2)?, 2);
    assert_eq!(store.parties_of_standing(10, Timestamp(50), 9)?, 2);
    assert_eq!(store.parties_of_standing(11, Timestamp(0), 9)?, 2);
    store.apply(vec![Write::PutHost(of(5, 4, 0, 99))])?;
    assert_eq!(store.parties_of_standing(10, Timestamp(50), 9)?, 1);
    // Of four volunteers two share a block, and on own networks each host is a place.
    let at = |id, block| Host { block, ..of(id, id, 40, 99) };
    let block = Some(Block::V4([203, 0, 113]));
    let hosts = [at(6, block), at(7, block), at(8, None), at(9, None)];
    store.apply(hosts.map(Write::PutHost).to_vec())?;
    assert_eq!(store.parties_of_standing(40, Timestamp(50), 9)?, 3);
    store.apply(vec![Write::PutHost(at(7, Some(Block::V4([203, 0, 114]))))])?;
    assert_eq!(store.parties_of_standing(40, Timestamp(50), 9)?, 4);
    Ok(())
}

/// Parts of a job in the order of its hosts, the last put of each.
pub fn parts_are_paged_by_host(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let all = [part(2, 9), part(1, 30), part(1, 4), part(3, 1)];
    store.apply(all.map(Write::PutPart).to_vec())?;
    assert_eq!(store.parts(JobId(1), HostId(0), 9)?, [part(1, 4), part(1, 30)]);
    assert_eq!(store.parts(JobId(1), HostId(0), 1)?, [part(1, 4)]);
    assert_eq!(store.parts(JobId(1), HostId(4), 9)?, [part(1, 30)]);
    assert_eq!(store.parts(JobId(4), HostId(0), 9)?, []);
    let newer = crate::part::Part { audited: 10, ..part(1, 4) };
    store.apply(vec![Write::PutPart(newer)])?;
    assert_eq!(store.part(JobId(1), HostId(4))?, Some(newer));
    Ok(())
}
