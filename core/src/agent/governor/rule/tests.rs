//! Rules as people write them, right and wrong, and when each of them holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::agent::governor::hours::Day;
use crate::agent::governor::rule::watch::SILENCE_MAX;
use crate::time::Span;

/// 1970-01-05 was a Monday.
const MONDAY_NOON: LocalTime = LocalTime { day: Day(4), of_day: Span::hours(12) };

fn read(text: &str) -> Result<Rule, RuleError> {
    let sensors = BTreeSet::from([Name::from("price")]);
    Rule::parse("it", text, &sensors)
}

/// The places of all that is wrong, and a part of what is said about it.
const BAD: &[(&str, usize, usize, &str)] = &[
    ("", 1, 1, "the end where `when` belongs"),
    ("if on battery pause", 1, 1, "`if` where `when` belongs"),
    ("when", 1, 5, "the end where a sensor, a fact, a day or a time belongs"),
    ("when temprature > 80 pause", 1, 6, "`temprature` is neither a sensor"),
    ("when temprature > 80 pause", 1, 6, "temperature, fan, battery, load of others"),
    ("when free space < 1 GiB pause", 1, 6, "`free` is neither a sensor"),
    ("when monday pause", 1, 6, "`monday` is neither"),
    ("when sensor \"pryce\" > 3 pause", 1, 13, "no sensor \"pryce\" is provided"),
    ("when sensor price > 3 pause", 1, 13, "the sensor's name in quotation marks"),
    ("when sensor \"\" > 3 pause", 1, 13, "a name has 1 to 128 bytes"),
    ("when program \"a runs pause", 1, 14, "no closing `\"`"),
    ("when program \"a\" pause", 1, 18, "`pause` where `runs` belongs"),
    ("when temperature 80 pause", 1, 18, "a number where `>` or `<` belongs"),
    ("when temperature > pause", 1, 20, "`pause` where a number belongs"),
    ("when temperature >= 80 pause", 1, 19, "`=` means nothing here"),
    (
        "when temperature > 80 F pause",
        1,
        23,
        "`F` after a number for `temperature`: its units are °C",
    ),
    ("when free memory < 512 pause", 1, 24, "no unit after a number for `free memory`"),
    ("when free memory < 512 MB pause", 1, 24, "its units are MiB, GiB, TiB"),
    ("when idle < 10 pause", 1, 16, "its units are s, min, h"),
    ("when battery < 5 °C pause", 1, 18, "`°C` after a number for `battery`"),
    ("when sensor \"price\" > 3 cents pause", 1, 25, "its units are none"),
    ("when battery < 150 % pause", 1, 16, "`battery` is from 0 to 100"),
    ("when battery < -1 % pause", 1, 16, "`battery` is from 0 to 100"),
    ("when temperature > 1000 pause", 1, 20, "`temperature` is from 0 to 150"),
    ("when battery > 100 % pause", 1, 16, "this is never so"),
    ("when battery < 0 pause", 1, 16, "this is never so"),
    ("when temperature > 80.1234 pause", 1, 20, "`80.1234` is no number that can be used"),
    ("when temperature > 80. pause", 1, 20, "`80.` is no number"),
    ("when fan > 9999999999999 pause", 1, 12, "is no number that can be used"),
    ("when temperature > 80", 1, 22, "the end where `and`, `pause`, `use` or `no network` belongs"),
    ("when temperature > 80 stop", 1, 23, "`stop` after a number"),
    ("when on battery stop", 1, 17, "`stop` where `and`, `pause`"),
    ("when on batteries pause", 1, 6, "`on` is neither"),
    ("when not temperature > 80 pause", 1, 10, "where a fact, a day or a time"),
    ("when on battery or metered pause", 1, 20, "`metered` where `unknown` belongs"),
    (
        "when temperature > 80 pause until < 90",
        1,
        35,
        "wrong side: after `> 80 °C` it has to be `until <`",
    ),
    ("when temperature > 80 pause until > 70", 1, 35, "on the wrong side"),
    ("when battery < 50 pause until < 60", 1, 31, "after `< 50 %` it has to be `until >`"),
    ("when battery < 50 pause until > 40", 1, 31, "no further than 50 %"),
    ("when battery < 50 pause until > 100", 1, 31, "this is never so"),
    ("when cpu pressure > 5 pause until < 0", 1, 35, "this is never so"),
    ("when temperature > 80 pause until", 1, 34, "the end where `>` or `<` belongs"),
    ("when on battery pause until < 70", 1, 23, "and here are 0"),
    ("when fan > 9 and temperature > 80 pause until < 70", 1, 41, "and here are 2"),
    ("when temperature > 80 pause until < 70 now", 1, 40, "`now` after a number"),
    ("when on battery pause pause", 1, 23, "`pause` where the end of the rule belongs"),
    ("when 22:00 pause", 1, 12, "`pause` where `-` and the end of the window"),
    ("when 22:00-pause", 1, 12, "where the end of the window"),
    ("when 22:00-22:00 pause", 1, 6, "from 22:00 to 22:00 is no time at all"),
    ("when 25:00-26:00 pause", 1, 6, "`25:00` is no time of day"),
    ("when 08:60-09:00 pause", 1, 6, "`08:60` is no time of day"),
    ("when 24:01-25:00 pause", 1, 6, "`24:01` is no time of day"),
    ("when 8:5-9:00 pause", 1, 6, "`8:5` is no time of day"),
    ("when mon- pause", 1, 11, "where a day"),
    ("when mon, pause", 1, 11, "`pause` where a day or a time belongs"),
    ("when on battery use 0 cores", 1, 21, "cores must be 1 to 4096"),
    ("when on battery use 1.5 cores", 1, 21, "in whole numbers"),
    ("when on battery use 101 % of cpu", 1, 21, "1 to 100"),
    ("when on battery use 0 % of cores", 1, 21, "for none, write `pause`"),
    ("when on battery use 50 %", 1, 25, "the end where `of cores` or `of cpu` belongs"),
    ("when on battery use half", 1, 21, "`half` where a number belongs"),
    ("when metered no", 1, 16, "the end where `network` belongs"),
    ("when on battery\n  and\n  hot pause", 3, 3, "`hot` is neither"),
];

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let mut wrong = Vec::new();
    for (text, line, column, words) in BAD {
        let error = read(text).unwrap_err();
        let is_there = (error.line, error.column) == (*line, *column);
        if !is_there || !error.to_string().contains(words) {
            wrong.push(format!("{text}\n    is {line}:{column}: {words}\n    and not {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_have_bounds() {
    let problem = |text: &str| read(text).unwrap_err().problem;
    let long = format!("when on battery {} pause", " ".repeat(RULE_BYTES_MAX));
    assert_eq!(problem(&long), Problem::TooLong(RULE_BYTES_MAX));
    let many = format!("when metered{} pause", " and metered".repeat(CONDITIONS_MAX));
    assert_eq!(problem(&many), Problem::TooMany(CONDITIONS_MAX));
    let many = format!("when mon{} pause", ", mon".repeat(CONDITIONS_MAX));
    assert_eq!(problem(&many), Problem::TooMany(CONDITIONS_MAX));
}

#[test]
fn what_is_right_is_read_and_shown_as_written() {
    for (text, action) in [
        ("when temperature > 80 pause until < 70", Action::Pause),
        ("when battery < 50 % or unknown pause", Action::Pause),
        ("when program \"blender\" runs pause", Action::Pause),
        ("when load of others > 2 use 1 cores", Action::Use(Cores::Count(1))),
        ("when in use use 25 % of cores", Action::Use(Cores::Percent(25))),
        ("when mon-fri 08:00-18:00, sat use 50 % of cpu", Action::CpuPercent(50)),
        ("when not fri-mon 22:00-6:00 and not on battery no network", Action::NoNetwork),
        ("when sensor \"price\" > -0.5 pause until < -1.25", Action::Pause),
        ("when free disk < 0.5 TiB and idle < 90 min no network", Action::NoNetwork),
    ] {
        let rule = read(text).unwrap();
        assert_eq!((rule.to_string().as_str(), rule.action()), (text, action));
    }
    assert_eq!(read("when\n in call\tpause ").unwrap().to_string(), "when in call pause");
}

/// A rule at work; one step is a minute.
struct Scene {
    watch: Watch,
    minute: u32,
    local: LocalTime,
}

impl Scene {
    fn of(text: &str) -> Self {
        Self { watch: Watch::new(vec![read(text).unwrap()]), minute: 0, local: MONDAY_NOON }
    }

    /// Whether it holds a minute later, with these readings; `None` if it is blind.
    fn holds(&mut self, readings: &Readings) -> Option<bool> {
        self.minute += 1;
        self.watch.look(Span::minutes(self.minute), self.local, readings);
        let is_blind = self.watch.blind().count() == 1;
        (!is_blind).then(|| self.watch.holding().count() == 1)
    }

    fn with(&mut self, gauge: &Gauge, values: &[i64]) -> Vec<bool> {
        let reading = |value: &i64| {
            let mut readings = Readings::default();
            readings.show(gauge.clone(), *value);
            self.holds(&readings).unwrap()
        };
        values.iter().map(reading).collect()
    }
}

#[test]
fn a_rule_holds_from_its_threshold_until_it_is_led_back() {
    let values = [80_000, 80_001, 75_000, 70_000, 69_999, 75_000, 81_000];
    let holds =
        Scene::of("when temperature > 80 pause until < 70").with(&Gauge::Temperature, &values);
    assert_eq!(holds, [false, true, true, true, false, false, true]);

    let values = [20_000, 19_999, 49_000, 50_000, 50_001, 30_000];
    let holds = Scene::of("when battery < 20 pause until > 50").with(&Gauge::Battery, &values);
    assert_eq!(holds, [false, true, true, true, false, false]);
}

#[test]
fn without_until_the_gauge_has_a_margin() {
    let values = [81_000, 76_000, 75_001, 75_000, 79_000];
    let holds = Scene::of("when temperature > 80 pause").with(&Gauge::Temperature, &values);
    assert_eq!(holds, [true, true, true, false, false]);
    // A battery that is full is charged enough for any rule.
    let holds =
        Scene::of("when battery < 99 pause").with(&Gauge::Battery, &[98_000, 99_500, 100_000]);
    assert_eq!(holds, [true, true, false]);
    // Small thresholds have small margins: nothing has to fall below zero.
    let holds =
        Scene::of("when load of others > 0.1 pause").with(&Gauge::LoadOfOthers, &[150, 60, 50]);
    assert_eq!(holds, [true, true, false]);
}

#[test]
fn units_are_what_they_say() {
    let mut scene = Scene::of("when free memory < 1.5 GiB pause until > 2 GiB");
    assert_eq!(
        scene.with(&Gauge::FreeMemory, &[1_536_000, 1_535_999, 2_048_001]),
        [false, true, false]
    );
    let mut scene = Scene::of("when idle < 2 min pause");
    assert_eq!(scene.with(&Gauge::Idle, &[119_999, 120_000]), [true, false]);
}

#[test]
fn what_is_unknown_neither_holds_nor_not() {
    let mut scene = Scene::of("when temperature > 80 pause");
    assert_eq!(scene.holds(&Readings::default()), None);
    let mut scene = Scene::of("when not on battery pause");
    assert_eq!(scene.holds(&Readings::default()), None);
    let mut scene = Scene::of("when temperature > 80 or unknown pause");
    assert_eq!(scene.holds(&Readings::default()), Some(true));
}

#[test]
fn an_unknown_condition_matters_only_if_the_others_hold() {
    let mut scene = Scene::of("when metered and temperature > 80 pause");
    let mut readings = Readings::default();
    readings.state(Fact::Metered, true);
    assert_eq!(scene.holds(&readings), None);
    readings.state(Fact::Metered, false);
    assert_eq!(scene.holds(&readings), Some(false));
    readings.state(Fact::Metered, true);
    readings.show(Gauge::Temperature, 90_000);
    assert_eq!(scene.holds(&readings), Some(true));
}

#[test]
fn a_sensor_that_falls_silent_is_believed_for_five_minutes() {
    let mut scene = Scene::of("when temperature > 80 pause");
    assert_eq!(scene.with(&Gauge::Temperature, &[90_000]), [true]);
    let silent: Vec<_> = (0..7).map(|_| scene.holds(&Readings::default())).collect();
    assert_eq!(SILENCE_MAX, Span::minutes(5));
    let (believed, forgotten) = silent.split_at(5);
    assert!(believed.iter().all(|holds| *holds == Some(true)), "{silent:?}");
    assert_eq!(forgotten, [None, None]);
    // It begins anew: 77 is not beyond the threshold.
    assert_eq!(scene.with(&Gauge::Temperature, &[77_000]), [false]);
}

#[test]
fn hours_are_conditions_too() {
    let mut scene = Scene::of("when not mon-fri 18:00-08:00, sat sun pause");
    let mut at = |day, hour| {
        scene.local = LocalTime { day: Day(4 + day), of_day: Span::hours(hour) };
        scene.holds(&Readings::default()).unwrap()
    };
    assert_eq!(
        [at(0, 7), at(0, 8), at(0, 18), at(1, 7), at(4, 12), at(5, 12), at(6, 23)],
        [true, true, false, false, true, false, false]
    );
}

#[test]
fn programs_and_sensors_are_told_apart_by_name() {
    let mut scene = Scene::of("when program \"blender\" runs and sensor \"price\" > 2 pause");
    let mut readings = Readings::default();
    readings.state(Fact::Program(Arc::from("blender")), true);
    readings.show(Gauge::Sensor(Arc::from("price")), 2_001);
    assert_eq!(scene.holds(&readings), Some(true));
    readings.state(Fact::Program(Arc::from("blender")), false);
    readings.state(Fact::Program(Arc::from("gimp")), true);
    assert_eq!(scene.holds(&readings), Some(false));
}
