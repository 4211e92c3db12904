//! What attackers of the goals do.
//!
//! They have read the rule. On the engine they are honest on probation and to whoever the number of a
//! replica says is not the first one, and lie at about the rate that pays most; or they do not, and
//! are found sooner. Nobody stands by an accomplice whose lie is in dispute. Some strategies are only
//! tried in the model, which gives attackers more than they can know.

use std::num::NonZeroU32;

use crate::model::trust::Attack as Modelled;
use crate::scenario::{Accomplices, Attack, Lies, Loyal, Time};
use crate::zoo::scenarios::{Bad, share};

/// One strategy of one attacker.
#[derive(Clone, Copy, Debug)]
pub(in crate::zoo) struct Strategy {
    pub(super) attacker: &'static str,
    pub(super) name: &'static str,
    /// What it is on the engine, if it is tried there.
    pub(super) engine: Option<Bad>,
    /// What it is in the model, if it is tried there.
    pub(super) model: Option<Modelled>,
}

/// How long it takes until somebody comes back under a new name.
const RETURNS_AFTER: Time = Time::ms(3_600_000);

/// All lies until caught.
const ALL: u32 = u32::MAX;

fn both(attacker: &'static str, name: &'static str, bad: Bad, model: Modelled) -> Strategy {
    Strategy { attacker, name, engine: Some(bad), model: Some(model) }
}

fn engine(attacker: &'static str, name: &'static str, bad: Bad) -> Strategy {
    Strategy { attacker, name, engine: Some(bad), model: None }
}

fn model(attacker: &'static str, name: &'static str, model: Modelled) -> Strategy {
    Strategy { attacker, name, engine: None, model: Some(model) }
}

fn lone(lies: Lies) -> Bad {
    Bad { attack: Attack { lies, ..Attack::default() }, wrong: 0.0, blocks: None }
}

fn ring(lies: Lies) -> Bad {
    let (accomplices, loyal) = (Accomplices::All, Loyal::UntilDenied);
    let attack = Attack { lies, accomplices, loyal, ..Attack::default() };
    Bad { attack, ..lone(lies) }
}

/// A ring that is in so few public address blocks.
fn racked(lies: Lies, blocks: NonZeroU32) -> Bad {
    Bad { blocks: Some(blocks), ..ring(lies) }
}

/// And whoever is caught comes back under a new name.
fn returning(bad: Bad) -> Bad {
    let attack = Attack { returns_after: Some(RETURNS_AFTER), ..bad.attack };
    Bad { attack, ..bad }
}

fn first(rate: f64) -> Lies {
    Lies::First(share(rate))
}

/// Of goal A.
pub(super) fn faulty() -> Vec<Strategy> {
    let wrong = |name, rate| {
        let bad = Bad { wrong: rate, ..lone(Lies::Never) };
        both("faulty host", name, bad, Modelled::Faulty(rate))
    };
    vec![
        model("faulty host", "wrong on 1 in 4000", Modelled::Faulty(0.000_25)),
        wrong("wrong on 1 in 800", 0.001_25),
        model("faulty host", "wrong on 1 in 200", Modelled::Faulty(0.005)),
        wrong("wrong on all", 1.0),
    ]
}

/// Of goal B.
pub(super) fn alone() -> Vec<Strategy> {
    let seldom = |name, rate| both("seldom liar", name, lone(first(rate)), Modelled::Alone(rate));
    vec![
        model("seldom liar", "on 1 in 7000", Modelled::Alone(0.000_14)),
        seldom("on 1 in 2000", 0.000_5),
        seldom("on 1 in 1000", 0.001),
        seldom("on 1 in 250", 0.004),
        model("seldom liar", "on 1 in 25", Modelled::Alone(0.04)),
        both("always-lie", "always", lone(Lies::Always), Modelled::Alone(1.0)),
    ]
}

/// Of goal C.
pub(super) fn together() -> Vec<Strategy> {
    let guess =
        |name, rate| both("canary-guesser", name, ring(first(rate)), Modelled::Together(rate));
    vec![
        model("canary-guesser", "on 1 in 300 that are none", Modelled::Together(0.0033)),
        guess("on 1 in 150 that are none", 0.0067),
        guess("on 1 in 75 that are none", 0.0133),
        model("canary-guesser", "on 1 in 30 that are none", Modelled::Together(0.0333)),
        model("canary-guesser", "on 1 in 4 that are none", Modelled::Together(0.25)),
        guess("on all that are none", 1.0),
        engine("talk-then-lie", "owning two copies", ring(Lies::OwningQuorum)),
        both(
            "earn-then-betray",
            "13 lies at once after 700",
            ring(Lies::Spell { after: 700, lies: 13 }),
            Modelled::Spell { after: 700, lies: 13 },
        ),
        both(
            "adaptive",
            "13 at risk, by its history",
            ring(Lies::AtRisk(13)),
            Modelled::Adaptive { at_risk: 13 },
        ),
        model("adaptive", "5 at risk, by its history", Modelled::Adaptive { at_risk: 5 }),
        model("framing", "deny honest answers", Modelled::Framing),
    ]
}

/// Of no goal: the ring of C from rented racks, one or a few.
pub(super) fn racks() -> Vec<Strategy> {
    let four = NonZeroU32::MIN.saturating_add(3);
    let rate = first(0.0067);
    let spell = Lies::Spell { after: 700, lies: 13 };
    let one = |name, lies| engine("ring in one block", name, racked(lies, NonZeroU32::MIN));
    vec![
        one("on 1 in 150 that are none", rate),
        one("13 lies at once after 700", spell),
        engine("ring in four blocks", "on 1 in 150 that are none", racked(rate, four)),
        engine("ring in four blocks", "13 lies at once after 700", racked(spell, four)),
    ]
}

/// Of goal D.
pub(super) fn many_together() -> Vec<Strategy> {
    let guess =
        |name, rate| both("canary-guesser", name, ring(first(rate)), Modelled::Together(rate));
    vec![
        model("canary-guesser", "on 1 in 5000 that are none", Modelled::Together(0.0002)),
        guess("on 1 in 1000 that are none", 0.001),
        model("canary-guesser", "on 1 in 250 that are none", Modelled::Together(0.004)),
        guess("on 1 in 130 that are none", 0.0077),
        model("canary-guesser", "on 1 in 40 that are none", Modelled::Together(0.025)),
        guess("on all that are none", 1.0),
        model(
            "earn-then-betray",
            "8 lies at once after 700",
            Modelled::Spell { after: 700, lies: 8 },
        ),
        model("earn-then-betray", "all lies after 700", Modelled::Spell { after: 700, lies: ALL }),
        model("adaptive", "8 at risk, by its history", Modelled::Adaptive { at_risk: 8 }),
        model("framing", "deny honest answers", Modelled::Framing),
    ]
}

/// Of goal E.
pub(super) fn fresh() -> Vec<Strategy> {
    let bad = returning(ring(Lies::Always));
    vec![both("whitewashing", "lie from the first answer on", bad, Modelled::Fresh)]
}

/// Of no goal: identities have fewer units than those say.
pub(super) fn whitewashers() -> Vec<Strategy> {
    vec![
        engine("whitewashing", "1 in 75, then somebody new", returning(ring(first(0.0133)))),
        restarting("all lies at once, anew if caught: 7", 0, 7),
        restarting("all lies at once, anew if caught: 13", 0, 13),
        restarting("all lies at once, anew if caught: 20", 0, 20),
        restarting("13 lies after 150, anew if caught", 150, 13),
        model("whitewashing", "13 lies, then new", Modelled::Whitewashing { after: 0, lies: 13 }),
        model("whitewashing", "1 lie, then new", Modelled::Whitewashing { after: 0, lies: 1 }),
        model("whitewashing", "3 after 200, new", Modelled::Whitewashing { after: 200, lies: 3 }),
        both(
            "whitewashing",
            "all lies after 100, then new",
            returning(ring(Lies::Spell { after: 100, lies: ALL })),
            Modelled::Whitewashing { after: 100, lies: ALL },
        ),
    ]
}

/// What is checked at once does not stop these: they try again until nothing was found.
fn restarting(name: &'static str, after: u32, lies: u32) -> Strategy {
    let bad = returning(ring(Lies::Spell { after, lies }));
    both("whitewashing", name, bad, Modelled::Restarting { after, lies })
}

/// Of goal F.
pub(super) fn traitors() -> Vec<Strategy> {
    let spell = |name, after| {
        let bad = ring(Lies::Spell { after, lies: ALL });
        both("earn-then-betray", name, bad, Modelled::Spell { after, lies: ALL })
    };
    vec![spell("all lies after 100", 100), spell("all lies after 500", 500)]
}

/// Of goal G.
pub(super) fn guessers() -> Vec<Strategy> {
    vec![both("canary-guesser", "guess, and do not lie", ring(Lies::Never), Modelled::None)]
}
