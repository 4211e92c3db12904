//! What was counted when a program ends, in whichever way.

use manyhands_prepare::{PROFILE, Refusal, abi, prepare};

use crate::twins::{equal, twins};

const HEAD: &str = r#"(memory (export "memory") 1) (global (mut i32) (i32.const 0))"#;
const NEXT: &str = "(local.set $i (i32.add (local.get $i) (i32.const 1)))";

#[test]
fn recursion() {
    let twins = equal(&format!(
        r#"(module {HEAD}
        (func $fib (param i32) (result i32)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                (then (local.get 0))
                (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func (export "_start") (i32.store (i32.const 0) (call $fib (i32.const 11)))))"#
    ));
    // Of 287 calls, 144 take the short way: entry, comparison, `if`. The others go on with two
    // differences, two calls and a sum. And the start: entry, call, store.
    assert_eq!(twins.metered.work, 144 * 3 + 143 * 8 + 3);
}

#[test]
fn straight_code_and_many_results() {
    let twins = equal(&format!(
        r#"(module {HEAD}
        (func $two (result i32 i32) (br_if 0 (i32.const 1) (i32.const 2) (i32.const 0)))
        (func (export "_start") (call $two) drop drop
            (drop (f64.div (f64.const 2) (f64.const 3)))))"#
    ));
    assert_eq!(twins.metered.work, (1 + 1) + (1 + 1 + 4));
}

/// A program that leaves by `exit`, deep in its calls and in the middle of a loop, has counted all it did.
#[test]
fn an_exit_in_the_middle() {
    let twins = twins(&format!(
        r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        {HEAD}
        (func $quit (param i32) (call $exit (local.get 0)) unreachable)
        (func $work (local $i i32)
            (loop {NEXT}
                (if (i32.eq (local.get $i) (i32.const 33)) (then (call $quit (i32.const 3)) unreachable))
                (br_if 0 (i32.ne (local.get $i) (i32.const 50)))))
        (func (export "_start") (if (i32.eqz (global.get 0)) (then (call $work) unreachable))))"#
    ));
    assert_eq!(twins.metered.trap.as_deref(), Some("exit 3"));
    assert_eq!(twins.metered, twins.naive);
    assert_eq!(twins.settled, 2);
}

/// At a trap, what the calls under way have not handed over is missing; nothing is counted twice.
#[test]
fn a_trap_in_the_middle() {
    let twins = twins(&format!(
        r#"(module {HEAD}
        (func $done (local $i i32) (loop {NEXT} (br_if 0 (i32.ne (local.get $i) (i32.const 50)))))
        (func (export "_start") (local $i i32) (call $done)
            (loop {NEXT}
                (drop (i32.div_u (i32.const 1) (i32.sub (local.get $i) (i32.const 20))))
                (br_if 0 (i32.ne (local.get $i) (i32.const 50))))))"#
    ));
    assert!(twins.metered.trap.is_some());
    assert_eq!(twins.metered.trap, twins.naive.trap);
    // The function that returned: entry, and 50 times an addition, a comparison and a branch.
    assert_eq!(twins.metered.work, 1 + 50 * 3);
    assert!(twins.naive.work > twins.metered.work);
}

const STEP: &str = r#"(module (memory (export "memory") 1)
    (func (export "manyhands_step") (result i32) (local $i i32)
        (loop (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.ne (local.get $i) (i32.const 9))))
        (i32.const 1)))"#;

/// Whoever writes the reserved name by hand is refused: a guest must not set its own count.
#[test]
fn a_counter_of_ones_own() {
    let refused = |wat: &str| {
        let error = prepare(&wat::parse_str(wat).unwrap()).unwrap_err();
        assert_eq!(error, Refusal::ReservedName { name: abi::WORK.to_owned() }, "{wat}");
    };
    let by_hand = r#"(global $w (export "manyhands:work") (mut i64) (i64.const 0))"#;
    let with = |code: &str| STEP.replace("(func (export", &format!("{code} (func (export"));
    refused(&with(by_hand));
    refused(&with(r#"(func (export "manyhands:work"))"#));
    refused(&with(&format!("{by_hand} (func (global.set $w (i64.const 99)))")));
}

/// A prepared module in which one constant of its metering is another is no prepared module.
#[test]
fn a_counter_that_was_tampered_with() {
    let prepared = prepare(&wat::parse_str(STEP).unwrap()).unwrap().bytes;
    let mut refused = 0;
    for at in 8..prepared.len() {
        let mut bytes = prepared.clone();
        bytes[at] ^= 1;
        // What is accepted is prepared from what is there: never the tampered bytes themselves, unless
        // they are what preparation makes of some other program.
        match prepare(&bytes) {
            Ok(again) => assert_eq!(prepare(&again.bytes).unwrap().bytes, again.bytes),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0);
}

/// Whoever changes what is counted changes the profile, and this line.
#[test]
fn the_count_is_of_this_profile() {
    let twins = equal(&format!(
        r#"(module {HEAD} (func (export "_start") (local $i i32)
            (loop {NEXT} (br_if 0 (i32.ne (local.get $i) (i32.const 9))))
            (global.set 0 (i32.div_u (global.get 0) (i32.const 3)))))"#
    ));
    assert_eq!((PROFILE, twins.metered.work), (2, 1 + 9 * 3 + 6));
}
