//! Single days of a machine and its owner.

use std::collections::{BTreeMap, BTreeSet};

use manyhands_core::agent::energy::Power;
use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use manyhands_core::agent::governor::limits::{Allowance, Cores, Limits};
use manyhands_core::agent::governor::reading::{Fact, Gauge};
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::tally::{Exchanged, Use};
use manyhands_core::agent::governor::{Memory, Stop, Wish};
use manyhands_core::time::Span;

use crate::home::{GIBIBYTE, Home, MONDAY, Shown, rule};

/// As gauges of memory and disk show it.
const MEBIBYTE: i64 = 1_000;

#[test]
fn a_machine_that_was_left_alone_computes_at_once() {
    let decision = Home::new(&DEFAULT_RULES).tick();
    assert_eq!((decision.slots, decision.cpu_percent, decision.reason), (4, 100, None));
    assert!(decision.fetches && decision.no_network.is_none());
}

#[test]
fn the_person_is_back_and_everything_stops_until_three_minutes_after_the_last_touch() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    let decision = home.touch();
    assert_eq!((decision.slots, decision.reason), (0, Some(Reason::InUse)));
    assert_eq!((decision.stop, decision.memory), (Stop::AtOnce, Memory::Kept));
    assert_eq!(home.governor.explain(), "paused: you use this machine");
    assert_eq!(home.pass(Span::seconds(179)).slots, 0);
    assert_eq!(home.pass(Span::seconds(1)).slots, 4);
}

#[test]
fn who_lets_it_go_on_while_in_use_gets_that() {
    let gentle = Limits::gentle(16 * GIBIBYTE);
    let in_use = Allowance { cores: Cores::Count(1), cpu_percent: 50, ..gentle.idle };
    let mut home = Home::with(Limits { in_use, ..gentle }, &[]);
    home.tick();
    let decision = home.touch();
    assert_eq!((decision.slots, decision.cpu_percent), (1, 50));
    assert_eq!(decision.reason, Some(Reason::InUse));
    let said = home.governor.explain();
    assert_eq!(said, "up to 1 program at once, 50 % of the time: you use this machine");
}

#[test]
fn a_film_is_watched_without_a_touch() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    let decision = home.state(Fact::FullScreen, true);
    assert_eq!((decision.slots, decision.reason), (0, rule("full-screen")));
    assert_eq!(decision.stop, Stop::AtOnce);
    home.pass(Span::hours(2));
    home.state(Fact::FullScreen, false);
    assert_eq!(home.tick().slots, 4);
}

#[test]
fn a_hot_machine_rests_until_it_is_cool_and_says_so() {
    let mut home = Home::new(&[("heat", "when temperature > 80 pause until < 70")]);
    assert_eq!(home.show(Gauge::Temperature, 80_000).slots, 4);
    let decision = home.show(Gauge::Temperature, 86_500);
    assert_eq!((decision.slots, &decision.reason), (0, &rule("heat")));
    assert_eq!(
        home.governor.explain(),
        "paused for heat: temperature is 86.5 °C (when temperature > 80 pause until < 70)"
    );
    assert_eq!(home.pass(Span::hours(1)).slots, 0);
    assert_eq!(home.show(Gauge::Temperature, 70_000).slots, 0);
    assert_eq!(home.show(Gauge::Temperature, 69_000).slots, 4);
}

#[test]
fn a_machine_that_heats_up_by_its_work_alone_flaps_less_and_less() {
    let mut home = Home::new(&[("heat", "when temperature > 80 pause until < 79")]);
    home.tick();
    let mut ran = vec![4];
    for _ in 0..3_600 {
        let is_working = home.decision.as_ref().unwrap().slots > 0;
        home.readings.show(Gauge::Temperature, if is_working { 81_000 } else { 60_000 });
        ran.push(home.pass(Span::seconds(1)).slots);
    }
    let begun = ran.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((5..=12).contains(&begun), "it began {begun} times in an hour");
}

#[test]
fn on_battery_nothing_is_urgent_but_nothing_runs() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    let decision = home.state(Fact::OnBattery, true);
    assert_eq!((decision.slots, decision.reason, decision.stop), (0, rule("battery"), Stop::Saved));
    let decision = home.touch();
    assert_eq!((decision.reason, decision.stop), (rule("battery"), Stop::AtOnce));
    home.state(Fact::OnBattery, false);
    assert_eq!(home.pass(Span::minutes(4)).slots, 4);
}

#[test]
fn a_loose_plug_does_not_make_it_flap() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    let mut begun = 0;
    let mut before = 4;
    for second in 0..120 {
        home.readings.state(Fact::OnBattery, second % 2 == 0);
        let slots = home.pass(Span::seconds(1)).slots;
        begun += u32::from(slots > before);
        before = slots;
    }
    assert_eq!(begun, 3, "every 30 s at most");
}

#[test]
fn quiet_hours_end_with_the_clock_on_the_wall_also_when_it_is_set() {
    let mut home = Home::new(&[("quiet", "when 22:00-07:00 pause")]);
    assert_eq!(home.tick().reason, rule("quiet"));
    home.advance(Span::hours(7));
    assert_eq!(home.tick().slots, 4);
    // Set back to 06:00: quiet again, and an hour later not.
    home.now.local.of_day = Span::hours(6);
    let decision = home.pass(Span::seconds(1));
    assert_eq!((decision.slots, decision.stop), (0, Stop::Saved));
    assert_eq!(home.pass(Span::hours(1)).slots, 4);
}

#[test]
fn a_clock_that_was_set_back_by_years_loses_no_time_and_no_snooze() {
    let mut home = Home::new(&[]);
    home.pass(Span::minutes(10));
    home.wish(Wish::Snooze(Span::minutes(10)));
    home.now.local.day.0 -= 5_000;
    home.pass(Span::minutes(9));
    assert_eq!(home.tick().reason, Some(Reason::Snoozed));
    home.pass(Span::minutes(1));
    assert_eq!(home.tick().slots, 4);
    let total: u64 = home.governor.tally().days().map(|(_, day)| day.total().0).sum();
    assert_eq!(Span(total), Span::minutes(20));
}

#[test]
fn other_programs_get_the_cores_that_they_need() {
    let mut home = Home::new(&[]);
    home.tick();
    let decision = home.show(Gauge::LoadOfOthers, 1_900);
    assert_eq!((decision.slots, decision.reason), (2, Some(Reason::Load)));
    assert_eq!(home.show(Gauge::LoadOfOthers, 4_200).slots, 0);
    home.show(Gauge::LoadOfOthers, 100);
    assert!(home.governor.explain().contains("this is over, and it goes on after"));
    assert_eq!(home.pass(Span::minutes(9)).slots, 4);
}

#[test]
fn memory_that_others_need_is_given_back_at_once_and_else_after_a_while() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.show(Gauge::MemoryPressure, 0);
    let decision = home.show(Gauge::MemoryPressure, 12_000);
    assert_eq!((decision.slots, decision.memory), (0, Memory::OfAll));
    home.show(Gauge::MemoryPressure, 0);
    assert_eq!(home.pass(Span::minutes(9)).slots, 4);
    home.state(Fact::InCall, true);
    assert_eq!(home.pass(Span::seconds(599)).memory, Memory::Kept);
    assert_eq!(home.pass(Span::seconds(1)).memory, Memory::OfSaved);
}

#[test]
fn each_rule_that_holds_by_default_stops_what_it_is_about_and_lets_it_go_on() {
    // What is shown first makes the rule hold, the other makes it hold no more.
    let facts = [
        ("battery", Fact::OnBattery),
        ("full-screen", Fact::FullScreen),
        ("call", Fact::InCall),
        ("metered", Fact::Metered),
    ];
    let gauges = [
        ("heat", Gauge::Temperature, [86_000, 74_000]),
        ("memory", Gauge::MemoryPressure, [11_000, 1_000]),
        ("free-memory", Gauge::FreeMemory, [511 * MEBIBYTE, 1_025 * MEBIBYTE]),
        ("free-disk", Gauge::FreeDisk, [1_023 * MEBIBYTE, 2_049 * MEBIBYTE]),
    ];
    let of_facts = facts.map(|(name, fact)| {
        (name, vec![Shown::Fact(fact.clone(), true), Shown::Fact(fact, false)])
    });
    let of_gauges = gauges.map(|(name, gauge, values)| {
        (name, values.map(|value| Shown::Gauge(gauge.clone(), value)).to_vec())
    });
    let all: BTreeMap<&str, Vec<Shown>> = of_facts.into_iter().chain(of_gauges).collect();
    let names: BTreeSet<&str> = DEFAULT_RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(all.keys().copied().collect::<BTreeSet<_>>(), names);

    for (name, shown) in all {
        let mut home = Home::new(&DEFAULT_RULES);
        home.tick();
        let is_about_network = matches!(name, "metered" | "free-disk");
        let held = home.see(&shown[0]);
        let (slots, no_network) = if is_about_network { (4, rule(name)) } else { (0, None) };
        assert_eq!((held.slots, held.no_network), (slots, no_network), "{name}");
        assert_eq!(held.reason, if is_about_network { None } else { rule(name) }, "{name}");
        home.see(&shown[1]);
        let after = home.pass(Span::minutes(1));
        assert_eq!((after.slots, after.fetches, after.reason), (4, true, None), "{name}");
    }
}

#[test]
fn on_a_metered_line_what_is_here_is_computed_and_nothing_is_fetched() {
    let mut home = Home::new(&DEFAULT_RULES);
    let decision = home.state(Fact::Metered, true);
    assert_eq!((decision.slots, decision.fetches), (4, false));
    assert_eq!(decision.no_network, rule("metered"));
    home.starved = Some(Reason::NoWork);
    home.pass(Span::minutes(5));
    let spans = home.governor.tally().day(MONDAY).unwrap().spans();
    let waited = Use::Waited(rule("metered").unwrap());
    assert!(spans.into_iter().any(|(used, span)| *used == waited && span == Span::minutes(5)));
}

#[test]
fn a_days_bytes_are_moved_and_no_more() {
    let limits = Limits { network_day_bytes: Some(1_000), ..Limits::gentle(16 * GIBIBYTE) };
    let mut home = Home::with(limits, &[]);
    home.tick();
    home.governor.moved(999);
    assert_eq!(home.tick().no_network, None);
    home.governor.moved(1);
    assert_eq!(home.tick().no_network, Some(Reason::NetworkBudget));
    assert_eq!(home.pass_in_steps(Span::hours(24), Span::minutes(1)).no_network, None);
}

#[test]
fn when_a_days_bytes_are_written_nothing_runs_until_the_next_day() {
    let limits = Limits { disk_day_bytes: Some(1_000), ..Limits::gentle(16 * GIBIBYTE) };
    let mut home = Home::with(limits, &[]);
    home.tick();
    home.governor.wrote(999);
    assert_eq!(home.tick().slots, 4);
    home.governor.wrote(1);
    let decision = home.tick();
    assert_eq!((decision.slots, decision.fetches, decision.no_downloads), (0, false, true));
    assert_eq!((decision.reason, decision.stop), (Some(Reason::DiskBudget), Stop::Saved));
    assert_eq!(decision.no_network, None, "what is done is handed in");
    let decision = home.pass_in_steps(Span::hours(24), Span::minutes(1));
    assert_eq!((decision.slots, decision.no_downloads), (4, false));
}

#[test]
fn what_the_owner_says_by_hand_counts_first_and_at_once() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    let decision = home.wish(Wish::Pause);
    assert_eq!((decision.reason, decision.stop), (Some(Reason::Paused), Stop::AtOnce));
    home.touch();
    assert_eq!(home.pass(Span::hours(5)).reason, Some(Reason::Paused));
    assert_eq!(home.wish(Wish::Resume).slots, 4, "without a wait");

    home.wish(Wish::Snooze(Span::minutes(2)));
    assert_eq!(home.pass(Span::seconds(119)).reason, Some(Reason::Snoozed));
    assert_eq!(home.governor.explain(), "paused: you said so, for another 1 s");
    assert_eq!(home.pass(Span::seconds(1)).slots, 4);

    let decision = home.wish(Wish::Finish);
    assert_eq!((decision.slots, decision.fetches), (4, false));
}

#[test]
fn who_resumes_what_a_rule_forbids_is_told_the_rule() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.wish(Wish::Pause);
    home.state(Fact::OnBattery, true);
    assert_eq!(home.wish(Wish::Resume).reason, rule("battery"));
}

#[test]
fn bytes_are_told_with_their_budget_and_kept_in_the_history() {
    let limits = Limits { network_day_bytes: Some(1_000), ..Limits::gentle(16 * GIBIBYTE) };
    let mut home = Home::with(limits, &[]);
    home.tick();
    home.governor.moved(1_000);
    assert_eq!(home.tick().no_network, Some(Reason::NetworkBudget));
    assert_eq!(home.governor.network_today(), (1_000, Some(1_000)));
    assert_eq!(home.governor.tally().day(MONDAY).unwrap().moved_bytes(), 1_000);
    home.governor.adopt(Limits { network_day_bytes: None, ..limits }, Vec::new());
    assert_eq!(home.tick().no_network, None, "unless its owner allows more");
}

#[test]
fn what_other_workers_got_and_gave_is_kept_in_the_history_of_the_day() {
    let mut home = Home::new(&[]);
    let exchanged = Exchanged { given_bytes: 7, taken_bytes: 9 };
    home.governor.exchanged(exchanged);
    home.governor.exchanged(exchanged);
    home.tick();
    home.tick();
    let today = home.governor.tally().day(MONDAY).unwrap().exchanged();
    assert_eq!(today, Exchanged { given_bytes: 14, taken_bytes: 18 });
    assert_eq!(home.governor.tally().exchanged(), today);
}

#[test]
fn what_computing_took_is_measured_where_the_processor_tells_it_and_else_estimated() {
    let mut home = Home::new(&[]);
    home.pass(Span::hours(1));
    let energy = |home: &Home| home.governor.tally().day(MONDAY).unwrap().energy().to_string();
    assert_eq!(energy(&home), "20 Wh", "four cores of 5 W");
    home.governor.set_core_power(Power::watts(10));
    home.pass(Span::hours(1));
    assert_eq!(energy(&home), "60 Wh", "the owner knows better");
    home.readings.show(Gauge::Power, 30_000);
    home.tick();
    home.pass(Span::hours(1));
    assert_eq!(energy(&home), "90 Wh", "the processor knows best");
    home.wish(Wish::Pause);
    home.pass(Span::hours(1));
    assert_eq!(energy(&home), "90 Wh", "a pause takes nothing");
}

#[test]
fn new_limits_and_rules_count_at_once() {
    let mut home = Home::new(&[("night", "when 00:00-06:00 pause")]);
    assert_eq!(home.tick().reason, rule("night"));
    home.governor.adopt(Limits::gentle(16 * GIBIBYTE), Vec::new());
    assert_eq!(home.tick().slots, 4);
}

#[test]
fn sensors_are_told_with_those_that_say_nothing() {
    let mut home = Home::new(&[("blender", "when program \"blender\" runs pause")]);
    home.readings.show(Gauge::Temperature, 61_549);
    home.readings.show(Gauge::FreeMemory, 11_264_500);
    home.tick();
    let sensed: BTreeMap<String, Option<String>> = home.governor.sensed().into_iter().collect();
    let says = |name: &str| sensed[name].as_deref();
    assert_eq!(says("temperature"), Some("61.5 °C"));
    assert_eq!(says("free memory"), Some("11 GiB"));
    assert_eq!((says("on battery"), says("metered")), (Some("no"), None));
    assert_eq!(says("program \"blender\" runs"), None);
}

#[test]
fn a_machine_that_cannot_tell_of_its_owner_counts_as_used() {
    let mut home = Home::new(&[("heat", "when temperature > 80 pause")]);
    home.readings = Default::default();
    assert_eq!(home.tick().reason, Some(Reason::Untold));
    let said = home.governor.explain();
    assert!(said.starts_with("paused: nothing tells whether you use this machine"), "{said}");
    assert_eq!(home.governor.blind(), ["heat has no effect: nothing here tells of temperature"]);
}

#[test]
fn sleep_is_neither_donated_nor_hidden() {
    let mut home = Home::new(&[]);
    home.pass(Span::minutes(10));
    home.advance(Span::hours(8));
    home.tick();
    let day = home.governor.tally().day(MONDAY).unwrap();
    assert_eq!(day.sentence(), "you donated 10 min; 8 h waited for: the machine to wake up");
}

#[test]
fn the_owners_own_sensor_rules_too() {
    let mut home = Home::new(&[("dear", "when sensor \"price\" > 0.3 pause until < 0.25")]);
    let price = Gauge::Sensor("price".into());
    assert_eq!(home.show(price.clone(), 280).slots, 4);
    assert_eq!(home.show(price.clone(), 310).reason, rule("dear"));
    home.pass(Span::minutes(1));
    assert_eq!(home.show(price.clone(), 280).slots, 0);
    assert_eq!(home.show(price, 249).slots, 4);
}
