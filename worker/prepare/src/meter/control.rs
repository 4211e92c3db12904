//! Where in the nesting of blocks a walk through a function is.

use wasmparser::{BlockType, FuncType, Operator};

/// One label that a branch can name.
#[derive(Debug)]
struct Frame {
    kind: Kind,
    /// Whether a branch to it carries operands.
    carries: bool,
    /// Whether its beginning can be reached.
    is_live: bool,
}

/// How control gets through a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loop,
    /// From beginning to end, by what was read of it so far.
    Straight,
    /// The rest of it may be jumped over.
    Skippable,
}

/// The labels around the next instruction, outermost first.
///
/// The *spine* of a loop is what no iteration that gets past it can have jumped over. Inside a loop,
/// without the loops inside that, control only moves forward in the text; so the spine is what lies
/// in no arm of an `if`, and not between a branch to a block and the end of that block.
#[derive(Debug)]
pub(super) struct Control<'a> {
    types: &'a [FuncType],
    frames: Vec<Frame>,
    /// The innermost loop around the next instruction, unless another loop ended inside it.
    innermost: Option<usize>,
    /// Frames inside `innermost` that are skippable.
    skippable: usize,
    is_live: bool,
}

impl<'a> Control<'a> {
    /// At the beginning of a function.
    pub(super) fn new(types: &'a [FuncType], has_results: bool) -> Self {
        let function = Frame { kind: Kind::Straight, carries: has_results, is_live: true };
        Self { types, frames: vec![function], innermost: None, skippable: 0, is_live: true }
    }

    /// Whether the next instruction can be reached, as far as the nesting tells.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether the next instruction is on the spine of the innermost loop.
    pub(super) fn is_spine(&self) -> bool {
        self.skippable == 0
    }

    /// Position of the innermost frame.
    pub(super) fn top(&self) -> usize {
        self.frames.len().saturating_sub(1)
    }

    /// Position of the frame that a branch of this depth names.
    pub(super) fn target(&self, depth: u32) -> usize {
        self.top().saturating_sub(depth as usize)
    }

    /// Whether a branch to the frame at `position` carries operands.
    pub(super) fn carries(&self, position: usize) -> bool {
        self.frames.get(position).is_some_and(|frame| frame.carries)
    }

    /// Goes past `operator`.
    pub(super) fn follow(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { blockty } => self.enter(self.arity(*blockty).1, Kind::Straight),
            Operator::Loop { blockty } => self.enter(self.arity(*blockty).0, Kind::Loop),
            Operator::If { blockty } => self.enter(self.arity(*blockty).1, Kind::Skippable),
            Operator::Else => {
                self.is_live = self.frames.last().is_some_and(|frame| frame.is_live);
            }
            Operator::End => self.leave(),
            Operator::BrIf { relative_depth } => self.mark(*relative_depth),
            Operator::Br { relative_depth } => {
                self.mark(*relative_depth);
                self.is_live = false;
            }
            Operator::BrTable { targets } => {
                for depth in targets.targets().flatten().chain([targets.default()]) {
                    self.mark(depth);
                }
                self.is_live = false;
            }
            Operator::Return | Operator::Unreachable => self.is_live = false,
            _ => {}
        }
    }

    fn enter(&mut self, arity: usize, kind: Kind) {
        self.frames.push(Frame { kind, carries: arity > 0, is_live: self.is_live });
        match kind {
            Kind::Loop => {
                self.innermost = Some(self.top());
                self.skippable = 0;
            }
            Kind::Straight => {}
            Kind::Skippable => self.skippable += 1,
        }
    }

    fn leave(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        self.is_live = frame.is_live;
        match frame.kind {
            // Whatever encloses it is no innermost loop, and its spine is not asked for.
            Kind::Loop => {
                self.innermost = None;
                self.skippable = 0;
            }
            Kind::Straight => {}
            Kind::Skippable => self.skippable = self.skippable.saturating_sub(1),
        }
    }

    /// A branch goes to the end of a block, over what is left of it.
    fn mark(&mut self, depth: u32) {
        let target = self.target(depth);
        let is_inside = self.innermost.is_some_and(|innermost| target > innermost);
        let Some(frame) = self.frames.get_mut(target) else { return };
        if self.is_live && is_inside && frame.kind == Kind::Straight {
            frame.kind = Kind::Skippable;
            self.skippable += 1;
        }
    }

    /// Numbers of parameters and results.
    fn arity(&self, ty: BlockType) -> (usize, usize) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => self
                .types
                .get(index as usize)
                .map_or((1, 1), |ty| (ty.params().len(), ty.results().len())),
        }
    }
}
