//! The ways from a float to bits that a program can see.

use super::instructions::Shape;

/// What the routes use of a module: a global and two functions for each type.
pub(super) const DECLARATIONS: &str = "
    (global $f32 (mut f32) (f32.const 0))
    (global $f64 (mut f64) (f64.const 0))
    (global $v128 (mut v128) (v128.const i64x2 0 0))
    (func $keep_f32 (param i32 f32) (f32.store (local.get 0) (local.get 1)))
    (func $keep_f64 (param i32 f64) (f64.store (local.get 0) (local.get 1)))
    (func $keep_v128 (param i32 v128) (v128.store (local.get 0) (local.get 1)))
    (func $same_f32 (param f32) (result f32) (local.get 0))
    (func $same_f64 (param f64) (result f64) (local.get 0))
    (func $same_v128 (param v128) (result v128) (local.get 0))
    (table funcref (elem $keep_f32 $keep_f64 $keep_v128))";

/// A way from a value to bits in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// Its name.
    pub(super) name: &'static str,
    shape: Shape,
    /// `{x}` is the value, `{at}` the place in memory, `{t}` its type, `{s}` its shape, `{i}` the integer
    /// type of its width, `{z}` a zero of its type.
    text: &'static str,
}

impl Route {
    /// Code that sends this value along the route.
    pub(super) fn apply(&self, value: &str) -> String {
        let (integer, zero) = match self.shape {
            Shape::I32 | Shape::F32 => ("i32", "0"),
            Shape::I64 | Shape::F64 => ("i64", "0"),
            Shape::F32x4 | Shape::F64x2 => ("i64x2", "i64x2 0 0"),
        };
        let ty = self.shape.ty();
        self.text
            .replace("{z}", &format!("({ty}.const {zero})"))
            .replace("{at}", "(local.get $at)")
            .replace("{t}", ty)
            .replace("{s}", self.shape.name())
            .replace("{i}", integer)
            .replace("{x}", value)
    }
}

/// The routes of a value of this shape. The first one is the plainest: a store.
pub(super) fn from(shape: Shape) -> Vec<Route> {
    let specific: &[(&str, &str)] = match shape {
        Shape::I32 | Shape::I64 => &[],
        Shape::F32 => &NARROW,
        Shape::F64 => &WIDE,
        Shape::F32x4 => &VECTOR_NARROW,
        Shape::F64x2 => &VECTOR_WIDE,
    };
    let general: &[(&str, &str)] = match shape {
        Shape::I32 | Shape::I64 => &GENERAL[..1],
        Shape::F32 | Shape::F64 | Shape::F32x4 | Shape::F64x2 => &GENERAL,
    };
    let own: &[(&str, &str)] = match shape {
        Shape::I32 | Shape::I64 => &[],
        Shape::F32 | Shape::F64 => &SCALAR,
        Shape::F32x4 | Shape::F64x2 => &VECTOR,
    };
    let all = general.iter().chain(own).chain(specific);
    all.map(|&(name, text)| Route { name, shape, text }).collect()
}

/// Routes of every type.
const GENERAL: [(&str, &str); 10] = [
    ("store", "({t}.store {at} {x})"),
    ("local", "(local.set ${t} {x}) (block $out (br $out)) ({t}.store {at} (local.get ${t}))"),
    ("global", "(global.set ${t} {x}) ({t}.store {at} (global.get ${t}))"),
    ("parameter", "(call $keep_{t} {at} {x})"),
    ("result", "({t}.store {at} (call $same_{t} {x}))"),
    ("select", "({t}.store {at} (select {x} {z} (i32.lt_u (local.get $i) (i32.const 99))))"),
    ("branch", "({t}.store {at} (block $out (result {t}) (br_if $out {x} (local.get $at))))"),
    ("negated", "({t}.store {at} ({s}.neg {x}))"),
    ("without-sign", "({t}.store {at} ({s}.abs {x}))"),
    ("added", "(local.set ${t} {x}) ({t}.store {at} ({s}.add (local.get ${t}) (local.get ${t})))"),
];

const SCALAR: [(&str, &str); 6] = [
    ("reinterpret", "({i}.store {at} ({i}.reinterpret_{t} {x}))"),
    ("sign", "({t}.store {at} ({t}.copysign ({t}.const 1.5) {x}))"),
    ("magnitude", "({t}.store {at} ({t}.copysign {x} ({t}.const -1)))"),
    ("least", "({t}.store {at} ({t}.min {x} ({t}.const 1)))"),
    (
        "if",
        "(if (result {t}) (local.get $j) (then {x}) (else {x})) (local.set ${t}) ({t}.store {at} (local.get ${t}))",
    ),
    (
        "unequal-to-itself",
        "(local.set ${t} {x}) (i32.store {at} ({t}.ne (local.get ${t}) (local.get ${t})))",
    ),
];

const NARROW: [(&str, &str); 5] = [
    ("promoted", "(f64.store {at} (f64.promote_f32 {x}))"),
    ("splat", "(v128.store {at} (f32x4.splat {x}))"),
    ("lane", "(v128.store {at} (f32x4.replace_lane 1 (v128.const i64x2 5 6) {x}))"),
    ("saturated", "(i32.store {at} (i32.trunc_sat_f32_s {x}))"),
    ("indirect", "{at} {x} (i32.const 0) (call_indirect (param i32 f32))"),
];

const WIDE: [(&str, &str); 5] = [
    ("demoted", "(f32.store {at} (f32.demote_f64 {x}))"),
    ("splat", "(v128.store {at} (f64x2.splat {x}))"),
    ("lane", "(v128.store {at} (f64x2.replace_lane 1 (v128.const i64x2 5 6) {x}))"),
    ("saturated", "(i64.store {at} (i64.trunc_sat_f64_u {x}))"),
    ("indirect", "{at} {x} (i32.const 1) (call_indirect (param i32 f64))"),
];

const VECTOR: [(&str, &str); 25] = [
    ("store-8", "(v128.store8_lane 3 {at} {x})"),
    ("store-16", "(v128.store16_lane 7 {at} {x})"),
    ("store-32", "(v128.store32_lane 2 {at} {x})"),
    ("store-64", "(v128.store64_lane 1 {at} {x})"),
    ("extract-8", "(i32.store {at} (i8x16.extract_lane_u 7 {x}))"),
    ("extract-16", "(i32.store {at} (i16x8.extract_lane_s 3 {x}))"),
    ("extract-32", "(i32.store {at} (i32x4.extract_lane 1 {x}))"),
    ("extract-64", "(i64.store {at} (i64x2.extract_lane 0 {x}))"),
    ("integer-add", "(v128.store {at} (i32x4.add {x} (v128.const i32x4 1 2 3 4)))"),
    ("integer-shift", "(v128.store {at} (i64x2.shr_u {x} (i32.const 60)))"),
    ("integer-narrow", "(v128.store {at} (i16x8.narrow_i32x4_s {x} {x}))"),
    ("integer-extend", "(v128.store {at} (i64x2.extend_high_i32x4_u {x}))"),
    ("integer-equal", "(v128.store {at} (i32x4.eq {x} {x}))"),
    ("population", "(v128.store {at} (i8x16.popcnt {x}))"),
    ("xor", "(v128.store {at} (v128.xor {x} (v128.const i64x2 -1 7)))"),
    ("and-not", "(v128.store {at} (v128.andnot (v128.const i64x2 -1 -1) {x}))"),
    ("as-mask", "(v128.store {at} (v128.bitselect (v128.const i64x2 -1 -1) {z} {x}))"),
    (
        "masked",
        "(v128.store {at} (v128.bitselect {x} {z} (v128.const i64x2 0xff00ff00ff 0xf0f0f0f0f)))",
    ),
    ("shuffle", "(v128.store {at} (i8x16.shuffle 0 16 3 19 7 23 15 31 4 5 6 7 8 9 10 11 {x} {z}))"),
    (
        "swizzle",
        "(v128.store {at} (i8x16.swizzle {x} (v128.const i8x16 7 6 5 4 3 2 1 0 15 14 13 12 11 10 9 8)))",
    ),
    ("any-true", "(i32.store {at} (v128.any_true {x}))"),
    ("all-true", "(i32.store {at} (i8x16.all_true {x}))"),
    ("bitmask-8", "(i32.store {at} (i8x16.bitmask {x}))"),
    ("bitmask-32", "(i32.store {at} (i32x4.bitmask {x}))"),
    ("indirect", "{at} {x} (i32.const 2) (call_indirect (param i32 v128))"),
];

const VECTOR_NARROW: [(&str, &str); 6] = [
    ("extract-float", "(f32.store {at} (f32x4.extract_lane 3 {x}))"),
    ("as-other-floats", "(v128.store {at} (f64x2.neg {x}))"),
    ("other-floats-least", "(v128.store {at} (f64x2.pmin {x} {z}))"),
    ("promoted", "(v128.store {at} (f64x2.promote_low_f32x4 {x}))"),
    ("lane-replaced", "(v128.store {at} (f32x4.replace_lane 0 {x} (f32.const 1)))"),
    ("pseudo-greatest", "(v128.store {at} (f32x4.pmax {z} {x}))"),
];

const VECTOR_WIDE: [(&str, &str); 6] = [
    ("extract-float", "(f64.store {at} (f64x2.extract_lane 1 {x}))"),
    ("as-other-floats", "(v128.store {at} (f32x4.neg {x}))"),
    ("other-floats-least", "(v128.store {at} (f32x4.pmin {x} {z}))"),
    ("demoted", "(v128.store {at} (f32x4.demote_f64x2_zero {x}))"),
    ("lane-replaced", "(v128.store {at} (f64x2.replace_lane 0 {x} (f64.const 1)))"),
    ("pseudo-greatest", "(v128.store {at} (f64x2.pmax {z} {x}))"),
];
