//! Finds the loops whose iterations need not be counted one by one.

use std::collections::BTreeMap;

use wasmparser::{FuncType, Operator};

use crate::meter::control::Control;
use crate::meter::symbol::{Function, Stack, Symbol};
use crate::meter::weight::work_of;

/// Conditions of one loop that are remembered; a loop with more is counted as if the rest were unknown.
const CONDITIONS_MAX: usize = 16;

/// A loop whose number of iterations follows from a local's values at its entry and its exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// The loop, by its number among all loops of the function in the order of the text.
    pub(super) loop_number: u32,
    /// The induction variable.
    pub(super) local: u32,
    /// Whether it is an `i64`, not an `i32`.
    pub(super) is_wide: bool,
    /// What every iteration adds to it; never zero.
    pub(super) step: i64,
    /// Work of the spine of a whole iteration.
    pub(super) work: u64,
}

/// What the first walk through a function finds.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    control: Control<'a>,
    imported: u32,
    loops: u32,
    open: Option<Candidate>,
    plans: Vec<Plan>,
    has_branches: bool,
}

impl<'a> Survey<'a> {
    pub(super) fn new(types: &'a [FuncType], has_results: bool, imported: u32) -> Self {
        Self {
            control: Control::new(types, has_results),
            imported,
            loops: 0,
            open: None,
            plans: Vec::new(),
            has_branches: false,
        }
    }

    /// The plans in the order of their loops, and whether the function has more than one way through.
    pub(super) fn finish(self) -> (Vec<Plan>, bool) {
        (self.plans, self.has_branches)
    }

    /// Reads the next instruction.
    pub(super) fn read(&mut self, operator: &Operator<'_>) {
        self.has_branches |= matches!(
            operator,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. }
        );
        let is_end = matches!(operator, Operator::End);
        if let Some(open) = self.open.take_if(|open| is_end && open.frame == self.control.top()) {
            self.plans.extend(open.plan());
        }
        if let (Some(open), true) = (&mut self.open, self.control.is_live()) {
            open.read(operator, &self.control, self.imported);
        }
        if matches!(operator, Operator::Loop { .. }) {
            // A loop around it is no innermost loop.
            let candidate = || Candidate::new(self.loops, self.control.top() + 1);
            self.open = self.control.is_live().then(candidate);
            self.loops += 1;
        }
        self.control.follow(operator);
    }
}

/// An innermost loop of which part was read.
#[derive(Debug)]
struct Candidate {
    loop_number: u32,
    frame: usize,
    /// Work of the spine so far.
    work: u64,
    /// The same when the loop's only way back was reached.
    work_at_back: Option<u64>,
    locals: BTreeMap<u32, Tracked>,
    stack: Stack,
    /// Conditions on the spine under which an iteration is the last.
    conditions: Vec<Condition>,
    /// Whether no iteration is the last for any other reason than those.
    knows_all_conditions: bool,
    is_possible: bool,
}

#[derive(Debug, Clone, Copy)]
struct Tracked {
    value: Symbol,
    writes: u32,
}

#[derive(Debug, Clone, Copy)]
struct Condition {
    function: Function,
    /// Whether some value of a local that runs through all values ends the loop.
    is_met: bool,
}

impl Candidate {
    fn new(loop_number: u32, frame: usize) -> Self {
        Self {
            loop_number,
            frame,
            work: 0,
            work_at_back: None,
            locals: BTreeMap::new(),
            stack: Stack::default(),
            conditions: Vec::new(),
            knows_all_conditions: true,
            is_possible: true,
        }
    }

    fn read(&mut self, operator: &Operator<'_>, control: &Control<'_>, imported: u32) {
        if control.is_spine() {
            self.work = self.work.saturating_add(work_of(operator));
        }
        match operator {
            Operator::LocalGet { local_index } => {
                let value = self.value(*local_index);
                self.stack.push(value);
            }
            Operator::LocalSet { local_index } => self.write(*local_index, control.is_spine()),
            Operator::LocalTee { local_index } => {
                self.write(*local_index, control.is_spine());
                let value = self.value(*local_index);
                self.stack.push(value);
            }
            Operator::Br { relative_depth } => {
                self.branch(control.target(*relative_depth), None, control);
                self.stack.clear();
            }
            Operator::BrIf { relative_depth } => {
                let condition = self.stack.pop();
                self.branch(control.target(*relative_depth), Some(condition), control);
                self.stack.clear();
            }
            Operator::BrTable { targets } => {
                let mut depths = targets.targets().flatten().chain([targets.default()]);
                let stays = depths.all(|depth| control.target(depth) > self.frame);
                self.is_possible &= stays;
                self.stack.clear();
            }
            Operator::Return => self.leave(None, control),
            // It may end the program, which the count must survive.
            Operator::Call { function_index } if *function_index < imported => {
                self.is_possible = false;
            }
            other => self.stack.apply(other),
        }
    }

    fn value(&self, local: u32) -> Symbol {
        let untouched = Symbol::Linear { local, add: 0, is_wide: false };
        self.locals.get(&local).map_or(untouched, |tracked| tracked.value)
    }

    fn write(&mut self, local: u32, is_spine: bool) {
        let value = self.stack.pop();
        let tracked =
            self.locals.entry(local).or_insert(Tracked { value: Symbol::Unknown, writes: 0 });
        tracked.writes = tracked.writes.saturating_add(1);
        // What is written after the way back, or on a detour, is not written by every iteration.
        let is_every_time = is_spine && self.work_at_back.is_none();
        tracked.value = if is_every_time { value } else { Symbol::Unknown };
    }

    /// A branch, under a condition or always.
    fn branch(&mut self, target: usize, condition: Option<Symbol>, control: &Control<'_>) {
        if target > self.frame {
            return;
        }
        if target < self.frame {
            self.is_possible &= condition.is_none() || !control.carries(target);
            self.leave(condition, control);
            return;
        }
        // The way back: there must be one, and no iteration may go round it.
        self.is_possible &= control.is_spine() && self.work_at_back.is_none();
        if let Some(condition) = condition {
            self.end_under(condition, |function| function.meets_zero);
        }
        self.work_at_back = Some(self.work);
    }

    fn leave(&mut self, condition: Option<Symbol>, control: &Control<'_>) {
        if self.work_at_back.is_some() {
            // The iteration was the last one anyway.
            return;
        }
        match condition {
            Some(condition) if control.is_spine() => {
                self.end_under(condition, |function| function.meets_other);
            }
            Some(_) | None => self.knows_all_conditions = false,
        }
    }

    fn end_under(&mut self, condition: Symbol, is_met: impl Fn(&Function) -> bool) {
        match condition.function() {
            Some(function) if self.conditions.len() < CONDITIONS_MAX => {
                self.conditions.push(Condition { is_met: is_met(&function), function });
            }
            Some(_) | None => self.knows_all_conditions = false,
        }
    }

    /// The loop has ended.
    fn plan(&self) -> Option<Plan> {
        let work = self.work_at_back.filter(|_| self.is_possible)?;
        let locals = self.conditions.iter().flat_map(|c| c.function.locals).flatten();
        let (local, (step, is_wide)) = locals
            .filter_map(|local| Some((local, self.induction(local)?)))
            .find(|(local, (step, _))| self.is_bounded(*local, *step))?;
        Some(Plan { loop_number: self.loop_number, local, is_wide, step, work })
    }

    /// What each iteration adds to `local`, if it is changed once and by a constant.
    fn induction(&self, local: u32) -> Option<(i64, bool)> {
        match self.locals.get(&local)? {
            Tracked { value: Symbol::Linear { local: from, add, is_wide }, writes: 1 }
                if *from == local && *add != 0 =>
            {
                Some((*add, *is_wide))
            }
            _ => None,
        }
    }

    /// Whether the loop ends, if it ends by itself, before `local` has a value for the second time.
    fn is_bounded(&self, local: u32, step: i64) -> bool {
        let depends_on_it_alone = |condition: &&Condition| {
            let others = condition.function.locals.into_iter().flatten().filter(|l| *l != local);
            others.into_iter().all(|other| !self.locals.contains_key(&other))
        };
        let mut of_it = self.conditions.iter().filter(depends_on_it_alone);
        if self.knows_all_conditions && of_it.clone().count() == self.conditions.len() {
            return true;
        }
        let runs_through_all = step % 2 != 0;
        runs_through_all
            && of_it.any(|condition| {
                condition.is_met && condition.function.locals.contains(&Some(local))
            })
    }
}
