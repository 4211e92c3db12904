//! Writes the prepared module: the given sections in their order, without custom sections, and with
//! each mutable global of a step program exported under its reserved name.
//!
//! Custom sections (names, debug information, producers) do not change what a program computes, so
//! two builds that differ only there share one digest.

use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

use crate::refusal::Refusal;
use crate::shape::{Shape, malformed};
use crate::{Kind, abi};

/// Returns the bytes of the prepared module.
pub(crate) fn rewrite(wasm: &[u8], shape: &Shape<'_>, kind: Kind) -> Result<Vec<u8>, Refusal> {
    match kind {
        Kind::Step => write(wasm, Some(&exports(shape))),
        Kind::Command => write(wasm, None),
    }
}

/// Returns the module without its custom sections, and otherwise as it is.
pub(crate) fn without_custom_sections(wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
    write(wasm, None)
}

/// Writes all sections but the custom ones, with other exports if there are some.
fn write(wasm: &[u8], exports: Option<&ExportSection>) -> Result<Vec<u8>, Refusal> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| malformed(&e))?;
        match (&payload, exports) {
            (Payload::CustomSection(_), _) => {}
            (Payload::ExportSection(_), Some(exports)) => drop(module.section(exports)),
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    module.section(&RawSection { id, data: &wasm[range] });
                }
            }
        }
    }
    Ok(module.finish())
}

/// The given exports, then the reserved ones in the order of their globals: the same list whether
/// some of them were there before or not.
fn exports(shape: &Shape<'_>) -> ExportSection {
    let mut section = ExportSection::new();
    for export in &shape.exports {
        if !export.name.starts_with(abi::RESERVED_PREFIX) {
            section.export(export.name, export_kind(export.kind), export.index);
        }
    }
    for (index, _, _) in shape.mutable_globals() {
        section.export(&abi::global_export(index), ExportKind::Global, index);
    }
    section
}

fn export_kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}
