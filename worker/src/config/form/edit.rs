//! Changing a single value in the text of a file, and leaving everything else as it is.

use toml_edit::{Document, DocumentMut, Item, Table, TableLike, TomlError, Value, value};

/// Sets a value within nested tables, or takes it out; a comment behind it stays if it is set.
pub(super) fn set(
    text: &str,
    tables: &[&str],
    key: &str,
    new: Option<Value>,
) -> Result<String, String> {
    if new.is_none()
        && let Some(shorter) = without_line(text, tables, key)
    {
        return Ok(shorter);
    }
    let wrong = |error: TomlError| error.message().lines().next().unwrap_or_default().to_owned();
    let mut document: DocumentMut = text.parse().map_err(wrong)?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for name in tables {
        if !table.contains_key(name) {
            let mut made = Table::new();
            made.set_implicit(true);
            table.insert(name, Item::Table(made));
        }
        let found = table.get_mut(name).and_then(Item::as_table_like_mut);
        table = found.ok_or_else(|| format!("`{name}` is not a table"))?;
    }
    match (table.get_mut(key).and_then(Item::as_value_mut), new) {
        (Some(old), Some(mut new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (None, Some(new)) => drop(table.insert(key, value(new))),
        (_, None) => drop(table.remove(key)),
    }
    Ok(document.to_string())
}

/// The text without a value that has its lines for itself. Comments above it belong to it for the parser, which would
/// take them out too; they may be about the whole file.
fn without_line(text: &str, tables: &[&str], key: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let mut table: &dyn TableLike = document.as_table();
    for name in tables {
        table = table.get(name)?.as_table_like()?;
    }
    let (key, item) = table.get_key_value(key)?;
    let (key, value) = (key.span()?, item.as_value()?.span()?);
    let start = text[..key.start].rfind('\n').map_or(0, |end| end + 1);
    let is_alone = text[start..key.start].trim().is_empty();
    let end = text[value.end..].find('\n').map_or(text.len(), |end| value.end + end + 1);
    is_alone.then(|| format!("{}{}", &text[..start], &text[end..]))
}
