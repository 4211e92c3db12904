//! The owner's limits, rules and some more settings as a form: single values of the settings file, read and written
//! as texts.
//!
//! A change leaves everything else of the file as it is, comments too. The text that comes out was read again as the
//! worker reads it, so nothing is ever written that it would not start with.

mod catalogue;
mod edit;

use std::collections::BTreeMap;
use std::path::Path;

use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use serde::Serialize;
use toml_edit::{Item, Value};

use self::catalogue::{Kind, SETTINGS, setting};
use super::{Config, Owner, Written};

/// One value that can be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Field {
    /// Its place in the file, as `limits.idle.cores` or `rules.heat`.
    pub(crate) name: String,
    /// As it counts now; empty where the default does.
    pub(crate) value: String,
    /// What counts where the file says nothing; of a rule of the owner's own, nothing.
    pub(crate) default: String,
    /// What it means.
    pub(crate) label: String,
    /// The line of the file that says so, counted from 1.
    pub(crate) line: Option<usize>,
    /// All values that there are; none where anything may be written.
    pub(crate) choices: Vec<Choice>,
    /// Whether a change counts from the worker's next start only.
    pub(crate) is_from_start: bool,
    /// What counts until then, if the file says something else than when the worker was started.
    pub(crate) until_then: Option<String>,
}

/// A value that a field may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    /// As it stands in the file.
    pub(crate) value: &'static str,
    /// What it means.
    pub(crate) words: &'static str,
}

/// A change that is not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Wrong {
    /// The field that cannot be so; none, if the file was wrong before.
    pub(crate) field: Option<String>,
    /// What is wrong, with the line and column of the file as it would have been.
    pub(crate) message: String,
}

/// All fields, as the text of a settings file has them.
pub(crate) fn fields(text: &str) -> Vec<Field> {
    let document = toml_edit::Document::parse(text).ok();
    let root = document.as_ref().map(|document| document.as_table());
    let found = |name: &str| {
        let mut item = root?.get(name.split('.').next()?)?;
        if let Some((_, rest)) = name.split_once('.') {
            let parts =
                if name.starts_with("rules.") { vec![rest] } else { rest.split('.').collect() };
            for part in parts {
                item = item.get(part)?;
            }
        }
        Some(item)
    };
    let field = |name: String, default: &str, label: &str| {
        let item = found(&name);
        let start = item.and_then(Item::span).map(|span| span.start);
        Field {
            value: item.and_then(Item::as_value).map(plain).unwrap_or_default(),
            line: start.map(|at| text[..at].matches('\n').count() + 1),
            default: default.to_owned(),
            label: label.to_owned(),
            choices: Vec::new(),
            is_from_start: false,
            until_then: None,
            name,
        }
    };
    let settings = SETTINGS.iter().map(|setting| Field {
        choices: setting.choices.iter().map(|&(value, words)| Choice { value, words }).collect(),
        is_from_start: setting.is_from_start,
        ..field(setting.name.into(), setting.default, setting.label)
    });
    let mut fields: Vec<Field> = settings.collect();
    let of_file = found("rules").and_then(Item::as_table_like);
    let own = of_file.into_iter().flat_map(|rules| rules.iter().map(|(name, _)| name.to_owned()));
    let own = own.filter(|name| DEFAULT_RULES.iter().all(|(known, _)| known != name));
    let own: Vec<String> = own.collect();
    for (name, default) in DEFAULT_RULES {
        let mut rule = field(format!("rules.{name}"), default, "");
        if rule.line.is_none() {
            rule.value = default.to_owned();
        }
        fields.push(rule);
    }
    fields.extend(own.into_iter().map(|name| field(format!("rules.{name}"), "", "")));
    fields
}

/// Says of each field that a worker took up when it started, with this configuration and the file as in `at_start`, what
/// counts until its next start.
pub(crate) fn tell_what_counts(fields: &mut [Field], at_start: &[Field], config: &Config) {
    for field in fields.iter_mut().filter(|field| field.is_from_start) {
        let before = at_start.iter().find(|before| before.name == field.name);
        let is_other = before.is_some_and(|before| before.meant() != field.meant());
        field.until_then = is_other.then(|| running(&field.name, config)).flatten();
    }
}

/// What a worker with this configuration goes by.
fn running(name: &str, config: &Config) -> Option<String> {
    let words = match name {
        "slots" => config.slots.to_string(),
        "peers.mode" => config.sharing.mode.word().to_owned(),
        "peers.upload_max" => config.sharing.upload_in_words(),
        "page.listen" => match config.page {
            Some(listen) => listen.to_string(),
            None => setting(name)?.default.to_owned(),
        },
        _ => return None,
    };
    Some(words)
}

impl Field {
    /// What counts by the file.
    fn meant(&self) -> &str {
        if self.value.is_empty() { &self.default } else { &self.value }
    }
}

/// The text of the settings file with these changes, by field, and what the owner allows by it. An empty value takes a
/// limit or an own rule out of the file, so that the default counts; an empty default rule does not count at all.
///
/// # Errors
/// [`Wrong`]: the first change that cannot be.
pub(crate) fn changed(
    text: &str,
    changes: &BTreeMap<String, String>,
    config: &Config,
) -> Result<(String, Owner), Wrong> {
    let path = config.settings.as_path();
    let mut owner = read(text, path, config).map_err(|message| Wrong { field: None, message })?;
    let mut text = text.to_owned();
    for (name, new) in changes {
        let wrong = |message: String| Wrong { field: Some(name.clone()), message };
        text = change(&text, name, new.trim()).map_err(wrong)?;
        owner = read(&text, path, config).map_err(wrong)?;
    }
    Ok((text, owner))
}

fn read(text: &str, path: &Path, config: &Config) -> Result<Owner, String> {
    let written = Written::parse(text, path).map_err(|error| error.to_string())?;
    config.owner_of(written).map_err(|error| error.to_string())
}

fn change(text: &str, name: &str, new: &str) -> Result<String, String> {
    if let Some(rule) = name.strip_prefix("rules.") {
        let default = DEFAULT_RULES.iter().find(|(known, _)| *known == rule).map(|(_, text)| *text);
        let is_default = default.map_or(new.is_empty(), |text| text == new);
        let new = (!is_default).then(|| Value::from(new));
        return edit::set(text, &["rules"], rule, new);
    }
    let Some(setting) = setting(name) else {
        return Err(format!("`{name}` is nothing that can be changed here"));
    };
    let mut tables: Vec<&str> = name.split('.').collect();
    let key = tables.pop().unwrap_or(name);
    let new = (!new.is_empty()).then(|| typed(setting.kind, new)).transpose()?;
    edit::set(text, &tables, key, new)
}

fn typed(kind: Kind, text: &str) -> Result<Value, String> {
    let number = || text.parse::<i64>().map(Value::from).ok();
    match kind {
        Kind::Text => Ok(text.into()),
        Kind::NumberOrText => Ok(number().unwrap_or_else(|| text.into())),
        Kind::Number => number().ok_or_else(|| format!("`{text}` is not a whole number")),
        Kind::Flag => text
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_not_so| format!("`{text}` is neither true nor false")),
    }
}

/// A value without quotation marks.
fn plain(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests;
