//! Modules that are within every limit, but not when they are prepared.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// A command whose function 1 is `body`.
fn command(globals: &GlobalSection, body: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0);
    let mut memories = MemorySection::new();
    let page = MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    memories.memory(page);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("_start", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    let mut start = Function::new([]);
    start.instructions().end();
    code.function(&start).function(body);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(globals);
    module.section(&exports).section(&code);
    module.finish()
}

/// A megabyte of code that makes vectors and lets them be seen: each gets a pattern of many bytes.
pub(crate) fn nans() -> Vec<u8> {
    let mut globals = GlobalSection::new();
    let ty = GlobalType { val_type: ValType::V128, mutable: true, shared: false };
    globals.global(ty, &ConstExpr::v128_const(0));
    let mut body = Function::new([(1, ValType::V128)]);
    let mut sink = body.instructions();
    for _ in 0..230_000 {
        sink.local_get(0).f32x4_sqrt().global_set(0);
    }
    sink.end();
    command(&globals, &body)
}

/// A megabyte of ways out of a counted loop: at each one its work is settled.
pub(crate) fn branches() -> Vec<u8> {
    let mut body = Function::new([(2, ValType::I32)]);
    let mut sink = body.instructions();
    sink.block(BlockType::Empty).loop_(BlockType::Empty);
    sink.local_get(0).i32_const(1).i32_add().local_tee(0).i32_const(9).i32_eq().br_if(1);
    for _ in 0..250_000 {
        sink.local_get(1).br_if(1);
    }
    sink.br(0).end().end().end();
    command(&GlobalSection::new(), &body)
}

/// As many globals as there may be, without one to count work in.
pub(crate) fn globals() -> Vec<u8> {
    let mut globals = GlobalSection::new();
    let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    for _ in 0..1_000_000 {
        globals.global(ty, &ConstExpr::i32_const(0));
    }
    let mut body = Function::new([]);
    body.instructions().end();
    command(&globals, &body)
}
