//! Spans of time and credit, short enough for a cell of a table.

use manyhands_core::time::Span;

/// As [`Span::in_words`].
pub(super) fn span(ms: u64) -> String {
    Span(ms).in_words()
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
        assert_eq!(credit(31_239_999), "31.23");
    }
}
