//! Counts the work of a guest, so that credit rests on a number that every honest machine finds.
//!
//! [`instrument`] is the last stage of preparation, [`strip`] its inverse; `meter/METERING.md` states what
//! the count is and why it costs so little.
//!
//! Map: `weight` is the work of an instruction; `survey` walks through a function once and finds the loops
//! that need no counting inside (`symbol` is what it knows of values); `weave` walks again and writes the
//! counted function, with the instructions of `span`; `strip` undoes that; `control` is where a walk is.

mod control;
mod span;
mod strip;
mod survey;
mod symbol;
mod weave;
mod weight;

use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, GlobalSection, GlobalType, Module, RawSection,
    SectionId, ValType,
};
use wasmparser::{BinaryReaderError, ExternalKind, Parser, Payload};

use crate::abi;
use crate::refusal::Refusal;
use crate::shape::{self, Shape, malformed};

pub use self::weight::{CALLED, work_of};

/// Returns the module with its work counted in a global of its own, exported as [`abi::WORK`].
pub(crate) fn instrument(wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
    let shape = shape::read(wasm)?;
    let total = u32::try_from(shape.globals.len()).unwrap_or(u32::MAX);
    let mut has_globals = false;
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|e| malformed(&e))? {
            Payload::GlobalSection(globals) => {
                has_globals = true;
                let mut data = Vec::new();
                (total + 1).encode(&mut data);
                data.extend_from_slice(&wasm[globals.original_position()..globals.range().end]);
                data.extend_from_slice(&counter());
                module.section(&RawSection { id: SectionId::Global.into(), data: &data });
            }
            Payload::ExportSection(exports) => {
                if !has_globals {
                    let mut section = GlobalSection::new();
                    section.raw(&counter());
                    module.section(&section);
                }
                let mut data = Vec::new();
                (exports.count() + 1).encode(&mut data);
                data.extend_from_slice(&wasm[exports.original_position()..exports.range().end]);
                abi::WORK.encode(&mut data);
                ExportKind::Global.encode(&mut data);
                total.encode(&mut data);
                module.section(&RawSection { id: SectionId::Export.into(), data: &data });
            }
            Payload::CodeSectionStart { .. } => {
                module.section(&counted(wasm, &shape, total)?);
            }
            payload => copy(&mut module, wasm, &payload),
        }
    }
    Ok(module.finish())
}

/// The reserved global: a mutable `i64`, zero at first.
fn counter() -> Vec<u8> {
    let mut bytes = Vec::new();
    GlobalType { val_type: ValType::I64, mutable: true, shared: false }.encode(&mut bytes);
    ConstExpr::i64_const(0).encode(&mut bytes);
    bytes
}

fn counted(wasm: &[u8], shape: &Shape<'_>, total: u32) -> Result<CodeSection, Refusal> {
    let imported = shape.functions_imported();
    let module = weave::Module { wasm, types: &shape.types, imported, total };
    let mut code = CodeSection::new();
    let mut index = imported;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload.map_err(|e| malformed(&e))? {
            if let Some(ty) = shape.function_type(index) {
                code.raw(&weave::weave(module, &body, ty)?);
            }
            index += 1;
        }
    }
    Ok(code)
}

/// Returns what a module was before it was metered; `None` if it is not metered.
///
/// # Errors
/// [`Refusal::ReservedName`] if the reserved name is used in another way.
pub(crate) fn strip(wasm: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    let shape = shape::read(wasm)?;
    if !shape.exports.iter().any(|export| export.name == abi::WORK) {
        return Ok(None);
    }
    let stripped = strip_module(wasm, &shape).map_err(|e| malformed(&e))?;
    stripped.map(Some).ok_or_else(reserved)
}

/// The reserved name is used by something that is not metering.
pub(crate) fn reserved() -> Refusal {
    Refusal::ReservedName { name: abi::WORK.to_owned() }
}

fn strip_module(wasm: &[u8], shape: &Shape<'_>) -> Result<Option<Vec<u8>>, BinaryReaderError> {
    let Some(total) = shape.globals.len().checked_sub(1) else { return Ok(None) };
    let total = u32::try_from(total).unwrap_or(u32::MAX);
    let is_last = shape
        .exports
        .last()
        .is_some_and(|e| e.name == abi::WORK && e.kind == ExternalKind::Global && e.index == total);
    if !is_last {
        return Ok(None);
    }
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::GlobalSection(globals) if total > 0 => {
                let begin = globals.original_position();
                let last = globals.into_iter_with_offsets().last().transpose()?;
                let end = last.map_or(begin, |(offset, _)| offset);
                let data = counted_prefix(total, &wasm[begin..end]);
                module.section(&RawSection { id: SectionId::Global.into(), data: &data });
            }
            Payload::GlobalSection(_) => {}
            Payload::ExportSection(exports) => {
                let (begin, kept) = (exports.original_position(), exports.count() - 1);
                let last = exports.into_iter_with_offsets().last().transpose()?;
                let end = last.map_or(begin, |(offset, _)| offset);
                let data = counted_prefix(kept, &wasm[begin..end]);
                module.section(&RawSection { id: SectionId::Export.into(), data: &data });
            }
            Payload::CodeSectionStart { .. } => match uncounted(wasm, shape, total)? {
                Some(code) => drop(module.section(&code)),
                None => return Ok(None),
            },
            payload => copy(&mut module, wasm, &payload),
        }
    }
    Ok(Some(module.finish()))
}

fn counted_prefix(count: u32, items: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    count.encode(&mut data);
    data.extend_from_slice(items);
    data
}

fn uncounted(
    wasm: &[u8],
    shape: &Shape<'_>,
    total: u32,
) -> Result<Option<CodeSection>, BinaryReaderError> {
    let mut code = CodeSection::new();
    let mut index = shape.functions_imported();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            let Some(ty) = shape.function_type(index) else { return Ok(None) };
            match strip::strip(wasm, &body, ty, total)? {
                Some(body) => drop(code.raw(&body)),
                None => return Ok(None),
            }
            index += 1;
        }
    }
    Ok(Some(code))
}

/// Copies a section; the entries of the code section, which was written as a whole, are no sections.
fn copy(module: &mut Module, wasm: &[u8], payload: &Payload<'_>) {
    if let Some((id, range)) = payload.as_section() {
        module.section(&RawSection { id, data: &wasm[range] });
    }
}
