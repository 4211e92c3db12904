//! Rules that hold unless the owner says otherwise: they never annoy.

/// Name and text of each. The owner replaces one by a rule of the same name, or takes it away.
pub const DEFAULT_RULES: [(&str, &str); 8] = [
    ("battery", "when on battery pause"),
    ("heat", "when temperature > 85 °C pause until < 75 °C"),
    ("full-screen", "when full screen pause"),
    ("call", "when in call pause"),
    ("memory", "when memory pressure > 10 % pause until < 2 %"),
    ("free-memory", "when free memory < 512 MiB pause until > 1 GiB"),
    ("metered", "when metered no network"),
    ("free-disk", "when free disk < 1 GiB no network until > 2 GiB"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::agent::governor::rule::Rule;

    #[test]
    fn they_are_rules() {
        for (name, text) in DEFAULT_RULES {
            let rule = Rule::parse(name, text, &BTreeSet::new());
            assert_eq!(rule.map(|rule| rule.to_string()), Ok(text.to_owned()));
        }
    }
}
