//! Loops of every shape: which are settled where they are left, and that none is counted wrongly.

use crate::twins::{Twins, equal};

fn command(body: &str) -> Twins {
    equal(&format!(
        r#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 0))
        (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func (export "_start") (local $i i32) (local $n i32) (local $x i32) (local $l i64) {body}))"#
    ))
}

#[track_caller]
fn settled(body: &str, exits: usize) {
    assert_eq!(command(body).settled, exits, "{body}");
}

const NEXT: &str = "(local.set $i (i32.add (local.get $i) (i32.const 1)))";

#[test]
fn counted_up_down_and_by_strides() {
    for (from, step, condition) in [
        (0, 1, "(i32.lt_u (local.get $i) (i32.const 100))"),
        (0, 1, "(i32.ne (local.get $i) (i32.const 100))"),
        (100, -1, "(local.get $i)"),
        (100, -1, "(i32.gt_s (local.get $i) (i32.const 0))"),
        (0, 4, "(i32.ne (local.get $i) (i32.const 400))"),
        (0, 12, "(i32.lt_s (local.get $i) (i32.const 1300))"),
        (7, -24, "(i32.ge_s (local.get $i) (i32.const -1000))"),
        (0, 0x1001, "(i32.lt_u (i32.and (local.get $i) (i32.const 0xffff)) (i32.const 0xff00))"),
    ] {
        settled(
            &format!(
                "(local.set $i (i32.const {from})) (loop
                (local.set $x (i32.xor (local.get $x) (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const {step})))
                (br_if 0 {condition}))"
            ),
            1,
        );
    }
}

/// Settled once, with a multiplication more: by the inverse of three.
#[test]
fn a_wide_counter() {
    settled(
        "(local.set $l (i64.const 0x1234567890)) (loop
        (local.set $l (i64.sub (local.get $l) (i64.const 3)))
        (br_if 0 (i64.ne (local.get $l) (i64.const 0x1234567800))))",
        2,
    );
}

/// The induction variable goes through its largest value: the number of iterations does not care.
#[test]
fn wrap_around() {
    settled(
        &format!(
            "(local.set $i (i32.const -50))
            (loop {NEXT} (br_if 0 (i32.ne (local.get $i) (i32.const 50))))"
        ),
        1,
    );
    settled(
        "(local.set $i (i32.const 0x7ffffff0)) (loop
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if 0 (i32.ne (local.get $i) (i32.const -0x7fffff00))))",
        1,
    );
}

/// With only four values to go through, the variable comes back to where it was while the loop goes on
/// for another reason. So it must not be trusted.
#[test]
fn a_variable_that_comes_round() {
    settled(
        "(block (loop
        (local.set $i (i32.add (local.get $i) (i32.const 0x40000000)))
        (global.set 0 (i32.add (global.get 0) (i32.const 1)))
        (br_if 1 (i32.gt_u (global.get 0) (i32.const 100)))
        (br_if 0 (i32.ne (local.get $i) (i32.const 1)))))",
        0,
    );
}

/// The same with a variable that goes through all values is safe.
#[test]
fn several_exits() {
    settled(
        &format!(
            "(block (block (loop
            (br_if 1 (i32.load (i32.mul (local.get $i) (i32.const 4))))
            {NEXT}
            (if (i32.gt_u (local.get $i) (i32.const 1000)) (then (br 3)))
            (br_if 2 (i32.eq (global.get 0) (i32.const 5)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 50))))))"
        ),
        4,
    );
}

#[test]
fn early_returns() {
    settled(
        &format!(
            "(loop {NEXT}
            (if (i32.eq (i32.const 30) (local.get $i)) (then (return)))
            (br_if 0 (i32.ne (local.get $i) (i32.const 40))))"
        ),
        2,
    );
}

#[test]
fn arms_inside_a_settled_loop() {
    settled(
        &format!(
            "(loop
            (if (i32.and (local.get $i) (i32.const 1))
                (then (local.set $x (i32.mul (local.get $x) (i32.const 3))))
                (else (drop (call $leaf (local.get $i)))))
            (block (br_if 0 (i32.and (local.get $i) (i32.const 2)))
                (local.set $x (i32.rem_u (local.get $x) (i32.const 11))))
            {NEXT}
            (br_if 0 (i32.ne (local.get $i) (i32.const 64))))"
        ),
        1,
    );
}

#[test]
fn a_table_inside_a_settled_loop() {
    settled(
        &format!(
            "(loop
            (block (block (block (br_table 0 1 2 (i32.rem_u (local.get $i) (i32.const 4))))
                (local.set $x (i32.mul (local.get $x) (i32.const 3))))
                (local.set $x (i32.add (local.get $x) (i32.const 3))))
            {NEXT}
            (br_if 0 (i32.ne (local.get $i) (i32.const 64))))"
        ),
        1,
    );
}

#[test]
fn a_table_out_of_a_loop() {
    settled(
        &format!(
            "(block (loop {NEXT}
            (block (br_table 0 2 (i32.gt_u (local.get $i) (i32.const 9))))
            (br 0)))"
        ),
        0,
    );
}

#[test]
fn nested_loops() {
    settled(
        &format!(
            "(loop
                (local.set $i (i32.const 0))
                (loop {NEXT} (br_if 0 (i32.ne (local.get $i) (i32.const 9))))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if 0 (i32.ne (local.get $n) (i32.const 5))))"
        ),
        1,
    );
}

#[test]
fn two_ways_back() {
    settled(
        &format!(
            "(loop {NEXT}
            (br_if 0 (i32.and (local.get $i) (i32.const 1)))
            (br_if 0 (i32.ne (local.get $i) (i32.const 64))))"
        ),
        0,
    );
}

#[test]
fn variables_that_are_none() {
    // Changed on a detour, changed twice, changed by another variable, changed after the way back.
    settled(
        "(loop (if (i32.eqz (local.get $x)) (then
            (local.set $i (i32.add (local.get $i) (i32.const 1)))))
        (br_if 0 (i32.ne (local.get $i) (i32.const 20))))",
        0,
    );
    settled(&format!("(loop {NEXT} {NEXT} (br_if 0 (i32.ne (local.get $i) (i32.const 20))))"), 0);
    settled(
        "(local.set $x (i32.const 2)) (loop
        (local.set $i (i32.add (local.get $i) (local.get $x)))
        (br_if 0 (i32.ne (local.get $i) (i32.const 20))))",
        0,
    );
    settled(&format!("(loop (br_if 0 (i32.ne (local.get $i) (i32.const 0))) {NEXT})"), 0);
}

/// The bound changes while the loop runs, so that the variable may come round.
#[test]
fn a_bound_that_moves() {
    settled(
        &format!(
            "(local.set $n (i32.const 10))
            (loop {NEXT} (local.set $n (i32.load (i32.const 0)))
            (br_if 0 (i32.lt_s (local.get $i) (local.get $n))))"
        ),
        0,
    );
}

/// The new value is kept aside first, as compilers do that still need the old one.
#[test]
fn an_update_by_way_of_another_local() {
    settled(
        "(loop
        (local.set $n (i32.add (local.get $i) (i32.const 1)))
        (local.set $x (i32.add (local.get $x) (local.get $i)))
        (local.set $i (local.get $n))
        (br_if 0 (i32.ne (local.get $n) (i32.const 30))))",
        1,
    );
}

#[test]
fn code_behind_the_way_back_and_dead_code() {
    settled(
        &format!(
            "(block (loop {NEXT}
            (br_if 0 (i32.ne (local.get $i) (i32.const 30)))
            (local.set $x (i32.mul (local.get $x) (i32.const 3)))
            (br_if 1 (local.get $x))
            (local.set $x (i32.const 5))
            (br 1)
            (loop (br 0)) (drop (i32.mul))))"
        ),
        0,
    );
    settled(
        &format!(
            "(block (loop {NEXT}
            (br_if 0 (i32.ne (local.get $i) (i32.const 30)))
            (local.set $x (i32.mul (local.get $x) (i32.const 3)))
            (br_if 1 (local.get $x))
            (local.set $x (i32.const 5))
            (br 1)))"
        ),
        2,
    );
}

/// Branches that carry operands, and results of loops and functions.
#[test]
fn operands_on_the_way() {
    equal(
        r#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 0))
        (func $f (param $i i32) (result i32)
            (block (result i32)
                (loop (result i32)
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (drop (br_if 1 (local.get $i) (i32.gt_u (local.get $i) (i32.const 77))))
                    (br_if 0 (i32.ne (local.get $i) (i32.const 60)))
                    (i32.const 4))
                (i32.add (i32.const 1))))
        (func $two (param $i i32) (result i32 i64)
            (block (result i32 i64)
                (loop
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if 0 (i32.ne (local.get $i) (i32.const 60))))
                (br_if 1 (local.get $i) (i64.const 2) (local.get $i))))
        (func (export "_start")
            (i32.store (i32.const 0) (call $f (i32.const 3)))
            (i32.store (i32.const 4) (call $f (i32.const 70)))
            (call $two (i32.const 2)) drop drop))"#,
    );
}
