//! Whether slots of a worker that starts from here get a control group of their own. Nothing depends on it.

use super::Finding;
use crate::slots::{self, Obstacle, Priority, Whole};

const NAME: &str = "control group";

/// Controllers, and what slots leave to others by each.
const SHARED: [(&str, &str); 3] =
    [("cpu", "the processor"), ("memory", "memory"), ("io", "the disk")];

pub(super) fn examine(priority: Priority) -> Finding {
    Finding::well(NAME, described(slots::look(), priority))
}

fn described(seen: Result<Whole, Obstacle>, priority: Priority) -> String {
    let whole = match seen {
        Ok(whole) => whole,
        Err(obstacle) => return format!("{obstacle}{}", advice(&obstacle)),
    };
    let is = format!("the control group {} is delegated", whole.folder.display());
    if priority == Priority::Inherited {
        return format!("{is}: slots get one below it, and end with it");
    }
    let has = |name: &str| whole.controllers.iter().any(|it| it == name);
    let shared = SHARED.iter().filter(|(name, _)| has(name)).map(|(_, what)| *what);
    match shared.collect::<Vec<_>>()[..] {
        [] => format!("{is}, without controllers: slots get one below it, and end with it"),
        ref some => format!("{is}: slots get one that leaves {} to others", some.join(", ")),
    }
}

/// What to do, for who can do something.
fn advice(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NoTree => "; slots stay in the worker's, if there are any",
        Obstacle::NotDelegated(_) | Obstacle::Shared(_) => {
            "; slots stay in it. The service of `manyhands worker install` has one to itself (other \
             units: Delegate=yes); at a terminal: systemd-run --user --scope -p Delegate=yes \
             -p CPUWeight=1 manyhands worker …"
        }
        Obstacle::OfThreads { .. } | Obstacle::Refused { .. } => "; slots stay in it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(controllers: &[&str]) -> Result<Whole, Obstacle> {
        let controllers = controllers.iter().map(|name| (*name).to_owned()).collect();
        Ok(Whole { folder: "/groups/own".into(), controllers })
    }

    #[test]
    fn it_says_what_a_delegated_group_is_worth() {
        let said = |controllers: &[&str], priority| described(whole(controllers), priority);
        let all = said(&["cpuset", "cpu", "io", "memory"], Priority::Lowest);
        assert!(all.contains("/groups/own is delegated"), "{all}");
        assert!(all.contains("leaves the processor, memory, the disk to others"), "{all}");
        assert!(!said(&["cpu"], Priority::Lowest).contains("memory"));
        assert!(said(&["pids"], Priority::Lowest).contains("without controllers"));
        assert!(!said(&["cpu"], Priority::Inherited).contains("leaves"));
    }

    #[test]
    fn it_says_what_to_do_about_one_that_is_not() {
        let folder = || "/groups/own".into();
        for obstacle in [Obstacle::NotDelegated(folder()), Obstacle::Shared(folder())] {
            let said = described(Err(obstacle), Priority::Lowest);
            assert!(said.contains("/groups/own"), "{said}");
            assert!(said.contains("manyhands worker install") && said.contains("Delegate=yes"));
        }
        let none = described(Err(Obstacle::NoTree), Priority::Lowest);
        assert!(none.contains("cgroup v2") && !none.contains("Delegate"), "{none}");
    }
}
