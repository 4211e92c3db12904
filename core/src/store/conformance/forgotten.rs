//! The cases about who is forgotten.

use super::Fixture;
use super::rows::{forgotten, host, invites, volunteer};
use crate::host::Host;
use crate::id::{HostId, VolunteerId};
use crate::invite::{Invite, Role};
use crate::store::{StoreError, Write};

type Outcome = Result<(), StoreError>;

/// The hosts of one volunteer in order, without those that are forgotten.
pub fn hosts_of_a_volunteer_are_found_until_they_are_forgotten(
    fixture: &mut dyn Fixture,
) -> Outcome {
    let store = fixture.store();
    let of = |volunteer, id| Host { volunteer: VolunteerId(volunteer), ..host(id, &[]) };
    let hosts = [of(7, 4), of(7, 1), of(8, 2), of(7, 3), forgotten(5, 7)];
    store.apply(hosts.map(Write::PutHost).to_vec())?;
    let ids = [1, 3, 4].map(HostId);
    assert_eq!(store.hosts_of(VolunteerId(7), 9)?, ids);
    assert_eq!(store.hosts_of(VolunteerId(7), 2)?, ids[..2]);
    store.apply(vec![Write::PutHost(forgotten(1, 7)), Write::PutHost(of(8, 3))])?;
    assert_eq!(store.hosts_of(VolunteerId(7), 9)?, ids[2..]);
    assert_eq!(store.hosts_of(VolunteerId(8), 9)?, [2, 3].map(HostId));
    assert_eq!(store.hosts_of(VolunteerId(9), 9)?, []);
    Ok(())
}

/// A name that its volunteer gave up finds nobody, and then whoever has it next.
pub fn a_name_that_is_given_up_is_free(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let nobody = volunteer(1, None);
    store.apply(vec![Write::PutVolunteer(volunteer(1, Some("Ada")))])?;
    store.apply(vec![Write::PutVolunteer(nobody.clone())])?;
    assert_eq!(store.volunteer_by_name("Ada")?, None);
    assert_eq!(store.volunteer(VolunteerId(1))?, Some(nobody));
    let next = volunteer(2, Some("Ada"));
    store.apply(vec![Write::PutVolunteer(next.clone())])?;
    assert_eq!(store.volunteer_by_name("Ada")?, Some(next));
    Ok(())
}

/// Those with the name, and no others.
pub fn invites_are_dropped_by_name(fixture: &mut dyn Fixture) -> Outcome {
    let store = fixture.store();
    let [ada, nobody, scientist] = [0, 1, 2].map(|nth| invites().swap_remove(nth));
    let role = Role::Host { volunteer: Some("Ada L".to_owned()) };
    let other = Invite { token: crate::digest::Digest::of(b"other"), role, ..ada.clone() };
    let all = [ada.clone(), nobody.clone(), scientist.clone(), other.clone()];
    store.apply(all.map(Write::PutInvite).to_vec())?;
    store.apply(vec![Write::DropInvites { volunteer: "Ada".to_owned() }])?;
    assert_eq!(store.invite(&ada.token)?, None);
    for kept in [nobody, scientist, other] {
        assert_eq!(store.invite(&kept.token)?, Some(kept));
    }
    Ok(())
}
