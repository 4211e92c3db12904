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
    /// Its answer from the first machine.
    pub expected: &'a Answer,
    /// The other machine.
    pub machine: &'a str,
    /// Its answer there.
    pub found: &'a Answer,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, expected, machine, found } = self;
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

    /// Where a machine differs from the first. A host error is never a result, so it is not compared.
    pub fn differences(&self) -> impl Iterator<Item = Difference<'_>> {
        self.rows.iter().flat_map(|(case, row)| {
            let (first, others) =
                row.split_first().map_or((None, row.as_slice()), |(f, o)| (f.as_ref(), o));
            others.iter().zip(&self.machines[1..]).filter_map(move |(found, machine)| {
                let (expected, found) = (first?, found.as_ref()?);
                (verdict(expected, found) == Verdict::Differs).then_some(Difference {
                    case,
                    expected,
                    machine,
                    found,
                })
            })
        })
    }

    /// Cases that ended so on the first machine, in the part of this name.
    #[must_use]
    pub fn count(&self, part: &str, how: How) -> usize {
        let first = self.part(part).filter_map(|row| row.first()?.as_ref());
        first.filter(|answer| answer.how == how).count()
    }

    fn part(&self, part: &str) -> impl Iterator<Item = &Vec<Option<Answer>>> {
        self.rows.iter().filter(move |(case, _)| part_of(case) == part).map(|(_, row)| row)
    }

    fn verdicts(&self, part: &str, column: usize) -> Counts {
        let mut counts = Counts::default();
        for row in self.part(part) {
            if let (Some(Some(first)), Some(Some(other))) = (row.first(), row.get(column)) {
                match verdict(first, other) {
                    Verdict::Equal => counts.equal += 1,
                    Verdict::Differs => counts.differ += 1,
                    Verdict::NotCompared => counts.not_compared += 1,
                }
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

fn verdict(a: &Answer, b: &Answer) -> Verdict {
    match (a.how, b.how) {
        (How::HostError, _) | (_, How::HostError) => Verdict::NotCompared,
        _ if a == b => Verdict::Equal,
        _ => Verdict::Differs,
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    equal: usize,
    differ: usize,
    not_compared: usize,
}

fn part_of(case: &str) -> &str {
    case.split_once('/').map_or(case, |(part, _)| part)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = {
            let mut parts: Vec<&str> = self.rows.keys().map(|case| part_of(case)).collect();
            parts.dedup();
            parts
        };
        write!(f, "{:<12}", self.machines.first().map_or("", String::as_str))?;
        for title in ["cases", "success", "trap", "failure", "refused", "host error"] {
            write!(f, "{title:>11}")?;
        }
        writeln!(f)?;
        for part in &parts {
            write!(f, "{part:<12}{:>11}", self.part(part).count())?;
            for how in How::ALL {
                write!(f, "{:>11}", self.count(part, how))?;
            }
            writeln!(f)?;
        }
        for (column, machine) in self.machines.iter().enumerate().skip(1) {
            writeln!(f)?;
            write!(f, "{machine:<12}{:>11}{:>11}{:>14}", "equal", "different", "not compared")?;
            for part in &parts {
                let Counts { equal, differ, not_compared } = self.verdicts(part, column);
                write!(f, "\n{part:<12}{equal:>11}{differ:>11}{not_compared:>14}")?;
            }
            writeln!(f)?;
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
        let one = list(&[("a/1", "success\tx"), ("a/2", "trap\ty"), ("b/1", "host-error\tstack")]);
        let two = list(&[("a/1", "success\tx"), ("a/2", "trap\tz"), ("b/1", "success\tx")]);
        let table = Table::new(vec![("one".to_owned(), one), ("two".to_owned(), two)]);
        let found: Vec<(&str, &str)> =
            table.differences().map(|found| (found.case, found.machine)).collect();
        assert_eq!(found, [("a/2", "two")]);
        assert_eq!(table.count("a", How::Success), 1);
        let shown = table.to_string();
        assert!(shown.contains("a                     1          1             0"), "{shown}");
        assert!(shown.contains("b                     0          0             1"), "{shown}");
    }
}
