//! The judge sees what preparation would forget: a single point that is missing changes what a module leaves.
//!
//! A point is forgotten by having its question, whether the value is a number, always answered with yes. That
//! is what a rule would do that wrongly lets a value pass.

use manyhands_prepare::prepare;
use wasmparser::{Operator, Parser, Payload};

use super::routes::{bodies, module};
use super::{judge, leave, plain};

/// Points of all bodies, and those that nothing depended on.
#[derive(Debug, Default)]
struct Count {
    points: usize,
    unseen: usize,
}

/// Forgets the points of each way that a value of `maker` can take, one after the other.
fn forget_each(maker: &str, ty: &str) -> Count {
    let mut count = Count::default();
    for body in bodies(maker, 2, ty, ty) {
        let given = module(&body);
        let prepared = prepare(&given).unwrap();
        let points = points(&prepared.bytes);
        assert_eq!(points.len(), prepared.report.nan_points as usize, "{body}");
        let expected = leave(judge(), &given);
        let unseen = points
            .iter()
            .filter(|point| leave(plain(), &point.forgotten_in(&prepared.bytes)) == expected);
        count.unseen += unseen.count();
        count.points += points.len();
    }
    count
}

/// Where a prepared module asks whether the value of a local is a number, by comparing it with itself.
#[derive(Debug)]
struct Point {
    /// Offset of the first operand.
    begin: usize,
    /// Offset of the comparison.
    comparison: usize,
    /// Offset behind the comparison.
    end: usize,
    is_vector: bool,
}

impl Point {
    fn forgotten_in(&self, wasm: &[u8]) -> Vec<u8> {
        const NOP: u8 = 0x01;
        const I32_CONST_1: [u8; 2] = [0x41, 1];
        const I8X16_EQ: [u8; 2] = [0xfd, 0x23];
        let mut wasm = wasm.to_vec();
        if self.is_vector {
            // As integers all lanes are equal to themselves.
            wasm[self.comparison..self.end].copy_from_slice(&I8X16_EQ);
        } else {
            wasm[self.begin..self.end].fill(NOP);
            wasm[self.begin..self.begin + 2].copy_from_slice(&I32_CONST_1);
        }
        wasm
    }
}

fn points(wasm: &[u8]) -> Vec<Point> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        let operators = body.get_operators_reader().unwrap().into_iter_with_offsets();
        let operators: Vec<_> = operators.map(Result::unwrap).collect();
        for window in operators.windows(4) {
            let [(first, begin), (second, _), (third, comparison), (_, end)] = window else {
                continue;
            };
            let is_vector = match third {
                Operator::F32x4Eq | Operator::F64x2Eq => true,
                Operator::F32Ge | Operator::F64Ge => false,
                _ => continue,
            };
            if matches!(first, Operator::LocalGet { .. }) && first == second {
                let (begin, comparison, end) = (*begin, *comparison, *end);
                found.push(Point { begin, comparison, end, is_vector });
            }
        }
    }
    found
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "counts are those of NaNs as x86-64 makes them")]
fn no_point_of_a_scalar_is_forgotten_unseen() {
    for (maker, ty) in [("f32.add", "f32"), ("f64.div", "f64")] {
        let Count { points, unseen } = forget_each(maker, ty);
        assert!(points > 0 && unseen == 0, "{maker}: {unseen} of {points}");
    }
}

/// Of vectors some points are needless: preparation does not know that a mask hides just the lanes with NaNs,
/// or from which operand a shuffle takes nothing.
#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "counts are those of NaNs as x86-64 makes them")]
fn few_points_of_a_vector_are_forgotten_unseen() {
    for maker in ["f32x4.mul", "f64x2.sub"] {
        let Count { points, unseen } = forget_each(maker, "v128");
        assert!(points > 0 && unseen * 5 <= points, "{maker}: {unseen} of {points}");
    }
}
