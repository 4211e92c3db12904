//! A pilot: a worker that a cluster's scheduler starts on a machine for a while, and that ends by itself when
//! there is nothing to compute, so that the machine goes to whoever waits for it.

use crate::time::Span;

/// For how long there has been nothing to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Idleness {
    since: Option<Span>,
}

impl Idleness {
    /// Takes up whether there is nothing to compute now; says for how long there has not been anything.
    /// `uptime` is of a clock that nobody sets.
    pub fn look(&mut self, is_idle: bool, uptime: Span) -> Span {
        if !is_idle {
            self.since = None;
            return Span::ZERO;
        }
        uptime.minus(*self.since.get_or_insert(uptime))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_idleness_without_a_break_counts() {
        let mut idleness = Idleness::default();
        let looks = [(true, 7), (true, 9), (false, 10), (true, 12), (true, 20)];
        let lasted = looks.map(|(is_idle, s)| idleness.look(is_idle, Span::seconds(s)));
        assert_eq!(lasted, [0, 2, 0, 0, 8].map(Span::seconds));
    }
}
