//! What a module calls its functions, for people who are told about one of them.

use wasmparser::{ExternalKind, KnownCustom, Name, NameSectionReader, Parser, Payload};

/// Longest name that is told, in characters; compilers write very long ones.
const NAME_CHARS_MAX: usize = 100;

/// The name of function `index`: the one for debuggers, or else one under which it is exported. The module
/// may be damaged. What would steer a terminal is escaped.
pub(crate) fn of_function(wasm: &[u8], index: u32) -> Option<Box<str>> {
    let mut exported = None;
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ExportSection(exports) => {
                let mut exports = exports.into_iter().map_while(Result::ok);
                exported = exports
                    .find(|export| export.kind == ExternalKind::Func && export.index == index)
                    .map(|export| shown(export.name));
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                if let Some(name) = in_names(names, index) {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    exported
}

fn in_names(names: NameSectionReader<'_>, index: u32) -> Option<Box<str>> {
    for names in names.into_iter().map_while(Result::ok) {
        let Name::Function(functions) = names else { continue };
        let mut functions = functions.into_iter().map_while(Result::ok);
        return functions.find(|naming| naming.index == index).map(|naming| shown(naming.name));
    }
    None
}

fn shown(name: &str) -> Box<str> {
    let mut shown: String = name.chars().take(NAME_CHARS_MAX).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string().into()
}
