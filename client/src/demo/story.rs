//! What a demonstration found, told at its end and checked against what is known.

use std::fs;
use std::path::Path;
use std::time::Duration;

use manyhands::layout::Layout;
use manyhands_core::manifest::Manifest;
use manyhands_core::time::Span;
use manyhands_proto::document::receipt::Receipt;
use manyhands_proto::v1;

use crate::failure::Failure;
use crate::terminal::{Style, Terminal};

/// Every exponent below 5,000 of a Mersenne prime: known since 1963, and proved since.
const KNOWN: [u32; 20] =
    [2, 3, 5, 7, 13, 17, 19, 31, 61, 89, 107, 127, 521, 607, 1279, 2203, 2281, 3217, 4253, 4423];

/// The output that says whether a number is prime.
const RESULT: &str = "result.txt";

/// All that the end of a demonstration is told from.
pub(crate) struct Ending<'a> {
    /// The job.
    pub(crate) manifest: &'a Manifest,
    /// The folder with its outputs.
    pub(crate) results: &'a Path,
    /// The hosts, as the operator sees them.
    pub(crate) hosts: &'a [v1::Host],
    /// What stands behind the outputs.
    pub(crate) receipt: &'a Receipt,
    /// From submission to the last answer.
    pub(crate) took: Duration,
}

/// Tells what came out; a failure when it is not what it must be.
pub(crate) fn tell(terminal: Terminal, ending: &Ending<'_>) -> Result<(), Failure> {
    let Ending { manifest, results, hosts, receipt, took } = ending;
    let found = exponents(manifest, results)?;
    let tick = Style::Good.paint("✓", terminal);
    terminal.line(&format!(
        "{tick} {} units in {}: 2^p - 1 is prime for p =",
        manifest.units_total(),
        Span(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
    ))?;
    let listed: Vec<String> = found.iter().map(u32::to_string).collect();
    terminal.line(&format!("    {}", Style::Strong.paint(&listed.join(" "), terminal)))?;
    if found != KNOWN {
        return Err(Failure::failed("these are not the 20 exponents below 5,000 that are known"));
    }
    terminal.line(&format!("{tick} exactly the 20 Mersenne primes known below p = 5,000"))?;
    let liars: Vec<&v1::Host> = hosts.iter().filter(|host| host.suspended).collect();
    let [liar] = liars.as_slice() else {
        return Err(Failure::failed(format!("{} hosts were caught lying, not one", liars.len())));
    };
    terminal.line(&format!(
        "{tick} {} lied {} times and was refuted each time; none of it is in the results",
        liar.nickname, liar.invalid
    ))?;
    terminal.line(&format!("{tick} {}", receipt.summary))
}

/// The exponents whose unit said "prime", in order.
fn exponents(manifest: &Manifest, results: &Path) -> Result<Vec<u32>, Failure> {
    let layout = Layout::of(manifest);
    let mut found = Vec::new();
    for unit in 0..manifest.units_total() {
        let path = results.join(layout.path(unit, RESULT));
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        if let Some(exponent) = prime_exponent(&text) {
            found.push(exponent);
        }
    }
    Ok(found)
}

/// The exponent in a line such as `p=31 prime`; `None` for a composite number.
fn prime_exponent(line: &str) -> Option<u32> {
    let (exponent, verdict) = line.trim().strip_prefix("p=")?.split_once(' ')?;
    if verdict == "prime" { exponent.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read() {
        assert_eq!(prime_exponent("p=31 prime\n"), Some(31));
        assert_eq!(prime_exponent("p=11 composite residue=0x000000000000006f\n"), None);
        assert_eq!(prime_exponent(""), None);
    }
}
