//! Compares lists of answers and counts.

use std::collections::BTreeMap;
use std::fmt;

use crate::answer::{Answer, How};

/// The answers of several machines, side by side.
#[derive(Clone, Debug)]
pub struct Table {
    machines: Vec<String>,
    rows: BTreeMap<String, Vec<Option<Answer>>>,
}

/// A case on which two machines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The case.
    pub case: &'a str,
    /// Its answer from the first machine; `None` if that was not asked.
    pub expected: Option<&'a Answer>,
    /// The other machine.
    pub machine: &'a str,
    /// Its answer there; `None` if that was not asked.
    pub found: Option<&'a Answer>,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, expected, machine, found } = self;
        let words = |answer: &Option<&Answer>| {
            answer.map_or_else(|| "no answer".to_owned(), ToString::to_string)
        };
        let (expected, found) = (words(expected), words(found));
        write!(f, "{case} differs on {machine}\n  expected {expected}\n  found    {found}")
    }
}

impl Table {
    /// Puts lists together by the names of their cases. The first machine is the one that the others
    /// are compared with.
    #[must_use]
    pub fn new(lists: Vec<(String, Vec<(String, Answer)>)>) -> Self {
        let mut rows: BTreeMap<String, Vec<Option<Answer>>> = BTreeMap::new();
        let count = lists.len();
        let mut machines = Vec::new();
        for (column, (machine, answers)) in lists.into_iter().enumerate() {
            machines.push(machine);
            for (case, answer) in answers {
                let row = rows.entry(case).or_insert_with(|| vec![None; count]);
                row[column] = Some(answer);
            }
        }
        Self { machines, rows }
    }

    /// Where a machine differs from the first. A host error is never a result, so it is not compared;
    /// a case that only one of them was asked is a difference.
    pub fn differences(&self) -> impl Iterator<Item = Difference<'_>> {
        self.rows.iter().flat_map(|(case, row)| {
            let columns = row.iter().zip(&self.machines).skip(1);
            columns.filter_map(move |(found, machine)| {
                let (expected, found) = (row.first()?.as_ref(), found.as_ref());
                (verdict(expected, found) == Verdict::Differs).then_some(Difference {
                    case,
                    expected,
                    machine,
                    found,
                })
            })
        })
    }

    /// The cases that a machine could not compute, so that nothing is known of it there.
    pub fn not_compared(&self) -> impl Iterator<Item = &str> {
        let failed = |answer: &Option<Answer>| {
            answer.as_ref().is_some_and(|answer| answer.how == How::HostError)
        };
        let rows = self.rows.iter().filter(move |(_, row)| row.iter().any(failed));
        rows.map(|(case, _)| case.as_str())
    }

    /// Cases that ended so on the first machine, in the part of this name.
    #[must_use]
    pub fn count(&self, part: &str, how: How) -> usize {
        self.counts(part, 0).ended[how as usize]
    }

    /// What the machine in this column came to in a part, and how that compares with the first.
    fn counts(&self, part: &str, column: usize) -> Counts {
        let mut counts = Counts::default();
        for (_, row) in self.rows.iter().filter(|(case, _)| part_of(case) == part) {
            let answer = row[column].as_ref();
            if let Some(answer) = answer {
                counts.cases += 1;
                counts.ended[answer.how as usize] += 1;
                counts.states += usize::from(answer.has_state());
            }
            match verdict(row[0].as_ref(), answer) {
                Verdict::Equal => counts.equal += 1,
                Verdict::Differs => counts.differ += 1,
                Verdict::NotCompared => {}
            }
        }
        counts
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    Differs,
    NotCompared,
}

fn verdict(a: Option<&Answer>, b: Option<&Answer>) -> Verdict {
    match (a, b) {
        (Some(a), Some(b)) if a.how == How::HostError || b.how == How::HostError => {
            Verdict::NotCompared
        }
        _ if a == b => Verdict::Equal,
        _ => Verdict::Differs,
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    cases: usize,
    /// By [`How`].
    ended: [usize; How::ALL.len()],
    /// Answers with the hash of a state.
    states: usize,
    equal: usize,
    differ: usize,
}

fn part_of(case: &str) -> &str {
    case.split_once('/').map_or(case, |(part, _)| part)
}

impl fmt::Display for Table {
    /// A block for each part of the corpus, a line for each machine.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&str> = self.rows.keys().map(|case| part_of(case)).collect();
        parts.dedup();
        write!(f, "{:<10}{:<10}{:>9}", "guests", "machine", "cases")?;
        for how in How::ALL {
            write!(f, "{:>12}", how.name())?;
        }
        write!(f, "{:>9}{:>9}{:>9}", "states", "equal", "differ")?;
        for part in parts {
            for (column, machine) in self.machines.iter().enumerate() {
                let title = if column == 0 { part } else { "" };
                let Counts { cases, ended, states, equal, differ } = self.counts(part, column);
                write!(f, "\n{title:<10}{machine:<10}{cases:>9}")?;
                for count in ended {
                    write!(f, "{count:>12}")?;
                }
                write!(f, "{states:>9}")?;
                if column > 0 {
                    write!(f, "{equal:>9}{differ:>9}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[(&str, &str)]) -> Vec<(String, Answer)> {
        lines.iter().map(|&(name, line)| (name.to_owned(), line.parse().unwrap())).collect()
    }

    #[test]
    fn answers_that_differ_are_found_and_host_errors_are_not_answers() {
        let state = "success\toutputs 1, state 2, steps 3, log 4";
        let one = [("a/1", state), ("a/2", "trap\ty"), ("b/1", "host-error\tstack")];
        let two = [("a/1", state), ("a/2", "trap\tz"), ("b/1", "success\tx")];
        let table =
            Table::new(vec![("one".to_owned(), list(&one)), ("two".to_owned(), list(&two))]);
        let found: Vec<(&str, &str)> =
            table.differences().map(|found| (found.case, found.machine)).collect();
        assert_eq!(found, [("a/2", "two")]);
        assert_eq!(table.not_compared().collect::<Vec<_>>(), ["b/1"]);
        assert_eq!(table.count("a", How::Success), 1);
        let lines: Vec<Vec<String>> = table
            .to_string()
            .lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .collect();
        assert_eq!(lines[1].join(" "), "a one 2 1 1 0 0 0 1");
        assert_eq!(lines[2].join(" "), "two 2 1 1 0 0 0 1 1 1");
        assert_eq!(lines[4].join(" "), "two 1 1 0 0 0 0 0 0 0");
    }

    #[test]
    fn a_list_that_breaks_off_differs() {
        let whole = list(&[("a/1", "success\tx"), ("a/2", "success\ty")]);
        let short = whole[..1].to_vec();
        for lists in [[whole.clone(), short.clone()], [short, whole]] {
            let [first, second] = lists;
            let table = Table::new(vec![("one".to_owned(), first), ("two".to_owned(), second)]);
            let found: Vec<&str> = table.differences().map(|found| found.case).collect();
            assert_eq!(found, ["a/2"]);
        }
    }
}
