//! An honest party stands against whatever the other one says, and somebody falls.

use proptest::prelude::*;

use super::*;

const LEAD: u8 = 4;

fn digest(of: u64) -> Digest {
    Digest::of(&of.to_le_bytes())
}

fn outputs(of: u64) -> Class {
    Class::Outputs { answer: digest(of), work: of }
}

/// A run of `calls` calls that ends with `class`, as somebody sees it: from `wrong_from` on, they are
/// in states of their own.
#[derive(Clone, Copy, Debug)]
struct Run {
    calls: u64,
    class: Class,
    wrong_from: u64,
}

const TRUTH: Class = Class::Outputs { answer: Digest([1; 32]), work: 7 };

impl Run {
    fn honest(calls: u64) -> Self {
        Self { calls, class: TRUTH, wrong_from: u64::MAX }
    }

    fn at(&self, calls: u64) -> Moment {
        if calls >= self.calls {
            return Moment::Ended(self.class);
        }
        let (Class::Outputs { work, .. } | Class::Error { work, .. }) = self.class;
        // Everybody's lies are their own.
        let lie = if calls >= self.wrong_from { work << 40 } else { 0 };
        Moment::Running(digest(calls + lie))
    }

    fn claim(&self) -> Claim {
        Claim { class: self.class, ended_by: self.calls, told: None }
    }
}

/// Plays a dispute to its end, with judges that see `truth`: what was found, and after how many rounds.
fn play(
    claims: [Claim; 2],
    truth: &Run,
    mut answer: impl FnMut(usize, u64) -> Option<Moment>,
) -> ([Finding; 2], u32) {
    let mut bisection = Bisection::open(claims).unwrap();
    for rounds in 0.. {
        match bisection.next() {
            Next::Ask { calls } => {
                if let Some(findings) = bisection.told([answer(0, calls), answer(1, calls)]) {
                    return (findings, rounds);
                }
            }
            Next::Judge { from, calls } => {
                let judges = (0..LEAD).map(|_| truth.at(calls));
                assert_eq!(bisection.judged(judges.clone().skip(1), LEAD), None);
                let before = if calls == 1 { None } else { Some(truth.at(calls - 1)) };
                if claims.iter().any(|claim| claim.class == TRUTH) {
                    assert_eq!(from.map(Moment::Running), before, "an honest party agreed to it");
                }
                return (bisection.judged(judges, LEAD).unwrap(), rounds);
            }
        }
    }
    unreachable!("every round halves what is left")
}

fn log2(calls: u64) -> u32 {
    calls.next_power_of_two().trailing_zeros()
}

#[test]
fn a_liar_is_found_wherever_the_lie_begins_and_whatever_it_pretends() {
    use Finding::{Refuted, Stands};
    for calls in [1, 2, 3, 7, 64, 1_000_000] {
        let honest = Run::honest(calls);
        for wrong_from in [1, 2, calls / 2, calls - 1, calls, u64::MAX] {
            for pretended in [1, calls / 2, calls - 1, calls, calls + 1, 3 * calls] {
                let liar = Run { calls: pretended.max(1), class: outputs(2), wrong_from };
                let parties = [liar, honest];
                let claims = parties.map(|run| run.claim());
                let (findings, rounds) =
                    play(claims, &honest, |party, calls| Some(parties[party].at(calls)));
                assert_eq!(findings, [Refuted, Stands], "{liar:?}");
                assert!(rounds <= log2(calls), "{rounds} rounds for {calls} calls");
            }
        }
    }
}

#[test]
fn two_liars_that_differ_may_both_fall_or_leave_one_standing() {
    use Finding::{Refuted, Stands};
    let truth = Run::honest(100);
    let early = Run { class: outputs(2), wrong_from: 10, ..truth };
    let late = Run { class: outputs(3), wrong_from: 50, ..truth };
    let play = |parties: [Run; 2]| {
        let claims = parties.map(|run| run.claim());
        play(claims, &truth, |party, calls| Some(parties[party].at(calls))).0
    };
    // Up to step 50 the late one tells the truth, so nothing is found against it yet.
    assert_eq!(play([early, late]), [Refuted, Stands]);
    let only_at_the_end = [outputs(4), outputs(5)].map(|class| Run { class, ..truth });
    assert_eq!(play(only_at_the_end), [Refuted, Refuted]);
}

#[test]
fn whoever_says_nothing_or_takes_back_a_word_falls() {
    use Finding::{Contradicted, Silent, Stands};
    let honest = Run::honest(100);
    let liar = Run { class: outputs(2), wrong_from: 20, ..honest };
    let truth = |calls| Some(honest.at(calls));
    let first = |claim: Claim, says: &dyn Fn(u64) -> Option<Moment>| {
        let answer = |party, calls| if party == 0 { says(calls) } else { truth(calls) };
        play([claim, honest.claim()], &honest, answer).0
    };
    assert_eq!(first(liar.claim(), &|_| None), [Silent, Stands]);
    // It told of a state after 50 calls, and of another one now.
    let told = Claim { told: Some((50, digest(1))), ..liar.claim() };
    assert_eq!(first(told, &truth), [Contradicted, Stands]);
    // It ended before a state that it told of, or with another answer, or before it went on.
    let ends = |_| Some(Moment::Ended(liar.class));
    let told_later = Claim { told: Some((80, digest(1))), ..liar.claim() };
    assert_eq!(first(told_later, &ends), [Contradicted, Stands]);
    assert_eq!(first(liar.claim(), &|_| Some(Moment::Ended(outputs(9)))), [Contradicted, Stands]);
    let stops = |calls| if calls == 50 { Some(Moment::Running(digest(1))) } else { ends(calls) };
    assert_eq!(first(liar.claim(), &stops), [Contradicted, Stands]);
}

#[test]
fn claims_that_agree_are_no_dispute() {
    let claim = Run::honest(5).claim();
    assert_eq!(Bisection::open([claim, Claim { ended_by: 9, ..claim }]), None);
}

/// Something that a party with this claim may come up with.
fn whim() -> impl Strategy<Value = Option<Whim>> {
    prop_oneof![
        6 => Just(Some(Whim::Truth)),
        3 => any::<u64>().prop_map(|of| Some(Whim::State(of))),
        2 => Just(Some(Whim::OwnEnd)),
        1 => any::<u64>().prop_map(|of| Some(Whim::OtherEnd(of))),
        1 => Just(None),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Whim {
    Truth,
    State(u64),
    OwnEnd,
    OtherEnd(u64),
}

proptest! {
    #[test]
    fn an_honest_party_stands_against_any_words(
        calls in 1_u64..5_000,
        pretended in 1_u64..6_000,
        told in proptest::option::of((1_u64..5_000, any::<u64>())),
        whims in proptest::collection::vec(whim(), 16),
        is_first: bool,
    ) {
        let honest = Run::honest(calls);
        let told = told.map(|(at, of)| (at, digest(of)));
        let lie = Claim { class: outputs(2), ended_by: pretended, told };
        // An honest party has told of its states, too.
        let told = (calls > 1).then(|| (calls / 2 + 1, digest(calls / 2 + 1)));
        let truth = Claim { told: told.filter(|(at, _)| *at < calls), ..honest.claim() };
        let honest_party = usize::from(!is_first);
        let claims = if is_first { [truth, lie] } else { [lie, truth] };
        let mut whims = whims.into_iter();
        let (findings, rounds) = play(claims, &honest, |party, calls| {
            if party == honest_party {
                return Some(honest.at(calls));
            }
            whims.next().flatten().map(|whim| match whim {
                Whim::Truth => honest.at(calls),
                Whim::State(of) => Moment::Running(digest(of)),
                Whim::OwnEnd => Moment::Ended(lie.class),
                Whim::OtherEnd(of) => Moment::Ended(outputs(of)),
            })
        });
        prop_assert_eq!(findings[honest_party], Finding::Stands);
        prop_assert_ne!(findings[1 - honest_party], Finding::Stands);
        prop_assert!(rounds <= log2(calls), "{} rounds for {} calls", rounds, calls);
    }
}
