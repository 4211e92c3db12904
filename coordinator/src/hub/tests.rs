//! Who is woken by what.

use manyhands_core::effect::Effect;

use super::*;

fn work(hub: &Hub, count: u32) {
    assert_eq!(hub.release(vec![Effect::WorkReady { job: JobId(1), count }]), []);
}

/// A host that waits for `want` leases.
fn waiting(hub: &Arc<Hub>, host: u64, want: u32) -> Seat {
    let seat = hub.sit(HostId(host)).unwrap();
    assert_eq!(seat.park(want, seat.epoch()), Parked::Waiting);
    seat
}

fn share(seat: &mut Seat) -> Option<u32> {
    seat.offers.try_recv().ok().map(|offer| offer.share)
}

#[test]
fn work_wakes_as_many_as_it_takes_longest_waiting_first() {
    let hub = Hub::new(10);
    let mut seats = [1, 2, 3].map(|host| waiting(&hub, host, 2));
    work(&hub, 3);
    assert_eq!(seats.each_mut().map(share), [Some(2), Some(1), None]);
    work(&hub, 9);
    assert_eq!(seats.each_mut().map(share), [None, None, Some(2)], "the others do not wait now");
}

#[test]
fn a_share_that_is_of_no_use_goes_to_the_next_but_never_round_in_circles() {
    let hub = Hub::new(10);
    let [mut first, mut second] = [1, 2].map(|host| waiting(&hub, host, 1));
    work(&hub, 1);
    let offer = first.offers.try_recv().unwrap();
    first.park(1, first.epoch());
    first.pass_on(offer, 0);
    let offer = second.offers.try_recv().unwrap();
    second.park(1, second.epoch());
    second.pass_on(offer, 0);
    assert_eq!((share(&mut first), share(&mut second)), (None, None));
}

#[test]
fn an_offer_to_a_host_that_goes_away_is_not_lost() {
    let hub = Hub::new(10);
    let first = waiting(&hub, 1, 1);
    let mut second = waiting(&hub, 2, 1);
    work(&hub, 1);
    drop(first);
    assert_eq!(share(&mut second), Some(1));
}

#[test]
fn work_that_appears_between_asking_and_waiting_is_not_missed() {
    let hub = Hub::new(10);
    let mut seat = hub.sit(HostId(1)).unwrap();
    let epoch = seat.epoch();
    work(&hub, 1);
    assert_eq!(seat.park(1, epoch), Parked::Missed);
    assert_eq!(seat.park(1, seat.epoch()), Parked::Waiting);
    work(&hub, 1);
    assert_eq!(share(&mut seat), Some(1), "it waits in line, missed or not");
}

#[test]
fn a_newer_stream_of_a_host_takes_the_seat() {
    let hub = Hub::new(1);
    let mut older = waiting(&hub, 1, 1);
    let mut newer = waiting(&hub, 1, 1);
    assert!(older.superseded.is_cancelled() && !newer.superseded.is_cancelled());
    older.unpark();
    work(&hub, 2);
    assert_eq!((share(&mut older), share(&mut newer)), (None, Some(1)));
    drop(older);
    assert!(hub.is_connected(HostId(1)), "the older one leaves without taking the newer along");
    assert_eq!(hub.sit(HostId(2)).unwrap_err(), HubFull { max: 1 });
}

#[test]
fn aborts_reach_the_host_and_a_slow_one_bounds_them() {
    let hub = Hub::new(1);
    let mut seat = hub.sit(HostId(1)).unwrap();
    let abort = |n| {
        let replicas = vec![JobId(1).unit(n).replica(0)];
        hub.release(vec![Effect::Abort { host: HostId(1), replicas }])
    };
    (0..1_000).for_each(|n| assert_eq!(abort(n), []));
    assert_eq!(seat.aborts.try_recv().unwrap(), [JobId(1).unit(0).replica(0)]);
}

#[test]
fn the_earliest_alarm_counts() {
    let hub = Hub::new(1);
    let alarm = hub.alarm();
    for at in [30, 10, 20] {
        hub.release(vec![Effect::ExpireAt(Timestamp(at))]);
    }
    assert_eq!(*alarm.borrow(), Some(Timestamp(10)));
    hub.silence();
    assert_eq!(*alarm.borrow(), None);
}

#[test]
fn watchers_see_that_something_changed() {
    let hub = Hub::new(1);
    let watcher = hub.watch(JobId(1));
    hub.release(vec![Effect::JobChanged { job: JobId(2) }]);
    assert!(!watcher.has_changed().unwrap());
    hub.release(vec![Effect::JobChanged { job: JobId(1) }, Effect::JobChanged { job: JobId(1) }]);
    assert!(watcher.has_changed().unwrap());
}

/// Whether it waits for work or not, and however often before it looks; a host that is away misses it.
#[test]
fn a_turn_reaches_the_host_that_was_drawn() {
    let hub = Hub::new(10);
    let mut seats = [1, 2].map(|host| hub.sit(HostId(host)).unwrap());
    let turns = [2, 3, 2].map(|host| Effect::Turn { host: HostId(host) });
    assert_eq!(hub.release(turns.to_vec()), []);
    let heard = |seat: &mut Seat| std::iter::from_fn(|| seat.turns.try_recv().ok()).count();
    assert_eq!(seats.each_mut().map(heard), [0, 2]);
}
