//! The values that every instruction is tried on.

use super::instructions::Shape;

/// How many values there are of each shape.
pub(super) const COUNT: usize = F32.len();

const F32: [u32; 22] = [
    0x0000_0000, // 0
    0x8000_0000, // -0
    0x3f80_0000, // 1
    0xbf80_0000, // -1
    0x3fc0_0000, // 1.5
    0xc020_0000, // -2.5
    0x4f00_0000, // 2^31
    0xff7f_ffff, // the lowest
    0x0000_0001, // the least subnormal
    0x8000_0001, // and its negative
    0x007f_ffff, // the greatest subnormal
    0x0080_0000, // the least normal
    0x7f80_0000, // infinity
    0xff80_0000, // and its negative
    0x7fc0_0000, // the canonical NaN
    0xffc0_0000, // and its negative
    0x7fc1_2345, // quiet with a payload
    0xffff_ffff, // quiet with all payload, negative
    0x7f80_0001, // signalling with the least payload
    0xff80_0001, // and its negative
    0x7fbf_ffff, // signalling with all payload
    0xffa1_2345, // signalling with a payload, negative
];

const F64: [u64; COUNT] = [
    0x0000_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0xc004_0000_0000_0000,
    0x43e0_0000_0000_0000, // 2^63
    0xffef_ffff_ffff_ffff,
    0x0000_0000_0000_0001,
    0x8000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff8_1234_5678_9abc,
    0xffff_ffff_ffff_ffff,
    0x7ff0_0000_0000_0001,
    0xfff0_0000_0000_0001,
    0x7ff7_ffff_ffff_ffff,
    0xfff4_1234_5678_9abc,
];

/// A value of a shape as bytes. Lanes of a vector are different values.
fn bytes(shape: Shape, index: usize) -> Vec<u8> {
    let narrow = |lane: usize| F32[(index + 5 * lane) % COUNT].to_le_bytes();
    let wide = |lane: usize| F64[(index + 9 * lane) % COUNT].to_le_bytes();
    match shape {
        Shape::I32 | Shape::F32 => narrow(0).to_vec(),
        Shape::I64 | Shape::F64 => wide(0).to_vec(),
        Shape::F32x4 => (0..4).flat_map(narrow).collect(),
        Shape::F64x2 => (0..2).flat_map(wide).collect(),
    }
}

/// Where the values of a shape lie, and how many bits one's number is shifted to get there.
const fn place(shape: Shape) -> (usize, u32) {
    match shape {
        Shape::I32 | Shape::F32 => (0, 2),
        Shape::I64 | Shape::F64 => (256, 3),
        Shape::F32x4 => (512, 4),
        Shape::F64x2 => (1024, 4),
    }
}

/// The data segments that hold all values.
pub(super) fn data() -> String {
    let mut text = String::new();
    for shape in [Shape::F32, Shape::F64, Shape::F32x4, Shape::F64x2] {
        let values: Vec<u8> = (0..COUNT).flat_map(|index| bytes(shape, index)).collect();
        let values: String = values.iter().map(|byte| format!("\\{byte:02x}")).collect();
        text += &format!("(data (i32.const {}) \"{values}\")\n", place(shape).0);
    }
    text
}

/// Reads the value whose number is in this local.
pub(super) fn load(shape: Shape, index: &str) -> String {
    let (at, shift) = place(shape);
    let ty = shape.ty();
    format!("({ty}.load offset={at} (i32.shl (local.get {index}) (i32.const {shift})))")
}

/// The value as a constant.
pub(super) fn constant(shape: Shape, index: usize) -> String {
    let bytes = bytes(shape, index);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    match shape {
        Shape::I32 => format!("(i32.const {:#x})", number(&bytes)),
        Shape::I64 => format!("(i64.const {:#x})", number(&bytes)),
        Shape::F32 => format!("(f32.const {})", float(number(&bytes), 8, 23)),
        Shape::F64 => format!("(f64.const {})", float(number(&bytes), 11, 52)),
        Shape::F32x4 | Shape::F64x2 => {
            let (low, high) = bytes.split_at(8);
            format!("(v128.const i64x2 {:#x} {:#x})", number(low), number(high))
        }
    }
}

/// A float of this many bits of exponent and fraction in WebAssembly's own words.
fn float(bits: u64, exponent_bits: u32, fraction_bits: u32) -> String {
    let sign = if bits >> (exponent_bits + fraction_bits) == 1 { "-" } else { "" };
    let fraction = bits & ((1 << fraction_bits) - 1);
    let exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
    let bias = (1i64 << (exponent_bits - 1)) - 1;
    // A fraction is written in whole hexadecimal digits.
    let shift = fraction_bits.next_multiple_of(4) - fraction_bits;
    let digits = (fraction_bits.div_ceil(4)) as usize;
    let point = |lead: u64, exponent: i64| {
        format!("{sign}0x{lead}.{:0digits$x}p{exponent}", fraction << shift)
    };
    if exponent == (1 << exponent_bits) - 1 {
        return if fraction == 0 {
            format!("{sign}inf")
        } else {
            format!("{sign}nan:{fraction:#x}")
        };
    }
    if exponent == 0 { point(0, 1 - bias) } else { point(1, exponent.cast_signed() - bias) }
}
