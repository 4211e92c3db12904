//! The part of a made guest that is always the same: an entry point that calls the made functions and
//! keeps what they return.
//!
//! It is appended to sections that are otherwise taken over byte by byte, so that nothing but
//! `wasm-smith` decides how the guest itself is encoded.

use manyhands_prepare::{Kind, abi};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Encode, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalType, Ieee32, Ieee64, ImportSection, InstructionSink, MemArg,
    MemorySection, MemoryType, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{Parser, Payload, SectionLimited};

use super::Signature;

/// Where results are kept, 16 bytes for each.
const RESULTS_AT: i32 = 32 << 10;
/// Where a command keeps its globals at its end, 16 bytes for each.
const GLOBALS_AT: i32 = 48 << 10;
/// Where a command keeps the list of what it writes at its end.
const LIST_AT: i32 = 60 << 10;
/// Steps of a step program.
const STEPS: i32 = 3;
/// Pages of memory.
const PAGES_MIN: u64 = 1;
const PAGES_MAX: u64 = 3;

/// A module with the imports and exports that `wasm-smith` must give the guest: the import that the
/// driver needs, a memory, and one function for each signature.
pub(super) fn shape(signatures: &[Signature]) -> Vec<u8> {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    for (index, Signature { params, results }) in (1..).zip(signatures) {
        types.ty().function(params.iter().copied(), results.iter().copied());
        functions.function(index);
        exports.export(&format!("f{index}"), ExportKind::Func, index);
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        code.function(&body);
    }
    exports.export("memory", ExportKind::Memory, 0);
    let mut imports = ImportSection::new();
    imports.import(abi::WASI, "fd_write", EntityType::Function(0));
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: PAGES_MIN,
        maximum: Some(PAGES_MAX),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions);
    module.section(&memories).section(&exports).section(&code);
    module.finish()
}

/// Adds the driver of `kind` to a guest. `None` if the guest lacks a section, which none should.
pub(super) fn add(wasm: &[u8], kind: Kind, signatures: &[Signature]) -> Option<Vec<u8>> {
    let guest = Guest::read(wasm)?;
    let entry_type = match kind {
        Kind::Command => vec![0x60, 0, 0],
        Kind::Step => vec![0x60, 0, 1, 0x7f],
    };
    let name = match kind {
        Kind::Command => abi::ENTRY_COMMAND,
        Kind::Step => abi::ENTRY_STEP,
    };
    let mut export = bytes(name);
    ExportKind::Func.encode(&mut export);
    guest.functions.encode(&mut export);
    let mut counter = Vec::new();
    GlobalType { val_type: ValType::I32, mutable: true, shared: false }.encode(&mut counter);
    ConstExpr::i32_const(0).encode(&mut counter);

    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Some((id, range)) = payload.ok()?.as_section() else { continue };
        let data = &wasm[range];
        let longer = match id {
            1 => append(data, &entry_type)?,
            3 => append(data, &bytes(guest.types))?,
            6 => append(data, &counter)?,
            7 => append(data, &export)?,
            10 => append(data, &bytes(entry(kind, signatures, &guest)))?,
            _ => data.to_vec(),
        };
        module.section(&RawSection { id, data: &longer });
    }
    Some(module.finish())
}

fn bytes(item: impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    item.encode(&mut bytes);
    bytes
}

/// A section with one more item: one more in its count, and the item at its end.
fn append(section: &[u8], item: &[u8]) -> Option<Vec<u8>> {
    let mut reader = wasmparser::BinaryReader::new(section, 0);
    let count = reader.read_var_u32().ok()?;
    let mut longer = bytes(count + 1);
    longer.extend_from_slice(&section[reader.original_position()..]);
    longer.extend_from_slice(item);
    Some(longer)
}

/// What the driver must know of a guest.
struct Guest {
    types: u32,
    /// Functions, imported ones included.
    functions: u32,
    /// Type of each global, and whether it can change.
    globals: Vec<(wasmparser::ValType, bool)>,
    /// The functions to call, in the order of their signatures.
    exported: Vec<u32>,
}

impl Guest {
    fn read(wasm: &[u8]) -> Option<Self> {
        let mut guest = Self { types: 0, functions: 0, globals: Vec::new(), exported: Vec::new() };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.ok()? {
                Payload::TypeSection(types) => guest.types = count(&types),
                // The one import is a function.
                Payload::ImportSection(imports) => guest.functions += count(&imports),
                Payload::FunctionSection(functions) => guest.functions += count(&functions),
                Payload::GlobalSection(globals) => {
                    let types = globals.into_iter().filter_map(Result::ok).map(|g| g.ty);
                    guest.globals = types.map(|ty| (ty.content_type, ty.mutable)).collect();
                }
                Payload::ExportSection(exports) => {
                    let exports = exports.into_iter().filter_map(Result::ok);
                    let functions = exports.filter(|e| e.kind == wasmparser::ExternalKind::Func);
                    guest.exported = functions.map(|export| export.index).collect();
                }
                _ => {}
            }
        }
        Some(guest)
    }
}

fn count<T>(section: &SectionLimited<'_, T>) -> u32 {
    section.count()
}

/// The body of the entry point.
fn entry(kind: Kind, signatures: &[Signature], guest: &Guest) -> Function {
    let results: Vec<ValType> = signatures.iter().flat_map(|s| s.results.clone()).collect();
    let mut function = Function::new_with_locals_types(results.iter().copied());
    let mut code = function.instructions();
    let mut first = 0;
    for (signature, &index) in signatures.iter().zip(&guest.exported) {
        for (place, ty) in signature.params.iter().enumerate() {
            argument(&mut code, *ty, place);
        }
        code.call(index);
        let count = u32::try_from(signature.results.len()).unwrap_or(0);
        // The last result is on top of the stack.
        for local in (first..first + count).rev() {
            code.local_set(local);
        }
        first += count;
    }
    for (local, ty) in (0u32..).zip(&results) {
        code.i32_const(RESULTS_AT + 16 * local.cast_signed()).local_get(local);
        store(&mut code, *ty);
    }
    match kind {
        Kind::Command => write_out(&mut code, guest),
        Kind::Step => count_step(&mut code, guest),
    }
    code.end();
    function
}

/// An argument of a type: numbers that are not numbers, of either sign, quiet and signalling.
fn argument(code: &mut InstructionSink<'_>, ty: ValType, place: usize) {
    const F32: [u32; 4] = [0x7fa0_0001, 0xffc0_0000, 0x3fc0_0000, 0xff80_1234];
    const F64: [u64; 4] = [
        0xfff8_0000_0000_0000,
        0x7ff4_0000_0000_0001,
        0xc004_0000_0000_0000,
        0x7ff8_0000_0000_00ff,
    ];
    let place = place % 4;
    match ty {
        ValType::I32 => code.i32_const([-1, 7, i32::MIN, 40_000][place]),
        ValType::I64 => code.i64_const([i64::MIN, -3, 1 << 40, 9][place]),
        ValType::F32 => code.f32_const(Ieee32::new(F32[place])),
        ValType::F64 => code.f64_const(Ieee64::new(F64[place])),
        _ => {
            let lanes = F32.map(u128::from);
            code.v128_const(
                (lanes[place] | lanes[0] << 32 | lanes[1] << 64 | lanes[3] << 96).cast_signed(),
            )
        }
    };
}

fn store(code: &mut InstructionSink<'_>, ty: ValType) {
    let at = MemArg { offset: 0, align: 2, memory_index: 0 };
    match ty {
        ValType::I32 => code.i32_store(at),
        ValType::I64 => code.i64_store(at),
        ValType::F32 => code.f32_store(at),
        ValType::F64 => code.f64_store(at),
        _ => code.v128_store(at),
    };
}

/// Ends a step: 1 after the last, else 0.
fn count_step(code: &mut InstructionSink<'_>, guest: &Guest) {
    let counter = u32::try_from(guest.globals.len()).unwrap_or(0);
    code.global_get(counter).i32_const(1).i32_add().global_set(counter);
    code.global_get(counter).i32_const(STEPS).i32_eq();
}

/// Ends a command: writes all of memory to standard output, the globals put into it before.
fn write_out(code: &mut InstructionSink<'_>, guest: &Guest) {
    use wasmparser::ValType as T;
    for (index, (ty, is_mutable)) in (0u32..).zip(&guest.globals) {
        let ty = match ty {
            T::I32 => ValType::I32,
            T::I64 => ValType::I64,
            T::F32 => ValType::F32,
            T::F64 => ValType::F64,
            T::V128 => ValType::V128,
            T::Ref(_) => continue,
        };
        if *is_mutable {
            code.i32_const(GLOBALS_AT + 16 * index.cast_signed()).global_get(index);
            store(code, ty);
        }
    }
    code.i32_const(LIST_AT).i32_const(0);
    store(code, ValType::I32);
    code.i32_const(LIST_AT + 4).memory_size(0).i32_const(16).i32_shl();
    store(code, ValType::I32);
    // Standard output is descriptor 1; the import is function 0.
    code.i32_const(1).i32_const(LIST_AT).i32_const(1).i32_const(LIST_AT + 8).call(0);
    code.if_(BlockType::Empty).unreachable().end();
}
