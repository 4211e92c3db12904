//! Any order of anything: sensors that come, go and lie, clocks that jump, an owner who changes their mind.
//! What is forbidden is found out here in another, plainer way than the governor does.

use manyhands_core::agent::governor::hours::Day;
use manyhands_core::agent::governor::reading::{Fact, Gauge};
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::{Decision, GAP_MAX, Wish};
use manyhands_core::time::Span;
use proptest::prelude::*;

use crate::home::{Home, MACHINE};

const RULES: [(&str, &str); 7] = [
    ("heat", "when temperature > 80 pause until < 70"),
    ("charge", "when on battery and battery < 50 % pause"),
    ("quiet", "when 22:00-06:00 pause"),
    ("blender", "when program \"blender\" runs pause"),
    ("pressure", "when cpu pressure > 20 use 1 core"),
    ("office", "when mon-fri 09:00-17:00 use 50 % of cpu"),
    ("metered", "when metered no network"),
];

/// The longest that it may take until everything runs that may.
const RESUMED_AFTER: Span = Span::minutes(10);

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass { seconds: u32 },
    Sleep { minutes: u32 },
    SetClock { days: i32, minutes: u32 },
    Touch,
    Show { gauge: u8, value: i64 },
    State { fact: u8, holds: bool },
    Silence { gauge: u8 },
    Say { wish: u8 },
}

fn gauge(number: u8) -> Gauge {
    match number % 4 {
        0 => Gauge::Temperature,
        1 => Gauge::Battery,
        2 => Gauge::CpuPressure,
        _ => Gauge::LoadOfOthers,
    }
}

fn fact(number: u8) -> Fact {
    match number % 3 {
        0 => Fact::OnBattery,
        1 => Fact::Program("blender".into()),
        _ => Fact::Metered,
    }
}

fn wish(number: u8) -> Wish {
    match number % 5 {
        0 => Wish::Pause,
        1 => Wish::Snooze(Span::minutes(3)),
        2 => Wish::Finish,
        _ => Wish::Resume,
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..200_u32).prop_map(|seconds| Step::Pass { seconds }),
        1 => (3..900_u32).prop_map(|minutes| Step::Sleep { minutes }),
        1 => (-400..400_i32, 0..1_440_u32)
            .prop_map(|(days, minutes)| Step::SetClock { days, minutes }),
        3 => Just(Step::Touch),
        8 => (any::<u8>(), -5_000..110_000_i64)
            .prop_map(|(gauge, value)| Step::Show { gauge, value }),
        4 => (any::<u8>(), any::<bool>()).prop_map(|(fact, holds)| Step::State { fact, holds }),
        2 => any::<u8>().prop_map(|gauge| Step::Silence { gauge }),
        2 => any::<u8>().prop_map(|wish| Step::Say { wish }),
    ]
}

/// What was said by hand, as the test remembers it.
#[derive(Clone, Copy)]
struct Said {
    wish: Wish,
    at: Span,
}

/// How many programs may run at most, by what is known and beyond its threshold right now.
fn slots_max(home: &Home, said: Said) -> u32 {
    let readings = &home.readings;
    let above = |gauge: Gauge, limit: i64| readings.gauge(&gauge).is_some_and(|it| it > limit);
    let below = |gauge: Gauge, limit: i64| readings.gauge(&gauge).is_some_and(|it| it < limit);
    let is = |fact: Fact| readings.fact(&fact) == Some(true);
    let hour = home.now.local.of_day.0 / 3_600_000;
    let is_in_use = readings.gauge(&Gauge::Idle).is_none_or(|idle| idle < 180_000);
    let is_paused = match said.wish {
        Wish::Pause => true,
        Wish::Snooze(span) => home.now.uptime < said.at.plus(span),
        Wish::Resume | Wish::Finish => false,
    };
    let is_forbidden = is_paused
        || is_in_use
        || above(Gauge::Temperature, 80_000)
        || (is(Fact::OnBattery) && below(Gauge::Battery, 50_000))
        || is(Fact::Program("blender".into()))
        || !(6..22).contains(&hour);
    if is_forbidden {
        return 0;
    }
    let load = readings.gauge(&Gauge::LoadOfOthers).unwrap_or(0).max(0);
    // The governor rounds: a quarter of a core at most is not yielded.
    let left = MACHINE.cores.saturating_sub(u32::try_from((load + 250) / 1_000).unwrap());
    if above(Gauge::CpuPressure, 20_000) { left.min(1) } else { left }
}

/// Counts how often it went up after it had gone down.
#[derive(Default)]
struct Turns {
    before: u32,
    /// When, and how long it is to stay so.
    fell: Option<(Span, Span)>,
    said: bool,
}

impl Turns {
    /// Fails if it went up again less than 30 s after it went down, or 2 s where that was for other programs, and the owner
    /// did not say so since.
    fn look(&mut self, decision: &Decision, uptime: Span) {
        if decision.slots < self.before {
            let is_load = decision.reason == Some(Reason::Load);
            let least = Span::seconds(if is_load { 2 } else { 30 });
            (self.fell, self.said) = (Some((uptime, least)), false);
        }
        if decision.slots > self.before
            && let Some((fell_at, least)) = self.fell
        {
            let calm = uptime.minus(fell_at);
            assert!(self.said || calm >= least, "up again after {calm}");
        }
        self.before = decision.slots;
    }
}

fn check(home: &Home, said: Said, decision: &Decision) {
    let most = slots_max(home, said);
    assert!(decision.slots <= most, "{} run where {most} may: {decision:?}", decision.slots);
    let is_less = decision.slots < MACHINE.slots || decision.cpu_percent < 100;
    assert_eq!(is_less, decision.reason.is_some(), "{decision:?}");
    if home.readings.fact(&Fact::Metered) == Some(true) || said.wish == Wish::Finish {
        assert!(!decision.fetches);
    }
    let [hour, day] = [home.now.local.of_day.0 / 3_600_000, home.now.local.day.of_week() as u64];
    if day < 5 && (9..17).contains(&hour) {
        assert!(decision.cpu_percent <= 50);
    }
}

fn take(home: &mut Home, said: &mut Said, turns: &mut Turns, step: &Step) {
    match *step {
        Step::Pass { seconds } => {
            for _ in 0..seconds {
                let decision = home.pass(Span::seconds(1));
                check(home, *said, &decision);
                turns.look(&decision, home.now.uptime);
            }
        }
        Step::Sleep { minutes } => home.advance(Span::minutes(minutes)),
        Step::SetClock { days, minutes } => {
            home.now.local.day = Day(home.now.local.day.0 + days);
            home.now.local.of_day = Span::minutes(minutes);
        }
        Step::Touch => home.readings.untouched_for(Span::ZERO),
        Step::Show { gauge: number, value } => home.readings.show(gauge(number), value),
        Step::State { fact: number, holds } => home.readings.state(fact(number), holds),
        Step::Silence { gauge: number } => {
            let idle = home.readings.gauge(&Gauge::Idle);
            let kept: Vec<(Gauge, i64)> = (0..4)
                .filter(|kept| *kept != number % 4)
                .filter_map(|kept| Some((gauge(kept), home.readings.gauge(&gauge(kept))?)))
                .chain(idle.map(|idle| (Gauge::Idle, idle)))
                .collect();
            home.readings = Default::default();
            kept.into_iter().for_each(|(gauge, value)| home.readings.show(gauge, value));
        }
        Step::Say { wish: number } => {
            *said = Said { wish: wish(number), at: home.now.uptime };
            home.governor.wish(said.wish, home.now.uptime);
            turns.said |= said.wish == Wish::Resume;
        }
    }
    let decision = home.tick();
    check(home, *said, &decision);
    turns.look(&decision, home.now.uptime);
}

/// Everything allows everything.
fn calm_down(home: &mut Home) {
    home.readings = Default::default();
    home.readings.untouched_for(Span::hours(9));
    home.readings.show(Gauge::Temperature, 40_000);
    home.readings.show(Gauge::Battery, 100_000);
    home.readings.show(Gauge::CpuPressure, 0);
    home.readings.show(Gauge::LoadOfOthers, 0);
    (0..3).for_each(|number| home.readings.state(fact(number), false));
    // A Saturday morning.
    home.now.local.day = Day(9);
    home.now.local.of_day = Span::hours(7);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_forbidden_runs_and_all_that_is_allowed_runs_again(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut home = Home::new(&RULES);
        home.advance(Span::hours(6));
        let mut said = Said { wish: Wish::Resume, at: Span::ZERO };
        let mut turns = Turns::default();
        for step in steps {
            take(&mut home, &mut said, &mut turns, &step);
        }

        if matches!(said.wish, Wish::Pause | Wish::Finish) {
            home.governor.wish(Wish::Resume, home.now.uptime);
        }
        calm_down(&mut home);
        let decision = home.pass(RESUMED_AFTER);
        prop_assert_eq!(decision.slots, MACHINE.slots);
        prop_assert_eq!((decision.reason, decision.no_network), (None, None));
        prop_assert!(decision.fetches);
    }

    #[test]
    fn every_millisecond_is_counted_once(steps in prop::collection::vec(step(), 1..60)) {
        let mut home = Home::new(&RULES);
        home.tick();
        let (begun_at, mut said) = (home.now.uptime, Said { wish: Wish::Resume, at: Span::ZERO });
        let mut slept = 0;
        for step in steps {
            if let Step::Sleep { minutes } = step
                && Span::minutes(minutes) > GAP_MAX
            {
                slept += Span::minutes(minutes).0;
            }
            take(&mut home, &mut said, &mut Turns::default(), &step);
        }
        let tally = home.governor.tally();
        let all: u64 = tally.days().map(|(_, day)| day.total().0).sum();
        prop_assert_eq!(Span(all), home.now.uptime.minus(begun_at));
        let donated: u64 = tally.days().map(|(_, day)| day.donated().0).sum();
        prop_assert!(donated + slept <= all);
    }
}
