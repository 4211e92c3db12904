//! What a volunteer is told before anything runs: brief enough for one screen of 80 by 24.

use manyhands_core::agent::energy::CORE_POWER;
use manyhands_core::swarm::UploadLimit;
use manyhands_worker::config::{Mode, Sharing};
use manyhands_worker::wall::Wall;

/// The version of the text. Whoever agreed to another one is asked again.
pub(super) const VERSION: u32 = 2;

/// A paragraph a line: its label, and words with facts of the machine in `{}`.
const TEXT: &str = include_str!("text.txt");

/// What a busy core draws, in watts, as the worker counts it later. The text says how far off that may be.
const WATTS_PER_CORE: u64 = CORE_POWER.0 / 1_000;

const COLUMNS: usize = 79;
/// Where the words begin, right of the labels.
const MARGIN: usize = 16;

/// What is filled in.
#[derive(Debug)]
pub(super) struct Facts {
    /// Where the coordinator listens.
    pub(super) place: String,
    /// What others see; empty for `host-` and the beginning of the key.
    pub(super) nickname: String,
    pub(super) isa: String,
    pub(super) walls: Vec<Wall>,
    pub(super) slots: u32,
    /// Whether programs run only when nobody else wants the processor.
    pub(super) is_lowest: bool,
    pub(super) cache_bytes: u64,
    pub(super) sharing: Sharing,
    /// The file that keeps the answer.
    pub(super) record: String,
}

/// BLAKE3 of the text, before facts are filled in.
pub(super) fn digest() -> String {
    blake3::hash(TEXT.as_bytes()).to_hex().to_string()
}

/// The text for this machine, its lines ended.
pub(super) fn for_machine(facts: &Facts) -> String {
    TEXT.lines()
        .map(|line| match line.split_once(": ") {
            Some((label, words)) => paragraph(label, &filled(words, facts)),
            None => paragraph("", line),
        })
        .collect()
}

fn filled(words: &str, facts: &Facts) -> String {
    let watts = WATTS_PER_CORE * u64::from(facts.slots);
    let nickname = match facts.nickname.as_str() {
        "" => "`host-` and the beginning of this machine's key".to_owned(),
        name => format!("The name `{name}`"),
    };
    let share = if facts.is_lowest {
        "what other programs leave of the processor"
    } else {
        "as much of the processor as any other program"
    };
    let cache = size(facts.cache_bytes);
    let sharing = sharing(&facts.sharing);
    let values = [
        ("{place}", facts.place.as_str()),
        ("{share}", share),
        ("{walls}", &walls(&facts.walls)),
        ("{watts}", &watts.to_string()),
        ("{slots}", &facts.slots.to_string()),
        ("{kwh}", &kilowatt_hours_a_day(watts)),
        ("{cache}", &cache),
        ("{sharing}", &sharing),
        ("{nickname}", &nickname),
        ("{isa}", &facts.isa),
        ("{record}", &facts.record),
    ];
    // Word by word, so that a value that looks like another's place stays as it is.
    let words = words.split(' ').map(|word| {
        let found = values.iter().find(|(place, _)| word.contains(place));
        found.map_or_else(|| word.to_owned(), |(place, value)| word.replace(place, value))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// With whom inputs are exchanged, and what that shows of this machine.
fn sharing(sharing: &Sharing) -> String {
    match sharing.mode {
        Mode::Off => "Nothing is shared with other volunteers.".to_owned(),
        Mode::Lan => "Large inputs go on to workers of your own network only.".to_owned(),
        Mode::Full => {
            let most = match sharing.upload_limit {
                UploadLimit::Fixed(most) => format!("{} KiB/s", most.get() / 1024),
                UploadLimit::HalfOfMeasured => "half of what your line carries".to_owned(),
            };
            format!(
                "Large inputs go on to other volunteers ({most} at most), who see your address."
            )
        }
    }
}

/// In GiB where it is a whole number of them.
fn size(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    if bytes.is_multiple_of(GIB) {
        format!("{} GiB", bytes / GIB)
    } else {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    }
}

/// With one digit behind the point, rounded up.
fn kilowatt_hours_a_day(watts: u64) -> String {
    let tenths = (watts * 24).div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Which walls stand here, in words that do not flatter.
fn walls(walls: &[Wall]) -> String {
    let named = |stands: bool| {
        let those = walls.iter().filter(|wall| wall.stands == stands);
        those.map(|wall| wall.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (standing, missing) = (named(true), named(false));
    match (standing.is_empty(), missing.is_empty()) {
        (true, _) => "This system has no second wall around it: a program that broke out of the sandbox could do \
                      all that you can."
            .to_owned(),
        (false, true) => format!("Around it stands a second wall: {standing}."),
        (false, false) => format!(
            "Of a second wall around it this system has: {standing}; it lacks: {missing}. A program that broke \
             out of the sandbox could use that."
        ),
    }
}

/// Words beside their label, in lines of the screen's width.
fn paragraph(label: &str, words: &str) -> String {
    let mut lines = vec![format!("{label:<MARGIN$}")];
    let mut is_first = true;
    for word in words.split(' ').flat_map(pieces) {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if !is_first && used + 1 + word.chars().count() > COLUMNS {
            lines.push(" ".repeat(MARGIN));
            is_first = true;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if is_first { "" } else { " " });
            line.push_str(&word);
        }
        is_first = false;
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A word that is longer than a line, such as a path, in pieces that each fill one.
fn pieces(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(COLUMNS - MARGIN).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(name: &str, stands: bool) -> Wall {
        Wall { name: name.to_owned(), stands, detail: String::new() }
    }

    fn facts() -> Facts {
        Facts {
            place: "grid.example.org:7654".to_owned(),
            nickname: String::new(),
            isa: "x86_64".to_owned(),
            walls: ["privileges", "limits", "files", "system calls"]
                .map(|it| wall(it, true))
                .into(),
            slots: 16,
            is_lowest: true,
            cache_bytes: 4 << 30,
            sharing: Sharing {
                mode: Mode::Lan,
                listen: None,
                upload_limit: UploadLimit::HalfOfMeasured,
            },
            record: "/home/ada/.config/manyhands/worker/consent.jsonl".to_owned(),
        }
    }

    #[test]
    fn another_text_needs_another_version() {
        let expect = (2, "304e1dd6262904a079d6550a9f9bcab540d08a1206321755b7390f7589c7d8b6");
        assert_eq!((VERSION, digest().as_str()), expect);
    }

    #[test]
    fn it_fits_on_one_screen_with_title_and_question() {
        let mut facts = facts();
        let whole = for_machine(&facts);
        facts.place = format!("{}:7654", "long.".repeat(12));
        facts.nickname = "n".repeat(40);
        facts.is_lowest = false;
        facts.walls[3].stands = false;
        facts.slots = 1024;
        facts.sharing.mode = Mode::Full;
        for text in [whole, for_machine(&facts)] {
            assert!(text.lines().count() <= 24 - 3, "{}\n{text}", text.lines().count());
            assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
            assert!(!text.contains(['{', '}']), "{text}");
        }
    }

    #[test]
    fn the_walls_are_told_as_they_are() {
        let [all, some, none] = [[true, true], [true, false], [false, false]]
            .map(|[files, calls]| walls(&[wall("files", files), wall("system calls", calls)]));
        assert!(all.contains("second wall: files, system calls"), "{all}");
        assert!(some.contains("has: files; it lacks: system calls"), "{some}");
        assert!(none.contains("has no second wall"), "{none}");
    }

    #[test]
    fn power_is_estimated_from_the_slots() {
        assert_eq!(kilowatt_hours_a_day(5), "0.2");
        assert_eq!(kilowatt_hours_a_day(80), "2.0");
        let text = for_machine(&facts());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("about 80 W more while all 16 slots compute"), "{text}");
        assert!(text.contains("up to 2.0 kWh a day; an estimate"), "{text}");
        assert!(text.contains("up to 4 GiB"), "{text}");
    }

    #[test]
    fn sharing_is_told_as_it_was_chosen() {
        let mut facts = facts();
        let mut told = |mode| {
            facts.sharing.mode = mode;
            let text = for_machine(&facts);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert!(told(Mode::Off).contains("Nothing is shared"));
        assert!(told(Mode::Lan).contains("workers of your own network only"));
        assert!(told(Mode::Full).contains("who see your address"));
    }

    #[test]
    fn a_value_is_no_place_for_another() {
        let facts = Facts { nickname: "{isa}".to_owned(), ..facts() };
        assert!(for_machine(&facts).contains("The name `{isa}`"));
    }
}
