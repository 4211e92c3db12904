//! A guest that differs between machines as it was given, and does not once it is prepared.

use manyhands_twin::{Answer, Case, How, Machine, answers, unprepared};

/// Rounds a signalling NaN with a payload up, and keeps what comes out.
const ROUNDED: &str = r#"(module
    (memory (export "memory") 1)
    (data (i32.const 0) "\01\00\a0\7f")
    (func (export "manyhands_step") (result i32)
        (f32.store (i32.const 8) (f32.ceil (f32.load (i32.const 0))))
        (i32.const 1)))"#;

#[test]
fn a_rounded_nan() {
    let case = Case::new("rounded".to_owned(), wat::parse_str(ROUNDED).unwrap());
    let machines = [Machine::Native, Machine::Pulley];
    let as_given =
        machines.map(|machine| unprepared::answer(&unprepared::engine(machine).unwrap(), &case));
    let prepared = machines.map(|machine| {
        let list = answers(&machine.sandbox().unwrap(), [case.clone()].into_iter()).unwrap();
        list.into_iter().next().unwrap().1
    });
    let succeeded = |answers: &[Answer]| answers.iter().all(|answer| answer.how == How::Success);
    assert!(succeeded(&as_given) && succeeded(&prepared), "{as_given:?} {prepared:?}");
    assert_ne!(as_given[0], as_given[1]);
    assert_eq!(prepared[0], prepared[1]);
}
