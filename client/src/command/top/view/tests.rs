//! Screens, compared with how they looked when somebody looked at them.

use manyhands_worker::config::Mode;
use manyhands_worker::control::snapshot::{
    Coordinator, Credit, DayShown, Exchanged, Governed, Held, Network, ProjectShown, Sensor,
    Sharing, Slot, SlotState, Wait, Why, Work,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;

fn screen(view: &View, width: u16, height: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view.draw(frame)).unwrap();
    terminal.backend().clone()
}

fn view(snapshot: Option<Snapshot>) -> View {
    let theme = Theme { has_colour: false };
    View { snapshot, notice: String::new(), notice_left: 0, scroll: 0, theme }
}

fn work(number: usize, job: &str, progress_ppm: u32) -> Slot {
    let work = Work {
        project: String::new(),
        replica: format!("1/{number}.0"),
        job: job.to_owned(),
        description: String::new(),
        submitter: "ada".to_owned(),
        why: format!("copy 1 of unit {number}, chosen by the coordinator"),
        progress_ppm,
        cpu_ms: 3_720_000,
    };
    Slot { number, state: SlotState::Running, work: Some(work) }
}

fn day(date: &str, hours: u64) -> DayShown {
    let why = Why { code: "in-use".to_owned(), words: "you (the machine was in use)".to_owned() };
    DayShown {
        date: date.to_owned(),
        donated_ms: hours * 3_600_000,
        core_ms: hours * 4 * 3_600_000,
        energy_mj: hours * 72_000_000,
        moved_bytes: 7 << 20,
        waits: vec![Wait { why, ms: 8_100_000 }],
        sentence: String::new(),
    }
}

/// A machine that computes.
fn busy() -> Snapshot {
    let sensor = |name: &str, value: Option<&str>| Sensor {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    Snapshot {
        projects: Vec::new(),
        version: 1,
        at_ms: 1_796_000_000_000,
        nickname: "attic".to_owned(),
        coordinator: Coordinator {
            place: "grid.example.org:7654".to_owned(),
            is_connected: true,
            refused: None,
            away: None,
        },
        governor: Governed {
            sentence: "up to 4 programs at once".to_owned(),
            slots: 4,
            cpu_percent: 100,
            ..Governed::default()
        },
        slots: vec![
            work(0, "mersenne", 425_000),
            work(17, "dedoppler", 999_999),
            Slot { number: 2, ..Slot::default() },
        ],
        held: Held { units: 3, ready: 2, reports: 1, chosen: 0, reported: 12, computed_ms: 93_000 },
        sensors: vec![
            sensor("temperature", Some("61.5 °C")),
            sensor("battery", None),
            sensor("load of others", Some("0.2 cores")),
            sensor("on battery", Some("no")),
        ],
        blind: Vec::new(),
        network: Network { today_bytes: 12 << 20, day_max_bytes: Some(2 << 30) },
        sharing: Some(Sharing {
            mode: Mode::Lan,
            linked: 3,
            today: Exchanged { given_bytes: 1_153_434, taken_bytes: 700 << 20 },
            ..Sharing::default()
        }),
        credit: Credit { total_micro: Some(31_239_999), since_start_micro: 4_100_000 },
        days: vec![day("2026-11-25", 9), day("2026-11-26", 5)],
    }
}

fn paused() -> Snapshot {
    let mut snapshot = busy();
    snapshot.governor.slots = 0;
    snapshot.governor.sentence =
        "paused for heat: temperature is 86.5 °C (when temperature > 85 °C pause until < 75 °C)"
            .to_owned();
    snapshot.slots[0].state = SlotState::Stopped;
    snapshot.slots[1].state = SlotState::Emptied;
    snapshot
}

#[test]
fn a_machine_that_computes_in_a_small_terminal() {
    insta::assert_snapshot!(screen(&view(Some(busy())), 80, 24));
}

#[test]
fn a_machine_that_computes_in_a_wide_terminal() {
    insta::assert_snapshot!(screen(&view(Some(busy())), 130, 30));
}

#[test]
fn a_machine_that_is_paused_for_a_rule() {
    insta::assert_snapshot!(screen(&view(Some(paused())), 80, 24));
}

#[test]
fn a_machine_that_gives_nothing_for_now() {
    let mut snapshot = busy();
    let why = Why { code: "rule:metered".to_owned(), words: "metered".to_owned() };
    snapshot.sharing.as_mut().unwrap().paused = Some(why);
    insta::assert_snapshot!(screen(&view(Some(snapshot)), 80, 24));
}

#[test]
fn who_shares_with_nobody_is_told_so() {
    let mut snapshot = busy();
    snapshot.sharing.as_mut().unwrap().mode = Mode::Off;
    let shown = screen(&view(Some(snapshot)), 80, 24).to_string();
    assert!(shown.contains("peers    none: sharing is off"), "{shown}");
    assert!(!shown.contains("MiB out"), "{shown}");
}

#[test]
fn a_worker_without_its_coordinator() {
    let mut snapshot = busy();
    snapshot.coordinator.is_connected = false;
    snapshot.credit = Credit::default();
    insta::assert_snapshot!(screen(&view(Some(snapshot)), 80, 24));
}

/// A machine that computes for two projects.
fn shared() -> Snapshot {
    let mut snapshot = busy();
    let away = Coordinator { is_connected: false, ..snapshot.coordinator.clone() };
    let project = |name: &str, share, coordinator| ProjectShown {
        name: name.to_owned(),
        share,
        coordinator,
        slots: 1,
        units: 3,
        computed_ms: 93_000,
        credit: snapshot.credit,
    };
    snapshot.projects =
        vec![project("primes", 3, snapshot.coordinator.clone()), project("stars", 1, away)];
    for (slot, name) in snapshot.slots.iter_mut().zip(["primes", "stars"]) {
        slot.work.as_mut().unwrap().project = name.to_owned();
    }
    snapshot
}

#[test]
fn a_machine_that_computes_for_two_projects() {
    insta::assert_snapshot!(screen(&view(Some(shared())), 80, 30));
    insta::assert_snapshot!(screen(&view(Some(shared())), 130, 30));
}

#[test]
fn a_worker_that_was_only_just_started() {
    insta::assert_snapshot!(screen(&view(Some(Snapshot::default())), 80, 24));
    insta::assert_snapshot!(screen(&view(None), 40, 5));
}

#[test]
fn slots_that_have_no_room_are_counted_and_can_be_scrolled_to() {
    let mut snapshot = busy();
    snapshot.slots = (0..16).map(|number| work(number, "mersenne", 500_000)).collect();
    let mut view = view(Some(snapshot));
    let shown = screen(&view, 80, 24).to_string();
    assert!(shown.contains("and 14 more"), "{shown}");
    view.scroll(14);
    let shown = screen(&view, 80, 24).to_string();
    assert!(shown.contains(" 15 ") && !shown.contains("more: arrows"), "{shown}");
    view.scroll(100);
    assert_eq!(view.scroll, 15);
    view.scroll(-100);
    assert_eq!(view.scroll, 0);
}

#[test]
fn a_word_to_the_person_gives_way_to_the_keys_after_a_while() {
    let mut view = view(Some(busy()));
    view.say("paused: you said so");
    let foot = |view: &View| screen(view, 80, 24).to_string().lines().last().unwrap().to_owned();
    assert!(foot(&view).contains("paused: you said so"));
    for _ in 0..NOTICE {
        view.take(busy());
    }
    assert!(foot(&view).contains("p pause"));
}

#[test]
fn names_from_strangers_do_not_steer_the_terminal() {
    let mut snapshot = busy();
    snapshot.slots[0].work.as_mut().unwrap().job = "a\x1b[2Jb".to_owned();
    let shown = screen(&view(Some(snapshot)), 80, 24).to_string();
    assert!(!shown.contains('\x1b') && shown.contains("a\u{fffd}[2Jb"), "{shown}");
}

#[test]
fn there_are_no_colours_unless_they_are_wanted_and_then_some() {
    let coloured = |has_colour| {
        let view = View { theme: Theme { has_colour }, ..view(Some(paused())) };
        let backend = screen(&view, 80, 24);
        let cells = backend.buffer().content().iter();
        cells.filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count()
    };
    assert_eq!(coloured(false), 0);
    assert!(coloured(true) > 100);
}

#[test]
fn any_size_is_drawn() {
    for (width, height) in [(1, 1), (10, 3), (39, 9), (80, 6), (300, 100)] {
        assert!(!screen(&view(Some(busy())), width, height).to_string().is_empty());
        assert!(!screen(&view(Some(shared())), width, height).to_string().is_empty());
    }
}
