//! What a validated module declares, in the words of its sections.

use wasmparser::{
    BinaryReaderError, CompositeInnerType, ExternalKind, FuncType, GlobalType, MemoryType, Parser,
    Payload, TypeRef,
};

use crate::refusal::{Place, Refusal};

/// One import.
#[derive(Debug)]
pub(crate) struct Import<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) ty: TypeRef,
    pub(crate) offset: usize,
}

/// One export.
#[derive(Debug)]
pub(crate) struct Export<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: ExternalKind,
    pub(crate) index: u32,
    pub(crate) offset: usize,
}

/// The declarations of a module.
#[derive(Debug, Default)]
pub(crate) struct Shape<'a> {
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<Import<'a>>,
    /// Index of the type of each function, imports first.
    pub(crate) functions: Vec<u32>,
    /// Own memories; an imported one is refused earlier than anything here matters.
    pub(crate) memories: Vec<MemoryType>,
    /// Type and place of each global, imports excluded because they are refused.
    pub(crate) globals: Vec<(GlobalType, usize)>,
    pub(crate) exports: Vec<Export<'a>>,
    /// Place of the `start` section.
    pub(crate) start: Option<usize>,
    /// Where the body of each own function begins.
    pub(crate) bodies: Vec<usize>,
}

impl Shape<'_> {
    pub(crate) fn function_type(&self, index: u32) -> Option<&FuncType> {
        let type_index = *self.functions.get(index as usize)?;
        self.types.get(type_index as usize)
    }

    pub(crate) fn functions_imported(&self) -> u32 {
        let count = self.imports.iter().filter(|i| matches!(i.ty, TypeRef::Func(_))).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(crate) fn functions_defined(&self) -> u32 {
        let all = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        all.saturating_sub(self.functions_imported())
    }

    /// Where the body of function `index` begins.
    pub(crate) fn place_of(&self, index: u32) -> Place {
        let own = index.saturating_sub(self.functions_imported()) as usize;
        Place::inside(index, self.bodies.get(own).copied().unwrap_or_default())
    }

    pub(crate) fn export(&self, name: &str, kind: ExternalKind) -> Option<u32> {
        self.exports.iter().find(|e| e.name == name && e.kind == kind).map(|e| e.index)
    }

    /// Index, type and place of each mutable global.
    pub(crate) fn mutable_globals(&self) -> impl Iterator<Item = (u32, GlobalType, usize)> {
        (0u32..)
            .zip(&self.globals)
            .filter(|(_, (ty, _))| ty.mutable)
            .map(|(index, (ty, offset))| (index, *ty, *offset))
    }
}

/// Reads the declarations of `wasm`, which the validator has accepted.
pub(crate) fn read(wasm: &[u8]) -> Result<Shape<'_>, Refusal> {
    let mut shape = Shape::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| malformed(&e))?;
        read_payload(payload, &mut shape).map_err(|e| malformed(&e))?;
    }
    Ok(shape)
}

fn read_payload<'a>(payload: Payload<'a>, shape: &mut Shape<'a>) -> Result<(), BinaryReaderError> {
    match payload {
        Payload::TypeSection(groups) => {
            for group in groups {
                for sub_type in group?.into_types() {
                    if let CompositeInnerType::Func(ty) = sub_type.composite_type.inner {
                        shape.types.push(ty);
                    }
                }
            }
        }
        Payload::ImportSection(imports) => {
            for import in imports.into_imports_with_offsets() {
                let (offset, wasmparser::Import { module, name, ty }) = import?;
                if let TypeRef::Func(index) = ty {
                    shape.functions.push(index);
                }
                shape.imports.push(Import { module, name, ty, offset });
            }
        }
        Payload::FunctionSection(functions) => {
            for index in functions {
                shape.functions.push(index?);
            }
        }
        Payload::MemorySection(memories) => {
            for memory in memories {
                shape.memories.push(memory?);
            }
        }
        Payload::GlobalSection(globals) => {
            for global in globals.into_iter_with_offsets() {
                let (offset, global) = global?;
                shape.globals.push((global.ty, offset));
            }
        }
        Payload::ExportSection(exports) => {
            for export in exports.into_iter_with_offsets() {
                let (offset, wasmparser::Export { name, kind, index }) = export?;
                shape.exports.push(Export { name, kind, index, offset });
            }
        }
        Payload::StartSection { range, .. } => shape.start = Some(range.start),
        Payload::CodeSectionEntry(body) => shape.bodies.push(body.range().start),
        _ => {}
    }
    Ok(())
}

/// A module that the validator took but that cannot be read again: said rather than assumed away.
pub(crate) fn malformed(error: &BinaryReaderError) -> Refusal {
    let place = Place::at(error.offset());
    Refusal::Invalid { place, message: error.message().to_owned() }
}
