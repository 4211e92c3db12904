//! What Linux says of a slot's share, and of itself, in files.

use std::fs;
use std::path::Path;

use crate::doctor::Finding;
use crate::slots::Priority;

/// The scheduling class of a running slot, as the system sees it.
pub(in crate::doctor) fn priority(process: Option<u32>, wished: Priority) -> Finding {
    const NAME: &str = "priority";
    let stat = process.and_then(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let Some((nice, class)) = stat.as_deref().and_then(share) else {
        return Finding::well(NAME, "unknown here; the nice value is 19 if the system took it");
    };
    let name = match class {
        nix::libc::SCHED_IDLE => "the idle class, also for the disk",
        nix::libc::SCHED_BATCH => "the class of batch jobs",
        nix::libc::SCHED_OTHER => "the usual class",
        _ => "a class for real time",
    };
    let group = process.and_then(|id| fs::read_to_string(format!("/proc/{id}/autogroup")).ok());
    let session = group.as_deref().and_then(|it| it.trim().rsplit_once(" nice "));
    let session = session.map_or(String::new(), |(_, nice)| format!(", their session nice {nice}"));
    let detail = format!("slots run in {name}, nice {nice}{session}");
    if wished == Priority::Inherited || class == nix::libc::SCHED_IDLE {
        return Finding::well(NAME, detail);
    }
    Finding::ill(NAME, format!("{detail}: the system refused the idle class"))
}

/// Nice value and scheduling class, from a line as proc(5) describes it.
fn share(stat: &str) -> Option<(i32, i32)> {
    // The name may hold anything; what follows it begins with the third field.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.trim().parse().ok();
    Some((field(19)?, field(41)?))
}

/// Whether the clock is set by the network, if that is known without asking it.
pub(in crate::doctor) fn clock() -> Finding {
    let is_set = Path::new("/run/systemd/timesync/synchronized").exists();
    let detail = if is_set { "set by the network" } else { "unknown who sets it" };
    Finding::well("clock", detail)
}

/// Whether it is felt that other programs wait for a core, and not only which they have.
pub(in crate::doctor) fn load() -> Finding {
    let detail = if Path::new("/proc/pressure/cpu").exists() {
        "they get the cores that they need, also those that they wait for"
    } else {
        "they get as many cores as they have; that they wait for more is not told by this kernel \
         (it does with psi=1 on its command line)"
    };
    Finding::well("other programs", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks() {
        let fields: Vec<_> = (3..=52).map(|number| number.to_string()).collect();
        let stat = format!("7 (a) b (c) {}\n", fields.join(" "));
        assert_eq!(share(&stat), Some((19, 41)));
        assert_eq!(share("7 (a) R 1"), None);
        assert_eq!(share(""), None);
    }
}
