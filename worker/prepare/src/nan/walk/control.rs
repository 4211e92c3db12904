//! Control flow and calls: where values meet at labels, and where they leave the function.

use wasmparser::{BinaryReaderError, BlockType, FuncType, Operator, ValType};

use super::Walk;
use crate::nan::graph::{Graph, Need, Node, OTHER, Source, Value};
use crate::nan::locals::Locals;
use crate::nan::taint::{Lane, Taint};

/// A block that control can enter and whose end was not reached yet.
#[derive(Debug)]
pub(super) struct Frame {
    kind: Kind,
    /// Number of the label, for its phis.
    label: u32,
    /// Values on the stack below the block's own.
    height: usize,
    params: usize,
    results: usize,
    /// For a loop, the phis that it begins with; else what has come to its end so far. First the
    /// operands, then the followed locals.
    target: Option<Vec<Node>>,
    /// For an `if`, what its `else` begins with.
    otherwise: Option<Vec<Node>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    Block,
    Loop,
    If,
}

impl Frame {
    /// The outermost block, whose results leave the function.
    pub(super) fn function(results: usize) -> Self {
        let (kind, target, otherwise) = (Kind::Function, None, None);
        Self { kind, label: 0, height: 0, params: 0, results, target, otherwise }
    }

    /// Number of operands that a branch to this block takes along.
    fn arity(&self) -> usize {
        if self.kind == Kind::Loop { self.params } else { self.results }
    }
}

/// The followed locals at the beginning of a function: parameters are clean, because the caller made
/// them so, and the others are zero.
pub(super) fn first_env(graph: &mut Graph, locals: &Locals) -> Vec<Node> {
    let mut zero = |lane| {
        let source = Source::Fixed(Taint::Number(lane));
        graph.add(Value { source, made_at: 0 })
    };
    let [f32, f64, v128] = [Lane::F32, Lane::F64, Lane::F32x4].map(&mut zero);
    let first = |(ty, is_param)| match ty {
        _ if is_param => OTHER,
        Some(ValType::F32) => f32,
        Some(ValType::F64) => f64,
        Some(ValType::V128) => v128,
        _ => OTHER,
    };
    locals.followed().map(first).collect()
}

impl Walk<'_> {
    /// Takes note of an instruction that control never reaches.
    pub(super) fn pass_over(&mut self, operator: &Operator<'_>) -> bool {
        let Some(depth) = &mut self.dead else { return false };
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => *depth += 1,
            Operator::End if *depth > 0 => *depth -= 1,
            Operator::Else if *depth > 0 => {}
            Operator::End | Operator::Else => return false,
            _ => {}
        }
        true
    }

    /// Control flow, calls and globals; false for any other instruction.
    pub(super) fn control(&mut self, operator: &Operator<'_>) -> Result<bool, BinaryReaderError> {
        match operator {
            Operator::Block { blockty } => self.enter(Kind::Block, *blockty),
            Operator::Loop { blockty } => self.enter(Kind::Loop, *blockty),
            Operator::If { blockty } => {
                self.pop();
                self.enter(Kind::If, *blockty);
            }
            Operator::Else => self.otherwise(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => self.leave(*relative_depth),
            Operator::BrIf { relative_depth } => {
                self.pop();
                self.branch(*relative_depth);
            }
            Operator::BrTable { targets } => {
                self.pop();
                for target in targets.targets() {
                    self.branch(target?);
                }
                self.leave(targets.default());
            }
            Operator::Return => self.leave(self.depth_max()),
            Operator::Unreachable => self.dead = Some(0),
            Operator::Call { function_index } => {
                let ty = self.shape.function_type(*function_index);
                self.call(ty);
            }
            Operator::CallIndirect { type_index, .. } => {
                self.pop();
                let ty = self.shape.types.get(*type_index as usize);
                self.call(ty);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn depth_max(&self) -> u32 {
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX).saturating_sub(1)
    }

    fn enter(&mut self, kind: Kind, ty: BlockType) {
        let (params, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = self.shape.types.get(index as usize);
                ty.map_or((0, 0), |ty| (ty.params().len(), ty.results().len()))
            }
        };
        self.labels += 1;
        let label = self.labels;
        let height = self.stack.len().saturating_sub(params);
        let (target, otherwise) = match kind {
            Kind::Loop => (Some(self.begin_loop(label, height)), None),
            Kind::If => (None, Some(self.carried(params))),
            Kind::Block | Kind::Function => (None, None),
        };
        self.frames.push(Frame { kind, label, height, params, results, target, otherwise });
    }

    /// Replaces the parameters and the followed locals by phis, for what comes round again.
    fn begin_loop(&mut self, label: u32, height: usize) -> Vec<Node> {
        let graph = &mut self.graph;
        let begun = self.stack[height..].iter_mut().chain(&mut self.env);
        begun
            .map(|value| {
                *value = graph.phi(label, &[*value]);
                *value
            })
            .collect()
    }

    /// The topmost `operands` and the followed locals.
    fn carried(&self, operands: usize) -> Vec<Node> {
        let from = self.stack.len().saturating_sub(operands);
        self.stack[from..].iter().chain(&self.env).copied().collect()
    }

    /// Goes on with `values`, as [`Self::carried`] gave them, on a stack of `height` values.
    fn resume(&mut self, height: usize, mut values: Vec<Node>) {
        self.env = values.split_off(values.len().saturating_sub(self.env.len()));
        self.stack.truncate(height);
        self.stack.append(&mut values);
    }

    fn leave(&mut self, depth: u32) {
        self.branch(depth);
        self.dead = Some(0);
    }

    /// Lets the topmost operands and the followed locals meet what else comes to a label.
    fn branch(&mut self, depth: u32) {
        let Some(index) = self.frames.len().checked_sub(1 + depth as usize) else { return };
        let frame = &self.frames[index];
        if frame.kind == Kind::Function {
            let results = self.stack.len().saturating_sub(frame.results);
            for result in &self.stack[results..] {
                self.graph.look(*result, Need::Bits);
            }
            return;
        }
        let values = self.carried(frame.arity());
        self.meet(index, values);
    }

    fn meet(&mut self, index: usize, values: Vec<Node>) {
        let frame = &mut self.frames[index];
        let Some(target) = &mut frame.target else {
            frame.target = Some(values);
            return;
        };
        for (known, value) in target.iter_mut().zip(values) {
            *known = self.graph.meet(frame.label, *known, value);
        }
    }

    fn otherwise(&mut self) {
        if self.dead.take().is_none() {
            self.branch(0);
        }
        let Some(frame) = self.frames.last_mut() else { return };
        let (height, values) = (frame.height, frame.otherwise.take());
        self.resume(height, values.unwrap_or_default());
    }

    fn end(&mut self) {
        let is_live = self.dead.take().is_none();
        if self.frames.last().is_some_and(|frame| frame.kind == Kind::Loop) {
            // A branch to a loop goes to its beginning; only falling through comes here.
            self.frames.pop();
            self.dead = if is_live { None } else { Some(0) };
            return;
        }
        if is_live {
            self.branch(0);
        }
        if let Some(values) = self.frames.last_mut().and_then(|frame| frame.otherwise.take()) {
            // An `if` without `else`: its parameters are its results.
            self.meet(self.frames.len() - 1, values);
        }
        let Some(frame) = self.frames.pop() else { return };
        match frame.target {
            Some(values) => self.resume(frame.height, values),
            None => self.dead = Some(0),
        }
    }

    fn call(&mut self, ty: Option<&FuncType>) {
        let (params, results) = ty.map_or((0, 0), |ty| (ty.params().len(), ty.results().len()));
        for argument in self.pop_many(params) {
            self.graph.look(argument, Need::Bits);
        }
        self.stack.extend(std::iter::repeat_n(OTHER, results));
    }
}
