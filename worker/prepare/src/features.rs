//! The allow-list of WebAssembly proposals, and who is to blame when a module leaves it.
//!
//! The validator, run with exactly the allowed features, is the only judge. The rest of this file
//! explains its verdict: the proposal to name is the first one whose addition takes the validator
//! past the offending byte.

use wasmparser::{BinaryReaderError, Operator, Parser, Payload, Validator, WasmFeatures};

use crate::refusal::{Place, Refusal};

/// What a guest may use: WebAssembly 2.0 without `externref`, whose values belong to the host.
///
/// Each of these gives the same result for the same operands on every machine, but for the bits of
/// a NaN, which preparation makes canonical where they can be seen.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIMD);

/// What could be asked for beyond the allow-list: name, features needed, advice.
const REFUSED: [(&str, WasmFeatures, &str); 15] = [
    (
        "threads",
        WasmFeatures::THREADS,
        "their interleaving differs from run to run; build for wasm32-wasip1 without -pthread",
    ),
    (
        "relaxed-simd",
        WasmFeatures::RELAXED_SIMD,
        "its results differ between processors; build without -mrelaxed-simd",
    ),
    ("tail-call", WasmFeatures::TAIL_CALL, "build without -mtail-call"),
    (
        "exceptions",
        WasmFeatures::EXCEPTIONS.union(LEGACY_EXCEPTIONS),
        "build without -fwasm-exceptions (for C++: -fno-exceptions)",
    ),
    ("memory64", WasmFeatures::MEMORY64, "build for wasm32"),
    ("multi-memory", WasmFeatures::MULTI_MEMORY, "build without -mmultimemory"),
    (
        "extended-const",
        WasmFeatures::EXTENDED_CONST,
        "build without -mextended-const and without position-independent code",
    ),
    (
        "reference types (externref)",
        WasmFeatures::GC_TYPES,
        "values of the host cannot be held by a program here",
    ),
    ("function-references", FUNCTION_REFERENCES, "build without it"),
    (
        "gc",
        FUNCTION_REFERENCES.union(WasmFeatures::GC),
        "languages that need a collector of the engine cannot run here yet",
    ),
    ("custom-page-sizes", WasmFeatures::CUSTOM_PAGE_SIZES, "build with pages of 64 KiB"),
    ("wide-arithmetic", WasmFeatures::WIDE_ARITHMETIC, "build without -mwide-arithmetic"),
    (
        "stack-switching",
        FUNCTION_REFERENCES.union(WasmFeatures::EXCEPTIONS).union(WasmFeatures::STACK_SWITCHING),
        "build without it",
    ),
    ("memory-control", WasmFeatures::MEMORY_CONTROL, "build without it"),
    (
        "shared-everything-threads",
        WasmFeatures::THREADS.union(WasmFeatures::SHARED_EVERYTHING_THREADS),
        "build without it",
    ),
];

const LEGACY_EXCEPTIONS: WasmFeatures = WasmFeatures::LEGACY_EXCEPTIONS;
const FUNCTION_REFERENCES: WasmFeatures =
    WasmFeatures::GC_TYPES.union(WasmFeatures::FUNCTION_REFERENCES);

/// Accepts a valid core module within [`FEATURES`].
pub(crate) fn validate(wasm: &[u8]) -> Result<(), Refusal> {
    if Parser::is_component(wasm) {
        return Err(Refusal::Component);
    }
    if !b"\0asm".starts_with(&wasm[..wasm.len().min(4)]) || wasm.is_empty() {
        return Err(Refusal::NotWasm);
    }
    match first_error(wasm, FEATURES) {
        Some(error) => Err(explain(wasm, &error)),
        None => Ok(()),
    }
}

fn first_error(wasm: &[u8], features: WasmFeatures) -> Option<BinaryReaderError> {
    Validator::new_with_features(features).validate_all(wasm).err()
}

fn explain(wasm: &[u8], error: &BinaryReaderError) -> Refusal {
    let place = place_of(wasm, error.offset());
    let gets_past = |features: WasmFeatures| match first_error(wasm, FEATURES.union(features)) {
        Some(later) => later.offset() > error.offset(),
        None => true,
    };
    if let Some((proposal, _, advice)) = REFUSED.iter().find(|(_, f, _)| gets_past(*f)) {
        let what = instruction_at(wasm, error.offset()).unwrap_or_else(|| "the module".to_owned());
        return Refusal::Proposal { proposal, what, place, advice };
    }
    if error.message().contains("unexpected end") {
        return Refusal::Truncated { offset: error.offset() };
    }
    Refusal::Invalid { place, message: error.message().to_owned() }
}

/// Names the function, if any, whose body contains `offset`.
fn place_of(wasm: &[u8], offset: usize) -> Place {
    Place { function: body_at(wasm, offset).map(|(index, _)| index), offset }
}

fn instruction_at(wasm: &[u8], offset: usize) -> Option<String> {
    let (_, body) = body_at(wasm, offset)?;
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        let (operator, at) = operators.read_with_offset().ok()?;
        if at >= offset {
            return Some(name(&operator));
        }
    }
    None
}

fn body_at(wasm: &[u8], offset: usize) -> Option<(u32, wasmparser::FunctionBody<'_>)> {
    let mut index = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.ok()? {
            Payload::ImportSection(imports) => {
                let functions = imports
                    .into_imports()
                    .filter_map(Result::ok)
                    .filter(|i| matches!(i.ty, wasmparser::TypeRef::Func(_)));
                index = u32::try_from(functions.count()).ok()?;
            }
            Payload::CodeSectionEntry(body) => {
                if body.range().contains(&offset) {
                    return Some((index, body));
                }
                index += 1;
            }
            _ => {}
        }
    }
    None
}

/// The name of an instruction, as in `I32AtomicLoad`.
pub(crate) fn name(operator: &Operator<'_>) -> String {
    let full = format!("{operator:?}");
    let end = full.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(full.len());
    format!("`{}`", &full[..end])
}
