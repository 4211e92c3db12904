//! A snapshot as text, for `manyhands worker status`.

use std::fmt;

use manyhands_core::time::Span;

use super::{Coordinator, Held, ProjectShown, Slot, SlotState, Snapshot, Work};

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.governor.sentence)?;
        match self.projects.as_slice() {
            [_, _, ..] => self.projects.iter().try_for_each(|project| write!(f, "{project}"))?,
            _ => write!(f, "{}", self.coordinator)?,
        }
        for slot in &self.slots {
            let work = slot.work.as_ref().filter(|_| self.projects.len() > 1);
            let of = work.map_or_else(String::new, |work| format!("{}: ", work.project));
            write!(f, "{of}{slot}")?;
        }
        if self.held.units > 0 {
            writeln!(f, "units that wait for a slot: {}", self.held.units)?;
        }
        if self.held.reports > 0 {
            let Held { reports, chosen, .. } = self.held;
            let own =
                if chosen > 0 { format!(", {chosen} of its own choice") } else { String::new() };
            writeln!(f, "reports that wait for the coordinator: {reports}{own}")?;
        }
        if self.held.computed_ms > 0 {
            let (s, ms) = (self.held.computed_ms / 1_000, self.held.computed_ms % 1_000);
            writeln!(f, "processor time of programs that have ended: {s}.{ms:03} s")?;
        }
        if let Some(today) = self.days.last() {
            writeln!(f, "today {}", today.sentence)?;
        }
        if let Some(sharing) = &self.sharing {
            write!(f, "{sharing}")?;
        }
        self.blind.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

impl fmt::Display for Coordinator {
    /// A line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_connected, &self.refused, &self.away) {
            (true, ..) => writeln!(f, "connected to the coordinator at {}", self.place),
            (false, Some(why), _) => writeln!(f, "no work for now: {why}"),
            (false, None, Some(why)) => {
                writeln!(f, "the coordinator is away ({why}): looking for it")
            }
            (false, None, None) => f.write_str("the coordinator is away\n"),
        }
    }
}

impl fmt::Display for ProjectShown {
    /// A line; for a machine that has several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, share, slots, units, computed_ms, .. } = self;
        // To the second.
        let computed = Span(computed_ms / 1_000 * 1_000);
        write!(f, "{name}, share {share}: {computed} computed, slots {slots}, units {units}; ")?;
        write!(f, "{}", self.coordinator)
    }
}

impl fmt::Display for Slot {
    /// A line, or nothing for a free slot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Work { replica, job, submitter, progress_ppm, .. }) = &self.work else {
            return Ok(());
        };
        let percent = progress_ppm / 10_000;
        let state = match self.state {
            SlotState::Free | SlotState::Running => "",
            SlotState::Saving => ", being saved",
            SlotState::Stopped => ", stopped",
            SlotState::Emptied => ", stopped, its memory given back",
        };
        let number = self.number;
        writeln!(f, "slot {number}: {job} of {submitter}, replica {replica}, {percent} %{state}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;
    use crate::control::snapshot::{DayShown, Governed, Sharing};

    #[test]
    fn status_is_told_line_by_line() {
        let work = Work {
            replica: "1/17.0".to_owned(),
            job: "mersenne".to_owned(),
            submitter: "ada".to_owned(),
            progress_ppm: 425_000,
            ..Work::default()
        };
        let snapshot = Snapshot {
            governor: Governed { sentence: "paused: you said so".to_owned(), ..Default::default() },
            coordinator: Coordinator {
                place: "grid:7654".to_owned(),
                is_connected: true,
                ..Coordinator::default()
            },
            slots: vec![
                Slot { number: 0, state: SlotState::Stopped, work: Some(work) },
                Slot { number: 1, ..Slot::default() },
            ],
            held: Held { units: 2, ..Held::default() },
            days: vec![DayShown { sentence: "you donated 2 h".to_owned(), ..Default::default() }],
            sharing: Some(Sharing { mode: Mode::Off, ..Sharing::default() }),
            blind: vec!["heat has no effect: nothing here tells of temperature".to_owned()],
            ..Snapshot::default()
        };
        assert_eq!(
            snapshot.to_string(),
            "paused: you said so\n\
             connected to the coordinator at grid:7654\n\
             slot 0: mersenne of ada, replica 1/17.0, 42 %, stopped\n\
             units that wait for a slot: 2\n\
             today you donated 2 h\n\
             shares blobs with nobody\n\
             heat has no effect: nothing here tells of temperature\n"
        );
    }

    #[test]
    fn of_several_projects_each_has_a_line_and_its_name_before_its_units() {
        let coordinator = |place: &str, is_connected| Coordinator {
            place: place.to_owned(),
            is_connected,
            ..Default::default()
        };
        let project = |name: &str, share, coordinator| ProjectShown {
            name: name.to_owned(),
            share,
            coordinator,
            slots: 1,
            units: 3,
            computed_ms: 93_000,
            ..ProjectShown::default()
        };
        let work = Work {
            project: "stars".to_owned(),
            replica: "1/17.0".to_owned(),
            job: "search".to_owned(),
            submitter: "ada".to_owned(),
            ..Work::default()
        };
        let snapshot = Snapshot {
            projects: vec![
                project("primes", 3, coordinator("grid:7654", true)),
                project("stars", 1, coordinator("sky:7654", false)),
            ],
            slots: vec![Slot { number: 0, state: SlotState::Running, work: Some(work) }],
            ..Snapshot::default()
        };
        assert_eq!(
            snapshot.to_string(),
            "\nprimes, share 3: 93 s computed, slots 1, units 3; connected to the coordinator at grid:7654\n\
             stars, share 1: 93 s computed, slots 1, units 3; the coordinator is away\n\
             stars: slot 0: search of ada, replica 1/17.0, 0 %\n"
        );
    }

    #[test]
    fn why_there_is_no_coordinator_is_told() {
        let lines = |refused: Option<&str>, away: Option<&str>| {
            let [refused, away] = [refused, away].map(|why| why.map(str::to_owned));
            let coordinator = Coordinator { refused, away, ..Coordinator::default() };
            Snapshot { coordinator, ..Snapshot::default() }.to_string()
        };
        assert_eq!(lines(None, None), "\nthe coordinator is away\n");
        let away = lines(None, Some("cannot reach grid:7654"));
        assert_eq!(away, "\nthe coordinator is away (cannot reach grid:7654): looking for it\n");
        assert_eq!(lines(Some("full"), None), "\nno work for now: full\n");
    }
}
