//! Numbers with their nouns.

/// Such as `1 lease` or `3 leases`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Such as `1 unit` or `3 units`.
pub(super) fn units(number: u32) -> String {
    counted(number as usize, "unit")
}

/// Such as `1 host` or `3 hosts`.
pub(super) fn hosts(number: usize) -> String {
    counted(number, "host")
}

/// `host 4`, or `hosts 4, 7 and 9`; `nobody` of none.
pub(super) fn listed(what: &str, ids: &[impl std::fmt::Display]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    match ids.as_slice() {
        [] => "nobody".to_owned(),
        [one] => format!("{what} {one}"),
        [first @ .., last] => format!("{what}s {} and {last}", first.join(", ")),
    }
}
