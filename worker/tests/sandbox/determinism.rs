//! Equal units give equal bytes; another seed gives others.

use manyhands_worker::sandbox::{Control, Input, Unit, check, run};

use crate::workbench::{TOUR_C, TOUR_RUST, WALK, load, outputs, run_plain, sandbox, text, unit};

fn tour() -> Unit {
    Unit {
        stdin: "a b c d e f g h i j k l m n o p".into(),
        inputs: vec![Input::new("numbers.txt", "3 2 1"), Input::new("data/blob", "blob")],
        ..unit()
    }
}

#[test]
fn the_same_unit_twice() {
    for wasm in [TOUR_C, TOUR_RUST, WALK] {
        let program = load(wasm);
        let report = check(&program, &tour());
        assert!(report.is_reproducible);
        assert!(!outputs(&report.first).is_empty());
        assert_eq!(report.step_mean.is_some(), report.first.usage.steps > 0);
    }
}

/// A hash map's order, `rand` and the entropy come from the seed alone.
#[test]
fn another_seed() {
    for wasm in [TOUR_C, TOUR_RUST, WALK] {
        let program = load(wasm);
        let one = run_plain(&program, tour());
        let other = run_plain(&program, Unit { seed: [8; 32], ..tour() });
        assert_ne!(text(&one, "stdout"), text(&other, "stdout"));
    }
}

/// Code from the cache computes what fresh code computes, and damaged code is not run.
#[test]
fn compiled_code_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let cached = manyhands_worker::sandbox::Sandbox::new(Some(folder.path())).unwrap();
    let prepared = manyhands_prepare::prepare(WALK).unwrap();
    let fresh = cached.load(&prepared.digest, || Ok(prepared.bytes.clone())).unwrap();
    let again = cached.load(&prepared.digest, || unreachable!("it is cached")).unwrap();
    let hash = |program| {
        let control = Control { wants_state_hash: true, ..Control::default() };
        run(program, unit(), control).state_hash.unwrap()
    };
    assert_eq!(hash(&fresh), hash(&again));
    assert_eq!(hash(&fresh), hash(&load(WALK)));

    let entry = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut bytes = std::fs::read(&entry).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&entry, &bytes).unwrap();
    let mut was_read = false;
    let read = || {
        was_read = true;
        Ok(prepared.bytes.clone())
    };
    cached.load(&prepared.digest, read).unwrap();
    assert!(was_read, "a damaged entry was believed");
}

#[test]
fn modules_that_were_not_prepared() {
    let prepared = manyhands_prepare::prepare(WALK).unwrap();
    let digest: [u8; 32] = blake3::hash(WALK).into();
    let error = sandbox().load(&digest, || Ok(WALK.to_vec())).unwrap_err();
    assert!(error.message.contains("was not prepared"), "{error}");
    let error = sandbox().load(&prepared.digest, || Ok(WALK.to_vec())).unwrap_err();
    assert!(error.message.contains("not those of its digest"), "{error}");
    let gone = || Err(std::io::ErrorKind::NotFound.into());
    assert!(sandbox().load(&prepared.digest, gone).is_err());
}
