//! Walks through a function once, as its validation does, and draws the graph of its values.
//!
//! Code that control never reaches is passed over: it has no values.

mod control;
mod values;

use wasmparser::{BinaryReaderError, FunctionBody, Operator, OperatorsReader};

use self::control::Frame;
use super::graph::{Graph, Need, Node, OTHER, Source, Value};
use super::locals::Locals;
use super::pattern;
use super::taint::Taint;
use crate::shape::Shape;

/// What a walk found.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) graph: Graph,
    /// Patterns of this pass that were there before.
    pub(super) patterns: u32,
}

/// Draws the graph of `body`, a function of `wasm` with so many results.
pub(super) fn draw(
    wasm: &[u8],
    shape: &Shape<'_>,
    results: usize,
    body: &FunctionBody<'_>,
    locals: &Locals,
) -> Result<Drawn, BinaryReaderError> {
    let mut graph = Graph::new();
    let env = control::first_env(&mut graph, locals);
    let frames = vec![Frame::function(results)];
    let mut walk = Walk {
        wasm: &wasm[..body.range().end],
        shape,
        locals,
        graph,
        stack: Vec::new(),
        env,
        frames,
        dead: None,
        labels: 0,
        patterns: 0,
        at: 0,
    };
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let operator = operators.read()?;
        walk.at = operators.original_position();
        walk.step(&operator, &mut operators)?;
    }
    Ok(Drawn { graph: walk.graph, patterns: walk.patterns })
}

struct Walk<'a> {
    wasm: &'a [u8],
    shape: &'a Shape<'a>,
    locals: &'a Locals,
    graph: Graph,
    stack: Vec<Node>,
    /// The values of the followed locals.
    env: Vec<Node>,
    frames: Vec<Frame>,
    /// `Some` where control does not come: the number of blocks opened there.
    dead: Option<u32>,
    labels: u32,
    patterns: u32,
    /// Offset behind the instruction at hand.
    at: usize,
}

impl Walk<'_> {
    fn step(
        &mut self,
        operator: &Operator<'_>,
        operators: &mut OperatorsReader<'_>,
    ) -> Result<(), BinaryReaderError> {
        if self.pass_over(operator) {
            return Ok(());
        }
        match operator {
            Operator::LocalGet { local_index } => self.get(*local_index),
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.set(*local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let ty = self.locals.ty(*local_index);
                let pattern = pattern::skip(self.wasm, operators, *local_index, ty)?;
                self.tee(*local_index, pattern);
            }
            _ if self.control(operator)? => {}
            _ => self.values(operator),
        }
        Ok(())
    }

    fn get(&mut self, local: u32) {
        let Some(slot) = self.locals.slot(local) else { return self.stack.push(OTHER) };
        let value = self.env[slot];
        match self.graph.source(value) {
            source @ (Source::Constant(_) | Source::Fixed(Taint::Number(_))) => {
                self.make(source);
            }
            _ => self.pass(Source::Copy(value)),
        }
    }

    fn set(&mut self, local: u32, value: Node) {
        match self.locals.slot(local) {
            Some(slot) => self.env[slot] = value,
            None => self.graph.look(value, Need::Bits),
        }
    }

    fn tee(&mut self, local: u32, pattern: Option<pattern::Pattern>) {
        let value = self.pop();
        let Some(pattern) = pattern else {
            self.set(local, value);
            return self.stack.push(value);
        };
        self.graph.look(value, Need::Numbers(pattern.lane));
        self.patterns = self.patterns.saturating_add(1);
        self.set(local, OTHER);
        self.stack.push(OTHER);
    }

    /// Pushes a new value.
    fn make(&mut self, source: Source) {
        let node = self.graph.add(Value { source, made_at: self.at });
        self.stack.push(node);
    }

    /// The top of the stack. The module is valid, so there is one.
    fn pop(&mut self) -> Node {
        self.stack.pop().unwrap_or(OTHER)
    }

    /// Removes the topmost `count` values, and gives them from the bottom up.
    fn pop_many(&mut self, count: usize) -> Vec<Node> {
        self.stack.split_off(self.stack.len().saturating_sub(count))
    }
}
