//! Chains that hold, and every way to break one.

use proptest::prelude::*;

use super::*;
use crate::id::JobId;

fn entry(kind: Kind, number: u16, host: u64, amount: u64) -> Entry {
    Entry {
        kind,
        replica: JobId(1).unit(7).replica(number),
        host: HostId(host),
        volunteer: VolunteerId(host + 100),
        amount: MicroCredits(amount),
        at: Timestamp(1_700_000_000_000),
    }
}

fn rows(entries: impl IntoIterator<Item = Entry>) -> Vec<LedgerRow> {
    let mut head = Head::EMPTY;
    entries.into_iter().map(|entry| head.append(entry)).collect()
}

fn replay(rows: &[LedgerRow]) -> Result<Replay, RowError> {
    let mut replay = Replay::default();
    rows.iter().try_for_each(|row| replay.follow(row))?;
    Ok(replay)
}

/// The layout of what is hashed is for good: a change needs another context.
#[test]
fn the_hash_of_a_row_is_known() {
    let row = rows([entry(Kind::Grant, 2, 3, 5)])[0];
    let bytes = [
        [0; 32].as_slice(),
        &1_u64.to_le_bytes(),
        &[0],
        &1_u64.to_le_bytes(),
        &7_u32.to_le_bytes(),
        &2_u16.to_le_bytes(),
        &3_u64.to_le_bytes(),
        &103_u64.to_le_bytes(),
        &5_u64.to_le_bytes(),
        &1_700_000_000_000_u64.to_le_bytes(),
    ]
    .concat();
    let expected = blake3::derive_key("manyhands 2026 row of the ledger v1", &bytes);
    assert_eq!(row.chain, Digest(expected));
}

#[test]
fn what_is_taken_back_does_not_stand() {
    use Kind::{Grant, TakeBack};
    let rows = rows([
        entry(Grant, 0, 1, 5),
        entry(Grant, 1, 2, 5),
        entry(TakeBack, 0, 1, 5),
        entry(Grant, 0, 1, 5),
        entry(Grant, 2, 1, 9),
    ]);
    let replay = replay(&rows).unwrap();
    let account = replay.hosts()[&HostId(1)].1;
    assert_eq!((account.granted.0, account.taken_back.0, account.standing().0), (19, 5, 14));
    assert_eq!(replay.volunteers()[&VolunteerId(102)].standing().0, 5);
    assert_eq!(replay.head().rows, 5);
}

#[test]
fn a_ledger_that_pays_wrongly_is_refused_although_its_chain_holds() {
    use Kind::{Grant, TakeBack};
    let refused = |entries: &[Entry]| replay(&rows(entries.iter().copied())).unwrap_err();
    let replica = JobId(1).unit(7).replica(0);
    let first = entry(Grant, 0, 1, 5);
    assert_eq!(refused(&[first, first]), RowError::PaidTwice(replica));
    assert_eq!(refused(&[first, entry(Grant, 0, 2, 5)]), RowError::PaidTwice(replica));
    assert_eq!(refused(&[entry(TakeBack, 0, 1, 5)]), RowError::NotPaid(replica));
    let back = entry(TakeBack, 0, 1, 5);
    assert_eq!(refused(&[first, back, back]), RowError::NotPaid(replica));
    for other in [entry(TakeBack, 0, 1, 4), entry(TakeBack, 0, 2, 5)] {
        assert!(matches!(refused(&[first, other]), RowError::OtherGrant { .. }));
    }
    let moved = Entry { volunteer: VolunteerId(7), ..entry(Grant, 1, 1, 5) };
    assert!(matches!(refused(&[first, moved]), RowError::OtherVolunteer { .. }));
}

fn ledgers() -> impl Strategy<Value = Vec<LedgerRow>> {
    let entry = (0_u16..4, 1_u64..4, any::<u32>()).prop_map(|(number, host, amount)| {
        let replica = JobId(amount.into()).unit(amount).replica(number);
        Entry { replica, ..entry(Kind::Grant, number, host, amount.into()) }
    });
    prop::collection::vec(entry, 1..20).prop_map(rows)
}

proptest! {
    /// Each field of each row is under the hash of that row.
    #[test]
    fn any_changed_field_is_found_in_its_row(
        rows in ledgers(), at: prop::sample::Index, field in 0..8, bit in 0_u32..16,
    ) {
        let mut changed = rows.clone();
        let at = at.index(rows.len());
        let row = &mut changed[at];
        let flip = |number: &mut u64| *number ^= 1_u64 << bit;
        match field {
            0 => flip(&mut row.seq),
            1 => flip(&mut row.entry.replica.unit.job.0),
            2 => row.entry.replica.unit.index ^= 1_u32 << bit,
            3 => row.entry.replica.number ^= 1_u16 << bit,
            4 => flip(&mut row.entry.host.0),
            5 => flip(&mut row.entry.volunteer.0),
            6 => flip(&mut row.entry.amount.0),
            _ => flip(&mut row.entry.at.0),
        }
        let mut head = Head::EMPTY;
        let found = changed.iter().position(|row| head.follow(row).is_err());
        prop_assert_eq!(found, Some(at));
    }

    /// A ledger with rows moved, dropped or put in has another head or breaks on the way.
    #[test]
    fn any_moved_dropped_or_added_row_is_found(
        rows in ledgers(), a: prop::sample::Index, b: prop::sample::Index, how in 0..3,
    ) {
        let whole = *rows.last().unwrap();
        let mut changed = rows.clone();
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        match how {
            0 => changed.swap(a, b),
            1 => drop(changed.remove(a)),
            _ => changed.insert(b, rows[a]),
        }
        let mut head = Head::EMPTY;
        let holds = changed.iter().all(|row| head.follow(row).is_ok());
        let is_same = holds && head == Head { rows: whole.seq, chain: whole.chain };
        prop_assert_eq!(is_same, changed == rows);
    }
}
