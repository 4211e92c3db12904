//! Makes the bits of NaNs equal on every machine, only where someone could see them.
//!
//! WebAssembly leaves the sign and payload of a NaN that arithmetic makes to the engine, and processors
//! differ. This pass puts a few instructions behind each one whose NaN's bits could be seen. What the
//! module computes then is, bit for bit, what it would compute if every arithmetic instruction gave
//! the positive canonical NaN. `nan/NAN.md` proves it.
//!
//! Map: `taint` is what is known of a value; `operator` what instructions do, as data; `walk` draws
//! the `graph` of a function's values and `locals`; `transfer` and `solve` find what must be made
//! canonical; `pattern` is how; `emit` writes it.

mod emit;
mod graph;
mod locals;
mod operator;
mod pattern;
mod solve;
mod taint;
mod transfer;
mod walk;

use wasm_encoder::{CodeSection, Module, RawSection};
use wasmparser::{BinaryReaderError, FunctionBody, Parser, Payload};

use self::emit::{Insertion, Scratch};
use self::locals::Locals;
use self::pattern::Pattern;
use self::taint::Taint;
use crate::refusal::Refusal;
use crate::shape::{Shape, malformed};

/// Most locals of a function, parameters counted; every engine has this limit.
const LOCALS_MAX: u32 = 50_000;

/// Largest function; every engine has this limit.
const FUNCTION_BYTES_MAX: usize = 7_654_321;

/// What the pass returns.
#[derive(Debug)]
pub(crate) struct Canonical {
    /// The module, canonical.
    pub(crate) bytes: Vec<u8>,
    /// Points where values are made canonical, those that were there before counted.
    pub(crate) points: u32,
}

/// Makes NaNs of `wasm`, a valid module that declares `shape`, canonical where their bits could be
/// seen. Doing it twice is doing it once.
pub(crate) fn canonicalise(wasm: &[u8], shape: &Shape<'_>) -> Result<Canonical, Refusal> {
    let mut code = CodeSection::new();
    let mut points = 0u32;
    let mut is_changed = false;
    let mut function = shape.functions_imported();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.map_err(|e| malformed(&e))? else { continue };
        let written = write_function(wasm, shape, function, &body)?;
        points = points.saturating_add(written.points);
        is_changed |= written.body.is_some();
        code.raw(written.body.as_deref().unwrap_or_else(|| body.as_bytes()));
        function += 1;
    }
    let bytes = if is_changed { with_code(wasm, &code)? } else { wasm.to_vec() };
    Ok(Canonical { bytes, points })
}

struct Written {
    /// `None` if it is as it was.
    body: Option<Vec<u8>>,
    points: u32,
}

fn write_function(
    wasm: &[u8],
    shape: &Shape<'_>,
    function: u32,
    body: &FunctionBody<'_>,
) -> Result<Written, Refusal> {
    let (locals, insertions, found) =
        analyse(wasm, shape, function, body).map_err(|e| malformed(&e))?;
    if insertions.is_empty() {
        return Ok(Written { body: None, points: found });
    }
    let scratch = Scratch::new(&locals, &insertions);
    let (count, added) = (locals.count(), scratch.count());
    if count + added > LOCALS_MAX {
        return Err(Refusal::TooManyLocals { function, count, added, count_max: LOCALS_MAX });
    }
    let bytes = emit::emit(wasm, body, &scratch, &insertions).map_err(|e| malformed(&e))?;
    if bytes.len() > FUNCTION_BYTES_MAX {
        let bytes_max = FUNCTION_BYTES_MAX;
        return Err(Refusal::FunctionTooLarge { function, bytes: bytes.len(), bytes_max });
    }
    let points = found.saturating_add(u32::try_from(insertions.len()).unwrap_or(u32::MAX));
    Ok(Written { body: Some(bytes), points })
}

/// The locals of a function, what to put in, and how many patterns are there already.
fn analyse(
    wasm: &[u8],
    shape: &Shape<'_>,
    function: u32,
    body: &FunctionBody<'_>,
) -> Result<(Locals, Vec<Insertion>, u32), BinaryReaderError> {
    let ty = shape.function_type(function);
    let (params, results) = ty.map_or((&[][..], 0), |ty| (ty.params(), ty.results().len()));
    let locals = Locals::read(wasm, params, body)?;
    let drawn = walk::draw(wasm, shape, results, body, &locals)?;
    let mut insertions = Vec::new();
    for (node, taint) in solve::solve(&drawn.graph) {
        if let Taint::Dirty(lane, signs) = taint {
            insertions.push((drawn.graph.made_at(node), Pattern { lane, signs }));
        }
    }
    insertions.sort_unstable_by_key(|(offset, _)| *offset);
    Ok((locals, insertions, drawn.patterns))
}

/// `wasm` with another code section.
fn with_code(wasm: &[u8], code: &CodeSection) -> Result<Vec<u8>, Refusal> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| malformed(&e))?;
        if matches!(payload, Payload::CodeSectionStart { .. }) {
            module.section(code);
        } else if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    Ok(module.finish())
}
