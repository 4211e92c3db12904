//! Records as they are written, read, and judged.

use super::*;

fn record(second: u64, event: Event, project: &str, version: u32) -> Record {
    let how = if event == Event::Given { How::Asked } else { How::Leave };
    let (text, user) = ("9f2c".to_owned(), "ada \"l\"".to_owned());
    let at = Timestamp(1_800_000_000_000 + second * 1_000);
    Record { at, event, project: project.to_owned(), version, text, how, user }
}

#[test]
fn a_record_is_a_readable_line_that_is_read_back() {
    let record = Record { how: How::Flag, ..record(0, Event::Given, "ours", 1) };
    let line = serde_json::to_string(&record).unwrap();
    let expect = r#"{"at":"2027-01-15T08:00:00Z","event":"given","project":"ours","version":1,"text":"9f2c","how":"--yes","user":"ada \"l\""}"#;
    assert_eq!(line, expect);
    assert_eq!(parse(&line).unwrap(), [record]);
}

#[test]
fn what_stands_is_what_was_said_last_of_this_project_and_text() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("worker");
    let mut consents = Consents::read(&root).unwrap();
    assert_eq!(consents.standing("ours", 1), Standing::Unknown);
    assert!(!root.exists(), "looking changes nothing");

    consents.append(record(1, Event::Given, "ours", 1)).unwrap();
    assert_eq!(consents.standing("ours", 1), Standing::Given);
    assert_eq!(consents.standing("ours", 2), Standing::Unknown, "another text");
    assert_eq!(consents.standing("theirs", 1), Standing::Unknown, "another project");

    let withdrawn = record(2, Event::Withdrawn, "ours", 1);
    assert_eq!(consents.withdraw(|_| true, |_| withdrawn.clone()).unwrap(), ["ours"]);
    assert_eq!(consents.standing("ours", 1), Standing::Withdrawn(withdrawn.at));
    assert!(
        consents.withdraw(|_| true, |_| withdrawn.clone()).unwrap().is_empty(),
        "once is enough"
    );

    consents.append(record(3, Event::Given, "ours", 2)).unwrap();
    assert_eq!(consents.standing("ours", 2), Standing::Given);
    assert_eq!(consents.standing("ours", 1), Standing::Unknown);
    assert_eq!(Consents::read(&root).unwrap().records(), consents.records());
}

#[test]
fn nobody_leaves_while_a_worker_computes() {
    let dir = tempfile::tempdir().unwrap();
    let mut consents = Consents::read(dir.path()).unwrap();
    consents.append(record(1, Event::Given, "ours", 1)).unwrap();
    let worker = Home::open(dir.path()).unwrap();
    let refused = consents.withdraw(|_| true, |given| given.clone());
    assert!(matches!(refused, Err(ConsentError::Home(HomeError::Busy(_)))));
    drop(worker);
    assert_eq!(Consents::read(dir.path()).unwrap().standing("ours", 1), Standing::Given);
}

#[test]
fn a_spoilt_line_is_named_and_an_open_one_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let line = serde_json::to_string(&record(1, Event::Given, "ours", 1)).unwrap();
    let spoilt = |text: &str| {
        fs::write(&path, text).unwrap();
        Consents::read(dir.path()).unwrap_err().to_string()
    };
    for bad in
        ["", "yes", "{}", &line[..40], &line.replace("15T", "35T"), &line.replace("at", "as")]
    {
        let said = spoilt(&format!("{line}\n{bad}\n"));
        assert!(said.contains("consent.jsonl:2: this is no record"), "{bad}: {said}");
    }

    fs::write(&path, &line).unwrap();
    let mut consents = Consents::read(dir.path()).unwrap();
    consents.append(record(2, Event::Given, "theirs", 1)).unwrap();
    assert_eq!(Consents::read(dir.path()).unwrap().records().len(), 2);
}
