//! Takes metering out of a function again.
//!
//! What [`weave`](super::weave) wrote is undone exactly. Anything else that uses the reserved names gives
//! some other bytes, or none; the caller meters the result again and compares.

use wasm_encoder::{Encode, InstructionSink};
use wasmparser::{BinaryReaderError, FuncType, FunctionBody, Operator, OperatorsReader};

use crate::meter::span::{LOCALS, Names};

/// Returns the body of a function without its metering and without its length; nothing if there is
/// no sense in it.
pub(super) fn strip(
    wasm: &[u8],
    body: &FunctionBody<'_>,
    ty: &FuncType,
    total: u32,
) -> Result<Option<Vec<u8>>, BinaryReaderError> {
    let operators = body.get_operators_reader()?;
    let counts_in_local = counts_in_local(operators.clone(), total)?;
    let mut locals = body.get_locals_reader()?;
    let (begin, groups) = (locals.original_position(), locals.get_count());
    let added = if counts_in_local { LOCALS } else { 0 };
    let Some(kept) = groups.checked_sub(added) else { return Ok(None) };
    let (mut count, mut end) = (ty.params().len() as u64, begin);
    for _ in 0..kept {
        count += u64::from(locals.read()?.0);
        end = locals.original_position();
    }
    let mut out = Vec::with_capacity(body.range().len());
    kept.encode(&mut out);
    out.extend_from_slice(&wasm[begin..end]);
    let count = if counts_in_local { u32::try_from(count).unwrap_or(u32::MAX) } else { u32::MAX };
    let mut stripper = Stripper { wasm, operators, names: Names { total, count }, depth: 0, out };
    let is_sense = stripper.body(counts_in_local)?;
    Ok(is_sense.then_some(stripper.out))
}

/// Whether the first span adds a running count to the global, and not a constant.
fn counts_in_local(
    mut operators: OperatorsReader<'_>,
    total: u32,
) -> Result<bool, BinaryReaderError> {
    while !operators.eof() {
        if matches!(operators.read()?, Operator::GlobalGet { global_index } if global_index == total)
        {
            return Ok(!operators.eof() && matches!(operators.read()?, Operator::LocalGet { .. }));
        }
    }
    Ok(false)
}

struct Stripper<'a> {
    wasm: &'a [u8],
    operators: OperatorsReader<'a>,
    names: Names,
    /// Blocks around the next instruction, the wrapper counted.
    depth: u32,
    out: Vec<u8>,
}

impl Stripper<'_> {
    fn body(&mut self, is_wrapped: bool) -> Result<bool, BinaryReaderError> {
        if is_wrapped && !matches!(self.operators.read()?, Operator::Block { .. }) {
            return Ok(false);
        }
        while !self.operators.eof() {
            let begin = self.operators.original_position();
            let operator = self.operators.read()?;
            if self.is_span(&operator) {
                self.skip_span(&operator)?;
                continue;
            }
            match operator {
                Operator::If { .. } if self.is_exit()? => {
                    if !self.exit()? {
                        return Ok(false);
                    }
                    continue;
                }
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    self.depth += 1;
                }
                Operator::End if self.depth > 0 => self.depth -= 1,
                // The wrapper's end; the function's own follows behind a span.
                Operator::End if is_wrapped && !self.operators.eof() => continue,
                _ => {}
            }
            self.out.extend_from_slice(&self.wasm[begin..self.operators.original_position()]);
        }
        Ok(true)
    }

    fn is_span(&self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::GlobalGet { global_index } => *global_index == self.names.total,
            Operator::LocalGet { local_index } => *local_index >= self.names.count,
            _ => false,
        }
    }

    fn skip_span(&mut self, first: &Operator<'_>) -> Result<(), BinaryReaderError> {
        let ends_with_total = matches!(first, Operator::GlobalGet { .. });
        while !self.operators.eof() {
            let is_last = match self.operators.read()? {
                Operator::GlobalSet { global_index } => {
                    ends_with_total && global_index == self.names.total
                }
                Operator::LocalSet { local_index } => {
                    !ends_with_total && local_index == self.names.count
                }
                _ => false,
            };
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Whether the `if` that was just read is a way out of a loop: it begins with the value that the
    /// loop was entered with, as no span but a settlement does.
    fn is_exit(&self) -> Result<bool, BinaryReaderError> {
        let mut ahead = self.operators.clone();
        Ok(!ahead.eof()
            && matches!(ahead.read()?, Operator::LocalGet { local_index } if local_index > self.names.count))
    }

    /// Turns a way out of a loop back into the branch that it was.
    fn exit(&mut self) -> Result<bool, BinaryReaderError> {
        let first = self.operators.read()?;
        self.skip_span(&first)?;
        if self.operators.eof() {
            return Ok(false);
        }
        let Operator::Br { relative_depth } = self.operators.read()? else { return Ok(false) };
        let Some(depth) = relative_depth.checked_sub(1) else { return Ok(false) };
        InstructionSink::new(&mut self.out).br_if(depth);
        Ok(!self.operators.eof() && matches!(self.operators.read()?, Operator::End))
    }
}
