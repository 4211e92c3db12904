//! The locals of a function: their types, and which of them the analysis follows.

use std::collections::BTreeMap;

use wasmparser::{FunctionBody, Operator, OperatorsReader, Result, ValType};

use super::pattern;

/// Most pairs of a followed local and a place where control flow meets, in one function. In a function
/// with more, a value is made canonical before it enters a local: slower to run, but quick to prepare.
/// Real functions have some thousands.
const MEETINGS_MAX: u64 = 1 << 20;

/// The locals of one function.
#[derive(Debug)]
pub(super) struct Locals {
    /// Index behind the last local of each run of equal types, and the type.
    runs: Vec<(u32, ValType)>,
    params: u32,
    /// Slots of the locals that are followed.
    followed: BTreeMap<u32, usize>,
}

impl Locals {
    /// The locals of `body`, a function of `wasm` with parameters of these types.
    pub(super) fn read(wasm: &[u8], params: &[ValType], body: &FunctionBody<'_>) -> Result<Self> {
        let mut runs = Vec::new();
        let mut count = 0;
        let groups = body.get_locals_reader()?.into_iter().collect::<Result<Vec<_>>>()?;
        for (n, ty) in params.iter().map(|ty| (1, *ty)).chain(groups) {
            count += n;
            runs.push((count, ty));
        }
        let params = u32::try_from(params.len()).unwrap_or(u32::MAX);
        let mut locals = Self { runs, params, followed: BTreeMap::new() };
        locals.choose(&wasm[..body.range().end], body.get_operators_reader()?)?;
        Ok(locals)
    }

    /// Number of locals, parameters counted.
    pub(super) fn count(&self) -> u32 {
        self.runs.last().map_or(0, |(end, _)| *end)
    }

    pub(super) fn ty(&self, local: u32) -> Option<ValType> {
        let run = self.runs.partition_point(|(end, _)| *end <= local);
        self.runs.get(run).map(|(_, ty)| *ty)
    }

    /// Where the analysis keeps the value of `local`.
    pub(super) fn slot(&self, local: u32) -> Option<usize> {
        self.followed.get(&local).copied()
    }

    /// The type of each followed local, and whether it is a parameter, in the order of slots.
    pub(super) fn followed(&self) -> impl Iterator<Item = (Option<ValType>, bool)> {
        self.followed.keys().map(|local| (self.ty(*local), *local < self.params))
    }

    /// Follows each float or vector that is assigned, unless that would be too much. What a pattern of
    /// this pass assigns is clean wherever it is read, and counts neither, so that a second preparation
    /// decides alike.
    fn choose(&mut self, wasm: &[u8], mut operators: OperatorsReader<'_>) -> Result<()> {
        let mut meetings = 0u64;
        while !operators.eof() {
            let operator = operators.read()?;
            match operator {
                Operator::LocalTee { local_index } => {
                    let ty = self.ty(local_index);
                    if pattern::skip(wasm, &mut operators, local_index, ty)?.is_none() {
                        self.follow(local_index);
                    }
                }
                Operator::LocalSet { local_index } => self.follow(local_index),
                Operator::BrTable { targets } => meetings += u64::from(targets.len()) + 1,
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::End
                | Operator::Br { .. }
                | Operator::BrIf { .. } => meetings += 1,
                _ => {}
            }
        }
        if meetings * self.followed.len() as u64 > MEETINGS_MAX {
            self.followed.clear();
        }
        for (slot, (_, place)) in self.followed.iter_mut().enumerate() {
            *place = slot;
        }
        Ok(())
    }

    fn follow(&mut self, local: u32) {
        if matches!(self.ty(local), Some(ValType::F32 | ValType::F64 | ValType::V128)) {
            self.followed.insert(local, 0);
        }
    }
}
