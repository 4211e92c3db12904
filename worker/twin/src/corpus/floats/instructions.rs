//! The float instructions.

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    I32,
    I64,
    F32,
    F64,
    F32x4,
    F64x2,
}

impl Shape {
    /// Its type in WebAssembly.
    pub(super) const fn ty(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F32x4 | Self::F64x2 => "v128",
        }
    }

    /// Its name before the point of an instruction.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::F32x4 => "f32x4",
            Self::F64x2 => "f64x2",
            scalar => scalar.ty(),
        }
    }
}

/// A float instruction.
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    /// Its name, with the immediates.
    pub(super) name: String,
    /// What it takes, one or two values.
    pub(super) params: Vec<Shape>,
    /// What it gives.
    pub(super) result: Shape,
    /// Whether it traps on some values.
    pub(super) traps: bool,
}

impl Instruction {
    /// The instruction applied to these expressions.
    pub(super) fn apply(&self, operands: &[String]) -> String {
        format!("({} {})", self.name, operands.join(" "))
    }
}

const UNARY: [&str; 7] = ["abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest"];
const BINARY: [&str; 6] = ["add", "sub", "mul", "div", "min", "max"];
const COMPARE: [&str; 6] = ["eq", "ne", "lt", "gt", "le", "ge"];

/// Every float instruction of the allow-list, but for loads, stores and what moves values: these are
/// the routes.
pub(super) fn all() -> Vec<Instruction> {
    use Shape::{F32, F32x4, F64, F64x2, I32, I64};
    let mut all = Vec::new();
    let mut add = |name: String, params: &[Shape], result: Shape| {
        all.push(Instruction { name, params: params.to_vec(), result, traps: false });
    };
    for shape in [F32, F64, F32x4, F64x2] {
        let named = |name: &str| format!("{}.{name}", shape.name());
        UNARY.iter().for_each(|name| add(named(name), &[shape], shape));
        BINARY.iter().for_each(|name| add(named(name), &[shape, shape], shape));
        let is_scalar = matches!(shape, F32 | F64);
        if is_scalar {
            add(named("copysign"), &[shape, shape], shape);
        } else {
            add(named("pmin"), &[shape, shape], shape);
            add(named("pmax"), &[shape, shape], shape);
        }
        let truth = if is_scalar { I32 } else { shape };
        COMPARE.iter().for_each(|name| add(named(name), &[shape, shape], truth));
    }
    for (name, param, result) in [
        ("f32.demote_f64", F64, F32),
        ("f64.promote_f32", F32, F64),
        ("f32.reinterpret_i32", I32, F32),
        ("f64.reinterpret_i64", I64, F64),
        ("i32.reinterpret_f32", F32, I32),
        ("i64.reinterpret_f64", F64, I64),
        ("f32x4.demote_f64x2_zero", F64x2, F32x4),
        ("f64x2.promote_low_f32x4", F32x4, F64x2),
        ("f32x4.splat", F32, F32x4),
        ("f64x2.splat", F64, F64x2),
        ("f32x4.extract_lane 2", F32x4, F32),
        ("f64x2.extract_lane 1", F64x2, F64),
    ] {
        add(name.to_owned(), &[param], result);
    }
    add("f32x4.replace_lane 2".to_owned(), &[F32x4, F32], F32x4);
    add("f64x2.replace_lane 1".to_owned(), &[F64x2, F64], F64x2);
    for sign in ["s", "u"] {
        for (float, integer) in [(F32, I32), (F32, I64), (F64, I32), (F64, I64)] {
            let (f, i) = (float.name(), integer.name());
            add(format!("{f}.convert_{i}_{sign}"), &[integer], float);
            add(format!("{i}.trunc_sat_{f}_{sign}"), &[float], integer);
        }
        add(format!("f32x4.convert_i32x4_{sign}"), &[F32x4], F32x4);
        add(format!("f64x2.convert_low_i32x4_{sign}"), &[F32x4], F64x2);
        add(format!("i32x4.trunc_sat_f32x4_{sign}"), &[F32x4], F32x4);
        add(format!("i32x4.trunc_sat_f64x2_{sign}_zero"), &[F64x2], F32x4);
    }
    all.extend(trapping());
    all
}

/// The conversions that trap on NaN and on what is too large.
fn trapping() -> impl Iterator<Item = Instruction> {
    use Shape::{F32, F64, I32, I64};
    let pairs = [(F32, I32), (F32, I64), (F64, I32), (F64, I64)];
    pairs.into_iter().flat_map(|(float, integer)| {
        ["s", "u"].map(|sign| Instruction {
            name: format!("{}.trunc_{}_{sign}", integer.name(), float.name()),
            params: vec![float],
            result: integer,
            traps: true,
        })
    })
}
