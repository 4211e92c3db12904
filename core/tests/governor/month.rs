//! A month of a laptop whose owner works by day: where each second of it went.

use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use manyhands_core::agent::governor::hours::Day;
use manyhands_core::agent::governor::reading::{Fact, Gauge};
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::tally::Use;
use manyhands_core::time::Span;

use crate::home::{Home, MONDAY};

/// Has the table of this month.
const GOVERNOR: &str = include_str!("../../src/agent/governor/GOVERNOR.md");

const STEP: Span = Span::seconds(10);

/// An hour of the machine's day, as its owner lives: sleeps with the lid closed, travels, works, watches
/// a film, goes to bed with the machine on.
fn live(home: &mut Home, day: u32, hour: u32) {
    let is_weekend = day % 7 >= 5;
    home.readings.state(Fact::OnBattery, !is_weekend && matches!(hour, 7 | 18));
    home.readings.state(Fact::FullScreen, is_weekend && matches!(hour, 20 | 21));
    home.readings.show(Gauge::Temperature, if hour == 15 { 90_000 } else { 60_000 });
    home.starved = (hour == 3).then_some(Reason::Away);
    if hour == 4 {
        // The lid is closed.
        home.advance(Span::hours(1));
        home.tick();
        return;
    }
    for minute in 0..60 {
        if (9..17).contains(&hour) && !is_weekend && minute % 2 == 0 {
            home.readings.untouched_for(Span::ZERO);
        }
        home.pass_in_steps(Span::minutes(1), STEP);
    }
}

#[test]
fn a_month_is_told_to_the_second() {
    let mut home = Home::new(&DEFAULT_RULES);
    home.tick();
    for day in 0..30 {
        for hour in 0..24 {
            live(&mut home, day, hour);
        }
    }
    let tally = home.governor.tally();
    assert_eq!(tally.days().count(), 31, "and the midnight at its end");
    for (day, of_day) in tally.days().filter(|(day, _)| day.0 < MONDAY.0 + 30) {
        assert_eq!(of_day.total(), Span::hours(24), "{day:?}");
    }

    let month = tally.sum(MONDAY, Day(MONDAY.0 + 30));
    assert_eq!(month.total(), Span::hours(30 * 24));
    // Hours 4, 7, 15 and 18 of each day have their own reasons, and so do the films. The owner's hours are
    // the 22 working days' from 9 to 17 without the hot one; the sensors see them a step late and for
    // three minutes after the last touch, at 16:58: 7 h and 50 s. What is left was donated.
    assert_eq!(
        month.sentence(),
        "you donated 415 h 41 min; 154 h 18 min waited for: you (the machine was in use); \
         44 h waited for: battery; 30 h waited for: heat; 30 h waited for: the coordinator; \
         30 h waited for: the machine to wake up; 16 h waited for: full-screen"
    );
    for (used, span) in month.spans() {
        let told = match used {
            Use::Donated => "donated",
            Use::Waited(reason) => reason.words(),
        };
        let row = format!("| {told} | {} h {:02} min |", span.0 / 3_600_000, span.0 / 60_000 % 60);
        assert!(GOVERNOR.contains(&row), "GOVERNOR.md does not say {row}");
    }
    assert_eq!(month.core_time(), Span(month.donated().0 * 4));
}
