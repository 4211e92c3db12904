//! Whatever is heard, in whatever order, what `PEERS.md` promises of a table holds.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Hear { number: u16, subnet: u16, from: u16, age: u8, by: Vec<u16> },
    Name { number: u16, subnet: u16, age: u8 },
    Sight { number: u16, last: u8 },
    Dial { answers: bool },
    Wait { minutes: u16 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = || 1_u16..60;
    let by = prop::collection::vec(number(), 0..6);
    let hear = (number(), 0_u16..12, 0_u16..8, any::<u8>(), by)
        .prop_map(|(number, subnet, from, age, by)| Step::Hear { number, subnet, from, age, by });
    let name = (number(), 0_u16..12, any::<u8>()).prop_map(|(number, subnet, age)| Step::Name {
        number,
        subnet,
        age,
    });
    let step = prop_oneof![
        8 => hear,
        4 => name,
        2 => (number(), any::<u8>()).prop_map(|(number, last)| Step::Sight { number, last }),
        8 => any::<bool>().prop_map(|answers| Step::Dial { answers }),
        1 => (0_u16..400).prop_map(|minutes| Step::Wait { minutes }),
    ];
    prop::collection::vec(step, 0..400)
}

/// What must hold after every step.
fn check(table: &Table) {
    let count = |is: &dyn Fn(&Entry) -> bool| table.entries.values().filter(|it| is(it)).count();
    let new = |source: Source| count(&|entry| !entry.is_tried && entry.source == source);
    assert!(count(&|entry| entry.is_tried) <= TRIED_MAX);
    assert!(new(Source::Coordinator) <= COORDINATOR_MAX && new(Source::Lan) <= LAN_MAX);
    let from_peers = |entry: &Entry| !entry.is_tried && matches!(entry.source, Source::Peer(_));
    assert!(count(&from_peers) <= PEERS_MAX);
    for subnet in 0..12 {
        assert!(new(source(subnet)) <= SOURCE_MAX);
        let is_there = |entry: &Entry| {
            entry.addresses().iter().any(|address| address.subnet() == at(subnet, 1).subnet())
        };
        assert!(count(&is_there) <= SUBNET_MAX, "subnet {subnet}");
    }
    for (name, entry) in &table.entries {
        assert!(!entry.has_nothing() && name.key != table.own);
        let said = entry.record.as_ref().map(SignedRecord::record);
        assert!(said.is_none_or(|said| (*said.key(), said.reach()) == (name.key, name.reach)));
        assert!(!entry.is_tried || entry.linked.is_some());
    }
}

/// Takes one step, and checks what must hold of that step.
fn take(table: &mut Table, step: &Step, now: &mut Timestamp, rng: &mut ChaCha8Rng) {
    match step {
        Step::Hear { number, subnet, from, age, by } => {
            let by: BTreeSet<u16> = by.iter().copied().filter(|by| by != number).collect();
            let by: Vec<Key> = by.into_iter().map(|by| key(by.into())).collect();
            let [.., last] = number.to_be_bytes();
            let seq = now.minus(Span::minutes((*age).into()));
            let heard = record(key((*number).into()), at(*subnet, last), seq, &by);
            hear(table, heard, source(*from), *now);
        }
        Step::Name { number, subnet, age } => {
            let [.., last] = number.to_be_bytes();
            let seq = now.minus(Span::minutes((*age).into()));
            let key = key((*number).into());
            let heard = record(key, at(*subnet, last), seq, &[COORDINATOR]);
            hear(table, heard, Source::Coordinator, *now);
        }
        Step::Sight { number, last } => {
            let _full = table.sight(key((*number).into()), inside(*last), *now);
        }
        Step::Dial { answers } => {
            let Some(dial) = table.next_dial(&BTreeSet::new(), *now, rng) else { return };
            assert!(dial.address.port() >= crate::peer::PORT_MIN);
            assert!(may_dial(table, &dial, *now), "{dial:?}");
            if *answers {
                table.linked(&dial, *now);
            } else {
                table.failed(&dial, *now, rng);
            }
        }
        Step::Wait { minutes } => {
            *now = now.plus(Span::minutes((*minutes).into()));
            table.forget(*now);
        }
    }
}

/// Records never go back, and those who are kept stay.
fn hear(table: &mut Table, heard: SignedRecord, from: Source, now: Timestamp) {
    let seqs = |table: &Table| -> BTreeMap<Name, u64> {
        let said = |entry: &Entry| entry.record.as_ref().map(|it| it.record().seq());
        table.entries.iter().filter_map(|(name, entry)| Some((*name, said(entry)?))).collect()
    };
    let tried = |table: &Table| -> BTreeSet<Name> {
        let tried = table.entries.iter().filter(|(_, entry)| entry.is_tried);
        tried.map(|(name, _)| *name).collect()
    };
    let (seqs_before, tried_before) = (seqs(table), tried(table));
    let is_kept = table.hear(heard, from, Reach::World, now).is_ok();
    let seqs_after = seqs(table);
    assert!(is_kept || seqs_after == seqs_before);
    assert!(seqs_after.iter().all(|(name, seq)| seqs_before.get(name).is_none_or(|it| it <= seq)));
    assert_eq!(tried(table), tried_before);
}

/// Said in other words than the table's own: this host was there, or it is on this network, or the
/// coordinator was there, or peers from two places were that have answered this host.
fn may_dial(table: &Table, dial: &Dial, now: Timestamp) -> bool {
    let entry = &table.entries[&dial.name];
    let was_there = entry.linked.is_some_and(|link| link.address == dial.address);
    let is_near = entry.sighting == Some(dial.address) && dial.address.reach() < Reach::World;
    let witnesses = entry.record.as_ref().map_or(&[][..], SignedRecord::witnesses);
    let lately = witnesses.iter().filter(|witness| {
        witness.address == dial.address && now.since(witness.seen_at) <= Span::hours(25)
    });
    let voices: BTreeSet<Key> = lately.map(|witness| witness.by).collect();
    let known = table.entries.iter().filter(|(_, entry)| entry.is_tried);
    let places: BTreeSet<_> = known
        .filter(|(name, _)| voices.contains(&name.key))
        .filter_map(|(_, entry)| Some(entry.linked?.address.subnet()))
        .collect();
    was_there || is_near || voices.contains(&COORDINATOR) || places.len() >= 2
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_table_keeps_its_promises(steps in steps()) {
        let (mut table, mut now, mut rng) = (table(), NOW, rng());
        for step in &steps {
            take(&mut table, step, &mut now, &mut rng);
            check(&table);
        }
    }
}
