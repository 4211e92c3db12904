//! The worker's page: who is let in, what is shown, and what its owner can change there.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::browser::Browser;
use crate::grid::Grid;
use crate::http::Address;
use crate::process::{run, stderr, stdout};

const LEFT_ALONE: &str = "idle = 600\ntemperature = 61.5\n";

/// A worker whose sensors are a file.
fn start(settings: &str) -> Grid {
    let mut grid = Grid::start();
    let sensors = grid.text("sensors");
    fs::write(&sensors, LEFT_ALONE).expect("the sensors are written");
    grid.add_governed_worker("ada", "ada", &format!("sensors_from = {sensors:?}\n{settings}"));
    grid
}

fn worker(grid: &Grid, words: &[&str]) -> Output {
    let data = grid.text("ada");
    run(&grid.path("profile"), &[&["worker"], words, &["--data", &data]].concat())
}

fn page(grid: &Grid) -> Address {
    let output = worker(grid, &["page"]);
    assert!(output.status.success(), "{}", stderr(&output));
    Address::of(&stdout(&output))
}

#[test]
fn only_who_knows_the_token_is_let_in_and_no_other_site() {
    let grid = start("");
    let page = page(&grid);
    let shown = page.get("");
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("<title>Manyhands"), "{}", shown.body);
    for header in ["content-security-policy: default-src 'none'", "referrer-policy: no-referrer"] {
        assert!(shown.head.contains(header), "{}", shown.head);
    }
    let mode = grid.path("ada").join("page-token").metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let wrong = Address { token: page.token.replace(|_: char| true, "0"), ..page.clone() };
    for answer in [
        wrong.get(""),
        wrong.get("snapshot"),
        wrong.post("wish", "pause"),
        page.ask("GET", "/", "", ""),
        page.ask("GET", &format!("/{}/", page.token), "Host: evil.example\r\n", ""),
        page.ask(
            "POST",
            &format!("/{}/wish", page.token),
            "Origin: http://evil.example\r\n",
            "pause",
        ),
    ] {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.head.contains("content-security-policy"), "{}", answer.head);
    }
    let wish = &page.get("snapshot").json()["governor"]["wish"];
    assert_eq!(wish, "resume", "nobody was obeyed");
    assert_eq!(Address::of(&stdout(&worker(&grid, &["page"]))).url(), page.url(), "it stays open");
}

#[test]
fn what_the_owner_may_do_is_done_and_anything_else_is_answered() {
    let grid = start("");
    let page = page(&grid);
    assert_eq!(page.post("wish", "pause").body, "paused: you said so\n");
    let snapshot = page.get("snapshot").json();
    assert_eq!(snapshot["governor"]["wish"], "pause");
    let same = worker(&grid, &["status", "--json"]);
    let same: serde_json::Value = serde_json::from_str(&stdout(&same)).expect("JSON");
    assert_eq!(same["governor"], snapshot["governor"], "one model for all views");
    assert_eq!(page.post("wish", "resume").body, "up to 1 program at once\n");

    for (name, body, status) in [
        ("wish", "dance", 422),
        ("wish", "status", 422),
        ("wish", "snooze 99999999999999", 422),
        ("preferences", "not json", 400),
        ("preferences", "{\"limits.idle.cpu\": 5}", 400),
        ("nothing", "", 404),
    ] {
        assert_eq!(page.post(name, body).status, status, "{name} {body}");
    }
    assert_eq!(page.get("wish").status, 405);
    assert_eq!(page.post("wish", &"x".repeat((64 << 10) + 1)).status, 413);
}

#[test]
fn preferences_are_changed_in_the_file_and_obeyed_at_once_or_refused_with_their_place() {
    let grid = start("# mine\n");
    let page = page(&grid);
    let config = grid.path("ada.toml");
    let text = || fs::read_to_string(&config).expect("the settings");
    let changed = page.post("preferences", r#"{"limits.idle.cpu": "50"}"#);
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert!(
        text().contains("# mine") && text().contains("[limits.idle]\ncpu = 50\n"),
        "{}",
        text()
    );
    let status = stdout(&worker(&grid, &["status"]));
    assert!(status.starts_with("up to 1 program at once, 50 % of the time"), "{status}");

    let before = text();
    for (change, field, says) in [
        (r#"{"limits.idle.cpu": "500"}"#, "limits.idle.cpu", "cpu: "),
        (r#"{"limits.idle.cores": "many"}"#, "limits.idle.cores", "`many` is no share"),
        (
            r#"{"rules.heat": "when temprature > 80 pause"}"#,
            "rules.heat",
            ":14: the rule `heat`: `temprature`",
        ),
        (r#"{"slots": "0"}"#, "slots", "`0` is neither"),
        (r#"{"peers.mode": "some"}"#, "peers.mode", "unknown variant `some`"),
        (r#"{"peers.upload_max": "1 KiB"}"#, "peers.upload_max", "at least 64 KiB"),
        (r#"{"page.listen": "0.0.0.0:80"}"#, "page.listen", "of this machine's own"),
        (r#"{"data_dir": "/"}"#, "data_dir", "nothing that can be changed here"),
    ] {
        let refused = page.post("preferences", change);
        assert_eq!(refused.status, 422, "{change}");
        let said = refused.json();
        assert_eq!(said["field"], field);
        assert!(said["message"].as_str().expect("words").contains(says), "{said}");
    }
    assert_eq!(text(), before);

    fs::remove_file(&config).expect("the settings go");
    fs::create_dir(&config).expect("something else is in their place");
    let failed = page.post("preferences", r#"{"limits.idle.cpu": "60"}"#);
    assert_eq!(failed.status, 500);
    assert!(failed.body.contains("ada.toml"), "{}", failed.body);
}

#[test]
fn what_counts_from_the_next_start_does_and_says_so_until_then() {
    let mut grid = start("[peers]\nmode = \"off\"\n");
    let page = page(&grid);
    let place = &page.place;
    let changes = format!(
        r#"{{"slots": "2", "peers.mode": "full", "peers.upload_max": "1 MiB", "page.listen": "{place}"}}"#
    );
    let until_then = |preferences: &serde_json::Value, name: &str| {
        let mut fields = preferences["fields"].as_array().expect("fields").iter();
        fields.find(|field| field["name"] == name).expect(name)["until_then"].clone()
    };
    assert_eq!(until_then(&page.get("preferences").json(), "slots"), serde_json::Value::Null);
    let changed = page.post("preferences", &changes);
    assert_eq!(changed.status, 200, "{}", changed.body);
    for (name, running) in [
        ("slots", "1"),
        ("peers.mode", "off"),
        ("peers.upload_max", "half"),
        ("page.listen", "when asked for, on a free port"),
    ] {
        assert_eq!(until_then(&changed.json(), name), running, "{name}");
    }
    let shown = page.get("snapshot").json();
    assert_eq!(shown["slots"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["sharing"]["mode"], "off");

    grid.stop_worker("ada");
    grid.restart_worker("ada").wait_for(|line| line.starts_with("connected"));
    // The page is open where it was, without being asked for.
    let shown = page.get("snapshot").json();
    assert_eq!(shown["slots"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown["sharing"]["mode"], "full");
    assert_eq!(shown["sharing"]["upload_bytes_per_s_max"], 1 << 20);
    assert_eq!(until_then(&page.get("preferences").json(), "slots"), serde_json::Value::Null);
}

#[test]
fn a_port_that_is_taken_is_named_and_the_worker_computes_all_the_same() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = taken.local_addr().expect("its number");
    let grid = start(&format!("[page]\nlisten = \"{place}\""));
    let output = worker(&grid, &["page"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains(&format!("cannot be opened on {place}")),
        "{}",
        stderr(&output)
    );
    drop(taken);
    assert_eq!(page(&grid).place, place.to_string(), "once it is free, it is taken");
}

#[test]
fn a_browser_shows_it_live_and_its_owner_says_what_to_do() {
    let Some(mut browser) = Browser::start() else { return };
    let grid = start("");
    let page = page(&grid);
    browser.open(&page.url());
    browser.wait_for("text('#link') === 'connected'");
    browser.wait_for("text('#sentence') === 'up to 1 program at once'");
    browser
        .wait_for("text('#sensors').includes('61.5 °C') && text('#sensors').includes('unknown')");
    fs::write(grid.path("sensors"), "idle = 600\ntemperature = 70\n").expect("it is warmer");
    browser.wait_for("text('#sensors').includes('70 °C')");

    browser.click("[data-wish=pause]");
    browser.wait_for("text('#sentence') === 'paused: you said so'");
    browser.wait_for("find('[data-wish=pause]').getAttribute('aria-pressed') === 'true'");
    assert!(stdout(&worker(&grid, &["status"])).starts_with("paused: you said so"));
    browser.click("[data-wish=resume]");
    browser.wait_for("text('#sentence') === 'up to 1 program at once'");

    browser.write("[name='limits.idle.cpu']", "50");
    browser.click("#preferences [type=submit]");
    browser.wait_for("text('#saved').startsWith('Saved')");
    browser.wait_for("text('#sentence').includes('50 % of the time')");
    browser.write("[name='rules.heat']", "when temprature > 80 pause");
    browser.click("#preferences [type=submit]");
    browser
        .wait_for("text('#wrong').includes('the rule `heat`: `temprature` is neither a sensor')");
    browser.wait_for("find(\"[name='rules.heat']\").getAttribute('aria-invalid') === 'true'");
    browser.wait_for("document.activeElement.name === 'rules.heat'");

    browser.click("#preferences [type=reset]");
    browser.wait_for("text('#wrong') === '' && find('[aria-invalid]') === null");

    start_anew(&mut browser);
    let settings = fs::read_to_string(grid.path("ada.toml")).expect("the settings");
    assert!(settings.contains("slots = 2\n") && settings.contains("mode = \"full\""), "{settings}");

    assert_eq!(browser.complaints(), Vec::<String>::new(), "no error, nothing blocked");
    let wrong = page.url().replace(&page.token, "wrong");
    browser.open(&wrong);
    browser.wait_for("document.body.textContent.includes('this is not the page')");
}

/// Changes what a worker takes up when it starts, well and badly.
fn start_anew(browser: &mut Browser) {
    browser.wait_for("text('#whom').startsWith('with workers of this network')");
    browser.wait_for("text(\"[id='note-slots']\") === \"Counts from the worker's next start.\"");
    browser.write("[name=slots]", "2");
    browser.choose("[name='peers.mode']", "full");
    browser.click("#preferences [type=submit]");
    browser.wait_for("text('#saved') === \"Saved; it counts from the worker's next start.\"");
    browser.wait_for("text(\"[id='note-slots']\").endsWith('until then: 1.')");
    browser.wait_for("text(\"[id='note-peers.mode']\").endsWith('until then: lan.')");
    browser.wait_for("find(\"[name='peers.mode']\").value === 'full'");
    browser.wait_for("text('#whom').startsWith('with workers of this network')");

    browser.write("[name='page.listen']", "0.0.0.0:7655");
    browser.click("#preferences [type=submit]");
    browser.wait_for("text('#wrong').startsWith('page.listen: an address of this machine')");
    browser.wait_for("document.activeElement.name === 'page.listen'");
    browser.wait_for("find('.field:has([aria-invalid]) #wrong') !== null");
    let described = "document.activeElement.getAttribute('aria-describedby')";
    browser.wait_for(&format!("{described} === 'wrong note-page.listen'"));
    browser.click("#preferences [type=reset]");
    browser.wait_for("find(\"[name='page.listen']\").value === ''");
    browser.wait_for(
        "find(\"[name='page.listen']\").getAttribute('aria-describedby') === 'note-page.listen'",
    );
}
