//! What the blob store promises, on a real folder.

use std::thread;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn store() -> (tempfile::TempDir, Blobs) {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path(), 1 << 20, HOUR).unwrap();
    (dir, blobs)
}

/// Makes a blob look as if it was last used `ago`.
fn age(blobs: &Blobs, digest: &Digest, ago: Duration) {
    let file = File::open(blobs.path(digest)).unwrap();
    file.set_times(FileTimes::new().set_modified(clock::file_time() - ago)).unwrap();
}

fn leftovers(blobs: &Blobs) -> usize {
    fs::read_dir(blobs.incoming_dir()).unwrap().count()
}

#[test]
fn what_was_put_is_read_back_whole_and_in_ranges() {
    let (_dir, blobs) = store();
    let digest = blobs.put(b"many hands").unwrap();
    assert_eq!(blobs.get(&digest, 100).unwrap(), b"many hands");
    let mut range = blobs.read(&digest, 5, 4).unwrap();
    assert_eq!(range.next_piece(3).unwrap().unwrap(), b"han");
    assert_eq!(range.next_piece(3).unwrap().unwrap(), b"d");
    assert_eq!(range.next_piece(3).unwrap(), None);
    assert_eq!(blobs.stats().unwrap(), BlobStats { blobs: 1, bytes: 10 });
}

#[test]
fn an_empty_blob_is_a_blob() {
    let (_dir, blobs) = store();
    let digest = blobs.put(b"").unwrap();
    assert_eq!(blobs.get(&digest, 0).unwrap(), b"");
}

#[test]
fn ranges_outside_the_blob_are_refused() {
    let (_dir, blobs) = store();
    let digest = blobs.put(b"1234").unwrap();
    for (offset, length) in [(5, 0), (0, 5), (4, 1), (u64::MAX, u64::MAX)] {
        let refused = blobs.read(&digest, offset, length).unwrap_err();
        assert!(matches!(refused, BlobError::Range { size: 4, .. }), "{offset} {length}");
    }
    assert!(matches!(blobs.read(&Digest::of(b"x"), 0, 0), Err(BlobError::NotHeld(_))));
}

#[test]
fn bytes_of_another_digest_leave_nothing() {
    let (_dir, blobs) = store();
    let digest = Digest::of(b"right");
    let mut incoming = blobs.begin(digest, 5).unwrap();
    incoming.write(b"wrong").unwrap();
    assert!(matches!(incoming.finish(), Err(BlobError::Mismatch { .. })));
    assert!(!blobs.keep(&digest).unwrap());
    assert!(!blobs.keep(&Digest::of(b"wrong")).unwrap());
    assert_eq!(leftovers(&blobs), 0);
}

#[test]
fn more_or_fewer_bytes_than_announced_are_refused() {
    let (_dir, blobs) = store();
    let mut longer = blobs.begin(Digest::of(b"12345"), 4).unwrap();
    assert!(matches!(longer.write(b"12345"), Err(BlobError::Size { declared: 4, received: 5 })));
    drop(longer);
    let mut shorter = blobs.begin(Digest::of(b"12345"), 6).unwrap();
    shorter.write(b"12345").unwrap();
    assert!(matches!(shorter.finish(), Err(BlobError::Size { declared: 6, received: 5 })));
    let huge = blobs.begin(Digest::of(b""), (1 << 20) + 1);
    assert!(matches!(huge, Err(BlobError::TooLarge { .. })));
    assert_eq!(leftovers(&blobs), 0);
}

#[test]
fn the_same_blob_may_come_from_many_at_once() {
    let (_dir, blobs) = store();
    let bytes = vec![7; 300_000];
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| blobs.put(&bytes).unwrap());
        }
    });
    assert_eq!(blobs.stats().unwrap(), BlobStats { blobs: 1, bytes: 300_000 });
    assert_eq!(leftovers(&blobs), 0);
}

#[test]
fn what_a_crash_left_is_removed_at_the_next_start() {
    let (dir, blobs) = store();
    let digest = blobs.put(b"whole").unwrap();
    fs::write(blobs.incoming_dir().join("half"), b"ha").unwrap();
    let again = Blobs::open(dir.path(), 1 << 20, HOUR).unwrap();
    assert_eq!(leftovers(&again), 0);
    assert!(again.keep(&digest).unwrap());
}

#[test]
fn the_sweep_takes_only_what_is_old_and_unreferred() {
    let (_dir, blobs) = store();
    let [referred, young, asked, old] =
        [b"referred", b"young---", b"asked---", b"old-----"].map(|bytes| blobs.put(bytes).unwrap());
    for digest in [&referred, &asked, &old] {
        age(&blobs, digest, 2 * HOUR);
    }
    assert_eq!(blobs.missing(&[asked, Digest::of(b"never")]).unwrap(), [Digest::of(b"never")]);
    let swept = blobs.sweep(|digest| *digest == referred).unwrap();
    assert_eq!(swept, Swept { blobs: 1, bytes: 8 });
    assert_eq!(blobs.missing(&[referred, young, asked, old]).unwrap(), [old]);
}

#[test]
fn what_proves_a_blobs_pieces_goes_with_it() {
    let (dir, blobs) = store();
    let digest = blobs.put(&[7; 100_000]).unwrap();
    assert_eq!(blobs.in_pieces(&digest).unwrap().digest(), digest);
    let files = || fs::read_dir(dir.path().join(&digest.to_string()[..2])).unwrap().count();
    assert_eq!((files(), blobs.stats().unwrap().blobs), (2, 1));
    age(&blobs, &digest, 2 * HOUR);
    assert_eq!(blobs.sweep(|_| false).unwrap(), Swept { blobs: 1, bytes: 100_000 });
    assert_eq!(files(), 0);
    assert!(matches!(blobs.in_pieces(&digest), Err(BlobError::NotHeld(_))));
}

#[test]
fn putting_an_old_blob_again_makes_it_young() {
    let (_dir, blobs) = store();
    let digest = blobs.put(b"again").unwrap();
    age(&blobs, &digest, 2 * HOUR);
    blobs.put(b"again").unwrap();
    assert_eq!(blobs.sweep(|_| false).unwrap(), Swept::default());
}

/// The error is the system's own, from a device that never has space.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_such() {
    use std::io::Write;

    let mut device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = BlobError::from(device.write_all(b"a blob").unwrap_err());
    assert!(matches!(error, BlobError::Full), "{error}");
}
