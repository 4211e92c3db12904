//! A line of known speed, hosts behind it, and what the uplink makes of it.

use proptest::prelude::*;

use super::*;

/// From here to a neighbour, in milliseconds, if nothing waits.
const WAY_MS: u64 = 20;

/// A line with a queue, on which somebody else sends too.
struct Line {
    bytes_per_s: u64,
    /// What somebody else sends in a second, as long as the queue has room.
    others: u64,
    /// Most bytes that wait.
    room: u64,
    waiting: u64,
}

/// A neighbour: how far its clock is off, and how it answers.
#[derive(Clone, Copy)]
struct Neighbour {
    clock_ms: u32,
    /// Parts in a million by which its clock is too fast.
    drift_ppm: u64,
    /// What it says instead of when it heard the question.
    lie: fn(u64) -> u64,
}

const HONEST: Neighbour = Neighbour { clock_ms: u32::MAX - 500, drift_ppm: 0, lie: |heard| heard };

/// A world of an uplink, a line and neighbours, that moves by milliseconds.
struct World {
    uplink: Uplink,
    line: Line,
    neighbours: Vec<Neighbour>,
    now: u64,
    /// When the next part may be sent, in microseconds.
    free_at_us: u64,
    turn: usize,
    /// Bytes a second that there are to send.
    demand: u64,
    /// Answers on their way: when they are here, whose, to what, and what they say.
    answers: Vec<(u64, usize, u32, u32)>,
    sent: u64,
    latest_ms: u64,
}

impl World {
    fn new(limit: UploadLimit, bytes_per_s: u64, neighbours: &[Neighbour]) -> Self {
        Self {
            uplink: Uplink::new(limit, Timestamp(0)),
            // Half a second of it, as many modems have.
            line: Line { bytes_per_s, others: 0, room: bytes_per_s / 2, waiting: 0 },
            neighbours: neighbours.to_vec(),
            now: 0,
            free_at_us: 0,
            turn: 0,
            demand: u64::MAX,
            answers: Vec::new(),
            sent: 0,
            latest_ms: 0,
        }
    }

    /// Lets so much time pass. Gives the bytes that were sent in each second.
    fn run(&mut self, seconds: u64) -> u64 {
        let before = self.sent;
        self.latest_ms = 0;
        for _ in 0..seconds * 1_000 {
            self.now += 1;
            self.line.move_on();
            self.hear();
            while self.free_at_us <= self.now * 1_000
                && self.sent <= self.demand.saturating_mul(self.now) / 1_000
            {
                self.send();
            }
        }
        (self.sent - before) / seconds
    }

    fn send(&mut self) {
        let (path, now) = (self.turn, Timestamp(self.now));
        let bytes = self.uplink.part_bytes();
        let late = self.line.waiting * 1_000 / self.line.bytes_per_s;
        if late > 500 {
            // The transport takes no more.
            self.free_at_us = self.now * 1_000 + 1_000;
            return;
        }
        self.latest_ms = self.latest_ms.max(late);
        if let Some(question) = self.uplink.sends(PathId(path as u64), bytes, now) {
            let neighbour = self.neighbours[path];
            let heard = (neighbour.lie)(self.now + late + WAY_MS);
            let drift = heard * neighbour.drift_ppm / 1_000_000;
            let said = low(heard + drift).wrapping_add(neighbour.clock_ms);
            self.answers.push((self.now + late + 2 * WAY_MS, path, question, said));
        }
        self.line.waiting += bytes;
        self.sent += bytes;
        self.free_at_us = self.free_at_us.max(self.now * 1_000 - 1_000);
        self.free_at_us += bytes * 1_000_000 / self.uplink.bytes_per_s();
        self.turn = (self.turn + 1) % self.neighbours.len();
    }

    fn hear(&mut self) {
        let now = self.now;
        let here: Vec<_> = self.answers.extract_if(.., |(at, ..)| *at <= now).collect();
        for (_, path, question, said) in here {
            let here = Timestamp(now);
            assert!(self.uplink.answered(PathId(path as u64), question, said, here));
        }
    }
}

impl Line {
    fn move_on(&mut self) {
        let room = self.room.saturating_sub(self.waiting);
        self.waiting += (self.others / 1_000).min(room);
        self.waiting = self.waiting.saturating_sub(self.bytes_per_s / 1_000);
    }
}

fn low(ms: u64) -> u32 {
    u32::try_from(ms & u64::from(u32::MAX)).unwrap()
}

fn is_near(value: u64, expected: u64, percent: u64) -> bool {
    value.abs_diff(expected) * 100 <= expected * percent
}

#[test]
fn half_of_any_line_is_found_within_seconds() {
    for bytes_per_s in [125_000, 250_000, 1_250_000, 2_500_000, 10_000_000] {
        for neighbours in [1, 3, 8] {
            let neighbours = vec![HONEST; neighbours];
            let mut world = World::new(UploadLimit::HalfOfMeasured, bytes_per_s, &neighbours);
            world.run(25);
            let measured = world.uplink.measured().unwrap();
            assert!(is_near(measured, bytes_per_s, 3), "{measured} of {bytes_per_s}");
            let used = world.run(30);
            assert!(is_near(used, measured / 2, 3), "{used} of {measured}");
            assert!(world.latest_ms < 100, "{} ms at {bytes_per_s}", world.latest_ms);
        }
    }
}

#[test]
fn who_else_uses_the_line_has_it_at_once_and_gives_it_back() {
    let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[HONEST; 3]);
    world.run(30);
    let alone = world.run(10);
    // Somebody's own upload takes all that it can get.
    world.line.others = 1_300_000;
    world.run(3);
    let beside = world.run(10);
    assert!(beside <= 2 * RATE_MIN, "{beside}");
    world.line.others = 0;
    world.run(10);
    assert!(is_near(world.run(10), alone, 10));
}

/// Where there is room for both, nobody has to make room.
#[test]
fn a_call_of_somebody_else_is_no_reason_to_stop() {
    let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[HONEST; 3]);
    world.run(30);
    world.line.others = 400_000;
    let beside = world.run(10);
    assert!(is_near(beside, 625_000, 15), "{beside}");
}

#[test]
fn a_fixed_limit_is_kept_and_yields_too() {
    let fixed = UploadLimit::Fixed(NonZeroU64::new(300_000).unwrap());
    let mut world = World::new(fixed, 1_250_000, &[HONEST; 2]);
    world.run(5);
    assert!(is_near(world.run(10), 300_000, 3));
    assert_eq!((world.uplink.measured(), world.uplink.most()), (None, Some(300_000)));
    world.line.others = 1_300_000;
    world.run(3);
    assert!(world.run(10) <= 2 * RATE_MIN);
}

#[test]
fn a_measurement_that_others_spoiled_is_made_good_later() {
    let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[HONEST; 3]);
    world.line.others = 1_000_000;
    world.run(30);
    let spoiled = world.uplink.measured().unwrap();
    assert!(spoiled < 700_000, "{spoiled}");
    world.line.others = 0;
    world.run(MEASURE_EVERY.0 / 1_000 + 30);
    let measured = world.uplink.measured().unwrap();
    assert!(is_near(measured, 1_250_000, 15), "{measured}");
}

/// Somebody else's queue says nothing of a line of which little was used.
#[test]
fn who_has_little_to_send_measures_nothing() {
    let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[HONEST; 3]);
    world.demand = 20_000;
    for others in [0, 1_300_000, 0, 1_300_000, 0] {
        world.line.others = others;
        world.run(20);
    }
    assert_eq!(world.uplink.measured(), None);
    world.demand = u64::MAX;
    world.run(30);
    let measured = world.uplink.measured().unwrap();
    assert!(is_near(measured, 1_250_000, 3), "{measured}");
}

/// Cheap clocks are wrong by fifty parts in a million.
#[test]
fn clocks_that_drift_do_not_look_like_a_full_line() {
    for drift_ppm in [0, 50, 100] {
        let drifting = Neighbour { drift_ppm, ..HONEST };
        let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[drifting; 3]);
        world.run(600);
        let used = world.run(60);
        assert!(is_near(used, 625_000, 20), "{used} at {drift_ppm}");
    }
}

#[test]
fn one_liar_of_three_moves_nothing() {
    let late: fn(u64) -> u64 = |heard| heard + heard % 5_000;
    let early: fn(u64) -> u64 = |heard| heard / 2;
    for lie in [late, early] {
        let liar = Neighbour { lie, ..HONEST };
        let mut world = World::new(UploadLimit::HalfOfMeasured, 1_250_000, &[HONEST, liar, HONEST]);
        world.run(30);
        let measured = world.uplink.measured().unwrap();
        assert!((800_000..1_450_000).contains(&measured), "{measured}");
        world.line.others = 1_300_000;
        world.run(5);
        assert!(world.run(10) <= 2 * RATE_MIN);
    }
}

/// Who never answers gets the first rate: nothing is known of the way to it.
#[test]
fn silence_is_not_taken_for_speed() {
    let mut uplink = Uplink::new(UploadLimit::HalfOfMeasured, Timestamp(0));
    for step in 0..1_000 {
        uplink.sends(PathId(1), 60_000, Timestamp(step * 100));
    }
    assert_eq!((uplink.bytes_per_s(), uplink.measured()), (RATE_FIRST, None));
}

/// A neighbour answers no oftener than it is asked.
#[test]
fn what_nobody_asked_is_not_owed() {
    let mut uplink = Uplink::new(UploadLimit::HalfOfMeasured, Timestamp(0));
    let path = PathId(1);
    assert!(!uplink.answered(path, 0, 7, Timestamp(0)));
    assert_eq!(uplink.sends(path, 1, Timestamp(0)), Some(0));
    assert_eq!(uplink.sends(path, 1, Timestamp(99)), None);
    assert_eq!(uplink.sends(path, 1, Timestamp(100)), Some(1));
    let answers = [0, 0, 1].map(|question| uplink.answered(path, question, 7, Timestamp(200)));
    assert_eq!(answers, [true, true, false]);
    uplink.left(path);
    assert_eq!(uplink.sends(path, 1, Timestamp(300)), Some(0));
}

#[test]
fn parts_are_smaller_on_slow_lines() {
    let part = |rate| {
        let limit = UploadLimit::Fixed(NonZeroU64::new(rate).unwrap());
        Uplink::new(limit, Timestamp(0)).part_bytes()
    };
    assert_eq!([part(1), part(80 << 10), part(300_000)], [4 << 10, 4 << 10, 16 << 10]);
    assert_eq!([part(1_250_000), part(u64::MAX)], [64 << 10, 64 << 10]);
}

#[derive(Clone, Debug)]
enum Happens {
    Sends(u64, u64),
    Answered(u64, u32, u32),
    Left(u64),
    Wait(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0..3_u64, 0..100_000_u64).prop_map(|(path, bytes)| Happens::Sends(path, bytes)),
        (0..3_u64, 0..20_u32, any::<u32>())
            .prop_map(|(path, n, at)| Happens::Answered(path, n, at)),
        (0..3_u64).prop_map(Happens::Left),
        (0..1_000_u64).prop_map(Happens::Wait),
        any::<u64>().prop_map(Happens::Wait),
    ]
}

proptest! {
    /// Whatever others answer, and however time goes.
    #[test]
    fn the_rate_stays_within_its_bounds(
        fixed in prop::option::of(1..u64::MAX),
        story in prop::collection::vec(happens(), 0..300),
    ) {
        let limit = match fixed.and_then(NonZeroU64::new) {
            Some(rate) => UploadLimit::Fixed(rate),
            None => UploadLimit::HalfOfMeasured,
        };
        let mut now = Timestamp(0);
        let mut uplink = Uplink::new(limit, now);
        for what in story {
            match what {
                Happens::Sends(path, bytes) => _ = uplink.sends(PathId(path), bytes, now),
                Happens::Answered(path, n, at) => _ = uplink.answered(PathId(path), n, at, now),
                Happens::Left(path) => uplink.left(PathId(path)),
                Happens::Wait(ms) => now = now.plus(Span(ms)),
            }
            let most = fixed.unwrap_or(MEASURED_MAX);
            prop_assert!((RATE_MIN.min(most)..=most).contains(&uplink.bytes_per_s()));
            prop_assert!(PART_BYTES.contains(&uplink.part_bytes()));
        }
    }
}
