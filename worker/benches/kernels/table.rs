//! Measures every program in every variant, and shows the ratios.

use std::fmt;
use std::time::{Duration, Instant};

use super::Failure;
use super::program::{Answer, Case};
use super::variant::{BASELINE, COUNT, OURS, PLAIN, Ready, Variants};

/// Rounds, of which the best counts for each program and variant.
const ROUNDS: usize = 5;
/// No round begins later than this after the first.
const TIME_MAX: Duration = Duration::from_secs(110);

/// The best times.
pub(super) struct Table {
    rows: Vec<Row>,
    rounds: usize,
}

struct Row {
    name: &'static str,
    is_kernel: bool,
    best: [Duration; COUNT],
}

impl Row {
    fn ratio(&self, variant: usize, floor: usize) -> f64 {
        self.best[variant].as_secs_f64() / self.best[floor].as_secs_f64()
    }
}

impl Table {
    pub(super) fn measure(cases: &[Case], variants: &Variants) -> Result<Self, Failure> {
        let ready = cases.iter().map(|case| variants.ready(case));
        let ready: Vec<Ready<'_>> = ready.collect::<Result<_, _>>()?;
        let row = |case: &Case| Row {
            name: case.name,
            is_kernel: case.is_kernel,
            best: [Duration::MAX; COUNT],
        };
        let mut table = Self { rows: cases.iter().map(row).collect(), rounds: 0 };
        let begun = Instant::now();
        while table.rounds < ROUNDS && begun.elapsed() < TIME_MAX {
            for (ready, row) in ready.iter().zip(&mut table.rows) {
                row.measure(ready)?;
            }
            table.rounds += 1;
        }
        Ok(table)
    }

    pub(super) fn print_figures(&self) {
        let worst = self.kernels().map(|row| row.ratio(OURS, PLAIN)).fold(0.0, f64::max);
        let over = |floor| mean(self.rows.iter().map(|row| row.ratio(OURS, floor)));
        println!("figure deterministic_over_native {:.3} ratio", over(BASELINE));
        println!("figure deterministic_over_plain {:.3} ratio", over(PLAIN));
        println!("figure worst_kernel_over_plain {worst:.3} ratio");
    }

    fn kernels(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_kernel)
    }
}

impl Row {
    /// One round; every variant must give the same answer.
    fn measure(&mut self, ready: &Ready<'_>) -> Result<(), Failure> {
        let mut expected: Option<Answer> = None;
        for (variant, best) in self.best.iter_mut().enumerate() {
            let (answer, taken) = ready.run(variant)?;
            *best = taken.min(*best);
            if *expected.get_or_insert_with(|| answer.clone()) != answer {
                return Err(format!("{}: variant {variant} gives another answer", self.name).into());
            }
        }
        Ok(())
    }
}

/// The geometric mean.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (count, logarithms) =
        ratios.fold((0.0, 0.0), |(count, sum), ratio| (count + 1.0, sum + ratio.ln()));
    f64::exp(logarithms / count)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "CPU time, best of {} rounds; ratios to the native baseline", self.rounds)?;
        let heads = ["native ms", "native cpu", "plain wasm", "stock det.", "ours", "ours/plain"];
        write!(f, "{:24}", "program")?;
        heads.iter().try_for_each(|head| write!(f, " {head:>10}"))?;
        writeln!(f)?;
        for row in &self.rows {
            write!(f, "{:24} {:>10.1}", row.name, row.best[BASELINE].as_secs_f64() * 1e3)?;
            (1..COUNT)
                .try_for_each(|variant| write!(f, " {:>10.2}", row.ratio(variant, BASELINE)))?;
            writeln!(f, " {:>10.2}", row.ratio(OURS, PLAIN))?;
        }
        self.write_mean(f, "geometric mean, kernels", |row| row.is_kernel)?;
        self.write_mean(f, "geometric mean, all", |_row| true)
    }
}

impl Table {
    fn write_mean(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        counts: impl Fn(&Row) -> bool,
    ) -> fmt::Result {
        let over = |variant, floor| {
            mean(self.rows.iter().filter(|row| counts(row)).map(|row| row.ratio(variant, floor)))
        };
        write!(f, "{name:24} {:>10}", "")?;
        (1..COUNT).try_for_each(|variant| write!(f, " {:>10.2}", over(variant, BASELINE)))?;
        writeln!(f, " {:>10.2}", over(OURS, PLAIN))
    }
}
