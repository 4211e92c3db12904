//! Forms that are filled in well, and badly.

use manyhands_core::agent::governor::limits::Cores;

use super::*;

const FILE: &str = "# my machine\nslots = 1\n\n[limits.idle]\ncores = 1 # the other one is mine\n\
                    \n[rules]\nbattery = \"\"\nnight = \"when 22:00-07:00 pause\"\n";

fn config() -> Config {
    let written = Written {
        invite: Some("manyhands+plain://127.0.0.1:7654/".parse().unwrap()),
        data_dir: Some("d".into()),
        settings: Some("w.toml".into()),
        ..Written::default()
    };
    Config::new(written).unwrap()
}

fn change(name: &str, new: &str) -> Result<String, Wrong> {
    let changes = BTreeMap::from([(name.to_owned(), new.to_owned())]);
    changed(FILE, &changes, &config()).map(|(text, _)| text)
}

#[test]
fn fields_show_what_counts_and_where_it_is_said() {
    let fields: BTreeMap<String, Field> =
        fields(FILE).into_iter().map(|field| (field.name.clone(), field)).collect();
    let shown = |name: &str| (fields[name].value.as_str(), fields[name].line);
    assert_eq!(shown("limits.idle.cores"), ("1", Some(5)));
    assert_eq!(shown("limits.idle_after"), ("", None));
    assert_eq!(shown("rules.battery"), ("", Some(8)), "taken away");
    assert_eq!(shown("rules.call"), ("when in call pause", None), "the default");
    assert_eq!(shown("rules.night"), ("when 22:00-07:00 pause", Some(9)));
    assert!(fields["rules.night"].default.is_empty());
}

#[test]
fn a_change_leaves_the_rest_as_it_was() {
    let changed = change("limits.idle.cores", "50 %").unwrap();
    assert_eq!(changed, FILE.replace("cores = 1 #", "cores = \"50 %\" #"));
    let changed = change("limits.in_use.cpu", "30").unwrap();
    assert!(changed.contains("[limits.in_use]\ncpu = 30\n"), "{changed}");
    assert!(changed.starts_with("# my machine\nslots = 1\n"), "{changed}");
}

#[test]
fn what_is_empty_or_the_default_is_taken_out() {
    assert!(!change("limits.idle.cores", "").unwrap().contains("cores"));
    assert!(!change("rules.night", " ").unwrap().contains("night"));
    assert!(!change("rules.battery", "when on battery pause").unwrap().contains("battery"));
    assert!(change("rules.call", "").unwrap().contains("call = \"\""));
    let taken_out = change("rules.battery", "when on battery pause").unwrap();
    assert_eq!(taken_out, FILE.replace("battery = \"\"\n", ""));
    assert!(change("rules.my own", "when in use pause").unwrap().contains("\"my own\" ="));
}

#[test]
fn what_the_worker_would_not_start_with_is_refused_with_its_field_and_place() {
    let refused = |name: &str, new: &str, says: &str| {
        let Wrong { field, message } = change(name, new).unwrap_err();
        assert_eq!(field.as_deref(), Some(name));
        assert!(message.contains(says), "{message}");
    };
    refused("limits.idle.cores", "101 %", "w.toml:5: cores: `101 %` is no share");
    refused("limits.in_use.cpu", "0", "limits.in_use.cpu: from 1 to 100");
    refused("limits.in_use.cpu", "much", "`much` is not a whole number");
    refused("limits.yields", "maybe", "`maybe` is neither true nor false");
    refused("limits.idle_after", "3 days", "`3 days` is not a span of time");
    refused("rules.night", "when 25:00-26:00 pause", "w.toml:9:15: the rule `night`: `25:00`");
    refused("rules.\u{7}", "when in use pause", "names of 1 to 128 bytes");
    refused("slots", "0", "w.toml:2: slots: `0` is neither \"auto\" nor 1 to 1024");
    refused("slots", "many", "w.toml:2: slots: `many` is neither");
    refused("peers.mode", "some", "mode: unknown variant `some`, expected one of `off`, `lan`");
    refused("peers.upload_max", "1 KiB", "peers.upload_max: at least 64 KiB");
    refused("peers.upload_max", "fast", "upload_max: `fast` is not a size");
    refused("page.listen", "0.0.0.0:7655", "page.listen: an address of this machine's own");
    refused("page.listen", "7655", "listen: invalid socket address");
    refused("peers.listen", "0.0.0.0:7655", "`peers.listen` is nothing that can be changed here");
    refused("invite", "manyhands://x", "`invite` is nothing that can be changed here");
    refused("limits", "1", "`limits` is nothing that can be changed here");
}

#[test]
fn a_file_that_was_wrong_before_is_not_made_worse() {
    let wrong = changed("slots = 0", &BTreeMap::new(), &config()).unwrap_err();
    assert_eq!(wrong.field, None);
    assert!(wrong.message.starts_with("w.toml:1: slots:"), "{}", wrong.message);
}

#[test]
fn tables_in_a_line_are_changed_too() {
    let changes = BTreeMap::from([("limits.idle.cpu".to_owned(), "70".to_owned())]);
    let (text, owner) =
        changed("limits = { idle = { cores = 1 } }\n", &changes, &config()).unwrap();
    assert_eq!(owner.limits.idle.cpu_percent, 70);
    assert_eq!(owner.limits.idle.cores, Cores::Count(1));
    assert!(text.starts_with("limits = {") && !text.contains('['), "{text}");
}

#[test]
fn settings_outside_of_the_limits_are_changed_where_they_belong() {
    assert_eq!(change("slots", "3").unwrap(), FILE.replace("slots = 1", "slots = 3"));
    assert_eq!(change("slots", "").unwrap(), FILE.replace("slots = 1\n", ""));
    assert!(change("slots", "auto").unwrap().contains("\nslots = \"auto\"\n"));
    let changed = change("peers.mode", "full").unwrap();
    assert!(changed.contains("[peers]\nmode = \"full\"\n"), "{changed}");
    let changed = change("page.listen", "127.0.0.1:7655").unwrap();
    assert!(changed.contains("[page]\nlisten = \"127.0.0.1:7655\"\n"), "{changed}");
}

#[test]
fn a_value_is_taken_out_alone_wherever_it_stands() {
    let without = |file: &str, name: &str| {
        let changes = BTreeMap::from([(name.to_owned(), String::new())]);
        changed(file, &changes, &config()).unwrap().0
    };
    let file =
        "# about all\n[peers]\n# mine\nmode = \"off\" # quiet\n# more\nupload_max = \"1 MiB\"";
    let left = "# about all\n[peers]\n# mine\n# more\nupload_max = \"1 MiB\"";
    assert_eq!(without(file, "peers.mode"), left);
    assert_eq!(without(left, "peers.upload_max"), "# about all\n[peers]\n# mine\n# more\n");
    let in_a_line = "peers = { mode = \"off\", upload_max = \"1 MiB\" }\nslots = 1\n";
    let left = without(in_a_line, "peers.mode");
    assert!(left.contains("upload_max = \"1 MiB\"") && !left.contains("mode"), "{left}");
    assert!(!without("peers.mode = \"off\"\n", "peers.mode").contains("mode"));
    let long = "[rules]\n# night\nnight = \"\"\"\n when 22:00-07:00\n pause\"\"\"\nslow = \"when in use pause\"\n";
    assert_eq!(without(long, "rules.night"), "[rules]\n# night\nslow = \"when in use pause\"\n");
}

#[test]
fn a_key_comes_before_all_tables_also_where_there_was_none() {
    let changes = BTreeMap::from([("slots".to_owned(), "2".to_owned())]);
    let file = "# mine\n[limits.idle]\ncpu = 50\n";
    let (text, _) = changed(file, &changes, &config()).unwrap();
    let written = Written::parse(&text, Path::new("w.toml")).unwrap();
    assert_eq!((written.slots, written.limits.idle.cpu), ("2".parse().ok(), Some(50)), "{text}");
    assert!(text.contains("# mine\n"), "{text}");
}

#[test]
fn every_setting_is_shown_with_its_choices_and_what_it_counts_from() {
    let fields: BTreeMap<String, Field> =
        fields("[peers]\nmode = \"full\"\n").into_iter().map(|it| (it.name.clone(), it)).collect();
    let mode = &fields["peers.mode"];
    assert_eq!((mode.value.as_str(), mode.default.as_str(), mode.line), ("full", "lan", Some(2)));
    let values: Vec<&str> = mode.choices.iter().map(|choice| choice.value).collect();
    assert_eq!(values, ["off", "lan", "full"]);
    for choice in values {
        change("peers.mode", choice).unwrap();
    }
    let from_start: Vec<&str> =
        fields.values().filter(|it| it.is_from_start).map(|it| it.name.as_str()).collect();
    assert_eq!(from_start, ["page.listen", "peers.mode", "peers.upload_max", "slots"]);
}

#[test]
fn defaults_that_are_values_are_those_of_the_settings() {
    let plain = config();
    for field in fields("") {
        let changes = BTreeMap::from([(field.name.clone(), field.default.clone())]);
        match changed("", &changes, &plain) {
            Ok((text, owner)) => {
                assert_eq!(owner, plain.owner, "{}", field.name);
                let written = Written::parse(&text, Path::new("w.toml")).unwrap();
                let sharing = super::super::Sharing::new(written.peers).unwrap();
                assert_eq!(sharing, plain.sharing, "{}", field.name);
            }
            Err(wrong) => assert!(IN_WORDS.contains(&field.default.as_str()), "{wrong:?}"),
        }
    }
}

/// Defaults that are no values, but words for what happens without one.
const IN_WORDS: [&str; 3] =
    ["half of the machine's", "any number", "when asked for, on a free port"];

#[test]
fn a_file_with_which_no_worker_would_start_is_told_of_before_anything_is_changed() {
    let file = "nickname = \"\\u0007\"\n";
    let changes = BTreeMap::from([("limits.idle.cpu".to_owned(), "70".to_owned())]);
    let wrong = changed(file, &changes, &config()).unwrap_err();
    assert_eq!(wrong.field, None);
    assert!(wrong.message.starts_with("nickname: "), "{}", wrong.message);
}

#[test]
fn a_pilot_keeps_the_machine_for_itself_when_something_else_is_changed() {
    let written = Written {
        until_idle: Some(manyhands_core::time::Span::minutes(10)),
        invite: Some("manyhands+plain://127.0.0.1:7654/".parse().unwrap()),
        data_dir: Some("d".into()),
        ..Written::default()
    };
    let pilot = Config::new(written).unwrap();
    let changes = BTreeMap::from([("limits.idle.cpu".to_owned(), "70".to_owned())]);
    let (_, owner) = changed("", &changes, &pilot).unwrap();
    assert_eq!((owner.rules.len(), owner.limits.yields), (0, false));
}
