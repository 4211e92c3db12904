//! Which settings the form has, beside the rules.

/// What a setting's value is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, or a text where it is none: `4`, `50 %`, `auto`.
    NumberOrText,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// Anything else: a size, a span of time, an address, a word.
    Text,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Its place in the file.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What counts where the file says nothing.
    pub(super) default: &'static str,
    /// What it means.
    pub(super) label: &'static str,
    /// All values that there are, and what each means; none where there are too many.
    pub(super) choices: &'static [(&'static str, &'static str)],
    /// Whether a worker that runs goes on by what it was started with.
    pub(super) is_from_start: bool,
}

const fn limit(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    label: &'static str,
) -> Setting {
    Setting { name, kind, default, label, choices: &[], is_from_start: false }
}

/// What is built once, when the worker starts.
const fn from_start(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    label: &'static str,
) -> Setting {
    Setting { is_from_start: true, ..limit(name, kind, default, label) }
}

const TRUE_OR_FALSE: &[(&str, &str)] = &[("true", "true"), ("false", "false")];

const MODES: &[(&str, &str)] = &[
    ("off", "off: nobody"),
    ("lan", "lan: workers of this network"),
    ("full", "full: all workers of the project"),
];

/// All of them.
pub(super) const SETTINGS: [Setting; 15] = [
    limit(
        "limits.in_use.cores",
        Kind::NumberOrText,
        "0",
        "Cores while you use the machine (a number, or 25 %)",
    ),
    limit(
        "limits.in_use.cpu",
        Kind::Number,
        "100",
        "Share of each second while you use it, in percent",
    ),
    limit("limits.in_use.memory", Kind::Text, "half of the machine's", "Memory while you use it"),
    limit("limits.idle.cores", Kind::NumberOrText, "100 %", "Cores while nobody uses the machine"),
    limit(
        "limits.idle.cpu",
        Kind::Number,
        "100",
        "Share of each second while nobody uses it, in percent",
    ),
    limit("limits.idle.memory", Kind::Text, "half of the machine's", "Memory while nobody uses it"),
    limit(
        "limits.idle_after",
        Kind::Text,
        "3 min",
        "Not used any more, so long after your last touch",
    ),
    Setting {
        choices: TRUE_OR_FALSE,
        ..limit("limits.yields", Kind::Flag, "true", "Leave cores to other programs that need them")
    },
    limit(
        "limits.network_per_day",
        Kind::Text,
        "any number",
        "Most bytes sent and received in a day",
    ),
    limit("limits.disk_per_day", Kind::Text, "any number", "Most bytes written to disk in a day"),
    limit("limits.memory_after", Kind::Text, "10 min", "Give memory back in pauses longer than"),
    Setting {
        choices: MODES,
        ..from_start("peers.mode", Kind::Text, "lan", "With whom blobs are shared")
    },
    from_start(
        "peers.upload_max",
        Kind::Text,
        "half",
        "Most bytes a second to other networks: a size, or half of the line",
    ),
    from_start(
        "slots",
        Kind::NumberOrText,
        "auto",
        "Programs at once: a number, or auto; --slots counts more",
    ),
    from_start(
        "page.listen",
        Kind::Text,
        "when asked for, on a free port",
        "Address of this page, open from the start (such as 127.0.0.1:7655)",
    ),
];

/// The setting of this name.
pub(super) fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
