//! What a manifest says of its units, and what a draft may not say.

use super::axis::{Axis, Values};
use super::*;
use crate::limits::{ARGS_MAX, UNITS_MAX};

fn artefact(name: &str) -> Artefact {
    Artefact { name: name.to_owned(), digest: Digest::of(name.as_bytes()), bytes: 10, salt: None }
}

fn axis(name: &str, values: Values) -> Axis {
    Axis { name: name.to_owned(), values }
}

fn list(texts: &[&str]) -> Values {
    Values::List(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn draft() -> Draft {
    Draft {
        name: "sweep".to_owned(),
        description: "tries everything".to_owned(),
        app: AppVersion {
            module: Digest::of(b"module"),
            module_bytes: 1_000,
            kind: Kind::Command,
            memory_bytes_max: 1 << 20,
            profile: 1,
        },
        args: vec!["--n={n}".to_owned(), "{file}".to_owned(), "{{}}".to_owned()],
        inputs: vec![
            Input { path: "table".to_owned(), source: Source::Fixed(artefact("table.csv")) },
            Input { path: "data.fil".to_owned(), source: Source::Axis("file".to_owned()) },
        ],
        stdin: None,
        outputs: vec!["hits/table.csv".to_owned()],
        axes: vec![
            axis("file", Values::Files(vec![artefact("a.fil"), artefact("b.fil")])),
            axis("n", Values::Range { start: 1, end: 3, step: 1 }),
        ],
        policy: Policy::default(),
        secret: None,
    }
}

/// Checks that the draft is refused with this message after `change`.
fn check(change: impl FnOnce(&mut Draft), message: &str) {
    let mut draft = draft();
    change(&mut draft);
    assert_eq!(Manifest::new(draft).map_err(|error| error.to_string()), Err(message.to_owned()));
}

#[test]
fn the_first_axis_changes_slowest() {
    let manifest = Manifest::new(draft()).unwrap();
    assert_eq!(manifest.units_total(), 6);
    let units: Vec<UnitSpec> = (0..6).map_while(|index| manifest.unit(index)).collect();
    let args: Vec<String> = units.iter().map(|unit| unit.args.join(" ")).collect();
    assert_eq!(args[0], "--n=1 a.fil {}");
    assert_eq!(args[2], "--n=3 a.fil {}");
    assert_eq!(args[3], "--n=1 b.fil {}");
    assert_eq!(manifest.unit(6), None);
}

#[test]
fn a_unit_knows_its_values_and_blobs() {
    let unit = Manifest::new(draft()).unwrap().unit(4).unwrap();
    let value = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(unit.values, [value("file", "b.fil"), value("n", "2")]);
    let inputs = [("table", artefact("table.csv")), ("data.fil", artefact("b.fil"))];
    assert_eq!(unit.inputs, inputs.map(|(path, artefact)| (path.to_owned(), artefact)));
}

#[test]
fn without_axes_there_is_one_unit() {
    let no_axes = Draft { args: vec![], inputs: vec![], axes: vec![], ..draft() };
    let manifest = Manifest::new(no_axes).unwrap();
    assert_eq!(manifest.units_total(), 1);
    assert!(manifest.unit(0).is_some());
}

#[test]
fn each_unit_has_its_own_seed() {
    let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
    assert_eq!(unit_seed(&one, 5), unit_seed(&one, 5));
    assert_ne!(unit_seed(&one, 5), unit_seed(&one, 6));
    assert_ne!(unit_seed(&one, 5), unit_seed(&other, 5));
}

#[test]
fn empty_and_oversized_grids_are_refused() {
    check(
        |draft| draft.axes[1].values = Values::Range { start: 3, end: 1, step: 1 },
        "axis \"n\" has no values, so the job would have no units",
    );
    check(
        |draft| draft.axes[1].values = list(&[]),
        "axis \"n\" has no values, so the job would have no units",
    );
    let end = i64::from(UNITS_MAX);
    check(
        |draft| draft.axes[1].values = Values::Range { start: 1, end, step: 1 },
        "the axes make 20000000 work units; the most is 10000000",
    );
    let widest = Values::Range { start: i64::MIN, end: i64::MAX, step: 1 };
    let message =
        format!("the axes make {} work units; the most is 10000000", u128::from(u64::MAX) * 2);
    check(|draft| draft.axes[1].values = widest, &message);
}

#[test]
fn references_to_axes_are_checked() {
    check(
        |draft| draft.args[0] = "{m}".to_owned(),
        "args[0] refers to axis \"m\", which the job does not have",
    );
    check(
        |draft| draft.inputs[1].source = Source::Axis("n".to_owned()),
        "inputs[\"data.fil\"] takes its bytes from axis \"n\", whose values are not files",
    );
    check(
        |draft| draft.stdin = Some(Source::Axis("m".to_owned())),
        "stdin refers to axis \"m\", which the job does not have",
    );
    check(|draft| draft.axes[1].name = "file".to_owned(), "axes names \"file\" twice");
}

#[test]
fn fields_are_named_with_their_limits() {
    check(|draft| draft.name = String::new(), "name is empty");
    check(|draft| draft.name = "a\nb".to_owned(), "name holds a control character");
    check(|draft| draft.name = "x".repeat(129), "name has 129 bytes; the most is 128");
    check(
        |draft| draft.args = vec![String::new(); ARGS_MAX + 1],
        "args has 257 entries; the most is 256",
    );
    check(
        |draft| draft.args[1] = "{file".to_owned(),
        "args[1]: `{` is never closed; write `{{` for a brace",
    );
    check(|draft| draft.outputs = vec!["stdout".to_owned()], "outputs names \"stdout\" twice");
    check(
        |draft| draft.outputs = vec!["../up".to_owned()],
        "outputs: \"../up\" is not a plain relative path; use parts such as a/b.txt, without `..`",
    );
    check(
        |draft| draft.app.memory_bytes_max = 1,
        "app.memory_bytes_max is 1; it must be between 65536 and 4294967296",
    );
    check(|draft| draft.policy.quorum = 0, "policy.quorum is 0; it must be between 1 and 16");
}

#[test]
fn private_inputs_need_a_secret_and_have_keys_in_the_order_of_inputs() {
    let secret = JobSecret([7; 32]);
    let private = |name: &str| {
        let plain = artefact(name);
        Artefact { salt: Some(secret.salt(&plain.digest)), ..plain }
    };
    let input = |name: &str, artefact| Input { path: name.into(), source: Source::Fixed(artefact) };
    let inputs = vec![input("a", private("a")), input("open", artefact("open"))];
    let stdin = Some(Source::Fixed(private("b")));
    let without = Draft { inputs, stdin, ..draft() };
    let refused = ManifestError::NoSecret { name: "a".into() };
    assert_eq!(Manifest::new(without.clone()), Err(refused));

    let manifest = Manifest::new(Draft { secret: Some(secret.commitment()), ..without }).unwrap();
    let key = |name: &str| secret.key(&secret.salt(&artefact(name).digest));
    assert_eq!(manifest.input_keys(&secret, 0), [key("a"), key("b")]);
    assert_eq!(manifest.input_keys(&secret, u32::MAX), []);
}

#[test]
fn units_that_share_a_file_are_known_from_the_grid() {
    let axis_after = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        let manifest = Manifest::new(draft).unwrap();
        let axis = manifest.file_axis();
        if let Some(axis) = axis {
            let first = |index| manifest.unit(index).unwrap().inputs[1].1.name.clone();
            let is_same = |(a, b)| (axis.file_of(a) == axis.file_of(b)) == (first(a) == first(b));
            assert!((0..6).flat_map(|a| (0..6).map(move |b| (a, b))).all(is_same));
        }
        axis
    };
    assert_eq!(axis_after(&|_| {}), Some(FileAxis { stride: 3, files: 2 }));
    assert_eq!(axis_after(&|draft| draft.axes.reverse()), Some(FileAxis { stride: 1, files: 2 }));
    // Nobody shares a file of which there is one for each unit, and nobody fetches one that no unit reads.
    let single = axis("n", Values::Range { start: 1, end: 1, step: 1 });
    assert_eq!(axis_after(&|draft| draft.axes[1] = single.clone()), None);
    assert_eq!(axis_after(&|draft| draft.inputs.truncate(1)), None);
}

#[test]
fn of_several_axes_of_files_that_of_the_largest_counts() {
    let mut draft = draft();
    let large = Artefact { bytes: 1_000, ..artefact("c.fil") };
    draft.axes[1] = axis("n", Values::Files(vec![large.clone(), large]));
    draft.stdin = Some(Source::Axis("n".to_owned()));
    let found = Manifest::new(draft.clone()).unwrap().file_axis();
    assert_eq!(found, Some(FileAxis { stride: 1, files: 2 }));
    draft.stdin = None;
    let found = Manifest::new(draft).unwrap().file_axis();
    assert_eq!(found, Some(FileAxis { stride: 2, files: 2 }));
}
