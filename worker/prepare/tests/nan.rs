//! Where NaNs are made canonical, and where they need not be.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use arbitrary::Unstructured;
use manyhands_prepare::{Prepared, Refusal, prepare};
use proptest::prelude::*;
use wasm_smith::{Config, Module};

fn prepared(function: &str) -> Prepared {
    let wat = format!(
        r#"(module (memory (export "memory") 1) (global $f (mut f64) (f64.const 0))
            (global $v (mut v128) (v128.const i64x2 0 0))
            (func $callee (param f64) (result f64) local.get 0)
            (func {function}) (func (export "_start")))"#
    );
    prepare(&wat::parse_str(wat).unwrap()).unwrap()
}

/// The number of points at which a function makes values canonical, which is also what preparing its
/// result finds.
#[track_caller]
fn points(function: &str) -> u32 {
    let once = prepared(function);
    let twice = prepare(&once.bytes).unwrap();
    assert_eq!(twice.bytes, once.bytes);
    assert_eq!(twice.report.nan_points, once.report.nan_points);
    once.report.nan_points
}

const SUM: &str = "(f64.add (local.get 0) (local.get 1))";

fn scalar(body: &str) -> u32 {
    points(&format!("(param f64 f64) (local f64) {}", body.replace("SUM", SUM)))
}

#[test]
fn each_way_out_of_a_scalar() {
    for route in [
        "(f64.store (i32.const 0) SUM)",
        "(drop (i64.reinterpret_f64 SUM))",
        "(drop (f64.copysign (f64.const 1) SUM))",
        "(drop (f64.copysign SUM (f64.const 1)))",
        "(global.set $f SUM)",
        "(drop (call $callee SUM))",
        "(local.set 2 SUM) (f64.store (i32.const 0) (local.get 2))",
        "(f64.store (i32.const 0) (local.tee 2 SUM))",
        "(f64.store (i32.const 0) (f64.neg SUM))",
        "(f64.store (i32.const 0) (select SUM (f64.const 1) (i32.const 1)))",
        "(f64.store (i32.const 0) (select SUM (local.get 0) (i32.const 1)))",
        "(f32.store (i32.const 0) (f32.demote_f64 SUM))",
        "(f64.store (i32.const 0) (block (result f64) SUM))",
        "(f64.store (i32.const 0) (if (result f64) (i32.const 1)
            (then SUM) (else (f64.const 1))))",
    ] {
        assert_eq!(scalar(route), 1, "{route}");
    }
    assert_eq!(points("(param f64) (result f64) (f64.sqrt (local.get 0))"), 1);
    assert_eq!(points("(param f64) (result f64) (return (f64.sqrt (local.get 0)))"), 1);
    assert_eq!(points("(param f64) (result f64) (br 0 (f64.sqrt (local.get 0)))"), 1);
}

#[test]
fn what_shows_no_bits_costs_nothing() {
    for body in [
        "(drop SUM)",
        "(drop (f64.mul SUM (f64.div SUM SUM)))",
        "(drop (f64.lt SUM SUM))",
        "(drop (i32.trunc_sat_f64_s SUM))",
        "(drop (i32.trunc_f64_s SUM))",
        "(f64.store (i32.const 0) (local.get 0))",
        "(f64.store (i32.const 0) (f64.neg (f64.load (i32.const 8))))",
        "(f64.store (i32.const 0) (f64.const nan:0x123))",
        "(f64.store (i32.const 0) (f64.convert_i32_s (i32.const 1)))",
        "(drop (call $callee (f64.load (i32.const 0))))",
        "(local.set 2 SUM)",
        "(local.set 2 SUM) (drop (f64.add (local.get 2) (local.get 2)))",
        "unreachable f64.add f64.store",
        "(return) (f64.store (i32.const 0) SUM)",
    ] {
        assert_eq!(scalar(body), 0, "{body}");
    }
}

/// A sum that runs through a loop is made canonical once, behind it; one that begins with bits from
/// memory as well, if the loop runs at least once.
#[test]
fn sums_in_loops() {
    let sum = |start: &str| {
        format!(
            "(param f64) (local f64 i32) (local.set 1 {start})
            (loop (local.set 1 (f64.add (local.get 1) (local.get 0)))
                (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
            (f64.store (i32.const 0) (local.get 1)) (f64.store (i32.const 8) (local.get 1))"
        )
    };
    assert_eq!(points(&sum("(f64.const 0)")), 2);
    assert_eq!(points(&sum("(f64.load (i32.const 0))")), 2);
    assert_eq!(points(&sum("(f64.mul (local.get 0) (local.get 0))")), 2);
}

const VECTORS: [(&str, u32); 20] = [
    // Lanes of one type stay what they are.
    ("(v128.store (i32.const 0) SUM)", 1),
    ("(v128.store (i32.const 0) (f64x2.mul SUM SUM))", 1),
    ("(v128.store (i32.const 0) (f64x2.neg SUM))", 1),
    (
        "(v128.store (i32.const 0) (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
            SUM SUM))",
        1,
    ),
    ("(v128.store (i32.const 0) (v128.xor SUM (v128.const i64x2 0 0x8000000000000000)))", 1),
    ("(v128.store (i32.const 0) (v128.and SUM (f64x2.lt SUM SUM)))", 1),
    ("(v128.store (i32.const 0) (v128.bitselect SUM SUM (f64x2.lt SUM SUM)))", 1),
    ("(v128.store (i32.const 0) (f64x2.pmin SUM SUM))", 1),
    ("(f64.store (i32.const 0) (f64x2.extract_lane 1 SUM))", 1),
    ("(v128.store (i32.const 0) (f64x2.splat (f64x2.extract_lane 1 SUM)))", 1),
    ("(v128.store (i32.const 0) (f64x2.replace_lane 1 SUM (f64.const 1)))", 1),
    ("(drop (f64x2.add (v128.xor SUM (v128.const i64x2 0 0x8000000000000000)) SUM))", 0),
    ("(drop (f32x4.demote_f64x2_zero SUM))", 0),
    // Whoever reads them as something else sees bits.
    ("(drop (f32x4.add SUM SUM))", 2),
    ("(drop (i32x4.add SUM (local.get 0)))", 1),
    ("(drop (v128.any_true SUM))", 1),
    ("(drop (i64.add (i64x2.extract_lane 0 SUM) (i64.const 1)))", 1),
    ("(v128.store32_lane 0 (i32.const 0) SUM)", 1),
    (
        "(drop (i32x4.add (local.get 0) (i8x16.shuffle
            4 5 6 7 0 1 2 3 16 17 18 19 20 21 22 23 SUM (local.get 0))))",
        1,
    ),
    ("(global.set $v (v128.and SUM (v128.const i64x2 1 1)))", 1),
];

#[test]
fn vectors() {
    for (body, expected) in VECTORS {
        let body = body.replace("SUM", "(f64x2.add (local.get 0) (local.get 1))");
        let found = points(&format!("(param v128 v128) {body}"));
        // Operands that are merged are made canonical each, if the result is not.
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn a_function_without_room_for_another_local() {
    let wat = |locals: usize| {
        format!(
            r#"(module (memory (export "memory") 1) (func (export "_start")
                (local {}) (f64.store (i32.const 0) (f64.sqrt (local.get 0)))))"#,
            "f64 ".repeat(locals)
        )
    };
    let module = |locals| wat::parse_str(wat(locals)).unwrap();
    assert!(prepare(&module(49_999)).is_ok());
    let refusal = prepare(&module(50_000)).unwrap_err();
    assert!(matches!(refusal, Refusal::TooManyLocals { function: 0, .. }));
    assert!(refusal.to_string().contains("the limit is 50000"), "{refusal}");
}

/// More meetings of locals than are followed: still canonical, still idempotent, and soon done.
#[test]
fn a_function_that_is_meant_to_take_long() {
    let locals = "f64 ".repeat(4_000);
    let sets: String =
        (0..4_000).map(|i| format!("(local.set {i} (f64.sqrt (local.get {i})))")).collect();
    let loops = "(loop ".repeat(900) + &sets + &"(br_if 0 (i32.const 0))".repeat(900);
    let body = format!("(local {locals}) {loops} {}", ")".repeat(900));
    assert_eq!(points(&body), 4_000);
}

fn smith(bytes: &[u8]) -> Option<Vec<u8>> {
    let wat = r#"(module (memory (export "memory") 1) (func (export "_start"))
        (global (export "f") (mut f64) (f64.const 0))
        (global (export "v") (mut v128) (v128.const i64x2 0 0)))"#;
    let config = Config {
        exports: Some(wat::parse_str(wat).unwrap()),
        max_imports: 0,
        max_memories: 0,
        max_instructions: 1_000,
        max_memory32_bytes: 1 << 20,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    };
    Some(Module::new(config, &mut Unstructured::new(bytes)).ok()?.to_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn preparing_twice_is_preparing_once(bytes in proptest::collection::vec(any::<u8>(), 4096)) {
        let Some(given) = smith(&bytes) else { return Ok(()) };
        match prepare(&given) {
            Err(Refusal::Proposal { .. }) => {}
            Err(refusal) => prop_assert!(false, "{refusal}"),
            Ok(once) => {
                let twice = prepare(&once.bytes).unwrap();
                prop_assert_eq!(&twice.bytes, &once.bytes);
                prop_assert_eq!(twice.report.nan_points, once.report.nan_points);
            }
        }
    }
}
