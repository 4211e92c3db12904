//! The plainest counter there is: before every instruction, its work is added to a global.

use manyhands_prepare::{CALLED, work_of};
use wasm_encoder::{CodeSection, Encode, InstructionSink, Module, RawSection, ValType};
use wasmparser::{Parser, Payload};

/// The name of the global's export.
pub(crate) const NAIVE: &str = "naive";

/// Returns `wasm`, which must have a global section, with every single instruction counted.
pub(crate) fn instrument(wasm: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut code = CodeSection::new();
    let mut bodies = 0;
    let mut total = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::GlobalSection(globals) => {
                total = Some(globals.count());
                let rest = &wasm[globals.original_position()..globals.range().end];
                let mut data = Vec::new();
                (globals.count() + 1).encode(&mut data);
                data.extend_from_slice(rest);
                ValType::I64.encode(&mut data);
                data.extend_from_slice(b"\x01\x42\0\x0b");
                module.section(&RawSection { id: 6, data: &data });
            }
            Payload::ExportSection(exports) => {
                let mut data = Vec::new();
                (exports.count() + 1).encode(&mut data);
                data.extend_from_slice(&wasm[exports.original_position()..exports.range().end]);
                NAIVE.encode(&mut data);
                data.push(3);
                total.unwrap().encode(&mut data);
                module.section(&RawSection { id: 7, data: &data });
            }
            Payload::CodeSectionStart { count, .. } => bodies = count,
            Payload::CodeSectionEntry(body) => {
                code.raw(&counted(wasm, &body, total.unwrap()));
                bodies -= 1;
                if bodies == 0 {
                    module.section(&code);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    module.section(&RawSection { id, data: &wasm[range] });
                }
            }
        }
    }
    module.finish()
}

fn counted(wasm: &[u8], body: &wasmparser::FunctionBody<'_>, total: u32) -> Vec<u8> {
    let mut operators = body.get_operators_reader().unwrap();
    let mut out = wasm[body.range().start..operators.original_position()].to_vec();
    let add = |out: &mut Vec<u8>, work: u64| {
        let sink = &mut InstructionSink::new(out);
        sink.global_get(total).i64_const(work.cast_signed()).i64_add().global_set(total);
    };
    add(&mut out, CALLED);
    while !operators.eof() {
        let (operator, begin) = operators.read_with_offset().unwrap();
        match work_of(&operator) {
            0 => {}
            work => add(&mut out, work),
        }
        out.extend_from_slice(&wasm[begin..operators.original_position()]);
    }
    out
}
