//! Where a module meets the sandbox: imports, memory, entry points and reserved names.

use wasmparser::{ExternalKind, FuncType, TypeRef, ValType};

use crate::Kind;
use crate::abi::{self, Value};
use crate::refusal::{Place, Refusal};
use crate::shape::{Import, Shape};

/// Accepts a module that fits the sandbox and says how it is driven.
pub(crate) fn check(shape: &Shape<'_>) -> Result<Kind, Refusal> {
    for import in &shape.imports {
        check_import(shape, import)?;
    }
    if shape.memories.len() != 1 || shape.export("memory", ExternalKind::Memory) != Some(0) {
        return Err(Refusal::NoMemory);
    }
    check_reserved_names(shape)?;
    kind(shape)
}

fn check_import(shape: &Shape<'_>, import: &Import<'_>) -> Result<(), Refusal> {
    let unknown = |found: &str| Refusal::Import {
        module: import.module.to_owned(),
        name: import.name.to_owned(),
        found: found.to_owned(),
        place: Place::at(import.offset),
    };
    let type_index = match import.ty {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => index,
        TypeRef::Table(_) => return Err(unknown("table")),
        TypeRef::Memory(_) => return Err(unknown("memory")),
        TypeRef::Global(_) => return Err(unknown("global")),
        TypeRef::Tag(_) => return Err(unknown("tag")),
    };
    let signature = abi::find(import.module, import.name).ok_or_else(|| unknown("function"))?;
    let found = shape.types.get(type_index as usize).ok_or_else(|| unknown("function"))?;
    if same(found.params(), signature.params) && same(found.results(), signature.results) {
        return Ok(());
    }
    Err(Refusal::ImportType {
        module: import.module.to_owned(),
        name: import.name.to_owned(),
        found: found_type(found),
        expected: signature,
        place: Place::at(import.offset),
    })
}

fn same(found: &[ValType], expected: &[Value]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| match expected {
            Value::I32 => *found == ValType::I32,
            Value::I64 => *found == ValType::I64,
        })
}

fn found_type(ty: &FuncType) -> String {
    let list =
        |values: &[ValType]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(ty.params()), list(ty.results()))
}

/// A reserved name may only stand where preparation itself would write it.
fn check_reserved_names(shape: &Shape<'_>) -> Result<(), Refusal> {
    for export in shape.exports.iter().filter(|e| e.name.starts_with(abi::RESERVED_PREFIX)) {
        let own = export.kind == ExternalKind::Global
            && export.name == abi::global_export(export.index)
            && shape.globals.get(export.index as usize).is_some_and(|(ty, _)| ty.mutable)
            && shape.export(abi::ENTRY_STEP, ExternalKind::Func).is_some();
        if !own {
            let place = Place::at(export.offset);
            return Err(Refusal::ReservedName { name: export.name.to_owned(), place });
        }
    }
    Ok(())
}

fn kind(shape: &Shape<'_>) -> Result<Kind, Refusal> {
    let command = entry(shape, abi::ENTRY_COMMAND, &[], "() -> ()")?;
    let step = entry(shape, abi::ENTRY_STEP, &[Value::I32], "() -> (i32)")?;
    match (command, step) {
        (Some(_), None) => Ok(Kind::Command),
        (None, Some(_)) => {
            entry(shape, abi::ENTRY_INITIALIZE, &[], "() -> ()")?;
            Ok(Kind::Step)
        }
        (None, None) => Err(Refusal::NoEntry),
        (Some(_), Some(place)) => Err(Refusal::TwoEntries { place }),
    }
}

/// Where `name` is exported, if it is; refused if it is anything but a function of the expected type.
fn entry(
    shape: &Shape<'_>,
    name: &'static str,
    results: &[Value],
    expected: &'static str,
) -> Result<Option<Place>, Refusal> {
    let Some(export) = shape.exports.iter().find(|e| e.name == name) else { return Ok(None) };
    let place = Place::at(export.offset);
    let wrong = |found| Refusal::EntryType { name, found, expected, place: place.clone() };
    if export.kind != ExternalKind::Func {
        return Err(wrong("not a function".to_owned()));
    }
    let Some(ty) = shape.function_type(export.index) else {
        return Err(wrong("unknown".to_owned()));
    };
    if ty.params().is_empty() && same(ty.results(), results) {
        return Ok(Some(place));
    }
    Err(wrong(found_type(ty)))
}
