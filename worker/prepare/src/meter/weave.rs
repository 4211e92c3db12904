//! Writes a function with its work counted.
//!
//! Between two instructions that branch or are branched to, the work of what is between is known; it is
//! charged before the second. On the spine of a planned loop nothing is charged; it is settled where
//! the loop is left.

use std::ops::Range;

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::{FuncType, FunctionBody, Operator, OperatorsReader};

use crate::meter::control::Control;
use crate::meter::span::{LOCALS, Names};
use crate::meter::survey::{Plan, Survey};
use crate::meter::weight::{CALLED, work_of};
use crate::refusal::Refusal;
use crate::shape::malformed;

/// Most locals that a function can have, its parameters counted, by the limit of all engines.
const LOCALS_MAX: u32 = 50_000;

/// What all functions of a module share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Module<'a> {
    pub(super) wasm: &'a [u8],
    pub(super) types: &'a [FuncType],
    /// Functions that are imported.
    pub(super) imported: u32,
    /// The reserved global.
    pub(super) total: u32,
}

/// Returns the body of a function, counted, without its length.
pub(super) fn weave(
    module: Module<'_>,
    body: &FunctionBody<'_>,
    ty: &FuncType,
) -> Result<Vec<u8>, Refusal> {
    let mut operators = body.get_operators_reader().map_err(|e| malformed(&e))?;
    let (plans, has_branches) = survey(module, operators.clone(), ty)?;
    let locals = Locals::of(body, ty)?;
    let result = match ty.results() {
        [] => Some(BlockType::Empty),
        [result] => ValType::try_from(*result).ok().map(BlockType::Result),
        _ => None,
    };
    // Without more than one way through, with many results or too many locals, the function adds to the
    // global as it goes.
    let wrapper = result.filter(|_| has_branches && locals.count < LOCALS_MAX - LOCALS);
    let mut weaver = Weaver {
        module,
        names: Names { total: module.total, count: locals.count },
        wrapper,
        control: Control::new(module.types, !ty.results().is_empty()),
        plans: plans.into_iter().peekable(),
        loops: 0,
        open: None,
        pending: CALLED,
        out: Vec::with_capacity(body.range().len() * 2),
    };
    weaver.begin(&module.wasm[locals.raw.clone()], locals.groups);
    while !operators.eof() {
        let (operator, begin) = operators.read_with_offset().map_err(|e| malformed(&e))?;
        let raw = &module.wasm[begin..operators.original_position()];
        let ends_program = weaver.may_end_program(&operator, &operators);
        weaver.write(&operator, raw, ends_program);
    }
    Ok(weaver.out)
}

fn survey(
    module: Module<'_>,
    mut operators: OperatorsReader<'_>,
    ty: &FuncType,
) -> Result<(Vec<Plan>, bool), Refusal> {
    let mut survey = Survey::new(module.types, !ty.results().is_empty(), module.imported);
    while !operators.eof() {
        survey.read(&operators.read().map_err(|e| malformed(&e))?);
    }
    Ok(survey.finish())
}

/// The locals of a function.
struct Locals {
    /// Parameters and locals.
    count: u32,
    /// Groups of declarations, and where they are.
    groups: u32,
    raw: Range<usize>,
}

impl Locals {
    fn of(body: &FunctionBody<'_>, ty: &FuncType) -> Result<Self, Refusal> {
        let mut reader = body.get_locals_reader().map_err(|e| malformed(&e))?;
        let (begin, groups) = (reader.original_position(), reader.get_count());
        let mut count = u32::try_from(ty.params().len()).unwrap_or(u32::MAX);
        for _ in 0..groups {
            count = count.saturating_add(reader.read().map_err(|e| malformed(&e))?.0);
        }
        Ok(Self { count, groups, raw: begin..reader.original_position() })
    }
}

/// A planned loop around the next instruction.
struct Open {
    plan: Plan,
    frame: usize,
    /// Work of the spine so far.
    work: u64,
    is_changed: bool,
}

struct Weaver<'a> {
    module: Module<'a>,
    names: Names,
    /// The block around a function that counts in a local, so that every way out meets.
    wrapper: Option<BlockType>,
    control: Control<'a>,
    plans: std::iter::Peekable<std::vec::IntoIter<Plan>>,
    loops: u32,
    open: Option<Open>,
    /// Work since the last charge.
    pending: u64,
    out: Vec<u8>,
}

impl Weaver<'_> {
    fn begin(&mut self, locals: &[u8], groups: u32) {
        let added = if self.wrapper.is_some() { LOCALS } else { 0 };
        (groups + added).encode(&mut self.out);
        self.out.extend_from_slice(locals);
        if let Some(block) = self.wrapper {
            for ty in [ValType::I64, ValType::I32, ValType::I64] {
                1_u32.encode(&mut self.out);
                ty.encode(&mut self.out);
            }
            InstructionSink::new(&mut self.out).block(block);
        }
    }

    /// A call of the host, or one after which the program does not go on.
    fn may_end_program(&self, operator: &Operator<'_>, rest: &OperatorsReader<'_>) -> bool {
        match operator {
            Operator::Call { function_index } if *function_index < self.module.imported => true,
            Operator::Call { .. } | Operator::CallIndirect { .. } => {
                matches!(rest.clone().read(), Ok(Operator::Unreachable))
            }
            _ => false,
        }
    }

    fn write(&mut self, operator: &Operator<'_>, raw: &[u8], may_end_program: bool) {
        let is_live = self.control.is_live();
        if is_live {
            self.count(operator);
            self.write_live(operator, raw, may_end_program);
        } else {
            self.write_end_or(operator, raw);
        }
        if matches!(operator, Operator::Loop { .. }) {
            self.loops += 1;
        }
        self.control.follow(operator);
    }

    fn count(&mut self, operator: &Operator<'_>) {
        let work = work_of(operator);
        let is_spine = self.control.is_spine();
        match &mut self.open {
            Some(open) if is_spine => open.work = open.work.saturating_add(work),
            Some(_) | None => self.pending = self.pending.saturating_add(work),
        }
    }

    fn write_live(&mut self, operator: &Operator<'_>, raw: &[u8], may_end_program: bool) {
        match operator {
            Operator::Loop { .. } => {
                self.charge();
                self.enter();
            }
            Operator::If { .. } | Operator::Else | Operator::BrTable { .. } => self.charge(),
            Operator::End => {
                self.charge();
                if self.open.as_ref().is_some_and(|open| open.frame == self.control.top()) {
                    self.settle();
                }
            }
            Operator::Br { relative_depth } => {
                self.charge();
                if self.leaves(*relative_depth) {
                    self.settle();
                }
            }
            Operator::BrIf { relative_depth } => {
                self.charge();
                if self.leaves(*relative_depth) {
                    // Settled only if it is left.
                    InstructionSink::new(&mut self.out).if_(BlockType::Empty);
                    self.settle();
                    InstructionSink::new(&mut self.out).br(relative_depth + 1).end();
                    return;
                }
            }
            Operator::Return => self.hand_over(),
            Operator::Unreachable => self.pending = 0,
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                if let Some(open) = &mut self.open {
                    open.is_changed |= open.plan.local == *local_index;
                }
            }
            _ if may_end_program => self.hand_over(),
            _ => {}
        }
        self.write_end_or(operator, raw);
    }

    /// Copies an instruction; behind the function's last one goes what every way out must pass.
    fn write_end_or(&mut self, operator: &Operator<'_>, raw: &[u8]) {
        self.out.extend_from_slice(raw);
        if !matches!(operator, Operator::End) {
            return;
        }
        let top = self.control.top();
        if self.open.as_ref().is_some_and(|open| open.frame == top) {
            self.open = None;
        }
        if top == 0 && self.wrapper.is_some() {
            self.names.flush(&mut InstructionSink::new(&mut self.out));
            self.out.extend_from_slice(raw);
        }
    }

    fn enter(&mut self) {
        let (Some(_), Some(plan)) =
            (self.wrapper, self.plans.next_if(|plan| plan.loop_number == self.loops))
        else {
            return;
        };
        self.names.enter(&mut InstructionSink::new(&mut self.out), &plan);
        let frame = self.control.top() + 1;
        self.open = Some(Open { plan, frame, work: 0, is_changed: false });
    }

    fn leaves(&self, depth: u32) -> bool {
        self.open.as_ref().is_some_and(|open| self.control.target(depth) < open.frame)
    }

    fn charge(&mut self) {
        let work = std::mem::take(&mut self.pending);
        let sink = &mut InstructionSink::new(&mut self.out);
        match self.wrapper {
            _ if work == 0 => {}
            Some(_) => self.names.charge(sink, work),
            None => self.names.charge_total(sink, work),
        }
    }

    fn settle(&mut self) {
        if let Some(Open { plan, work, is_changed, .. }) = &self.open {
            let sink = &mut InstructionSink::new(&mut self.out);
            self.names.settle(sink, plan, *is_changed, *work);
        }
    }

    /// Brings everything counted so far to the global. The charge comes first, so that no settlement
    /// follows an `if` of the guest: `strip` knows the ways out of a loop by that.
    fn hand_over(&mut self) {
        self.charge();
        self.settle();
        if self.wrapper.is_some() {
            self.names.flush(&mut InstructionSink::new(&mut self.out));
        }
    }
}
