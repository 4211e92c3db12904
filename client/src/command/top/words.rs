//! Spans of time, sizes and credit, short enough for a cell of a table.

use manyhands_core::time::Span;

/// As [`Span::in_words`].
pub(super) fn span(ms: u64) -> String {
    Span(ms).in_words()
}

/// `512 B`, `1.5 MiB`, `12 GiB`; rounded down.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let at = (1..=UNITS.len()).rev().find(|power| count >> (10 * power) > 0);
    let Some(power) = at else { return format!("{count} B") };
    let tenths = (u128::from(count) * 10) >> (10 * power);
    let unit = UNITS[power - 1];
    if tenths >= 100 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// Credit with two digits behind the point; rounded down.
pub(super) fn credit(micro: u64) -> String {
    format!("{}.{:02}", micro / 1_000_000, micro % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_short() {
        let spans = [999, 59_999, 60_000, 3_600_000, 18_720_000].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min", "1 h", "5 h 12 min"]);
        let sizes = [0, 1_023, 1_536, 12 << 20, 5 << 40, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.5 KiB", "12 MiB", "5.0 TiB", "16777215 TiB"]);
        assert_eq!(credit(31_239_999), "31.23");
    }
}
