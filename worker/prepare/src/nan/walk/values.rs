//! Instructions that act on the operand stack alone.

use wasmparser::{BlockType, ModuleArity, Operator, SubType};

use super::Walk;
use crate::nan::graph::{BitOp, Need, Node, OTHER, SignMap, Source};
use crate::nan::operator::{Rule, rule};
use crate::nan::taint::{Lane, Taint};
use crate::nan::transfer::{ConstOp, sign_map};

impl Walk<'_> {
    /// Any instruction but those of control, calls and locals.
    pub(super) fn values(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Drop => {
                self.pop();
            }
            Operator::F32Const { value } => self.number(Taint::of_f32(*value)),
            Operator::F64Const { value } => self.number(Taint::of_f64(*value)),
            Operator::V128Const { value } => self.make(Source::Constant(*value)),
            Operator::Select | Operator::TypedSelect { .. } => {
                self.pop();
                let (a, b) = self.pop_two();
                self.either(a, b, None);
            }
            _ => self.apply(rule(operator), operator),
        }
    }

    fn number(&mut self, taint: Taint) {
        if taint == Taint::Clean {
            self.stack.push(OTHER);
        } else {
            self.make(Source::Fixed(taint));
        }
    }

    fn apply(&mut self, rule: Rule, operator: &Operator<'_>) {
        match rule {
            Rule::Plain { need, taint } => self.plain(operator, need, taint),
            Rule::Sign { lane, keep, flip } => self.sign(lane, keep, flip),
            Rule::Pick(lane) => {
                let (a, b) = self.pop_two();
                self.either(a, b, Some(lane));
            }
            Rule::Splat(lane) => {
                let scalar = self.pop();
                self.pass(Source::Splat { scalar, lane });
            }
            Rule::Extract { lane, index } => {
                let x = self.pop();
                self.graph.look(x, Need::Numbers(lane));
                self.pass(Source::Extract { x, lane, index });
            }
            Rule::Replace { lane, index } => {
                let (x, scalar) = self.pop_two();
                self.pass(Source::Replace { x, scalar, lane, index });
            }
            Rule::Shuffle(picks) => {
                let (a, b) = self.pop_two();
                self.pass(Source::Shuffle { a, b, picks });
            }
            Rule::Bits(op, with_constant) => self.bits(op, with_constant),
            Rule::Not => {
                let x = self.pop();
                self.pass(Source::Not(x));
            }
            Rule::Blend => {
                let mask = self.pop();
                let (a, b) = self.pop_two();
                self.pass(Source::Blend { a, b, mask });
            }
        }
    }

    /// A value that is clean if all that it is made from is.
    pub(super) fn pass(&mut self, source: Source) {
        if source.inputs().into_iter().flatten().all(|input| input == OTHER) {
            self.stack.push(OTHER);
        } else {
            self.make(source);
        }
    }

    fn plain(&mut self, operator: &Operator<'_>, need: Need, taint: Taint) {
        let (pops, pushes) = operator.operator_arity(&NoModule).unwrap_or_default();
        for operand in self.pop_many(pops as usize) {
            self.graph.look(operand, need);
        }
        for _ in 0..pushes {
            if taint == Taint::Clean {
                self.stack.push(OTHER);
            } else {
                self.make(Source::Fixed(taint));
            }
        }
    }

    fn either(&mut self, a: Node, b: Node, compared: Option<Lane>) {
        self.pass(Source::Either { a, b, compared });
    }

    fn sign(&mut self, lane: Lane, keep: bool, flip: bool) {
        let x = self.pop();
        let of = |bit| if bit { lane.all() } else { 0 };
        let map = Some(SignMap { keep: of(keep), flip: of(flip) });
        let (f32, f64) = match lane.scalar() {
            Lane::F32 => (map, None),
            _ => (None, map),
        };
        self.pass(Source::Signs { x, f32, f64 });
    }

    fn bits(&mut self, op: BitOp, with_constant: ConstOp) {
        let (x, y) = self.pop_two();
        let is_ordered = op == BitOp::AndNot;
        let (x, constant) = match (self.graph.source(x), self.graph.source(y)) {
            (_, Source::Constant(value)) => (x, Some(value)),
            (Source::Constant(value), _) if !is_ordered => (y, Some(value)),
            _ => (x, None),
        };
        let map = |lane| constant.and_then(|value| sign_map(value, with_constant, lane));
        let (f32, f64) = (map(Lane::F32x4), map(Lane::F64x2));
        if f32.is_some() || f64.is_some() {
            self.pass(Source::Signs { x, f32, f64 });
        } else {
            self.pass(Source::Bits { x, y, op });
        }
    }

    fn pop_two(&mut self) -> (Node, Node) {
        let second = self.pop();
        (self.pop(), second)
    }
}

/// Enough to ask for the arity of an instruction that has the same in every module.
struct NoModule;

impl ModuleArity for NoModule {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }

    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }

    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }

    fn func_type_of_cont_type(&self, _: &wasmparser::ContType) -> Option<&wasmparser::FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &wasmparser::RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _: u32) -> Option<(BlockType, wasmparser::FrameKind)> {
        None
    }
}
