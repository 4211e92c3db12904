//! The compiler's code for this processor and the engine's interpreter agree on the whole corpus.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use manyhands_twin::{Case, How, Machine, Table, answers, corpus};

fn table<C: Iterator<Item = Case> + Send>(cases: impl Fn() -> C) -> Table {
    let list = |machine: Machine| answers(&machine.sandbox().unwrap(), cases()).unwrap();
    let lists = [("native", Machine::Native), ("pulley", Machine::Pulley)];
    Table::new(lists.map(|(name, machine)| (name.to_owned(), list(machine))).into())
}

#[track_caller]
fn assert_equal(table: &Table) {
    let shown: Vec<String> = table.differences().take(10).map(|found| found.to_string()).collect();
    assert!(shown.is_empty(), "{table}\n{}", shown.join("\n"));
}

#[test]
fn programs() {
    let table = table(|| corpus::programs().into_iter());
    assert_equal(&table);
    // But for those that are run without what they need.
    assert_eq!(table.count("programs", How::Success), corpus::programs().len() - 2, "{table}");
    assert_eq!(table.count("programs", How::Failure), 2, "{table}");
}

#[test]
fn every_float_instruction_along_every_route() {
    let cases = corpus::floats("");
    let table = table(|| cases.iter().cloned());
    assert_equal(&table);
    let traps = table.count("floats", How::Trap);
    assert!(traps > 100, "conversions of NaNs trap\n{table}");
    assert_eq!(table.count("floats", How::Success) + traps, cases.len(), "{table}");
}

#[test]
fn guests_that_nobody_would_write() {
    const SEEDS: u64 = 10_000;
    let table = table(|| (0..SEEDS).map(corpus::smith));
    assert_equal(&table);
    let (success, trap) = (table.count("smith", How::Success), table.count("smith", How::Trap));
    assert!(success > 2_000 && success + trap > 9_000, "guests run\n{table}");
}
