//! A report in words, as a person reads it and as a snapshot keeps it.

use std::fmt;

use super::{PopulationReport, Report, ratio};
use crate::interval::Interval;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, replicas, effort, .. } = self;
        writeln!(f, "{}", self.title)?;
        writeln!(
            f,
            "units     {} done, {} failed, {} spoilt, of {}",
            units.done, units.failed, units.spoilt, units.total
        )?;
        let interval = Interval::wilson(units.wrong, units.done);
        writeln!(f, "wrong     {} units, {interval}", units.wrong)?;
        let leased = ratio(replicas.leased, units.total);
        writeln!(f, "copies    {:.3} answers and {leased:.3} leases a unit", self.copies())?;
        writeln!(f, "took      {}", self.took)?;
        writeln!(f, "wasted    {:.2} % of honest work", 100.0 * self.wasted())?;
        for population in &self.populations {
            show_population(population, f)?;
        }
        if self.disputes.ended > 0 {
            writeln!(f, "disputes  {}", self.disputes)?;
        }
        writeln!(
            f,
            "run       {} events, {} commands, {} crashes, {} checks",
            effort.events, effort.commands, effort.crashes, effort.checks
        )?;
        writeln!(f, "messages  {} sent, {} lost", effort.messages, effort.messages_lost)
    }
}

fn show_population(of: &PopulationReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let hours = of.spent_ms as f64 / 3_600_000.0;
    let credit = manyhands_core::credit::MicroCredits(of.credit);
    write!(
        f,
        "hosts     {}: {} hosts, {} identities, {} suspended; {} answers, {} valid; \
         {hours:.1} h of work, {credit} credits",
        of.name, of.hosts, of.identities, of.suspended, of.answered, of.valid
    )?;
    if of.lies > 0 {
        write!(f, "; {} lies, {} taken for true", of.lies, of.valid_lies)?;
    }
    if of.chosen > 0 {
        write!(f, "; {} units of their own choice, {} had by others", of.chosen, of.taken)?;
    }
    writeln!(f)
}
