//! Each instruction that makes a NaN, by each way on which its bits could be seen.

use std::fmt::Write as _;

use super::{check, judge, leave, plain};

/// Where outputs begin; inputs are below.
const OUTPUT: usize = 4096;

/// Signalling and quiet NaNs of both signs with and without payload, and numbers.
const F32: [u32; 8] = [
    0x7f80_0001,
    0xffa0_1234,
    0x7fc0_0000,
    0xffc0_0000,
    0x7fd5_5555,
    0x3fc0_0000,
    0xff80_0000,
    0x8000_0000,
];
const F64: [u64; 8] = [
    0x7ff0_0000_0000_0001,
    0xfff4_0000_7fc0_0001,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ffd_5555_ffc0_0000,
    0x3ff8_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x8000_0000_0000_0000,
];

/// One row for each slot of 16 bytes, so that any type can be loaded from any slot.
fn inputs() -> String {
    let f32s = (0..8).map(|i| [F32[i], F32[(i + 3) % 8], F32[(i + 5) % 8], F32[(i + 6) % 8]]);
    let f64s = (0..8).map(|i| [F64[i], F64[(i + 3) % 8]]);
    let bytes = f32s.flatten().flat_map(u32::to_le_bytes);
    let bytes = bytes.chain(f64s.flatten().flat_map(u64::to_le_bytes));
    bytes.fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    })
}

/// A module that runs `body` for each pair of inputs at `$i` and `$j`; it moves `$out` on itself.
pub(super) fn module(body: &str) -> Vec<u8> {
    let inputs = inputs();
    let wat = format!(
        r#"(module (memory (export "memory") 64) (data (i32.const 0) "{inputs}")
        (global $gf32 (mut f32) (f32.const 0)) (global $gf64 (mut f64) (f64.const 0))
        (global $gv128 (mut v128) (v128.const i64x2 0 0))
        (func $cf32 (param f32) (result f32) local.get 0)
        (func $cf64 (param f64) (result f64) local.get 0)
        (func $cv128 (param v128) (result v128) local.get 0)
        (func $next (param i32) (result i32) (i32.add (local.get 0) (i32.const 16)))
        (func (export "_start")
            (local $i i32) (local $j i32) (local $out i32)
            (local $xf32 f32) (local $xf64 f64) (local $xv128 v128)
            (local.set $out (i32.const {OUTPUT}))
            (loop $outer
                (local.set $j (i32.const 0))
                (loop $inner {body}
                    (br_if $inner (i32.lt_u (local.tee $j (call $next (local.get $j)))
                        (i32.const 256))))
                (br_if $outer (i32.lt_u (local.tee $i (call $next (local.get $i)))
                    (i32.const 256))))))"#
    );
    wat::parse_str(wat).unwrap()
}

/// Names, operands' type, result's type.
const MAKERS: [(&[&str], usize, &str, &str); 12] = [
    (&["f32.add", "f32.sub", "f32.mul", "f32.div", "f32.min", "f32.max"], 2, "f32", "f32"),
    (&["f32.sqrt", "f32.ceil", "f32.floor", "f32.trunc", "f32.nearest"], 1, "f32", "f32"),
    (&["f64.add", "f64.sub", "f64.mul", "f64.div", "f64.min", "f64.max"], 2, "f64", "f64"),
    (&["f64.sqrt", "f64.ceil", "f64.floor", "f64.trunc", "f64.nearest"], 1, "f64", "f64"),
    (&["f32.demote_f64"], 1, "f64", "f32"),
    (&["f64.promote_f32"], 1, "f32", "f64"),
    (&["f32x4.add", "f32x4.sub", "f32x4.mul", "f32x4.div", "f32x4.min"], 2, "v128", "v128"),
    (&["f32x4.max", "f32x4.pmin", "f32x4.pmax", "v128.and"], 2, "v128", "v128"),
    (&["f64x2.add", "f64x2.sub", "f64x2.mul", "f64x2.div", "f64x2.min"], 2, "v128", "v128"),
    (&["f64x2.max", "f64x2.pmin", "f64x2.pmax"], 2, "v128", "v128"),
    (
        &["f32x4.sqrt", "f32x4.ceil", "f32x4.floor", "f32x4.trunc", "f32x4.nearest"],
        1,
        "v128",
        "v128",
    ),
    (
        &[
            "f64x2.sqrt",
            "f64x2.ceil",
            "f64x2.floor",
            "f64x2.trunc",
            "f64x2.nearest",
            "f32x4.demote_f64x2_zero",
            "f64x2.promote_low_f32x4",
        ],
        1,
        "v128",
        "v128",
    ),
];

/// From a value `X` of type `T` to another, for `T` scalar.
const SCALAR_WAYS: [&str; 11] = [
    "X",
    "(T.neg X)",
    "(T.abs X)",
    "(T.neg (T.neg X))",
    "(T.copysign X (T.load (local.get $j)))",
    "(T.copysign (T.load (local.get $j)) X)",
    "(select X (T.load (local.get $j)) (i32.and (local.get $i) (i32.const 16)))",
    "(select X (T.neg X) (i32.and (local.get $j) (i32.const 16)))",
    "(call $cT X)",
    "(block (result T) (br_if 0 X (i32.and (local.get $i) (i32.const 16))) (drop) (T.load (local.get $j)))",
    "(if (result T) (i32.and (local.get $i) (i32.const 16)) (then X) (else (T.const nan:0x12345)))",
];

const VECTOR_WAYS: [&str; 24] = [
    "X",
    "(f32x4.neg X)",
    "(f64x2.neg X)",
    "(f32x4.abs X)",
    "(f64x2.abs X)",
    "(v128.not X)",
    "(v128.xor X (v128.const i32x4 0x80000000 0 0x80000000 0))",
    "(v128.xor (v128.const i64x2 0 0x8000000000000000) X)",
    "(v128.and X (v128.const i32x4 0x7fffffff -1 0 -1))",
    "(v128.andnot X (v128.const i64x2 0 0x8000000000000000))",
    "(v128.or X (v128.const i32x4 0 0x80000000 0 0x80000000))",
    "(v128.or X (v128.const i32x4 1 0 0 0))",
    "(v128.and X (f32x4.lt (v128.load (local.get $j)) X))",
    "(v128.andnot X (f64x2.lt X (v128.load (local.get $j))))",
    "(v128.bitselect X (v128.load (local.get $j)) (f32x4.eq X X))",
    "(v128.bitselect X (f64x2.neg X) (f64x2.gt X (v128.load (local.get $j))))",
    "(i8x16.shuffle 4 5 6 7 16 17 18 19 0 1 2 3 28 29 30 31 X (f32x4.neg X))",
    "(i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 X (v128.load (local.get $j)))",
    "(i8x16.shuffle 1 0 2 3 4 5 6 7 8 9 10 11 12 13 14 15 X X)",
    "(f32x4.splat (f32x4.extract_lane 2 X))",
    "(f64x2.splat (f64.neg (f64x2.extract_lane 1 X)))",
    "(f32x4.replace_lane 1 X (f32.neg (f32x4.extract_lane 3 X)))",
    "(f64x2.replace_lane 0 X (f64.load (local.get $j)))",
    "(select X (v128.load (local.get $j)) (i32.and (local.get $i) (i32.const 16)))",
];

/// What looks at a value of type `T` and leaves what it sees at `$out`.
const SCALAR_SINKS: [&str; 3] = [
    "(T.store (local.get $out) X)",
    "(global.set $gT X) (T.store (local.get $out) (global.get $gT))",
    "(local.set $xT X) (T.store (local.get $out) (local.get $xT))
        (T.store offset=8 (local.get $out) (T.neg (local.get $xT)))",
];

const VECTOR_SINKS: [&str; 7] = [
    "(v128.store (local.get $out) X)",
    "(v128.store (local.get $out) (call $cv128 X))",
    "(v128.store32_lane 1 (local.get $out) X)",
    "(v128.store (local.get $out) (f32x4.add X (f32x4.splat (f32.const 1))))",
    "(v128.store (local.get $out) (f64x2.pmax X (f64x2.splat (f64.const 1))))",
    "(i32.store (local.get $out) (i8x16.bitmask X))",
    "(local.set $xv128 X) (v128.store (local.get $out)
        (i16x8.add (local.get $xv128) (f32x4.mul (local.get $xv128) (local.get $xv128))))",
];

/// Every maker of the type, by every way, into every sink.
pub(super) fn bodies(maker: &str, operands: usize, from: &str, to: &str) -> Vec<String> {
    let load = |slot: &str| format!("({from}.load (local.get {slot}))");
    let operands = [load("$i"), load("$j")][..operands].join(" ");
    let made = format!("({maker} {operands})");
    let (ways, sinks): (&[&str], &[&str]) = match to {
        "v128" => (&VECTOR_WAYS, &VECTOR_SINKS),
        _ => (&SCALAR_WAYS, &SCALAR_SINKS),
    };
    let step = "(local.set $out (call $next (local.get $out)))";
    let body = |way: &&str| {
        let on_way = way.replace('X', &made);
        let routes = sinks.iter().map(|sink| sink.replace('X', &on_way) + step);
        routes
            .collect::<String>()
            .replace("T.", &format!("{to}."))
            .replace("$cT", &format!("$c{to}"))
            .replace("$gT", &format!("$g{to}"))
            .replace("$xT", &format!("$x{to}"))
            .replace("(result T)", &format!("(result {to})"))
    };
    ways.iter().map(body).collect()
}

#[test]
fn every_maker_by_every_way_into_every_sink() {
    for (makers, operands, from, to) in MAKERS {
        for maker in makers {
            let left = check(&module(&bodies(maker, operands, from, to).concat()));
            assert!(left.memory[OUTPUT..].iter().any(|byte| *byte != 0), "{maker} left nothing");
        }
    }
}

fn command(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory (export "memory") 1) (func (export "_start") {body}))"#
    ))
    .unwrap()
}

/// On x86-64 the NaN of 0/0 has its sign set, elsewhere not.
#[test]
fn a_module_that_differs_between_machines_unless_it_is_prepared() {
    let wasm = command(
        "(local f64) (i64.store (i32.const 8)
            (i64.reinterpret_f64 (f64.div (local.get 0) (local.get 0))))",
    );
    let left = check(&wasm);
    assert_eq!(left.memory[8..16], 0x7ff8_0000_0000_0000u64.to_le_bytes());
    if cfg!(target_arch = "x86_64") {
        assert_ne!(leave(plain(), &wasm), leave(judge(), &wasm));
    }
}

/// Bits that no arithmetic made are the program's own.
#[test]
fn payloads_that_a_program_keeps() {
    let wasm = command(
        "(local f64) (i64.store (i32.const 0) (i64.const 0xfff4000000c0ffee))
            (local.set 0 (f64.load (i32.const 0)))
            (f64.store (i32.const 8) (f64.neg (local.get 0)))
            (f64.store (i32.const 16) (select (local.get 0) (f64.sqrt (f64.const -1))
                (i32.const 1)))",
    );
    let left = check(&wasm);
    assert_eq!(left.memory[8..16], 0x7ff4_0000_00c0_ffeeu64.to_le_bytes());
    assert_eq!(left.memory[16..24], 0xfff4_0000_00c0_ffeeu64.to_le_bytes());
}
