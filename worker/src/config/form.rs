//! The owner's limits and rules as a form: single values of the settings file, read and written as texts.
//!
//! A change leaves everything else of the file as it is, comments too. The text that comes out was read again as the
//! worker reads it, so nothing is ever written that it would not start with.

use std::collections::BTreeMap;
use std::path::Path;

use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use serde::Serialize;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

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
}

/// A change that is not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Wrong {
    /// The field that cannot be so; none, if the file was wrong before.
    pub(crate) field: Option<String>,
    /// What is wrong, with the line and column of the file as it would have been.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A number, or a text where it is none: `4`, `50 %`.
    Cores,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A size or a span of time.
    Text,
}

/// Name, kind, default and meaning of each limit.
const LIMITS: [(&str, Kind, &str, &str); 11] = [
    (
        "limits.in_use.cores",
        Kind::Cores,
        "0",
        "Cores while you use the machine (a number, or 25 %)",
    ),
    ("limits.in_use.cpu", Kind::Number, "100", "Share of each second while you use it, in percent"),
    ("limits.in_use.memory", Kind::Text, "half of the machine's", "Memory while you use it"),
    ("limits.idle.cores", Kind::Cores, "100 %", "Cores while nobody uses the machine"),
    (
        "limits.idle.cpu",
        Kind::Number,
        "100",
        "Share of each second while nobody uses it, in percent",
    ),
    ("limits.idle.memory", Kind::Text, "half of the machine's", "Memory while nobody uses it"),
    ("limits.idle_after", Kind::Text, "3 min", "Not used any more, so long after your last touch"),
    ("limits.yields", Kind::Flag, "true", "Leave cores to other programs that need them"),
    ("limits.network_per_day", Kind::Text, "any number", "Most bytes sent and received in a day"),
    ("limits.disk_per_day", Kind::Text, "any number", "Most bytes written to disk in a day"),
    ("limits.memory_after", Kind::Text, "10 min", "Give memory back in pauses longer than"),
];

/// What a settings file without a word is.
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
            name,
        }
    };
    let limits =
        LIMITS.iter().map(|(name, _, default, label)| field((*name).into(), default, label));
    let mut fields: Vec<Field> = limits.collect();
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
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            wrong(error.message().lines().next().unwrap_or_default().to_owned())
        })?;
        change(&mut document, name, new.trim()).map_err(wrong)?;
        text = document.to_string();
        owner = read(&text, path, config).map_err(wrong)?;
    }
    Ok((text, owner))
}

fn read(text: &str, path: &Path, config: &Config) -> Result<Owner, String> {
    let written = Written::parse(text, path).map_err(|error| error.to_string())?;
    config.owner_of(written).map_err(|error| error.to_string())
}

fn change(document: &mut DocumentMut, name: &str, new: &str) -> Result<(), String> {
    if let Some(rule) = name.strip_prefix("rules.") {
        let default = DEFAULT_RULES.iter().find(|(known, _)| *known == rule).map(|(_, text)| *text);
        let is_default = default.map_or(new.is_empty(), |text| text == new);
        let new = (!is_default).then(|| Value::from(new));
        return set(document.as_table_mut(), &["rules"], rule, new);
    }
    let Some((_, kind, ..)) = LIMITS.iter().find(|(known, ..)| *known == name) else {
        return Err(format!("`{name}` is nothing that can be changed here"));
    };
    let (tables, key) = name.rsplit_once('.').unwrap_or(("", name));
    let tables: Vec<&str> = tables.split('.').collect();
    let new = (!new.is_empty()).then(|| typed(*kind, new)).transpose()?;
    set(document.as_table_mut(), &tables, key, new)
}

fn typed(kind: Kind, text: &str) -> Result<Value, String> {
    let number = || text.parse::<i64>().map(Value::from).ok();
    match kind {
        Kind::Text => Ok(text.into()),
        Kind::Cores => Ok(number().unwrap_or_else(|| text.into())),
        Kind::Number => number().ok_or_else(|| format!("`{text}` is not a whole number")),
        Kind::Flag => text
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_not_so| format!("`{text}` is neither true nor false")),
    }
}

/// Sets a value within nested tables, or takes it out; a comment behind it stays.
fn set(
    root: &mut dyn TableLike,
    tables: &[&str],
    key: &str,
    new: Option<Value>,
) -> Result<(), String> {
    let mut table = root;
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
    Ok(())
}

/// A value without quotation marks.
fn plain(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use manyhands_core::agent::governor::limits::Cores;

    use super::*;

    const FILE: &str = "# my machine\nslots = 1\n\n[limits.idle]\ncores = 1 # the other one is mine\n\
                        \n[rules]\nbattery = \"\"\nnight = \"when 22:00-07:00 pause\"\n";

    fn config() -> Config {
        let written = Written {
            invite: Some("manyhands+plain://127.0.0.1:7654/".parse().unwrap()),
            data_dir: Some("d".into()),
            settings: Some("w.toml".into()),
            ..Written::default()
        };
        Config::new(written).unwrap()
    }

    fn change(name: &str, new: &str) -> Result<String, Wrong> {
        let changes = BTreeMap::from([(name.to_owned(), new.to_owned())]);
        changed(FILE, &changes, &config()).map(|(text, _)| text)
    }

    #[test]
    fn fields_show_what_counts_and_where_it_is_said() {
        let fields: BTreeMap<String, Field> =
            fields(FILE).into_iter().map(|field| (field.name.clone(), field)).collect();
        let shown = |name: &str| (fields[name].value.as_str(), fields[name].line);
        assert_eq!(shown("limits.idle.cores"), ("1", Some(5)));
        assert_eq!(shown("limits.idle_after"), ("", None));
        assert_eq!(shown("rules.battery"), ("", Some(8)), "taken away");
        assert_eq!(shown("rules.call"), ("when in call pause", None), "the default");
        assert_eq!(shown("rules.night"), ("when 22:00-07:00 pause", Some(9)));
        assert!(fields["rules.night"].default.is_empty());
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_was() {
        let changed = change("limits.idle.cores", "50 %").unwrap();
        assert_eq!(changed, FILE.replace("cores = 1 #", "cores = \"50 %\" #"));
        let changed = change("limits.in_use.cpu", "30").unwrap();
        assert!(changed.contains("[limits.in_use]\ncpu = 30\n"), "{changed}");
        assert!(changed.starts_with("# my machine\nslots = 1\n"), "{changed}");
    }

    #[test]
    fn what_is_empty_or_the_default_is_taken_out() {
        assert!(!change("limits.idle.cores", "").unwrap().contains("cores"));
        assert!(!change("rules.night", " ").unwrap().contains("night"));
        assert!(!change("rules.battery", "when on battery pause").unwrap().contains("battery"));
        assert!(change("rules.call", "").unwrap().contains("call = \"\""));
        assert!(change("rules.my own", "when in use pause").unwrap().contains("\"my own\" ="));
    }

    #[test]
    fn what_the_worker_would_not_start_with_is_refused_with_its_field_and_place() {
        let refused = |name: &str, new: &str, says: &str| {
            let Wrong { field, message } = change(name, new).unwrap_err();
            assert_eq!(field.as_deref(), Some(name));
            assert!(message.contains(says), "{message}");
        };
        refused("limits.idle.cores", "101 %", "w.toml:5: cores: `101 %` is no share");
        refused("limits.in_use.cpu", "0", "limits.in_use.cpu: from 1 to 100");
        refused("limits.in_use.cpu", "much", "`much` is not a whole number");
        refused("limits.yields", "maybe", "`maybe` is neither true nor false");
        refused("limits.idle_after", "3 days", "`3 days` is not a span of time");
        refused("rules.night", "when 25:00-26:00 pause", "w.toml:9:15: the rule `night`: `25:00`");
        refused("rules.\u{7}", "when in use pause", "names of 1 to 128 bytes");
        refused("invite", "manyhands://x", "`invite` is nothing that can be changed here");
        refused("limits", "1", "`limits` is nothing that can be changed here");
    }

    #[test]
    fn a_file_that_was_wrong_before_is_not_made_worse() {
        let wrong = changed("slots = 0", &BTreeMap::new(), &config()).unwrap_err();
        assert_eq!(wrong.field, None);
        assert!(wrong.message.starts_with("w.toml:1: slots:"), "{}", wrong.message);
    }

    #[test]
    fn tables_in_a_line_are_changed_too() {
        let changes = BTreeMap::from([("limits.idle.cpu".to_owned(), "70".to_owned())]);
        let (text, owner) =
            changed("limits = { idle = { cores = 1 } }\n", &changes, &config()).unwrap();
        assert_eq!(owner.limits.idle.cpu_percent, 70);
        assert_eq!(owner.limits.idle.cores, Cores::Count(1));
        assert!(text.starts_with("limits = {") && !text.contains('['), "{text}");
    }
}
