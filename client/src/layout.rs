//! Which output of which unit becomes which file.
//!
//! A sweep whose units keep at most one file is laid out flat, `017-result.txt`, because a folder
//! for each single file only hides it. Units that keep several files get a folder each,
//! `017/hits.csv`, because their files belong together. Numbers have as many digits as the largest,
//! so that any listing is in the order of units. Standard output counts as a file of its own only
//! where a program printed something.

use manyhands_core::manifest::Manifest;

/// The table of all units, beside their files.
pub const INDEX_FILE: &str = "results.csv";

/// How a job's outputs are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    flat: bool,
    digits: usize,
}

impl Layout {
    /// The layout of a job: it depends on nothing but the manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let outputs = &manifest.draft().outputs;
        let flat = match outputs.as_slice() {
            [] => true,
            [name] => !name.contains('/'),
            _ => false,
        };
        let last = manifest.units_total().saturating_sub(1);
        Self { flat, digits: last.to_string().len() }
    }

    /// The path below the job's folder for output `name` of a unit. `name` was checked to be a
    /// plain relative path when it came off the wire.
    #[must_use]
    pub fn path(&self, unit: u32, name: &str) -> String {
        let separator = if self.flat { '-' } else { '/' };
        format!("{unit:0digits$}{separator}{name}", digits = self.digits)
    }

    /// The layout in a few words.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        if self.flat { "one file a unit, named UNIT-NAME" } else { "one folder a unit" }
    }
}

/// One line of a comma-separated table (RFC 4180), without its end.
#[must_use]
pub fn csv_line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
    fields.join(",")
}

fn csv_field(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_files_are_flat_and_several_get_folders() {
        assert_eq!(Layout { flat: true, digits: 3 }.path(17, "a.txt"), "017-a.txt");
        assert_eq!(Layout { flat: false, digits: 1 }.path(0, "b/a.txt"), "0/b/a.txt");
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(csv_line(&["a", "", "b c"]), "a,,b c");
        assert_eq!(csv_line(&["a,b", "say \"hi\"", "x\ny"]), "\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"");
    }
}
