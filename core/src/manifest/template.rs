//! An argument with placeholders.

use std::collections::BTreeMap;

/// An argument in which `{axis}` stands for the unit's value on that axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Axis(String),
}

/// A template that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{` without `}`.
    #[error("`{{` is never closed; write `{{{{` for a brace")]
    Open,
    /// `}` without `{`.
    #[error("`}}` was never opened; write `}}}}` for a brace")]
    Close,
}

impl Template {
    /// Reads a template: `{name}` is a placeholder, `{{` and `}}` are braces.
    ///
    /// # Errors
    /// If the braces do not match.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(TemplateError::Close);
            }
            let (name, after) = after.split_once('}').ok_or(TemplateError::Open)?;
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Axis(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self { parts })
    }

    /// The axes that it names.
    pub fn axes(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Axis(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The argument with each placeholder replaced by its value; one without a value by nothing,
    /// which a checked manifest does not have.
    #[must_use]
    pub fn fill(&self, values: &BTreeMap<&str, String>) -> String {
        let fill = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Axis(name) => values.get(name.as_str()).cloned().unwrap_or_default(),
        };
        self.parts.iter().map(fill).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: &str) {
        let values = BTreeMap::from([("p", "31".to_owned()), ("q", "7".to_owned())]);
        assert_eq!(Template::parse(template).unwrap().fill(&values), expected);
    }

    #[test]
    fn placeholders_are_filled_and_doubled_braces_kept() {
        check("", "");
        check("plain", "plain");
        check("--exponent={p}", "--exponent=31");
        check("{p}{q}", "317");
        check("{{p}}", "{p}");
        check("{{{p}}}", "{31}");
    }

    #[test]
    fn unmatched_braces_are_refused() {
        assert_eq!(Template::parse("{p"), Err(TemplateError::Open));
        assert_eq!(Template::parse("p}"), Err(TemplateError::Close));
        let message = Template::parse("{p").unwrap_err().to_string();
        assert_eq!(message, "`{` is never closed; write `{{` for a brace");
    }
}
